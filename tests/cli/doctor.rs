//! `hikae check` as a doctor: what would go wrong at night is found before it, and nothing good is called wrong.

use std::collections::BTreeMap;
use std::sync::Arc;

use hikae::config::{Config, DiskFiles, Folders};
use hikae::recipe::{lint, loader};

use super::commands::world;
use crate::support::postgres::{Cluster, shared};
use crate::support::program::Hikae;

/// The findings in a recipe whose function `run` is this.
fn findings(body: &str) -> Vec<String> {
    let recipe = format!(
        "--- Slips.\nlocal retention = require \"hikae.retention\"\nreturn recipe {{\n  type = \"daily\", kind = \"maintenance\",\n  \
         params = {{ database = {{ default = \"shop\" }} }},\n  run = function(p)\n{body}\n  end,\n}}\n"
    );
    let said = Hikae::new().file("config/recipes/slip.lua", &recipe).run(&["check", "slip", "--offline"]);
    let found = said.out.lines().filter_map(|line| line.strip_prefix("✗ slip: "));
    found.map(|line| line.split(" (").next().unwrap().to_owned()).collect()
}

#[test]
fn slips_are_found_without_running_anything() {
    let found = findings(
        "    local dump = pg.dump { databse = p.database, host = 7 }
    dump:gzpi():save(path.jion(p.databas, \"x\"))
    dump:gzip { level = \"9\", lvl = 1 }
    retention.prnue { dir = \"/x\" }
    fs.exsits(\"/x\")
    if loger then log.info(\"x\") end
    local ok = http.download(\"http://x\", { retries = true })",
    );
    let wanted = [
        "`pg.dump` has no option `databse`",
        "`host` of `pg.dump` must be string, but is an integer",
        "`pg.dump` needs the option `database`",
        "a `Stream` has no `gzpi`",
        "the recipe has no param `databas`",
        "`level` of `Stream:gzip` must be integer, but is the text `9`",
        "`Stream:gzip` has no option `lvl`",
        "`hikae.retention` has no `prnue`",
        "`retries` of `http.download` must be integer, but is a boolean",
    ];
    for message in wanted {
        assert!(found.iter().any(|found| found == message), "{message}\n{found:#?}");
    }
    assert!(found.iter().any(|found| found.contains("jion")), "{found:#?}");
    assert!(found.iter().any(|found| found.contains("exsits")), "{found:#?}");
    assert!(found.iter().any(|found| found.contains("loger")), "{found:#?}");
    assert_eq!(found.len(), wanted.len() + 3, "{found:#?}");
}

#[test]
fn what_is_good_is_not_called_wrong() {
    let found = findings(
        "    local function twice(text, ...) return text .. text, ... end
    local t <const> = { [1] = 2, \"x\"; y = function(self) return self.z end }
    for i, v in ipairs(t) do log.info(string.format(\"%d %s\", i, tostring(v))) end
    for i = 1, 3 do if i == 2 then goto on end ::on:: end
    repeat local done = true until done
    while false do break end
    local long = [==[ pg.nothing() ]==] -- pg.nothing()
    --[[ fs.nothing() ]]
    local stream = process.stream { program = \"x\", args = { \"a\" }, env = { A = \"b\" }, ok_codes = { 0, 1 } }
    stream:gzip():save(path.join(\"/x\", twice(long)), { timeout = \"2h\", allow_empty = 1 == 1 })
    retention.prune { dir = \"/x\", name = \"y\", days = 0x10 }
    local a = -#t + 1e3 // 2 ~= 3 and not (t.y) or t['x']
    log.info(_(\"done %s\", a), p.database)",
    );
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn no_built_in_recipe_has_a_finding() {
    let folders = Folders { config_dir: None, current: "/nonexistent".into(), uid: 0 };
    let config = Arc::new(Config::load(&folders, &BTreeMap::new(), Arc::new(DiskFiles)).unwrap());
    for (source, declared) in loader::all(&config).unwrap() {
        let found = lint::findings(&config, &source, &declared.unwrap()).unwrap();
        assert!(found.is_empty(), "{}: {found:#?}", source.name);
    }
}

#[test]
fn what_the_role_may_not_read_is_told_before_the_night() {
    let cluster = shared();
    cluster.create_database("doctor");
    let setup = format!(
        "CREATE ROLE doctor LOGIN PASSWORD '{}'; CREATE TABLE open (n int); CREATE TABLE closed (n int); CREATE SEQUENCE counted;
         CREATE SCHEMA inner_room; CREATE TABLE inner_room.hidden (n int); CREATE TABLE guarded (n int);
         ALTER TABLE guarded ENABLE ROW LEVEL SECURITY; SELECT lo_create(4711); GRANT SELECT ON open, guarded TO doctor",
        cluster.password
    );
    cluster.psql("doctor", &setup);
    let hikae = Hikae::with_database(cluster, "doctor").env("DB_USER", "doctor");
    let said = hikae.run(&["check", "db-backup"]);
    assert_eq!(said.code, 1, "{said:?}");
    let line = said.out.lines().find(|line| line.contains("may not read")).unwrap_or_else(|| panic!("{said:?}"));
    for name in
        ["`inner_room.hidden`", "`large object 4711`", "`public.closed`", "`public.counted`", "`public.guarded`"]
    {
        assert!(line.contains(name), "{name}: {line}");
    }
    assert!(!line.contains("open"), "{line}");
    // It does not cry wolf: once all of it is granted, the dump itself works.
    let grants =
        "GRANT pg_read_all_data TO doctor; ALTER ROLE doctor BYPASSRLS; GRANT SELECT ON LARGE OBJECT 4711 TO doctor";
    cluster.psql("doctor", grants);
    let said = hikae.run(&["check", "db-backup", "--verbose"]);
    assert!(said.code == 0 && said.out.contains("may read all that is dumped"), "{said:?}");
    assert_eq!(hikae.run(&["run", "db-backup"]).code, 0);
    cluster.psql("doctor", "SELECT lo_unlink(4711)");
}

/// A role that only reads backs up and drills, and cannot restore: whoever needs that at night must know it before.
#[test]
fn what_a_restore_would_need_is_told() {
    let cluster = shared();
    cluster.create_database("doctored");
    let role =
        format!("CREATE ROLE only_reads LOGIN PASSWORD '{}'; GRANT pg_read_all_data TO only_reads", cluster.password);
    cluster.psql("doctored", &role);
    let hikae = Hikae::with_database(cluster, "doctored").env("DB_USER", "only_reads");
    let said = hikae.run(&["check", "db-backup"]);
    assert_eq!(said.code, 0, "{said:?}");
    for words in
        ["– db-backup: the role `only_reads` can back up and not restore", "ALTER ROLE", "CREATEDB", "user=postgres"]
    {
        assert!(said.out.contains(words), "{words}: {}", said.out);
    }
    for recipe in ["db-restore", "disaster-recovery-db"] {
        let said = hikae.run(&["check", recipe]);
        assert_eq!(said.code, 1, "{said:?}");
        let words = "the role `only_reads` may not make databases, nor rename `doctored`, which belongs to `postgres`";
        assert!(said.out.contains(words), "{recipe}: {}", said.out);
    }
    let said = hikae.run(&["check", "backup-test"]);
    assert!(said.code == 1 && said.out.contains("may not make databases\n"), "{said:?}");
    // On a server of its own it needs no right, and the live one may be down.
    let apart = hikae.env("BACKUP_DRILL_CLUSTER", "temporary").env("DB_PORT", "1");
    let said = apart.run(&["check", "backup-test", "--verbose"]);
    assert!(said.out.contains("✓ backup-test: restores on a temporary server of its own (PostgreSQL "), "{said:?}");
    assert_eq!(said.code, 0, "{said:?}");
    cluster.psql("doctored", "ALTER ROLE only_reads CREATEDB; GRANT postgres TO only_reads");
    let hikae = Hikae::with_database(cluster, "doctored").env("DB_USER", "only_reads");
    let said = hikae.run(&["check", "db-restore", "--verbose"]);
    assert!(said.code == 0 && said.out.contains("may make and rename databases"), "{said:?}");
}

#[test]
fn a_pg_dump_that_is_older_than_the_server_is_told() {
    let hikae = Hikae::with_database(shared(), "postgres").program("pg_dump", "echo 'pg_dump (PostgreSQL) 9.6.24'");
    let said = hikae.run(&["check", "db-backup"]);
    assert!(said.code == 1 && said.out.contains("`pg_dump` 9 is older than the server"), "{said:?}");
}

#[test]
fn a_clock_that_is_behind_the_record_is_told() {
    let hikae = world();
    assert_eq!(hikae.run(&["run", "note"]).code, 0);
    let catalog = rusqlite::Connection::open(hikae.path("state/catalog.db")).unwrap();
    catalog.execute("UPDATE backup_logs SET started_at = '2099-01-01T00:00:00.000+09:00'", []).unwrap();
    let said = hikae.run(&["check", "note"]);
    assert!(said.code == 1 && said.out.contains("✗ clock: it shows "), "{said:?}");
}

#[test]
fn the_space_for_the_next_backup_is_compared_with_the_last_one() {
    let hikae = world();
    assert_eq!(hikae.run(&["run", "note"]).code, 0);
    let said = hikae.run(&["check", "note", "--verbose"]);
    assert!(
        said.out.contains("✓ note: `[WORLD]/backups` has [SIZE] free, and the last backup took [SIZE]"),
        "{said:?}"
    );
    let catalog = rusqlite::Connection::open(hikae.path("state/catalog.db")).unwrap();
    let columns: Vec<String> = catalog
        .prepare("SELECT name || '.' || (SELECT group_concat(c.name) FROM pragma_table_info(m.name) c) FROM sqlite_master m WHERE type = 'table'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let table = columns.iter().find(|text| text.contains("size_bytes")).unwrap_or_else(|| panic!("{columns:?}"));
    let table = table.split('.').next().unwrap();
    catalog.execute(&format!("UPDATE {table} SET size_bytes = 1000000000000000"), []).unwrap();
    let said = hikae.run(&["check", "note"]);
    assert!(said.code == 1 && said.out.contains("free, and the last backup took"), "{said:?}");
}

#[test]
fn a_schedule_that_no_scheduler_has_and_two_that_collide_are_told() {
    let other = super::commands::NOTE.replace("Keeps a note", "Keeps another").replace("0 3 * * 0", "0 3 * * *");
    let hikae = world().file("config/recipes/other.lua", &other).file("config/hikae.toml", "");
    let said = hikae.run(&["check", "note", "other"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("! schedule: no scheduler runs `note`, which is due at `0 3 * * 0`"), "{said:?}");
    assert!(
        said.out.contains("! schedule: `note` (0 3 * * 0) and `other` (0 3 * * *) begin in the same minute"),
        "{said:?}"
    );
    let apart =
        hikae.file("config/hikae.toml", "[schedules]\nother = \"5 3 * * *\"\n").run(&["check", "note", "other"]);
    assert!(!apart.out.contains("same minute"), "{apart:?}");
}

#[test]
fn a_timer_that_runs_a_recipe_is_found() {
    let units = ".config/systemd/user";
    let hikae = world()
        .file(&format!("{units}/hikae-note.timer"), "[Timer]\nOnCalendar=Sun 03:00\n")
        .file(&format!("{units}/hikae-note.service"), "[Service]\nExecStart=/usr/bin/hikae run note --quiet\n");
    assert!(hikae.run(&["check", "note"]).out.contains("no scheduler runs `note`"));
    let hikae = hikae.file(&format!("{units}/timers.target.wants/hikae-note.timer"), "");
    let said = hikae.run(&["check", "note", "--verbose"]);
    assert!(said.out.contains("✓ schedule: `note` is run by the timer `hikae-note.timer`"), "{said:?}");
}

#[test]
fn a_timer_made_of_a_template_is_found_and_its_times_are_compared() {
    let units = ".config/systemd/user";
    let hikae = world()
        .file(&format!("{units}/hikae@.timer"), "[Timer]\nOnCalendar=*-*-* 02:00:00\n")
        .file(&format!("{units}/hikae@.service"), "[Service]\nExecStart=/usr/bin/hikae run %i --quiet\n")
        .file(&format!("{units}/timers.target.wants/hikae@note.timer"), "");
    let said = hikae.run(&["check", "note"]);
    let differs = "the timer `hikae@note.timer` runs `note` at `*-*-* 02:00:00`, and its schedule is `0 3 * * 0`";
    assert!(said.out.contains(differs), "{said:?}");
}

#[test]
fn a_summary_shows_all_that_is_wrong_and_the_rest_in_a_few_lines() {
    let cluster = shared();
    let hikae = Hikae::with_database(cluster, "postgres").env("BACKUP_DIR", "/proc/self");
    let said = hikae.run(&["check", "db-backup"]);
    assert!(said.out.starts_with("1 thing is wrong; to look at: "), "{said:?}");
    assert!(said.out.contains("\n✗ db-backup: `/proc/self` cannot be written"), "{said:?}");
    assert!(said.out.contains(": connected\n") && said.out.lines().count() <= 18, "{said:?}");
    let whole = hikae.run(&["check", "db-backup", "--verbose"]);
    assert!(whole.out.lines().count() > said.out.lines().count() + 8, "{whole:?}");
    assert!(whole.out.ends_with("\n1 thing is wrong; to look at: 2\n"), "{whole:?}");
}

#[test]
fn every_database_that_is_dumped_is_looked_at() {
    let cluster = Cluster::start();
    cluster.create_database("open");
    cluster.create_database("closed");
    cluster.psql("closed", "CREATE TABLE hidden (n int)");
    cluster.psql("postgres", &format!("CREATE ROLE few LOGIN PASSWORD '{}'", cluster.password));
    let hikae = Hikae::with_database(&cluster, "postgres").env("DB_USER", "few");
    let said = hikae.run(&["check", "db-full-backup"]);
    assert!(
        said.code == 1 && said.out.contains("the role `few` may not read all of `closed`: `public.hidden`"),
        "{said:?}"
    );
    assert!(said.out.contains("✗ db-full-backup: the role `few` may not read the passwords of roles"), "{said:?}");
    let hikae = hikae.env("DB_USER", "postgres");
    let said = hikae.run(&["check", "db-full-backup"]);
    assert_eq!(said.code, 0, "{said:?}");
}
