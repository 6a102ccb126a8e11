//! Restores and drills where no `psql` is installed, on a server of the drill's own wherever one can be started.

use std::os::unix::fs::symlink;

use super::restore::{backed_up, guests};
use crate::support::postgres::shared;
use crate::support::program::{Hikae, set_mode};

/// The same world with these programs of the PATH, and no others.
fn with_programs(hikae: Hikae, programs: &[&str]) -> Hikae {
    let few = hikae.path("few");
    std::fs::create_dir_all(&few).unwrap();
    let path = std::env::var_os("PATH").unwrap();
    for program in programs {
        let found = std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file());
        symlink(found.unwrap_or_else(|| panic!("`{program}` is needed")), few.join(program)).unwrap();
    }
    hikae.env("PATH", few.to_str().unwrap())
}

#[test]
fn a_plain_dump_is_drilled_and_restored() {
    let (cluster, name) = (shared(), "without_psql");
    let hikae = with_programs(backed_up(cluster, name), &["pg_dump", "pg_restore"]);
    let checked = hikae.run(&["check", "backup-test", "db-restore"]);
    assert_eq!(checked.code, 0, "{checked:?}");
    let drilled = hikae.run(&["run", "backup-test"]);
    assert_eq!(drilled.code, 0, "{drilled:?}");
    assert_eq!(guests(cluster, name), "花子 太郎 次郎 since");
    let restored = hikae.run(&["run", "db-restore", "--yes"]);
    assert_eq!(restored.code, 0, "{restored:?}");
    assert_eq!(guests(cluster, name), "花子 太郎 次郎");
}

/// `auto` is the default; `check` says which server it will be.
#[test]
fn a_drill_starts_a_server_of_its_own_where_it_can() {
    let (cluster, name) = (shared(), "drill_auto");
    let hikae = backed_up(cluster, name);
    let checked = hikae.run(&["check", "backup-test", "--verbose"]);
    assert!(!checked.out.contains("temporary server"), "the settings name the live server: {checked:?}");
    let hikae = hikae.env("BACKUP_DRILL_CLUSTER", "auto").env("DB_PASSWORD", "unbekanntes-kennwort");
    for folder in ["", "clusters"] {
        std::fs::create_dir_all(hikae.path(folder)).unwrap();
        set_mode(&hikae.path(folder), 0o711);
    }
    let at = format!("cluster_dir={}", hikae.path("clusters").display());
    let checked = hikae.run(&["check", "backup-test", "--verbose"]);
    // The password is wrong, and the live server is not needed.
    assert!(checked.code == 0 && checked.out.contains("restores on a temporary server of its own"), "{checked:?}");
    let drilled = hikae.run(&["run", "backup-test", "--set", &at]);
    assert_eq!(drilled.code, 0, "{drilled:?}");
    assert!(drilled.out.contains("A temporary cluster was started: "), "{drilled:?}");
}
