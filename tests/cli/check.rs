//! `hikae check`: a tick is for what was tried and worked.

use serde_json::Value;

use super::commands::{well, world};
use crate::support::postgres::shared;
use crate::support::program::{Hikae, set_mode};

/// Points that differ from machine to machine.
const MACHINE: [&str; 3] = [" wall: ", " clock: ", " time zone: "];

/// The lines that are no ticks.
fn other_lines(out: &str) -> String {
    let lines: Vec<&str> = out
        .lines()
        .filter(|line| !line.starts_with('✓') && !MACHINE.iter().any(|subject| line.contains(subject)))
        .collect();
    lines.join("\n")
}

#[test]
fn check_of_a_sound_set_up_is_well() {
    let hikae = Hikae::with_database(shared(), "postgres").file("config/hikae.toml", "");
    let said = hikae.run(&["check", "db-backup", "--verbose"]);
    well(&said);
    let out = regex::Regex::new("(?m)^. (clock|time zone|wall): .*\n(. (time zone|wall): .*\n)*")
        .unwrap()
        .replace(&said.out, "[MACHINE]\n");
    let out = regex::Regex::new("`[^`]*/pg_dump`").unwrap().replace(&out, "`[PATH]/pg_dump`");
    let out = regex::Regex::new("on [^ ]*:[0-9]+ as [a-z]+").unwrap().replace(&out, "on [SERVER]");
    let out = regex::Regex::new("(pg_dump` |version )[0-9]+").unwrap().replace_all(&out, "$1[VERSION]");
    insta::assert_snapshot!(out, @"
    ✓ configuration: `[WORLD]/config`
    ✓ state: `[WORLD]/state`
    [MACHINE]
    ! alerts: failures are reported to nobody: BACKUP_ALERT_EMAIL is not set, and there is no channel
        hint: set it in `.env`, or add `[[channels]]` to `hikae.toml`
    ✓ db-backup: `recipes/db-backup.lua` loads, and its params are complete
    ✓ db-backup: `pg_dump` is `[PATH]/pg_dump`
    ✓ db-backup: `gpg` is `/usr/bin/gpg`
    ✓ db-backup: `[WORLD]/backups` can be written
    ✓ db-backup: the database `postgres` on [SERVER]: connected
    ✓ db-backup: `pg_dump` [VERSION] dumps the server's version [VERSION]
    ✓ db-backup: the role `postgres` may read all that is dumped of `postgres`
    ✓ db-backup: `[WORLD]/backups` has [SIZE] free, and what is backed up has [SIZE]
    ! schedule: no scheduler runs `db-backup`, which is due at `0 2 * * *`
        hint: `hikae schedule --install` hands what is in use to cron; named recipes take the place of those

    nothing is wrong; to look at: 2
    ");
}

#[test]
fn check_names_the_package_of_a_missing_program() {
    let said = Hikae::new().env("PATH", "/nonexistent").run(&["check", "db-backup", "--verbose", "--offline"]);
    insta::assert_snapshot!(other_lines(&said.out), @"
    ! alerts: failures are reported to nobody: BACKUP_ALERT_EMAIL is not set, and there is no channel
        hint: set it in `.env`, or add `[[channels]]` to `hikae.toml`
    ✗ db-backup: cannot start `pg_dump`: it is not on the PATH
        hint: install it: `apt-get install postgresql-client`
    – db-backup: the database `english_cafe_db` on localhost:5432 as postgres: not connected (--offline)
    ! schedule: no scheduler runs `db-backup`, which is due at `0 2 * * *`
        hint: `hikae schedule --install` hands what is in use to cron; named recipes take the place of those

    1 thing is wrong; to look at: 2
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn check_looks_at_the_recipes_in_use() {
    let hikae = world().env("BACKUP_DIR", "/no/backups").file("config/recipes/slip.lua", "return recipe {\n");
    let hikae = hikae.env("RETENTION_DAYS", "abc").file("config/.env", "DB_NAME=shop\n");
    set_mode(&hikae.path("config/.env"), 0o604);
    let said = hikae.run(&["check", "--verbose"]);
    insta::assert_snapshot!(other_lines(&said.out), @"
    ! alerts: failures are reported to nobody: BACKUP_ALERT_EMAIL is not set, and there is no channel
        hint: set it in `.env`, or add `[[channels]]` to `hikae.toml`
    ✗ configuration: `[WORLD]/config/.env` is open to every user of this machine: run `chmod 600 [WORLD]/config/.env`
    ✗ slip: cannot parse `[WORLD]/config/recipes/slip.lua`: unexpected symbol near <eof> ([WORLD]/config/recipes/slip.lua:2)
        hint: look just before this place: is a `,`, a bracket, a quote or an `end` missing?
    ! schedule: no scheduler runs `note`, which is due at `0 3 * * 0`
        hint: `hikae schedule --install` hands what is in use to cron; named recipes take the place of those

    2 things are wrong; to look at: 2
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_wrong_password_is_no_tick() {
    let cluster = shared();
    let hikae = Hikae::with_database(cluster, "postgres").env("DB_USER", "nobody_of_this_name");
    let said = hikae.run(&["check", "db-backup"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(other_lines(&said.out).contains("✗ db-backup: cannot query the database `postgres`"), "{}", said.out);
    let said = hikae.run(&["check", "db-backup", "--offline", "--verbose"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("– db-backup: the database `postgres` on "), "{}", said.out);
    assert!(said.out.contains(": not connected (--offline)\n"), "{}", said.out);
}

#[test]
fn a_folder_in_which_nothing_can_be_made_is_wrong() {
    let said = Hikae::new().env("BACKUP_DIR", "/proc/self").run(&["check", "db-backup", "--offline"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("✗ db-backup: `/proc/self` cannot be written"), "{}", said.out);
}

#[test]
fn a_check_leaves_nothing_behind() {
    let hikae = Hikae::new();
    std::fs::create_dir_all(hikae.path("backups")).unwrap();
    hikae.run(&["check", "db-backup", "--offline"]);
    assert_eq!(std::fs::read_dir(hikae.path("backups")).unwrap().count(), 0);
}

#[test]
fn what_was_not_tried_is_neither_true_nor_false_for_programs() {
    let said = Hikae::new().run(&["check", "db-backup", "--offline", "--json"]);
    let points: Vec<Value> = said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = points.iter().rfind(|point| point["subject"] == "db-backup").unwrap();
    assert_eq!((&last["ok"], &last["mark"]), (&Value::Null, &"not_tried".into()), "{said:?}");
    assert_eq!((&points[0]["ok"], &points[0]["mark"]), (&true.into(), &"ok".into()));
}

#[test]
fn a_module_beside_recipes_is_no_broken_recipe() {
    let hikae =
        world().file("config/recipes/helpers.lua", "--- Helps each recipe.\nlocal helpers = {}\nreturn helpers\n");
    let recipe = "local helpers = require \"helpers\"\nreturn recipe { kind = \"maintenance\", type = \"manual\", run = function() helpers.x = 1 end }";
    let hikae = hikae.file("config/recipes/uses.lua", recipe);
    for command in ["list", "status", "check"] {
        let said = hikae.run(&[command]);
        assert!(!said.out.lines().any(|line| line.contains("helpers")), "{said:?}");
    }
    well(&hikae.run(&["run", "uses"]));
}
