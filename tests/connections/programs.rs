//! A backup and a drill by the files and variables alone: hikae and `pg_dump` go the same way, behind the walls of a run.

use super::place::{set_mode, shared};
use crate::support::program::Hikae;

/// A world whose params name the database and the user, and no host or password.
fn world() -> Hikae {
    Hikae::new().env("DB_NAME", "connections_shop").env("BACKUP_DRILL_CLUSTER", "server")
}

fn shop(name: &str) {
    let place = shared();
    place.cluster.psql("postgres", &format!("DROP DATABASE IF EXISTS {name}"));
    place.cluster.create_database(name);
    place.cluster.psql(name, "CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2)");
}

fn backs_up_and_drills(hikae: &Hikae, what: &str) {
    for recipe in ["db-backup", "backup-test"] {
        let said = hikae.run(&["run", recipe]);
        assert_eq!(said.code, 0, "{recipe} by {what}: {said:?}");
    }
}

#[test]
fn everything_goes_by_the_files_and_variables_of_libpq() {
    shop("connections_shop");
    let (place, port) = (shared(), shared().port());
    let root = place.path("root.crt");
    let at = |hikae: Hikae| hikae.env("DB_HOST", "localhost").env("DB_PORT", &port).env("DB_USER", "postgres");
    let secret = place.cluster.password.replace('\\', r"\\");
    let with_pass = at(world()).file(".pgpass", &format!("*:*:*:postgres:{secret}\n"));
    set_mode(&with_pass.path(".pgpass"), 0o600);
    backs_up_and_drills(&with_pass, "~/.pgpass");
    let verified = at(world()).env("DB_PASSWORD", &place.cluster.password);
    let verified = verified.env("PGSSLMODE", "verify-full").env("PGSSLROOTCERT", &root);
    backs_up_and_drills(&verified, "verify-full");
    let wrong = verified.env("PGSSLROOTCERT", &place.path("other.crt"));
    let said = wrong.run(&["run", "db-backup"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert_eq!(wrong.backups().iter().filter(|name| !name.contains("manifest")).count(), 1, "{:?}", wrong.backups());
    let socket = place.cluster.dir().display().to_string();
    let peer = world().env("DB_HOST", &socket).env("DB_PORT", &port).env("DB_USER", "postgres");
    backs_up_and_drills(&peer, "peer");
}

/// The server, the user and the password of a service file, for hikae and for `pg_dump`, wherever the file lies.
#[test]
fn a_service_is_enough_for_both() {
    shop("connections_service");
    let (place, port) = (shared(), shared().port());
    let text = format!("[ours]\nhost=localhost\nport={port}\nuser=postgres\npassword={}\n", place.cluster.password);
    let named = || world().env("DB_NAME", "connections_service");
    let world = || named().env("PGSERVICE", "ours");
    let by_name = world().file("services", &text);
    let by_name = {
        let file = by_name.path("services").display().to_string();
        by_name.env("PGSERVICEFILE", &file)
    };
    backs_up_and_drills(&by_name, "PGSERVICEFILE");
    backs_up_and_drills(&world().file(".pg_service.conf", &text), "~/.pg_service.conf");
    let folder = world().file("system/pg_service.conf", &text);
    let at = folder.path("system").display().to_string();
    backs_up_and_drills(&folder.env("PGSYSCONFDIR", &at), "PGSYSCONFDIR");
    let (host, user) = ("localhost", "postgres");
    let plain = named().env("PGHOST", host).env("PGPORT", &port).env("PGUSER", user);
    backs_up_and_drills(&plain.env("PGPASSWORD", &place.cluster.password), "PGHOST and the like");
    let gone = world().env("PGSERVICE", "nobodys").file(".pg_service.conf", &text);
    let said = gone.run(&["run", "db-backup"]);
    assert!(said.code == 1 && said.err.contains("nobodys"), "{said:?}");
}
