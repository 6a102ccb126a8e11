//! A catalog that cannot be kept never costs a backup: the run ends in part, and says what and why.

use super::{DUMPS, night};
use crate::support::disk::Disk;
use crate::support::program::{Hikae, Said, names};

/// The backup is there, the exit code is 2, and both outputs tell what could not be recorded.
fn ends_in_part(hikae: &Hikae) -> Said {
    let said = hikae.run(&["run", "db-backup", "--json"]);
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.err.contains("the backups themselves are not affected"), "{said:?}");
    let outcome = said.outcome();
    assert_eq!(outcome["status"], "partial", "{outcome}");
    let path = outcome["backups"][0]["path"].as_str().unwrap().replace("[WORLD]", "");
    assert!(path.starts_with("/backups/db_backup_"), "{path}");
    let stands = hikae.backups();
    assert_eq!(stands.len(), 2, "the new backup and its manifest; the old one went: {stands:?}");
    said
}

#[test]
fn a_file_that_is_no_catalog_is_told_and_left_as_it_is() {
    let hikae = night(DUMPS).file("state/catalog.db", "these are not the rows that you are looking for");
    let said = ends_in_part(&hikae);
    assert!(said.err.starts_with("error: cannot open the catalog `[WORLD]/state/catalog.db`"), "{said:?}");
    assert!(said.err.contains("file is not a database"), "{said:?}");
    assert_eq!(said.err.matches("error: ").count(), 1, "told once: {said:?}");
    let kept = std::fs::read_to_string(hikae.path("state/catalog.db")).unwrap();
    assert!(kept.starts_with("these are not"), "{kept}");
}

#[test]
fn a_folder_in_the_place_of_the_catalog_is_told() {
    let hikae = night(DUMPS);
    std::fs::create_dir(hikae.path("state/catalog.db")).unwrap();
    let said = ends_in_part(&hikae);
    assert!(said.err.starts_with("error: cannot open the catalog `[WORLD]/state/catalog.db`"), "{said:?}");
}

#[test]
fn a_catalog_of_a_newer_hikae_is_told_and_left_as_it_is() {
    let hikae = night(DUMPS);
    let catalog = rusqlite::Connection::open(hikae.path("state/catalog.db")).unwrap();
    catalog.pragma_update(None, "user_version", 99).unwrap();
    let said = ends_in_part(&hikae);
    assert!(said.err.contains("it has version 99, and this hikae knows versions up to"), "{said:?}");
    let tables: u32 = catalog.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
    assert_eq!(tables, 0);
}

#[test]
fn a_state_folder_on_a_read_only_disk_is_told() {
    for made_before in [false, true] {
        let hikae = night(DUMPS);
        let disk = Disk::mount(&hikae.path("state"), 4 << 20);
        if made_before {
            let elsewhere =
                hikae.command(&["run", "db-backup"]).env("BACKUP_DIR", hikae.path("other")).output().unwrap();
            assert!(elsewhere.status.success());
        }
        disk.make_read_only();
        let said = ends_in_part(&hikae);
        assert!(said.err.contains("Read-only file system"), "{said:?}");
        assert_eq!(said.err.matches("error: ").count(), 1, "told once: {said:?}");
        if made_before {
            assert_eq!(hikae.run(&["runs", "--json"]).out.lines().count(), 1, "it can still be read");
        }
    }
}

#[test]
fn a_state_folder_that_cannot_be_made_is_told() {
    let hikae = night(DUMPS).file("taken", "");
    let below = hikae.path("taken/state").display().to_string();
    let hikae = hikae.env("HIKAE_STATE_DIR", &below);
    let said = ends_in_part(&hikae);
    assert!(said.err.contains("`[WORLD]/taken` is a file, not a folder"), "{said:?}");
    assert_eq!(said.err.matches("error: ").count(), 1, "told once: {said:?}");
}

#[test]
fn a_catalog_that_another_program_holds_is_told_after_a_while() {
    let hikae = night(DUMPS);
    assert_eq!(hikae.run(&["runs"]).code, 0);
    let holder = rusqlite::Connection::open(hikae.path("state/catalog.db")).unwrap();
    holder.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let said = ends_in_part(&hikae);
    assert!(said.err.contains("another process has held it for seconds"), "{said:?}");
    assert_eq!(names(&hikae.path("state/runs")), Vec::<String>::new());
}
