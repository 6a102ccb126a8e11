-- A database with everything that is hard to count: names, partitions, texts that look like SQL.
CREATE EXTENSION hstore;
CREATE SCHEMA "予約 台帳";
CREATE TYPE public.span AS RANGE (subtype = date);
CREATE DOMAIN public.email AS text CONSTRAINT has_at CHECK (VALUE LIKE '%@%') NOT NULL;
CREATE DOMAIN public.positive AS int;
ALTER DOMAIN public.positive ADD CONSTRAINT above_zero CHECK (VALUE > 0) NOT VALID;

CREATE TABLE public.contacts (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text UNIQUE,
    mail public.email DEFAULT 'a;''b@c',
    extra hstore,
    CONSTRAINT contacts_name_check CHECK (name <> 'CONSTRAINT x CHECK;')
);
INSERT INTO public.contacts (name) SELECT '問い合わせ ' || n FROM generate_series(1, 1003) AS n;
INSERT INTO public.contacts (name) VALUES ('\.'), (E'\\.\n\\.\n'), (E'tab\tand\r\nline'), (E'\\'), (NULL), (''),
    (E'COPY x FROM stdin;\n--\n-- PostgreSQL database dump complete\n--\n'), ('"'''), ('$$');

CREATE TABLE "予約 台帳"."a.b ""c"" ; 控え
CREATE INDEX" ("列 1" text, "constraint" int CHECK ("constraint" > 0));
INSERT INTO "予約 台帳"."a.b ""c"" ; 控え
CREATE INDEX" VALUES ('\.', 1), ('', 2);
CREATE TABLE public."FROM stdin;" (partition int, by int, sequence name, exclude text);
INSERT INTO public."FROM stdin;" VALUES (1, 2, '3', '4');
CREATE TABLE public.one_text (line text);
INSERT INTO public.one_text VALUES (''), ('\.'), (NULL), (''), (E'\n'), ('\'), ('\.x');
CREATE TABLE public.no_columns ();
INSERT INTO public.no_columns SELECT FROM generate_series(1, 5);
CREATE UNLOGGED TABLE public.empty_one (at timestamptz);
CREATE TABLE public.parent (a int CONSTRAINT a_positive CHECK (a > 0));
CREATE TABLE public.child (b int CHECK (b > 0)) INHERITS (public.parent);
INSERT INTO public.parent VALUES (1); INSERT INTO public.child VALUES (1, 2), (2, 3);

CREATE TABLE public.sales (
    day date NOT NULL, shop int NOT NULL CHECK (shop > 0),
    contact int REFERENCES public.contacts (id), PRIMARY KEY (day, shop)
) PARTITION BY RANGE (day);
CREATE TABLE public.sales_2025 PARTITION OF public.sales FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE public.sales_2026 PARTITION OF public.sales FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')
    PARTITION BY LIST (shop);
CREATE TABLE public.sales_2026_1 PARTITION OF public.sales_2026 FOR VALUES IN (1);
CREATE TABLE public.sales_2026_x PARTITION OF public.sales_2026 DEFAULT;
ALTER TABLE public.sales ADD CONSTRAINT late CHECK (shop < 1000) NOT VALID;
INSERT INTO public.sales SELECT date '2025-12-01' + n, n % 3 + 1 FROM generate_series(0, 99) AS n;
CREATE INDEX sales_by_shop ON public.sales (shop);
CREATE TABLE public.notes (sale_day date, sale_shop int, during public.span, body text,
    FOREIGN KEY (sale_day, sale_shop) REFERENCES public.sales (day, shop),
    EXCLUDE USING gist (during WITH &&));
CREATE UNIQUE INDEX "CREATE TABLE x; (" ON public.notes (lower(body)) WHERE body <> ';''--';
CREATE INDEX ON public.contacts ((name || '; CREATE INDEX y ON z'));

CREATE SEQUENCE public.plain_seq;
CREATE TABLE public.old_serial (id serial);
CREATE FUNCTION public.fake() RETURNS text LANGUAGE plpgsql AS $fake$
BEGIN
    RETURN $$
COPY public.contacts (id) FROM stdin;
1
\.
CREATE INDEX nothing ON nowhere (x);
ALTER TABLE x ADD CONSTRAINT y CHECK (z);
--
-- PostgreSQL database dump complete
--
\connect other
$$ || 'it''s $_$ /* ' || E'\\' || $_$ $fak$_$;
END $fake$;
CREATE FUNCTION public.atomic(a int, b text DEFAULT 'x'';--') RETURNS int
    BEGIN ATOMIC SELECT a; SELECT length(b); END;
CREATE PROCEDURE public.proc() LANGUAGE sql AS 'SELECT ''CREATE VIEW v; $$''';
CREATE AGGREGATE public.total(int) (SFUNC = int4pl, STYPE = int);
CREATE FUNCTION public.cut() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE CONSTRAINT TRIGGER "check" AFTER INSERT ON public.notes FOR EACH ROW EXECUTE FUNCTION public.cut();
CREATE VIEW public.names AS SELECT name, '/* CREATE VIEW x; -- ' AS text, 1 - -1 AS "-- no" FROM public.contacts;
CREATE MATERIALIZED VIEW "予約 台帳".counted AS SELECT count(*), 'a\''b;' AS q FROM public.contacts;
CREATE INDEX ON "予約 台帳".counted (count);
-- Each of two needs the other: pg_dump makes one as a dummy first, and replaces it later.
CREATE TABLE public.circle (id int PRIMARY KEY, label text);
CREATE VIEW public.circle_view AS SELECT id, label FROM public.circle GROUP BY id;
CREATE RULE also AS ON UPDATE TO public.circle DO ALSO
    (INSERT INTO public.no_columns DEFAULT VALUES; DELETE FROM public.one_text WHERE line = 'CREATE VIEW;');
CREATE FOREIGN DATA WRAPPER dummy;
CREATE SERVER away FOREIGN DATA WRAPPER dummy;
CREATE FOREIGN TABLE public.remote (x int CHECK (x > 0)) SERVER away;
COMMENT ON TABLE public.notes IS E'; CREATE TABLE commented (x int);\nCOPY t FROM stdin;\n1\n\\.\n';
COMMENT ON COLUMN public.notes.body IS '--
-- PostgreSQL database dump complete
--
';
