//! `hikae run production-restore` against a real server: what it does in which order, and what it says when it ends early.

use rustix::process::Signal;

use super::restore::{backed_up, databases, guests};
use crate::support::postgres::{Cluster, shared};
use crate::support::processes::{end_of, send, wait_until};
use crate::support::program::{Hikae, Said};

const BEFORE: &str = "花子 太郎 次郎";
const SINCE: &str = "花子 太郎 次郎 since";

/// A world with hooks that write down when they are called; `scripts` take the place of some.
fn world(cluster: &Cluster, name: &str, scripts: &[(&str, &str)]) -> Hikae {
    let mut hikae = backed_up(cluster, name);
    for hook in ["on", "off", "restart", "healthy"] {
        let script = scripts.iter().find(|(named, _)| *named == hook).map_or("", |(_, script)| script);
        hikae = hikae.program(hook, &format!("echo {hook} >> \"$HOME/backups/calls\"\n{script}"));
    }
    hikae
}

fn args(hikae: &Hikae, more: &[&str]) -> Vec<String> {
    let hook = |param: &str, program: &str| format!("{param}={}", hikae.path("bin").join(program).display());
    let set = [
        hook("maintenance_on", "on"),
        hook("maintenance_off", "off"),
        hook("restart", "restart"),
        hook("health_command", "healthy"),
        "health_tries=2".to_owned(),
        "health_wait=1s".to_owned(),
    ];
    let set = set.into_iter().chain(more.iter().map(|set| (*set).to_owned()));
    let start = ["run", "production-restore", "--yes"].map(str::to_owned);
    start.into_iter().chain(set.flat_map(|set| ["--set".to_owned(), set])).collect()
}

fn run(hikae: &Hikae, more: &[&str]) -> Said {
    let args = args(hikae, more);
    hikae.run(&args.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The hooks that were called, in their order.
fn calls(hikae: &Hikae) -> String {
    std::fs::read_to_string(hikae.path("backups/calls"))
        .unwrap_or_default()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// What the record says of the last run.
fn record(hikae: &Hikae) -> String {
    hikae.outcome(&["runs", "--recipe", "production-restore", "--json", "--limit", "1"]).to_string()
}

#[test]
fn it_closes_keeps_restores_restarts_looks_and_opens() {
    let (cluster, name) = (shared(), "production_well");
    let hikae = world(cluster, name, &[]);
    let said = run(&hikae, &[]);
    assert_eq!((said.code, guests(cluster, name)), (0, BEFORE.to_owned()), "{said:?}");
    assert_eq!(calls(&hikae), "on restart healthy off");
    let kept: Vec<String> = hikae.backups().into_iter().filter(|name| name.starts_with("before_restore_")).collect();
    assert_eq!(kept.len(), 2, "the fresh backup and its manifest: {kept:?}");
    let fresh = hikae.path("backups").join(&kept[0]);
    let text = std::process::Command::new("gzip").arg("-dc").arg(fresh).output().unwrap().stdout;
    assert!(String::from_utf8(text).unwrap().contains("since"), "it holds what was there before the restore");
    let record = record(&hikae);
    assert!(record.contains("maintenance off") && record.contains("state: maintenance is over"), "{record}");
}

#[test]
fn the_old_database_is_back_and_maintenance_over_when_only_the_restored_one_does_not_work() {
    let (cluster, name) = (shared(), "production_unwell");
    // Well again as soon as there is a database that was swapped away.
    let script = "[ \"$(grep -c restart \"$HOME/backups/calls\")\" -ge 2 ]";
    let hikae = world(cluster, name, &[("healthy", script)]);
    let said = run(&hikae, &[]);
    assert_eq!((said.code, guests(cluster, name)), (1, SINCE.to_owned()), "{said:?}");
    assert_eq!(calls(&hikae), "on restart healthy healthy restart healthy off");
    assert!(said.err.contains("the old database is live again"), "{said:?}");
}

#[test]
fn maintenance_stays_on_and_says_so_when_nothing_works() {
    let (cluster, name) = (shared(), "production_dead");
    let hikae = world(cluster, name, &[("healthy", "exit 1")]);
    let said = run(&hikae, &[]);
    assert_eq!((said.code, guests(cluster, name)), (1, SINCE.to_owned()), "{said:?}");
    assert!(!calls(&hikae).contains("off"), "{}", calls(&hikae));
    assert!(said.err.contains("MAINTENANCE IS STILL ON"), "{said:?}");
    assert!(record(&hikae).contains("MAINTENANCE IS STILL ON"), "{}", record(&hikae));

    let said = run(&hikae, &["if_unhealthy=keep"]);
    assert_eq!((said.code, guests(cluster, name)), (1, BEFORE.to_owned()), "{said:?}");
    assert!(said.err.contains("MAINTENANCE IS STILL ON: the restored database is live"), "{said:?}");
}

#[test]
fn a_failure_before_the_swap_leaves_the_live_database_as_it_was_and_opens_again() {
    let (cluster, name) = (shared(), "production_early");
    let hikae = world(cluster, name, &[]);
    std::fs::write(hikae.path("backups").join(&hikae.backups()[0]), "garbage").unwrap();
    let said = run(&hikae, &[]);
    assert_eq!((said.code, guests(cluster, name)), (1, SINCE.to_owned()), "{said:?}");
    assert_eq!((calls(&hikae).as_str(), databases(cluster, name).len()), ("on off", 1));

    // A present database that cannot be kept is not replaced.
    // The proof of the restore asks `pg_dump` for the structure, which works.
    let script = "case \"$*\" in *--section=*) PATH=${PATH#*:} exec pg_dump \"$@\";; esac\necho broken >&2; exit 1";
    let hikae = world(cluster, "production_early_2", &[]).program("pg_dump", script);
    let said = run(&hikae, &[]);
    assert_eq!((said.code, guests(cluster, "production_early_2")), (1, SINCE.to_owned()), "{said:?}");
    assert!(said.err.contains("without_backup=true"), "{said:?}");
    assert_eq!(calls(&hikae), "on off");
    let said = run(&hikae, &["without_backup=true"]);
    assert_eq!((said.code, guests(cluster, "production_early_2")), (0, BEFORE.to_owned()), "{said:?}");
}

#[test]
fn a_maintenance_hook_that_fails_is_never_passed_over() {
    let (cluster, name) = (shared(), "production_hooks");
    let hikae = world(cluster, name, &[("on", "exit 3")]);
    let said = run(&hikae, &[]);
    assert_eq!((said.code, guests(cluster, name)), (1, SINCE.to_owned()), "{said:?}");
    assert_eq!(calls(&hikae), "on off", "it may have done its work although it failed");

    let hikae = world(cluster, "production_hooks_2", &[("off", "exit 3")]);
    let said = run(&hikae, &[]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("MAINTENANCE IS STILL ON"), "{said:?}");
}

#[test]
fn hooks_have_arguments_and_may_be_several_commands_or_an_address() {
    let (cluster, name) = (shared(), "production_words");
    let hikae = backed_up(cluster, name).program("note", "printf '<%s>' \"$@\" >> \"$HOME/backups/calls\"").file(
        "config/hikae.toml",
        r#"
        [params.production-restore]
        maintenance_on = [["note", "on", "a b"], ["note", "$HOME"]]
        maintenance_off = "http://127.0.0.1:9/maintenance/off?key=oddlysecrethook"
        restart = ["note", "restart", "café", ""]
        "#,
    );
    let said =
        hikae.run(&["run", "production-restore", "--yes", "--set", "health_command=note healthy && note 'as well'"]);
    assert_eq!((said.code, guests(cluster, name)), (1, BEFORE.to_owned()), "{said:?}");
    assert_eq!(calls(&hikae), "<on><a b><$HOME><restart><café><><healthy><as well>");
    assert!(said.err.contains("MAINTENANCE IS STILL ON") && said.err.contains("127.0.0.1:9"), "{said:?}");
    let shown = hikae.run(&["show", "production-restore"]);
    assert!(shown.out.contains("note on 'a b' && note '$HOME'"), "{shown:?}");
    assert!(
        ![&said.out, &said.err, &shown.out].iter().any(|text| text.contains("oddlysecrethook")),
        "{said:?} {shown:?}"
    );
}

#[test]
fn one_that_is_interrupted_says_where_it_stands_and_how_it_goes_on() {
    let (cluster, name) = (shared(), "production_cut");
    for (signal, code) in [(Signal::TERM, Some(143)), (Signal::KILL, None)] {
        let name = format!("{name}_{}", signal.as_raw());
        let hikae = world(cluster, &name, &[("restart", "sleep 600")]);
        let args = args(&hikae, &[]);
        let child = hikae.start(&args.iter().map(String::as_str).collect::<Vec<_>>());
        wait_until("the restart", || calls(&hikae).contains("restart"));
        send(&child, signal);
        assert_eq!(end_of(child).status.code(), code);
        let outcome = hikae.outcome(&["runs", "--recipe", "production-restore", "--json", "--limit", "1"]);
        assert_eq!(outcome["status"], "interrupted", "{outcome}");
        let said = hikae.run(&["runs", "show", outcome["id"].as_str().unwrap()]);
        assert!(
            said.out.contains("state: MAINTENANCE IS ON, the restored database is live; to go on: restart"),
            "{said:?}"
        );
        assert_eq!(guests(cluster, &name), BEFORE);
    }
}
