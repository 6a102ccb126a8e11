-- A database that holds every kind of object that pg_dump writes, for servers 13 to 18. Roles `every_owner`, `every_reader`
-- and `every_grantor` exist. What a server is too old for is left out by its version.
SET client_min_messages = error;
SELECT current_setting('server_version_num')::int >= 140000 AS v14, current_setting('server_version_num')::int >= 150000 AS v15,
  current_setting('server_version_num')::int >= 170000 AS v17, current_setting('server_version_num')::int >= 180000 AS v18 \gset

-- Schemas, extensions, languages, rights
CREATE SCHEMA app AUTHORIZATION every_owner;
CREATE SCHEMA "odd "" schema";
COMMENT ON SCHEMA app IS 'the application';
GRANT USAGE ON SCHEMA app TO every_reader;
CREATE EXTENSION IF NOT EXISTS hstore WITH SCHEMA app;
COMMENT ON EXTENSION hstore IS 'changed comment';
CREATE FUNCTION app.lang_handler() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler';
CREATE LANGUAGE every_lang HANDLER app.lang_handler;
CREATE TRUSTED LANGUAGE every_trusted HANDLER app.lang_handler;
COMMENT ON LANGUAGE every_lang IS 'a language';
GRANT USAGE ON LANGUAGE every_trusted TO every_reader;

-- Types
CREATE TYPE app.mood AS ENUM ('sad', 'ok', 'happy ''quoted''');
CREATE TYPE app.pair AS (a int, b text COLLATE "C");
COMMENT ON COLUMN app.pair.a IS 'first';
CREATE TYPE app.span AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE TYPE app.shell;
CREATE TYPE app.base;
CREATE FUNCTION app.base_in(cstring) RETURNS app.base LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
CREATE FUNCTION app.base_out(app.base) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
CREATE TYPE app.base (INPUT = app.base_in, OUTPUT = app.base_out, INTERNALLENGTH = 4, PASSEDBYVALUE, ALIGNMENT = int4);
CREATE DOMAIN app.positive AS int DEFAULT 1 NOT NULL CONSTRAINT above_zero CHECK (VALUE > 0);
ALTER DOMAIN app.positive ADD CONSTRAINT below CHECK (VALUE < 1000000) NOT VALID;
COMMENT ON DOMAIN app.positive IS 'more than nothing';
COMMENT ON CONSTRAINT above_zero ON DOMAIN app.positive IS 'zero is too little';
GRANT USAGE ON TYPE app.mood TO every_reader;
REVOKE USAGE ON TYPE app.positive FROM PUBLIC;
COMMENT ON TYPE app.mood IS 'how it is';

-- Functions, procedures, aggregates, operators, casts, transforms
CREATE FUNCTION app.twice(n int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT n * 2; -- $body$ $$;
CREATE FUNCTION app.tricky() RETURNS text LANGUAGE plpgsql SET search_path = app AS $_$ BEGIN RETURN '\! DROP DATABASE x; $1 -- $$'; END $_$;
\if :v14
CREATE FUNCTION app.atomic(n int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN n > 0 THEN 1 ELSE 2 END; SELECT n; END;
\endif
CREATE PROCEDURE app.proc(INOUT a int) LANGUAGE plpgsql AS $$ BEGIN a := a + 1; END $$;
CREATE FUNCTION app.sfunc(state int, n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT state + n';
CREATE AGGREGATE app.total(int) (SFUNC = app.sfunc, STYPE = int, INITCOND = '0');
CREATE FUNCTION app.win() RETURNS bigint LANGUAGE internal WINDOW AS 'window_row_number';
COMMENT ON FUNCTION app.twice(int) IS 'doubles';
COMMENT ON PROCEDURE app.proc(int) IS 'adds';
COMMENT ON AGGREGATE app.total(int) IS 'sums';
REVOKE ALL ON FUNCTION app.twice(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.twice(int) TO every_reader;
GRANT EXECUTE ON PROCEDURE app.proc(int) TO every_reader WITH GRANT OPTION;
CREATE FUNCTION app.same(int, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 = $2';
CREATE OPERATOR app.=== (FUNCTION = app.same, LEFTARG = int, RIGHTARG = int, COMMUTATOR = OPERATOR(app.===));
COMMENT ON OPERATOR app.=== (int, int) IS 'the same';
CREATE OPERATOR FAMILY app.fam USING btree;
CREATE OPERATOR CLASS app.cls FOR TYPE int USING btree FAMILY app.fam AS
  OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(int, int);
COMMENT ON OPERATOR CLASS app.cls USING btree IS 'a class';
COMMENT ON OPERATOR FAMILY app.fam USING btree IS 'a family';
CREATE FUNCTION app.mood_to_int(app.mood) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE CAST (app.mood AS int) WITH FUNCTION app.mood_to_int(app.mood) AS ASSIGNMENT;
COMMENT ON CAST (app.mood AS int) IS 'a number';
CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal));
COMMENT ON TRANSFORM FOR int LANGUAGE sql IS 'a transform';
CREATE ACCESS METHOD every_am TYPE INDEX HANDLER gisthandler;
CREATE ACCESS METHOD every_heap TYPE TABLE HANDLER heap_tableam_handler;
COMMENT ON ACCESS METHOD every_am IS 'an access method';
CREATE COLLATION app.coll FROM "C";
COMMENT ON COLLATION app.coll IS 'a collation';
CREATE DEFAULT CONVERSION app.conv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
CREATE CONVERSION app.conv2 FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
COMMENT ON CONVERSION app.conv IS 'a conversion';
CREATE TEXT SEARCH PARSER app.parser (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype);
CREATE TEXT SEARCH TEMPLATE app.template (LEXIZE = dsimple_lexize, INIT = dsimple_init);
CREATE TEXT SEARCH DICTIONARY app.dict (TEMPLATE = app.template);
CREATE TEXT SEARCH CONFIGURATION app.config (COPY = english);
ALTER TEXT SEARCH CONFIGURATION app.config ALTER MAPPING FOR asciiword WITH app.dict;
COMMENT ON TEXT SEARCH PARSER app.parser IS 'p';
COMMENT ON TEXT SEARCH TEMPLATE app.template IS 't';
COMMENT ON TEXT SEARCH DICTIONARY app.dict IS 'd';
COMMENT ON TEXT SEARCH CONFIGURATION app.config IS 'c';

-- Tables and what belongs to them
CREATE TABLE app.customers (
  id bigserial PRIMARY KEY, name varchar(40) NOT NULL DEFAULT 'nobody', email text COLLATE "C" UNIQUE,
  state varchar(10) CHECK (state IN ('new', 'old', 'gone')), mood app.mood DEFAULT 'ok', score numeric(10, 2),
  born date, seen timestamptz DEFAULT now(), tags text[], extra jsonb, attributes app.hstore, raw bytea,
  twice int GENERATED ALWAYS AS (length(name) * 2) STORED, positive app.positive, pair app.pair, ratio float8);
INSERT INTO app.customers (name, email, state, mood, score, born, seen, tags, extra, attributes, raw, positive, pair, ratio)
  SELECT 'name ' || n, n || '@example.org', (ARRAY['new', 'old', 'gone'])[n % 3 + 1], 'happy ''quoted''', n * 1.5, date '2000-01-01' + n,
  timestamptz '2024-03-01 12:00:00+09' + n * interval '1 hour', ARRAY['a', 'b' || n, NULL], jsonb_build_object('n', n, 't', E'x\ty\\z'),
  app.hstore('k', n::text), decode(md5(n::text), 'hex'), n, ROW(n, 'x' || n)::app.pair, 1 / n::float8 FROM generate_series(1, 200) n;
ALTER TABLE app.customers ADD CONSTRAINT not_checked CHECK (score >= 0) NOT VALID;
ALTER TABLE app.customers ALTER COLUMN name SET STATISTICS 200, ALTER COLUMN extra SET STORAGE EXTERNAL, ALTER COLUMN score SET (n_distinct = -0.5);
\if :v14
ALTER TABLE app.customers ALTER COLUMN email SET COMPRESSION pglz;
\endif
ALTER TABLE app.customers OWNER TO every_owner;
ALTER TABLE app.customers SET (fillfactor = 80, autovacuum_enabled = false);
COMMENT ON TABLE app.customers IS E'who buys\nhere; -- DROP';
COMMENT ON COLUMN app.customers.name IS 'what they are called';
COMMENT ON CONSTRAINT not_checked ON app.customers IS 'later';
GRANT SELECT ON app.customers TO every_reader;
GRANT UPDATE (name, email) ON app.customers TO every_reader;
GRANT SELECT ON app.customers TO every_grantor WITH GRANT OPTION;
GRANT USAGE ON SCHEMA app TO every_grantor;
SET SESSION AUTHORIZATION every_grantor;
GRANT SELECT ON app.customers TO PUBLIC;
RESET SESSION AUTHORIZATION;
CREATE TABLE app.orders (
  id int GENERATED ALWAYS AS IDENTITY (START WITH 7 INCREMENT BY 3) PRIMARY KEY, customer bigint REFERENCES app.customers ON DELETE CASCADE,
  at timestamp, amount money, during tstzrange, note varchar(40), price numeric(10, 2), EXCLUDE USING gist (during WITH &&) WHERE (amount IS NOT NULL)) WITH (fillfactor = 90);
INSERT INTO app.orders (customer, at, during) SELECT n, timestamp '2024-01-01' + n * interval '1 day', tstzrange('2024-01-01'::timestamptz + n * interval '1 day', '2024-01-01'::timestamptz + (n + 1) * interval '1 day') FROM generate_series(1, 50) n;
ALTER TABLE app.orders ADD CONSTRAINT late FOREIGN KEY (customer) REFERENCES app.customers (id) DEFERRABLE INITIALLY DEFERRED NOT VALID;
CREATE UNLOGGED TABLE app.unlogged (id serial PRIMARY KEY, note text);
INSERT INTO app.unlogged (note) SELECT 'n' || n FROM generate_series(1, 9) n;
CREATE UNLOGGED TABLE app.unlogged_identity (id int GENERATED BY DEFAULT AS IDENTITY, note text);
\if :v15
CREATE UNLOGGED SEQUENCE app.unlogged_seq;
ALTER SEQUENCE app.unlogged_identity_id_seq SET LOGGED;
\endif
CREATE TABLE app.other_method (a int) USING every_heap;
INSERT INTO app.other_method VALUES (1), (2), (2);
CREATE TABLE app.empty ();
CREATE TABLE app.of_type OF app.pair (PRIMARY KEY (a));
INSERT INTO app.of_type VALUES (1, 'x');
CREATE TABLE "odd "" schema"."odd '' table \ $$" ("a b" int, "ü" text DEFAULT E'it''s\\', "select" int);
INSERT INTO "odd "" schema"."odd '' table \ $$" VALUES (1, E'tab\t\\. newline\n', 2), (3, '\.', NULL), (4, '', 5);
COMMENT ON TABLE "odd "" schema"."odd '' table \ $$" IS 'odd';
CREATE TABLE app.parent (a int, CONSTRAINT positive CHECK (a > 0));
CREATE TABLE app.child (b text, a int DEFAULT 5) INHERITS (app.parent);
ALTER TABLE app.parent ADD COLUMN later text DEFAULT 'l';
INSERT INTO app.parent VALUES (1); INSERT INTO app.child (a, b) VALUES (2, 'two');
CREATE TABLE app.measures (at date NOT NULL, v int) PARTITION BY RANGE (at);
CREATE TABLE app.measures_old (v int, at date NOT NULL);
ALTER TABLE app.measures ATTACH PARTITION app.measures_old FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE app.measures_new PARTITION OF app.measures FOR VALUES FROM ('2021-01-01') TO ('2022-01-01') PARTITION BY LIST (v);
CREATE TABLE app.measures_new_1 PARTITION OF app.measures_new FOR VALUES IN (1);
CREATE TABLE app.measures_rest PARTITION OF app.measures DEFAULT;
INSERT INTO app.measures VALUES ('2020-05-05', 9), ('2021-05-05', 1), ('1999-01-01', 3);
CREATE TABLE app.hashed (a int) PARTITION BY HASH (a);
CREATE TABLE app.hashed_0 PARTITION OF app.hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE app.hashed_1 PARTITION OF app.hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO app.hashed SELECT generate_series(1, 20);
CREATE INDEX measures_v ON app.measures (v);
CREATE UNIQUE INDEX customers_lower ON app.customers (lower(name));
CREATE INDEX customers_part ON app.customers USING gin (tags) WHERE state <> 'gone';
CREATE INDEX customers_incl ON app.customers (score DESC NULLS LAST) INCLUDE (born) WITH (fillfactor = 70);
ALTER INDEX app.customers_lower ALTER COLUMN 1 SET STATISTICS 300;
ALTER TABLE app.customers CLUSTER ON customers_pkey;
ALTER TABLE app.customers REPLICA IDENTITY FULL;
ALTER TABLE app.orders REPLICA IDENTITY USING INDEX orders_pkey;
COMMENT ON INDEX app.customers_lower IS 'an index';
CREATE STATISTICS app.stats (dependencies, ndistinct) ON name, email FROM app.customers;
ALTER STATISTICS app.stats SET STATISTICS 500;
COMMENT ON STATISTICS app.stats IS 'statistics';
CREATE SEQUENCE app.free_seq AS smallint INCREMENT BY -1 MINVALUE -100 MAXVALUE 100 START WITH 50 CACHE 3 CYCLE;
SELECT nextval('app.free_seq');
COMMENT ON SEQUENCE app.free_seq IS 'a sequence';
GRANT USAGE ON SEQUENCE app.free_seq TO every_reader;

-- Views, rules, triggers, policies
CREATE VIEW app.names WITH (security_barrier) AS SELECT id, name FROM app.customers WHERE state IN ('new', 'old') WITH LOCAL CHECK OPTION;
CREATE VIEW app.loop_b AS SELECT 1 AS x;
CREATE VIEW app.loop_a AS SELECT x FROM app.loop_b;
CREATE OR REPLACE VIEW app.grouped AS SELECT c.*, count(*) AS n FROM app.customers c GROUP BY c.id;
COMMENT ON VIEW app.names IS 'a view';
COMMENT ON COLUMN app.names.name IS 'a column of a view';
ALTER VIEW app.names ALTER COLUMN name SET DEFAULT 'by the view';
CREATE MATERIALIZED VIEW app.counted AS SELECT state, count(*) AS n FROM app.customers GROUP BY state;
CREATE MATERIALIZED VIEW app.unfilled AS SELECT 1 AS x WITH NO DATA;
CREATE UNIQUE INDEX counted_state ON app.counted (state);
COMMENT ON MATERIALIZED VIEW app.counted IS 'a materialized view';
CREATE RULE no_delete AS ON DELETE TO app.orders WHERE old.id = 7 DO INSTEAD NOTHING;
CREATE RULE off AS ON UPDATE TO app.orders DO ALSO NOTIFY x;
ALTER TABLE app.orders DISABLE RULE off;
COMMENT ON RULE no_delete ON app.orders IS 'a rule';
CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.seen := now(); RETURN NEW; END $$;
CREATE TRIGGER touch BEFORE UPDATE ON app.customers FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION app.touch();
CREATE TRIGGER sleeping AFTER INSERT ON app.customers REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION app.touch();
ALTER TABLE app.customers DISABLE TRIGGER sleeping;
CREATE TRIGGER replicas BEFORE INSERT ON app.customers FOR EACH ROW EXECUTE FUNCTION app.touch();
ALTER TABLE app.customers ENABLE REPLICA TRIGGER replicas;
CREATE CONSTRAINT TRIGGER checked AFTER INSERT ON app.orders DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.touch();
ALTER TABLE app.orders DISABLE TRIGGER checked;
COMMENT ON TRIGGER touch ON app.customers IS 'a trigger';
ALTER TABLE app.customers ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON app.customers AS RESTRICTIVE FOR SELECT TO every_reader USING (state <> 'gone');
CREATE POLICY all_rows ON app.customers USING (true) WITH CHECK (score > 0);
COMMENT ON POLICY own_rows ON app.customers IS 'a policy';
CREATE FUNCTION app.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN NULL; END $$;
CREATE EVENT TRIGGER every_event ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE') EXECUTE FUNCTION app.on_ddl();
CREATE EVENT TRIGGER every_disabled ON sql_drop EXECUTE FUNCTION app.on_ddl();
ALTER EVENT TRIGGER every_disabled DISABLE;
COMMENT ON EVENT TRIGGER every_event IS 'an event trigger';

-- Foreign data, publications, subscriptions
CREATE FOREIGN DATA WRAPPER every_fdw OPTIONS (debug 'true');
COMMENT ON FOREIGN DATA WRAPPER every_fdw IS 'a wrapper';
GRANT USAGE ON FOREIGN DATA WRAPPER every_fdw TO every_reader;
CREATE SERVER every_server TYPE 'x' VERSION '1' FOREIGN DATA WRAPPER every_fdw OPTIONS (host 'h');
COMMENT ON SERVER every_server IS 'a server';
GRANT USAGE ON FOREIGN SERVER every_server TO every_reader;
CREATE USER MAPPING FOR every_owner SERVER every_server OPTIONS ("user" 'u');
CREATE USER MAPPING FOR PUBLIC SERVER every_server;
CREATE FOREIGN TABLE app.far (a int OPTIONS (column_name 'b') NOT NULL, b text) SERVER every_server OPTIONS ("table" 't');
COMMENT ON FOREIGN TABLE app.far IS 'far away';
CREATE PUBLICATION every_pub FOR TABLE app.customers, ONLY app.parent WITH (publish = 'insert');
CREATE PUBLICATION every_all FOR ALL TABLES;
\if :v15
CREATE PUBLICATION every_schema FOR TABLES IN SCHEMA app;
CREATE PUBLICATION every_where FOR TABLE app.orders (id, customer) WHERE (id > 5);
\endif
COMMENT ON PUBLICATION every_pub IS 'a publication';
CREATE SUBSCRIPTION every_sub CONNECTION 'host=nowhere dbname=x' PUBLICATION p WITH (connect = false, slot_name = NONE);
COMMENT ON SUBSCRIPTION every_sub IS 'a subscription';

-- Large objects and default privileges
SELECT lo_from_bytea(70001, decode(repeat('00ff41', 20000), 'hex')), lo_from_bytea(70002, ''), lo_create(70003);
SELECT lo_put(70003, 100000, 'behind a hole');
ALTER LARGE OBJECT 70001 OWNER TO every_owner;
GRANT SELECT ON LARGE OBJECT 70001 TO every_reader;
COMMENT ON LARGE OBJECT 70001 IS 'a large object';
ALTER DEFAULT PRIVILEGES FOR ROLE every_owner IN SCHEMA app GRANT SELECT ON TABLES TO every_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE every_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
COMMENT ON SCHEMA public IS 'ours';
\if :v17
CREATE TABLE app.merged (a int);
ALTER TABLE app.merged ADD CONSTRAINT m UNIQUE NULLS NOT DISTINCT (a);
\endif
\if :v18
CREATE TABLE app.virtual (a int CONSTRAINT a_there NOT NULL, b int GENERATED ALWAYS AS (a * 2) VIRTUAL, c int CONSTRAINT loose CHECK (c > 0) NOT ENFORCED);
INSERT INTO app.virtual VALUES (1, DEFAULT, -1);
COMMENT ON CONSTRAINT a_there ON app.virtual IS 'named';
ALTER TABLE app.virtual ADD CONSTRAINT c_there NOT NULL c NOT VALID;
CREATE TABLE app.periods (id int4range, valid daterange, PRIMARY KEY (id, valid WITHOUT OVERLAPS));
\endif

-- What changes something that is there already
ALTER OPERATOR FAMILY app.fam USING btree ADD OPERATOR 1 <(bigint, int4), FUNCTION 1 (bigint, int4) btint84cmp(bigint, int4);
ALTER TABLE app.of_type REPLICA IDENTITY NOTHING;
CREATE PUBLICATION every_root FOR TABLE app.measures WITH (publish_via_partition_root = true);
CREATE FUNCTION app.look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER looks AFTER INSERT ON app.measures FOR EACH ROW EXECUTE FUNCTION app.look();
ALTER TABLE app.measures_old DISABLE TRIGGER looks;
ALTER SCHEMA public OWNER TO every_owner;
\if :v14
CREATE STATISTICS app.stats_of_expressions ON lower(name), (score * 2) FROM app.customers;
\endif
