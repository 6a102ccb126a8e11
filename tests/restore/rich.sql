-- A database with some of everything; BOB is a role of this test.
CREATE EXTENSION pg_trgm;
CREATE EXTENSION citext;
CREATE SCHEMA "予約 台帳";
CREATE TYPE public.mood AS ENUM ('良い', 'so;so');
CREATE TYPE public.span AS RANGE (subtype = date);
CREATE DOMAIN public.email AS public.citext CHECK (VALUE ~ '@');
CREATE TABLE public.people (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, mail public.email, feels public.mood DEFAULT '良い',
    loud text GENERATED ALWAYS AS (upper(name)) STORED, boss int, bytes bytea, stay public.span, many int[], doc jsonb, at timestamptz
);
CREATE TABLE public.teams (id int PRIMARY KEY, head int REFERENCES public.people (id) DEFERRABLE);
ALTER TABLE public.people ADD team int REFERENCES public.teams (id), ADD FOREIGN KEY (boss) REFERENCES public.people (id);
CREATE INDEX people_trgm ON public.people USING gin (name public.gin_trgm_ops);
INSERT INTO public.people (name, mail, feels, bytes, stay, many, doc, at)
SELECT E'名\t' || n || E'\n\\.\n\\connect other\n', 'A' || n || '@B.example', 'so;so', decode(md5(n::text), 'hex'),
    public.span(date '2026-01-01', date '2026-01-01' + n % 30), ARRAY[n, NULL], jsonb_build_object('a', n, 'b', E'\\;"'),
    timestamptz '2026-01-01 00:00:00+09' + n * interval '1 minute'
FROM generate_series(1, 3000) AS n;
INSERT INTO public.teams SELECT n, n FROM generate_series(1, 50) AS n;
UPDATE public.people SET team = id % 50 + 1, boss = id / 2 + 1;
CREATE TABLE public.sales (day date NOT NULL, shop int, PRIMARY KEY (day, shop)) PARTITION BY RANGE (day);
CREATE TABLE public.sales_2025 PARTITION OF public.sales FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE public.sales_2026 PARTITION OF public.sales FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY LIST (shop);
CREATE TABLE public.sales_2026_1 PARTITION OF public.sales_2026 FOR VALUES IN (1);
CREATE TABLE public.sales_2026_x PARTITION OF public.sales_2026 DEFAULT;
INSERT INTO public.sales SELECT date '2025-12-01' + n, n % 3 FROM generate_series(0, 99) AS n;
CREATE UNLOGGED TABLE public.cache (k text PRIMARY KEY, v text);
INSERT INTO public.cache VALUES ('a', 'b');
CREATE TABLE "予約 台帳"."Table ""x""; " ("列 1" text, "from" int);
INSERT INTO "予約 台帳"."Table ""x""; " VALUES ('DROP DATABASE postgres;', 1), (E'\\! touch x', 2), (NULL, NULL);
COMMENT ON TABLE "予約 台帳"."Table ""x""; " IS E'it''s; \\! "quoted"\nDROP DATABASE postgres;';
CREATE VIEW public.named AS SELECT id, name, 'a\''b;' AS q FROM public.people;
-- What it holds depends on the time zone of the database.
CREATE MATERIALIZED VIEW public.days AS SELECT at::date AS day, count(*) FROM public.people GROUP BY 1;
CREATE UNIQUE INDEX ON public.days (day);
CREATE FUNCTION public.touch() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN NEW.name := NEW.name; RETURN NEW; END $f$;
CREATE TRIGGER touched BEFORE UPDATE ON public.people FOR EACH ROW EXECUTE FUNCTION public.touch();
CREATE FUNCTION public.atomic(a int) RETURNS int BEGIN ATOMIC SELECT CASE WHEN a > 0 THEN 1 ELSE 2 END; SELECT a; END;
CREATE FUNCTION public.unnamed(int) RETURNS int RETURN $1 + 1;
CREATE PROCEDURE public.proc() LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE public.total(int) (SFUNC = int4pl, STYPE = int);
CREATE RULE also AS ON DELETE TO public.cache DO ALSO (DELETE FROM public.teams WHERE false; NOTIFY gone);
CREATE SEQUENCE public.counter START 5;
SELECT nextval('public.counter'), nextval('public.counter');
ALTER TABLE public.people ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON public.people FOR SELECT TO BOB USING (name = current_user);
SELECT lo_from_bytea(990001, decode(repeat('00ff5c27', 20000), 'hex'));
COMMENT ON LARGE OBJECT 990001 IS 'a large object';
CREATE STATISTICS public.both ON id, boss FROM public.people;
CREATE FUNCTION public.nothing() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER seen ON ddl_command_end WHEN TAG IN ('CREATE FOREIGN TABLE') EXECUTE FUNCTION public.nothing();
CREATE PUBLICATION pub FOR TABLE public.teams;
CREATE COLLATION public.numeric_ja (provider = icu, locale = 'ja-u-kn-true');
CREATE OPERATOR public.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);
CREATE FUNCTION public.mood_int(public.mood) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE CAST (public.mood AS int) WITH FUNCTION public.mood_int(public.mood);
GRANT SELECT (id, name), UPDATE (name) ON public.people TO BOB WITH GRANT OPTION;
GRANT USAGE ON SCHEMA "予約 台帳" TO BOB;
GRANT EXECUTE ON FUNCTION public.atomic(int) TO BOB;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO BOB;
ALTER TABLE public.teams OWNER TO BOB;
