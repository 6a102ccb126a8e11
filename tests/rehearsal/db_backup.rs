//! The recipe db-backup, unmodified, in simulated nights.

use hikae::catalog::Status;
use hikae::error::Kind;
use hikae::specs::rehearsal::{Rehearsal, rehearse};
use hikae::world::simulated::Simulated;
use serde_json::json;

use super::{NEW, OLD, PASSWORD, config, db_backup, is_fine, names, nightly, play, setup, told};

#[tokio::test]
async fn a_good_night_keeps_the_new_dump_and_lets_the_old_one_go() {
    let night = play(nightly(), db_backup(), vec![]).await.unwrap();
    is_fine(&night);
    assert_eq!(night.run.id, "BKP-20260215-020000-daily");
    assert_eq!(
        names(&night.after),
        ["db_backup_20260215_020000.sql.gz", "db_backup_20260215_020000.sql.gz.manifest.json"]
    );
    assert!(night.before.at(OLD).is_some());
    let ran = &night.after.ran[0];
    assert_eq!((ran.program.as_str(), ran.env["PGPASSWORD"].as_str()), ("pg_dump", "********"));
    assert!(ran.args.contains(&"--dbname=shop".to_owned()), "{ran:?}");
    let verbs: Vec<&str> = night.journal.iter().map(|record| record.effect.verb()).collect();
    assert!(verbs.contains(&"create") && verbs.contains(&"remove"), "{verbs:?}");
    assert!(night.journal.iter().any(|record| record.site.as_ref().is_some_and(|s| s.file == "recipes/db-backup.lua")));
    let told = night.said.join("\n");
    assert!(told.contains("[2026-02-15 02:00:00] Database backup starts"), "{told}");
    assert!(told.contains(&format!("Backup written: {NEW}")), "{told}");
    let outcome: serde_json::Value = serde_json::from_str(night.said.last().unwrap()).unwrap();
    assert_eq!(outcome["status"], "success", "{outcome}");
    assert!(!told.contains(PASSWORD));
}

#[tokio::test]
async fn a_dump_that_fails_leaves_everything_as_it_was() {
    let mut world = nightly();
    world["programs"]["pg_dump"] = json!({ "stdout": "--\n-- PostgreSQL", "stderr": "connection refused", "exit": 1 });
    let night = play(world, db_backup(), vec![]).await.unwrap();
    assert_eq!(
        (night.run.status, night.error.as_ref().map(|error| error.kind())),
        (Status::Failure, Some(Kind::Command))
    );
    assert_eq!(night.before.files, night.after.files);
    assert_eq!(told(&night), []);
    let said = night.said.join("\n");
    assert!(said.contains("error: cannot dump the database `shop`") && said.contains("connection refused"), "{said}");
    assert!(said.contains("db-backup failed"), "{said}");
}

#[tokio::test]
async fn a_recipe_that_another_process_runs_is_locked_out() {
    let mut world = nightly();
    world["locked"] = json!(["db-backup"]);
    let night = play(world, db_backup(), vec![]).await.unwrap();
    assert_eq!((night.run.status, night.error.as_ref().unwrap().kind()), (Status::Locked, Kind::Locked));
    assert!(night.journal.is_empty() && night.before.files == night.after.files);
    assert_eq!(told(&night), []);
    let mut world = nightly();
    world["locked"] = json!(["db-bakup"]);
    let error = play(world, db_backup(), vec![]).await.err().unwrap();
    assert_eq!(error.what(), "`locked` names `db-bakup`, which is no recipe");
    assert!(error.hint_text().unwrap().starts_with("did you mean `db-backup`?"), "{error:?}");
}

#[tokio::test]
async fn params_come_from_the_simulated_environment_and_from_set_alone() {
    let mut world = nightly();
    world["env"]["RETENTION_DAYS"] = json!("100");
    let setup = setup(world);
    let world = Simulated::new(setup.clone()).unwrap();
    let set = vec![("dir".to_owned(), "/elsewhere".to_owned())];
    let rehearsal = Rehearsal {
        setup,
        source: db_backup(),
        set,
        run_type: Some("weekly".into()),
        yes: false,
        faults: vec![],
        coverage: None,
    };
    let night = rehearse(&config(), &world, rehearsal).await.unwrap();
    is_fine(&night);
    assert_eq!(night.run.id, "BKP-20260215-020000-weekly");
    assert_eq!(night.run.backups[0].path, "/elsewhere/db_backup_20260215_020000.sql.gz");
    let ran = &night.after.ran[0];
    assert!(
        ran.args.contains(&"--username=postgres".to_owned()),
        "the environment of this machine says another: {ran:?}"
    );
    assert!(night.after.at(OLD).is_some());
}

#[tokio::test]
async fn wrong_params_are_told_before_anything_runs() {
    let mut world = nightly();
    world["env"]["RETENTION_DAYS"] = json!("soon");
    let error = play(world, db_backup(), vec![]).await.err().unwrap();
    assert_eq!(error.what(), "1 problem with the params of `db-backup`");
}

#[tokio::test]
async fn a_second_run_in_the_same_world_waits_for_a_second_of_its_own() {
    let setup = setup(nightly());
    let world = Simulated::new(setup.clone()).unwrap();
    for stamp in ["020000", "020001", "020002"] {
        let (setup, source) = (setup.clone(), db_backup());
        let rehearsal =
            Rehearsal { setup, source, set: vec![], run_type: None, yes: false, faults: vec![], coverage: None };
        let night = rehearse(&config(), &world, rehearsal).await.unwrap();
        is_fine(&night);
        assert_eq!(night.run.id, format!("BKP-20260215-{stamp}-daily"));
    }
}
