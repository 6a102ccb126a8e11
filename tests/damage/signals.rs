//! A run that is interrupted ends soon, leaves nothing, and is recorded as interrupted.

use rustix::process::Signal;

use super::{BEGINS, DUMPS, contents, night, plant};
use crate::support::processes::{end_of, group_below, group_runs, send, wait_for, wait_until};
use crate::support::program::{Hikae, Said, names};

/// Interrupts a run in the middle of its dump; nothing is left of it but the record.
fn interrupted(hikae: &Hikae, args: &[&str], signals: &[Signal]) -> Said {
    let before = contents(&hikae.path("backups"));
    let run = hikae.start(&[&["run", "db-backup"], args].concat());
    let group = wait_for("the start of pg_dump", || group_below(&run));
    wait_until("the partial file", || names(&hikae.path("backups")).len() > before.len());
    for signal in signals {
        send(&run, *signal);
    }
    let said = hikae.said(end_of(run));
    assert!(!group_runs(group), "something of the program still runs: {said:?}");
    assert_eq!(contents(&hikae.path("backups")), before, "{said:?}");
    let recorded = hikae.outcome(&["runs", "--json"]);
    assert_eq!((&recorded["status"], &recorded["error"]["kind"]), (&"interrupted".into(), &"cancelled".into()));
    assert!(recorded["ended_at"].is_string(), "{recorded}");
    assert_eq!(names(&hikae.path("state/runs")), Vec::<String>::new(), "the run let go of its lock");
    said
}

/// A program that begins a dump and then goes on for ever, by itself or through others.
fn slow() -> Hikae {
    night(&format!("{BEGINS}; sleep 300 & while :; do echo '-- and so on'; sleep 0.05; done"))
}

#[test]
fn sigint_ends_a_run_with_exit_code_130() {
    let said = interrupted(&slow(), &[], &[Signal::INT]);
    assert_eq!(said.code, 130, "{said:?}");
    assert!(said.err.contains("error: the run was interrupted by signal 2"), "{said:?}");
}

#[test]
fn sigterm_ends_a_run_with_exit_code_143_and_the_last_line_of_json_is_its_outcome() {
    let said = interrupted(&slow(), &["--json"], &[Signal::TERM]);
    assert_eq!(said.code, 143, "{said:?}");
    let outcome = said.outcome();
    assert_eq!((&outcome["status"], &outcome["error"]["kind"]), (&"interrupted".into(), &"cancelled".into()));
}

#[test]
fn a_second_sigterm_does_not_keep_the_first_from_cleaning_up() {
    let hikae = night(&format!("trap '' TERM; {BEGINS}; while :; do sleep 1; done"));
    let said = interrupted(&hikae, &[], &[Signal::TERM, Signal::TERM, Signal::INT]);
    assert!([143, 130].contains(&said.code), "{said:?}");
}

#[test]
fn a_backup_that_was_proved_before_the_signal_stands_and_is_told() {
    let recipe = include_str!("../../recipes/db-backup.lua")
        .replace("    manifests.report(backup)", "    clock.sleep(300)\n    manifests.report(backup)");
    assert!(recipe.contains("clock.sleep"), "the recipe has changed, and this test with it");
    let hikae = night(DUMPS).file("config/recipes/lasting.lua", &recipe);
    let run = hikae.start(&["run", "lasting", "--json"]);
    wait_until("the record of the backup", || hikae.run(&["runs", "--json"]).out.contains("sha256"));
    send(&run, Signal::TERM);
    let said = hikae.said(end_of(run));
    assert_eq!((said.code, &said.outcome()["status"]), (143, &"interrupted".into()), "{said:?}");
    assert_eq!(said.outcome()["backups"].as_array().unwrap().len(), 1, "{said:?}");
    assert_eq!(hikae.backups().len(), 4, "the old one and the new one, each with its manifest");
}

#[test]
fn a_signal_at_any_moment_leaves_whole_backups_only_and_a_record_of_each_run() {
    let hikae = night(DUMPS);
    plant(&hikae.path("backups"), "20990101_020000"); // so that no retention removes anything
    for round in 0..10 {
        let run = hikae.start(&["run", "db-backup"]);
        std::thread::sleep(std::time::Duration::from_millis(40 + round * 12));
        send(&run, Signal::TERM);
        let said = hikae.said(end_of(run));
        let names = hikae.backups();
        let (manifests, backups): (Vec<_>, Vec<_>) = names.iter().partition(|name| name.ends_with(".manifest.json"));
        let described: Vec<String> = backups.iter().map(|name| format!("{name}.manifest.json")).collect();
        assert_eq!(manifests, described.iter().collect::<Vec<_>>(), "{said:?}");
    }
    assert_eq!(hikae.run(&["runs", "--status=running", "--json"]).out, "", "a dead run is shown as running");
}

#[test]
fn a_commit_that_has_begun_goes_to_its_end_when_nobody_waits_for_it_any_more() {
    let recipe = "return recipe { type = 'daily', params = { dir = { env = 'BACKUP_DIR', type = 'path' } },
        needs = { run = { 'pg_dump' }, write = { '{dir}' } },
        run = function(p)
          for round = 1, 12 do
            local target = path.join(p.dir, 'x' .. round .. '.sql.gz')
            local ok, failure = errors.try(parallel, {
              saves = function() pg.dump { database = 'shop' }:gzip():save(target) end,
              fails = function()
                while not fs.stat(target .. '.manifest.json') do end
                error 'in the middle of the commit'
              end,
            })
            if not ok then errors.accept(failure, 'it was raised on purpose') end
          end
        end }";
    let hikae = night(DUMPS).file("config/recipes/racing.lua", recipe);
    let said = hikae.run(&["run", "racing", "--json"]);
    assert_eq!(said.code, 0, "{said:?}");
    let names = hikae.backups();
    for round in 1..=12 {
        let both = [format!("x{round}.sql.gz"), format!("x{round}.sql.gz.manifest.json")];
        assert!(both.iter().all(|name| names.contains(name)), "one without the other: {names:?}");
    }
    assert_eq!(said.outcome()["backups"].as_array().unwrap().len(), 12, "each is recorded: {said:?}");
}
