//! Every catalog that an earlier version left is opened by this one, with all that is in it.

use hikae::catalog::{AuditFilter, RunFilter, Status};

use super::{State, all_alive};

/// Each kept catalog with its name: one for every version of the schema, the present one too.
fn kept() -> Vec<(String, String)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/catalog/released");
    let files = walkdir::WalkDir::new(folder).min_depth(1).sort_by_file_name().into_iter().map(Result::unwrap);
    let named = files
        .map(|file| (file.file_name().to_string_lossy().into_owned(), std::fs::read_to_string(file.path()).unwrap()));
    named.collect()
}

#[test]
fn every_version_of_the_schema_has_a_catalog_that_is_kept() {
    let migrations = concat!(env!("CARGO_MANIFEST_DIR"), "/src/catalog/migrations");
    let migrations =
        std::fs::read_dir(migrations).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut migrations: Vec<String> = migrations.collect();
    migrations.sort();
    let kept: Vec<String> = kept().into_iter().map(|(name, _)| name).collect();
    assert_eq!(kept, migrations, "write a catalog of the newest version to tests/catalog/released");
}

#[test]
fn nothing_of_an_old_catalog_is_lost() {
    for (name, sql) in kept() {
        let state = State::new();
        state.sql().execute_batch(&sql).unwrap();
        let catalog = state.open();
        let runs = catalog.runs(&RunFilter::default(), &all_alive).unwrap();
        let seen: Vec<(&str, &str, Status)> =
            runs.iter().map(|run| (run.recipe.as_str(), run.kind.as_str(), run.status)).collect();
        let wanted_kinds = ["drill", "backup", "backup"];
        assert_eq!(
            seen.iter().map(|(recipe, ..)| *recipe).collect::<Vec<_>>(),
            ["backup-test", "db-backup", "db-backup"]
        );
        if name != "0001.sql" {
            // The first version did not know what a run is for.
            assert_eq!(seen.iter().map(|(_, kind, _)| *kind).collect::<Vec<_>>(), wanted_kinds, "{name}");
        }
        let statuses: Vec<Status> = seen.iter().map(|(.., status)| *status).collect();
        assert_eq!(statuses, [Status::Success, Status::Failure, Status::Success], "{name}");
        assert_eq!(runs[0].rto_ms(), Some(520_000), "{name}");
        let failed = runs[1].error.as_ref().unwrap();
        assert_eq!(failed.message, "`pg_dump` exited with code 1", "{name}");
        assert_eq!(runs[2].backups.len(), 1, "{name}");
        let audits = catalog.audits(&AuditFilter::default()).unwrap();
        let ended: Vec<&str> = audits.iter().map(|audit| audit.status.as_str()).collect();
        assert_eq!(ended, ["failure", "success"], "{name}");
    }
}
