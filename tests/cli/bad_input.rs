//! What `hikae run db-backup` says when the server, the database or `pg_dump` is not what it should be.

use crate::support::postgres::shared;
use crate::support::program::Hikae;

/// A world whose database stands, for a test that breaks something else.
fn world() -> Hikae {
    Hikae::with_database(shared(), "postgres")
}

#[test]
fn a_wrong_password_names_the_user_and_the_variables() {
    let hikae = world().env("DB_PASSWORD", "not-the-password");
    let said = hikae.run(&["run", "db-backup"]);
    insta::assert_snapshot!(said.err, @r#"
    [TIME] WARN: dump of postgres to [WORLD]/backups/db_backup_[STAMP].sql.gz: failed after [DURATION]
    error: cannot dump the database `postgres`
      caused by: `pg_dump` failed
      caused by: pg_dump: error: connection to server at "127.0.0.1", port [PORT] failed: FATAL:  password authentication failed for user "postgres"
      at recipes/db-backup.lua:39

    hint: check the user and the password (DB_USER, DB_PASSWORD)
    [TIME] ERROR: db-backup failed after [DURATION] (BKP-[TIME]-daily)
    "#);
    assert_eq!((said.code, hikae.backups()), (1, vec![]));
}

#[test]
fn no_password_says_which_variable_sets_it() {
    let hikae = world().env("DB_PASSWORD", "");
    let said = hikae.run(&["run", "db-backup"]);
    insta::assert_snapshot!(said.err, @r#"
    [TIME] WARN: dump of postgres to [WORLD]/backups/db_backup_[STAMP].sql.gz: failed after [DURATION]
    error: cannot dump the database `postgres`
      caused by: `pg_dump` failed
      caused by: pg_dump: error: connection to server at "127.0.0.1", port [PORT] failed: fe_sendauth: no password supplied
      at recipes/db-backup.lua:39

    hint: set the password (DB_PASSWORD) in the environment or in `.env`
    [TIME] ERROR: db-backup failed after [DURATION] (BKP-[TIME]-daily)
    "#);
    assert_eq!((said.code, hikae.backups()), (1, vec![]));
}

#[test]
fn a_database_that_is_not_there_is_named() {
    let hikae = Hikae::with_database(shared(), "no_such_shop");
    let said = hikae.run(&["run", "db-backup"]);
    insta::assert_snapshot!(said.err, @r#"
    [TIME] WARN: dump of no_such_shop to [WORLD]/backups/db_backup_[STAMP].sql.gz: failed after [DURATION]
    error: cannot dump the database `no_such_shop`
      caused by: `pg_dump` failed
      caused by: pg_dump: error: connection to server at "127.0.0.1", port [PORT] failed: FATAL:  database "no_such_shop" does not exist
      at recipes/db-backup.lua:39

    hint: check the name of the database (DB_NAME); `psql --list` shows those of the server
    [TIME] ERROR: db-backup failed after [DURATION] (BKP-[TIME]-daily)
    "#);
    assert_eq!((said.code, hikae.backups()), (1, vec![]));
}

#[test]
fn a_role_that_may_not_read_a_table_is_told_what_to_grant() {
    let cluster = shared();
    cluster.create_database("cli_denied");
    cluster.psql("cli_denied", "CREATE TABLE salaries (n int); CREATE ROLE cli_reader LOGIN PASSWORD 'reader-pw-1'");
    let hikae =
        Hikae::with_database(cluster, "cli_denied").env("DB_USER", "cli_reader").env("DB_PASSWORD", "reader-pw-1");
    let said = hikae.run(&["run", "db-backup"]);
    insta::assert_snapshot!(said.err, @"
    [TIME] WARN: dump of cli_denied to [WORLD]/backups/db_backup_[STAMP].sql.gz: failed after [DURATION]
    error: cannot dump the database `cli_denied`
      caused by: `pg_dump` failed
      caused by: pg_dump: error: query failed: ERROR:  permission denied for table salaries
                 pg_dump: detail: Query was: LOCK TABLE public.salaries IN ACCESS SHARE MODE
      at recipes/db-backup.lua:39

    hint: the user may not read all of the database; dump as its owner or grant pg_read_all_data
    [TIME] ERROR: db-backup failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!((said.code, hikae.backups()), (1, vec![]));
}

#[test]
fn a_role_that_may_not_connect_is_told_what_to_grant() {
    let cluster = shared();
    cluster.create_database("cli_closed");
    cluster.psql(
        "cli_closed",
        "REVOKE CONNECT ON DATABASE cli_closed FROM PUBLIC; \
         CREATE ROLE cli_outsider LOGIN PASSWORD 'outsider-pw-1' IN ROLE pg_read_all_data",
    );
    let hikae =
        Hikae::with_database(cluster, "cli_closed").env("DB_USER", "cli_outsider").env("DB_PASSWORD", "outsider-pw-1");
    let said = hikae.run(&["run", "db-backup"]);
    assert!(
        said.err.contains("hint: the user may not connect to this database: `GRANT CONNECT ON DATABASE"),
        "{said:?}"
    );
    assert_eq!((said.code, hikae.backups()), (1, vec![]));
}

#[test]
fn a_server_that_is_away_is_asked_after_by_host_and_port() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let hikae = world().env("DB_PORT", &closed.to_string());
    let said = hikae.run(&["run", "db-backup"]);
    insta::assert_snapshot!(said.err, @r#"
    [TIME] WARN: dump of postgres to [WORLD]/backups/db_backup_[STAMP].sql.gz: failed after [DURATION]
    error: cannot dump the database `postgres`
      caused by: `pg_dump` failed
      caused by: pg_dump: error: connection to server at "127.0.0.1", port [PORT] failed: Connection refused
                 	Is the server running on that host and accepting TCP/IP connections?
      at recipes/db-backup.lua:39

    hint: is the server running? check the host and the port (DB_HOST, DB_PORT)
    [TIME] ERROR: db-backup failed after [DURATION] (BKP-[TIME]-daily)
    "#);
    assert_eq!((said.code, hikae.backups()), (1, vec![]));
}

#[test]
fn a_host_that_no_name_service_knows_is_named() {
    let hikae = world().env("DB_HOST", "db.invalid");
    let said = hikae.run(&["run", "db-backup"]);
    // What the name service says depends on whether this machine has one.
    let err = said.err.replace("Temporary failure in name resolution", "Name or service not known");
    insta::assert_snapshot!(err, @r#"
    [TIME] WARN: dump of postgres to [WORLD]/backups/db_backup_[STAMP].sql.gz: failed after [DURATION]
    error: cannot dump the database `postgres`
      caused by: `pg_dump` failed
      caused by: pg_dump: error: could not translate host name "db.invalid" to address: Name or service not known
      at recipes/db-backup.lua:39

    hint: check the host (DB_HOST) and the name service
    [TIME] ERROR: db-backup failed after [DURATION] (BKP-[TIME]-daily)
    "#);
    assert_eq!((said.code, hikae.backups()), (1, vec![]));
}

#[test]
fn a_missing_pg_dump_names_the_package_that_brings_it() {
    let hikae = world();
    let hikae = hikae.env("PATH", "/nonexistent");
    let said = hikae.run(&["run", "db-backup"]);
    insta::assert_snapshot!(said.err, @"
    [TIME] WARN: dump of postgres to [WORLD]/backups/db_backup_[STAMP].sql.gz: failed after [DURATION]
    error: cannot start `pg_dump`: it is not on the PATH
      at recipes/db-backup.lua:39

    hint: install it: `apt-get install postgresql-client`
    [TIME] ERROR: db-backup failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!((said.code, hikae.backups()), (1, vec![]));
}

#[test]
fn a_pg_dump_older_than_the_server_says_which_package_to_install() {
    let hikae = world().program(
        "pg_dump",
        "echo 'pg_dump: error: aborting because of server version mismatch' >&2
         echo 'pg_dump: detail: server version: 16.1; pg_dump version: 15.18' >&2
         exit 1",
    );
    let said = hikae.run(&["run", "db-backup"]);
    insta::assert_snapshot!(said.err, @"
    [TIME] WARN: dump of postgres to [WORLD]/backups/db_backup_[STAMP].sql.gz: failed after [DURATION]
    error: cannot dump the database `postgres`
      caused by: `pg_dump` failed
      caused by: pg_dump: error: aborting because of server version mismatch
                 pg_dump: detail: server version: 16.1; pg_dump version: 15.18
      at recipes/db-backup.lua:39

    hint: pg_dump is older than the server: install `postgresql-client-16`
    [TIME] ERROR: db-backup failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!((said.code, hikae.backups()), (1, vec![]));
}

#[test]
fn a_pg_dump_that_says_nothing_and_fails_is_told_by_its_code() {
    let hikae = world().program("pg_dump", "exit 3");
    let said = hikae.run(&["run", "db-backup"]);
    insta::assert_snapshot!(said.err, @"
    [TIME] WARN: dump of postgres to [WORLD]/backups/db_backup_[STAMP].sql.gz: failed after [DURATION]
    error: cannot dump the database `postgres`
      caused by: `pg_dump` failed
      caused by: exit code 3
      at recipes/db-backup.lua:39

    hint: `pg_dump` said nothing; PostgreSQL's log may say more
    [TIME] ERROR: db-backup failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!((said.code, hikae.backups()), (1, vec![]));
}

#[test]
fn a_pg_dump_that_stops_early_and_says_all_is_well_is_not_believed() {
    let hikae = world().program("pg_dump", "printf -- '--\\n-- PostgreSQL database dump\\n--\\n\\nSELECT 1;\\n'");
    let said = hikae.run(&["run", "db-backup"]);
    insta::assert_snapshot!(said.err, @"
    [TIME] WARN: dump of postgres to [WORLD]/backups/db_backup_[STAMP].sql.gz: failed after [DURATION]
    error: cannot accept the dump of `postgres`, which ends without its completion trailer
      at recipes/db-backup.lua:39

    hint: the dump was cut off: look for a full disk, a killed `pg_dump` or a lost connection, and dump again
    [TIME] ERROR: db-backup failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!((said.code, hikae.backups()), (1, vec![]));
}

#[test]
fn a_pg_dump_that_is_killed_is_told_by_its_signal() {
    let hikae = world().program("pg_dump", "kill -9 $$");
    let said = hikae.run(&["run", "db-backup"]);
    insta::assert_snapshot!(said.err, @"
    [TIME] WARN: dump of postgres to [WORLD]/backups/db_backup_[STAMP].sql.gz: failed after [DURATION]
    error: cannot dump the database `postgres`
      caused by: `pg_dump` was ended by signal 9
      at recipes/db-backup.lua:39

    hint: the kernel does this when memory runs out: look at `dmesg`
    [TIME] ERROR: db-backup failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!((said.code, hikae.backups()), (1, vec![]));
}
