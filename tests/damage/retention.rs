//! Old backups go only once a new one is proved, and never the ones that may still be needed.

use super::{DUMPS, LONG_AGO, WHOLE, fails, night, plant};
use crate::support::program::{Hikae, Said};

/// The stamps of the backups that stand, each of which has its manifest.
fn stamps(hikae: &Hikae) -> Vec<String> {
    let names = hikae.backups();
    let backups: Vec<&String> = names.iter().filter(|name| name.ends_with(".sql.gz")).collect();
    for name in &backups {
        assert!(names.contains(&format!("{name}.manifest.json")), "{name} has no manifest: {names:?}");
    }
    assert_eq!(names.len(), 2 * backups.len(), "manifests without a backup: {names:?}");
    backups.iter().map(|name| name[10..25].to_owned()).collect()
}

fn runs(hikae: &Hikae, args: &[&str], code: i32) -> Said {
    let said = hikae.run(&[&["run", "db-backup"], args].concat());
    assert_eq!(said.code, code, "{said:?}");
    said
}

#[test]
fn the_old_ones_go_with_their_manifests_once_the_new_one_is_proved() {
    let hikae = night(DUMPS);
    plant(&hikae.path("backups"), "20200102_020000");
    let said = runs(&hikae, &[], 0);
    assert!(said.out.contains("Old backup removed: db_backup_[STAMP].sql.gz"), "{said:?}");
    let left = stamps(&hikae);
    assert!(left.len() == 1 && left[0].as_str() > "2026", "{left:?}");
}

#[test]
fn nothing_goes_when_the_dump_fails() {
    let hikae = night("exit 1");
    fails(&hikae, &["--set", "days=1"]);
    assert_eq!(stamps(&hikae), [LONG_AGO]);
}

#[test]
fn as_many_as_were_asked_for_stay_whatever_their_age() {
    let hikae = night(DUMPS);
    plant(&hikae.path("backups"), "20200102_020000");
    plant(&hikae.path("backups"), "20200103_020000");
    runs(&hikae, &["--set", "keep_at_least=3"], 0);
    assert_eq!(stamps(&hikae)[..2], ["20200102_020000", "20200103_020000"]);
}

#[test]
fn nothing_goes_when_the_clock_has_jumped() {
    let hikae = night(DUMPS);
    plant(&hikae.path("backups"), "20990101_020000");
    let said = runs(&hikae, &[], 2);
    assert!(said.err.contains("refused to remove old backups"), "{said:?}");
    assert!(said.err.contains("hint: set the clock of this machine right"), "{said:?}");
    let left = stamps(&hikae);
    assert_eq!((left.len(), left[0].as_str(), left[2].as_str()), (3, LONG_AGO, "20990101_020000"));
}

#[test]
fn a_name_without_a_date_is_never_removed() {
    let hikae = night(DUMPS).file("backups/db_backup_before_the_move.sql.gz", "keep me");
    let said = runs(&hikae, &[], 0);
    assert_eq!(std::fs::read_to_string(hikae.path("backups/db_backup_before_the_move.sql.gz")).unwrap(), "keep me");
    assert!(said.out.contains("Retention: 2 kept, 1 removed"), "{said:?}");
}

#[test]
fn a_manifest_that_cannot_be_read_is_told_and_holds_up_nothing() {
    for damaged in ["{\"manifest\": 1, \"na", "", "[1, 2]", "null", "\"text\"", "{\"database\": {\"tables\": 7}}"] {
        let hikae = night(DUMPS);
        let name = plant(&hikae.path("backups"), "20200102_020000");
        let hikae = hikae.file(&format!("backups/{name}.manifest.json"), damaged);
        let said = runs(&hikae, &[], 0);
        assert_eq!(stamps(&hikae).len(), 1, "{damaged}: {said:?}");
        assert!(said.err.contains("counts as not proved: its manifest does not describe it"), "{damaged}: {said:?}");
    }
}

#[test]
fn a_backup_that_does_not_fit_its_manifest_is_not_the_one_that_is_kept() {
    let hikae = night(DUMPS);
    let backups = hikae.path("backups");
    std::fs::write(backups.join(plant(&backups, "20200102_020000")), "cut").unwrap();
    // Of those that are too old, one is kept beside the new one: the newest that is proved.
    runs(&hikae, &["--set", "keep_at_least=2"], 0);
    let left = stamps(&hikae);
    assert_eq!((left.len(), left[0].as_str()), (2, LONG_AGO), "{left:?}");
}

#[test]
fn backups_with_rows_do_not_go_for_one_without_any() {
    let hikae = night(DUMPS).file("bin/whole.sql", &WHOLE.replace("花子\n太郎\n", ""));
    let beside = format!("backups/db_backup_{LONG_AGO}.sql.gz.manifest.json");
    let manifest = serde_json::json!({
        "name": format!("db_backup_{LONG_AGO}.sql.gz"), "size_bytes": 9,
        "database": { "name": "shop", "tables": [{ "schema": "public", "name": "contacts", "rows": 690_063 }] },
    });
    let hikae = hikae.file(&beside, &manifest.to_string());
    let said = runs(&hikae, &[], 2);
    assert!(
        said.err.contains("`db_backup_[STAMP].sql.gz` has no row, and `db_backup_[STAMP].sql.gz` has 690063"),
        "{said:?}"
    );
    assert!(said.err.contains("hint: is it the right database (DB_NAME)"), "{said:?}");
    let left = stamps(&hikae);
    assert_eq!((left.len(), left[0].as_str()), (2, LONG_AGO), "both stand: {left:?}");
}
