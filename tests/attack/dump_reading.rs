//! Attacks by code that runs when a restored database is read, to be compared: by then it belongs to the owners that the dump names.

use super::dumps::{dumps, server, survived};
use crate::support::postgres::Cluster;
use crate::support::program::{Hikae, Said};

const SETTINGS: &str =
    "SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\nSET check_function_bodies = false;\n";
const ROWS: &str = "CREATE TABLE public.t (\n    a integer\n);\nCOPY public.t (a) FROM stdin;\n1\n2\n\\.\n";

/// A function that does its work whenever it can, and `evil`, which planners call at once.
fn functions(rights: &str, body: &str, owner: &str) -> String {
    format!(
        "CREATE FUNCTION public.inner() RETURNS void LANGUAGE plpgsql{rights} AS $_$BEGIN {body} EXCEPTION WHEN others THEN NULL; END$_$;\n\
         CREATE FUNCTION public.evil() RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $_$BEGIN PERFORM public.inner(); RETURN true; END$_$;\n\
         {owner}"
    )
}

/// The ways by which reading a table runs code of the dump.
fn places() -> [(&'static str, String); 3] {
    let cast = "CREATE FUNCTION public.shown(public.t) RETURNS text LANGUAGE plpgsql AS $_$BEGIN PERFORM public.inner(); RETURN 'x'; END$_$;\n\
         CREATE CAST (public.t AS text) WITH FUNCTION public.shown(public.t);\n";
    [
        ("a predicate", format!("{ROWS}CREATE INDEX i ON public.t USING btree (a) WHERE public.evil();\n")),
        ("an expression", format!("{ROWS}CREATE INDEX i ON public.t USING btree (((a > 0) AND public.evil()));\n")),
        ("a cast", format!("{ROWS}{cast}")),
    ]
}

fn loaded(cluster: &Cluster, lines: &str, more: &[&str]) -> [Said; 2] {
    ["backup-test", "db-restore"].map(|recipe| {
        let hikae = Hikae::with_database(cluster, "shop");
        let file = hikae.path("backups/x.sql");
        let [dump, _] = dumps(lines.as_bytes());
        std::fs::write(&file, dump).unwrap();
        let file = format!("file={}", file.display());
        hikae.run(&[&["run", recipe, "--yes", "--set", &file], more].concat())
    })
}

/// What acts as its owner would act as a superuser: the dump names one, or whoever restores is one.
#[test]
fn what_is_read_acts_as_no_owner() {
    let cluster = server();
    let owned = tempfile::tempdir().unwrap();
    std::fs::set_permissions(owned.path(), std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    let owned = owned.path().join("owned");
    let run = format!("EXECUTE 'COPY (SELECT 1) TO PROGRAM ''touch {}''';", owned.display());
    for owner in ["ALTER FUNCTION public.inner() OWNER TO postgres;\n", ""] {
        let functions = functions(" SECURITY DEFINER", &run, owner);
        for (what, load) in places() {
            for depth in ["verify=data", "verify=rows"] {
                for said in loaded(&cluster, &format!("{SETTINGS}{functions}{load}"), &["--set", depth]) {
                    assert!(!owned.exists(), "{what} ran a program ({depth}, {owner}): {said:?}");
                    assert!(said.out.contains("Rows (public.t): 2"), "it was to be read: {said:?}");
                    survived(&cluster, what, &said);
                }
            }
        }
    }
}

/// What was taken for the comparison is given back: the function acts as its owner afterwards.
#[test]
fn functions_go_back_to_their_owners() {
    let cluster = server();
    cluster.psql(
        "shop",
        "CREATE ROLE alice; CREATE FUNCTION hers() RETURNS boolean LANGUAGE sql SECURITY DEFINER IMMUTABLE AS 'SELECT true';
         CREATE FUNCTION \"odd OWNER TO x\"(a int) RETURNS boolean LANGUAGE sql SECURITY DEFINER IMMUTABLE AS 'SELECT true';
         CREATE PROCEDURE does(a int) LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'; GRANT EXECUTE ON FUNCTION hers() TO alice;
         REVOKE EXECUTE ON FUNCTION hers() FROM PUBLIC; ALTER FUNCTION hers() OWNER TO alice; CREATE INDEX i ON t (a) WHERE hers()",
    );
    let hikae = Hikae::with_database(&cluster, "shop");
    let file = hikae.path("backups/x.sql");
    std::fs::write(&file, cluster.dump("shop", &["--create"])).unwrap();
    let definers = "SELECT string_agg(proname || prosecdef || pg_get_userbyid(proowner) || coalesce(proacl::text, ''), ',' ORDER BY proname)
                    FROM pg_proc WHERE pronamespace = 'public'::regnamespace";
    let before = cluster.psql("shop", definers);
    let said = hikae.run(&["run", "db-restore", "--yes", "--set", &format!("file={}", file.display())]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(cluster.psql("shop", definers), before);
    survived(&cluster, "functions of owners", &said);
}

/// Who reads may log in again: the code that runs then must not get to know its password.
#[test]
fn what_is_read_connects_to_no_other_database() {
    let cluster = server();
    let to = format!("host=127.0.0.1 port={} dbname=victim user=' || session_user || ' password=known", cluster.port());
    let tries = format!(
        "PERFORM set_config('default_transaction_read_only', 'off', false); \
         BEGIN EXECUTE format('ALTER ROLE %I PASSWORD ''known''', session_user); EXCEPTION WHEN others THEN NULL; END; \
         PERFORM * FROM public.dblink('{to}', 'SELECT lo_create(4711)') AS t (a oid);"
    );
    let head = format!("{SETTINGS}CREATE EXTENSION IF NOT EXISTS dblink WITH SCHEMA public;\n");
    let functions = functions("", &tries, "");
    for (what, load) in places() {
        for said in loaded(&cluster, &format!("{head}{functions}{load}"), &[]) {
            assert_eq!(cluster.psql("victim", "SELECT count(*) FROM pg_largeobject_metadata"), "0", "{what}: {said:?}");
            assert!(said.out.contains("Rows (public.t): 2"), "it was to be read: {said:?}");
            survived(&cluster, what, &said);
        }
    }
}
