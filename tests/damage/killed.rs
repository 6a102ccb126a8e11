//! What a run that was killed leaves behind, the next one finds and clears; the record shows it as interrupted.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Child;
use std::time::Instant;

use rustix::process::Signal;

use super::{BEGINS, DUMPS, contents, night, plant};
use crate::support::processes::{end_of, group_below, group_runs, send, wait_for, wait_until};
use crate::support::program::{Hikae, names};

/// Starts a recipe, and waits until it is in the middle of its dump.
fn in_the_middle(hikae: &Hikae, recipe: &str) -> (Child, u32) {
    let before = partials(hikae).len();
    let run = hikae.start(&["run", recipe]);
    let group = wait_for("the start of pg_dump", || group_below(&run));
    wait_until("the partial file", || partials(hikae).len() > before);
    (run, group)
}

fn partials(hikae: &Hikae) -> Vec<String> {
    hikae.backups().into_iter().filter(|name| name.ends_with(".hikae-part")).collect()
}

#[test]
fn a_run_that_is_killed_takes_its_program_along_and_the_next_one_sweeps_up() {
    let hikae = night(&format!("{BEGINS}; exec sleep 300"));
    let (run, group) = in_the_middle(&hikae, "db-backup");
    send(&run, Signal::KILL);
    end_of(run);
    wait_until("the end of pg_dump", || !group_runs(group));
    let recorded = hikae.outcome(&["runs", "--json"]);
    assert_eq!((&recorded["status"], &recorded["error"]["kind"]), (&"interrupted".into(), &"cancelled".into()));
    assert_eq!(partials(&hikae).len(), 1, "nobody was there to remove it");

    let hikae = hikae.program("pg_dump", DUMPS);
    let said = hikae.run(&["run", "db-backup"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.err.contains("removed `[WORLD]/backups/.db_backup_[STAMP].sql.gz."), "{said:?}");
    assert!(said.err.contains("which an interrupted run left"), "{said:?}");
    assert_eq!(hikae.backups().len(), 2, "{:?}", hikae.backups());
    assert_eq!(names(&hikae.path("state/runs")), Vec::<String>::new(), "the lock of the killed run was cleared");
}

#[test]
fn the_partial_file_of_a_run_that_lives_is_left_alone() {
    let hikae = night(DUMPS);
    let go = hikae.path("backups/go");
    let waits =
        format!("case $* in *slow_db*) {BEGINS}; until test -e '{}'; do sleep 0.05; done; exit 1;; esac", go.display());
    let recipe =
        include_str!("../../recipes/db-backup.lua").replace("db_backup_", "slow_").replace("p.database", "'slow_db'");
    let hikae = hikae.program("pg_dump", &format!("{waits}\n{DUMPS}")).file("config/recipes/slow.lua", &recipe);
    let (slow, _) = in_the_middle(&hikae, "slow");

    let said = hikae.run(&["run", "db-backup"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
    assert_eq!(partials(&hikae).len(), 1, "it was not swept");
    std::fs::write(go, "").unwrap();
    assert_eq!(hikae.said(end_of(slow)).code, 1);
    assert_eq!(partials(&hikae), Vec::<String>::new());
}

#[test]
fn whatever_step_of_the_last_run_was_its_last_the_next_one_copes() {
    let hikae = night(DUMPS);
    let backups = hikae.path("backups");
    let leave = |name: &str| std::fs::write(backups.join(name), "half").unwrap();
    // Killed before the manifest, between manifest and backup, and while the manifest was written.
    leave(".db_backup_20260101_020000.sql.gz.99999-0.hikae-part");
    leave("db_backup_20260102_020000.sql.gz.manifest.json");
    leave(".db_backup_20260103_020000.sql.gz.manifest.json.99999-1.hikae-part");
    // Not ours to touch, whatever it looks like.
    leave("db_backup_without_a_date.sql.gz");
    leave("notes.txt.manifest.json");
    let said = hikae.run(&["run", "db-backup"]);
    assert_eq!(said.code, 0, "{said:?}");
    let left = hikae.backups();
    let new: Vec<&String> = left.iter().filter(|name| name.starts_with("db_backup_2")).collect();
    assert_eq!(new.len(), 2, "the new backup and its manifest: {left:?}");
    assert_eq!(left.len(), 4, "{left:?}");
    assert!(left.contains(&"db_backup_without_a_date.sql.gz".to_owned()), "{left:?}");
    assert!(left.contains(&"notes.txt.manifest.json".to_owned()), "{left:?}");
}

#[test]
fn a_run_that_is_killed_at_any_moment_leaves_whole_backups_only() {
    let hikae = night(DUMPS);
    let started = Instant::now();
    assert_eq!(hikae.run(&["run", "db-backup"]).code, 0);
    let undisturbed = started.elapsed();
    plant(&hikae.path("backups"), "20990101_020000"); // so that no retention removes anything
    // The kills are spread over the time of a run and a little more, so that some come after the backup is there.
    let (mut killed, mut whole) = (0, 0);
    for round in 0..60 {
        let run = hikae.start(&["run", "db-backup"]);
        std::thread::sleep(undisturbed * (round % 10 + 1) / 8);
        send(&run, Signal::KILL);
        killed += usize::from(end_of(run).status.signal() == Some(9));
        whole = assert_whole(&hikae.path("backups"));
        if killed >= 8 && whole >= 4 {
            break;
        }
    }
    assert!(
        killed >= 8 && whole >= 4,
        "{killed} runs were killed, and {whole} backups looked at: hardly anything was tried"
    );
    let (runs, said) = (hikae.run(&["runs", "--json"]), hikae.run(&["runs", "--status=running", "--json"]));
    assert_eq!((runs.code, said.code, said.out.as_str()), (0, 0, ""), "a dead run is shown as running");
}

/// Every visible backup has a manifest that describes it, and decompresses to a whole dump. Returns how many there are.
fn assert_whole(folder: &Path) -> usize {
    let mut whole = 0;
    for (name, bytes) in contents(folder) {
        if !name.starts_with("db_backup_202") || name.contains("2020") || !name.ends_with(".sql.gz") {
            continue;
        }
        let manifest = std::fs::read(folder.join(format!("{name}.manifest.json"))).unwrap();
        let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
        assert_eq!(manifest["size_bytes"], bytes.len(), "{name}");
        let output = std::process::Command::new("gzip").arg("-dc").arg(folder.join(&name)).output().unwrap();
        assert!(output.stdout.ends_with(b"-- PostgreSQL database dump complete\n--\n\n"), "{name}");
        whole += 1;
    }
    whole
}
