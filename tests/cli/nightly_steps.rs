//! The steps of a night for real: one that hangs or is killed stops no other, two nights do not meet, and one message is enough.

use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::nightly::{SLACK, only, site};
use crate::support::processes::{end_of, send, wait_for, wait_until};
use crate::support::program::{Hikae, Said, names};
use crate::support::receiver::Receiver;

const ALERTS: &str = "/services/T/creamyostrich";
const SLOW: &str = "return recipe { type = \"daily\", kind = \"maintenance\", run = function() clock.sleep(600) end }";

/// The recipes with how each of their runs ended, the newest first.
fn runs(hikae: &Hikae) -> Vec<(String, String)> {
    let rows = hikae.run(&["runs", "--json"]).out;
    let word = |run: &Value, key: &str| run[key].as_str().unwrap().to_owned();
    let rows = rows.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    rows.map(|run| (word(&run, "recipe"), word(&run, "status"))).collect()
}

fn has(hikae: &Hikae, recipe: &str, status: &str) -> bool {
    runs(hikae).contains(&(recipe.to_owned(), status.to_owned()))
}

fn steps(hikae: &Hikae, list: &str, more: &[&str]) -> Said {
    let list = format!("steps={list}");
    let mut args = vec!["run", "full-backup", "--set", &list];
    more.iter().for_each(|one| args.extend(["--set", one]));
    hikae.run(&args)
}

#[test]
fn a_step_that_hangs_is_ended_and_stops_no_other() {
    let slack = Receiver::start();
    let hikae = site("nightly_hangs", &slack).file("config/recipes/slow.lua", SLOW);
    let said = steps(&hikae, "slow,config-backup,log-backup", &["step_timeout=2s", "required=config-backup"]);
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.err.contains("`slow` took longer than 2.0s"), "{said:?}");
    assert!(only(&hikae.path("backups/config"), ".tar.gz").exists());
    assert!(only(&hikae.path("backups/logs"), ".tar.gz").exists());
    wait_until("the end of what hung", || has(&hikae, "slow", "interrupted"));
}

#[test]
fn a_night_that_fails_sends_one_message_to_each_address() {
    let slack = Receiver::start();
    slack.put(&format!("POST {ALERTS}"), &[(200, b"ok")]);
    let hikae =
        site("nightly_messages", &slack).env("TEAMS_WEBHOOK_URL", "").env("SLACK_WEBHOOK_URL", &slack.url(SLACK));
    let settings = std::fs::read_to_string(hikae.path("config/hikae.toml")).unwrap();
    let channel = format!("[[channels]]\nname = \"ops\"\ntype = \"slack\"\nurl = \"{}\"\n", slack.url(ALERTS));
    let hikae = hikae.file("config/hikae.toml", &(settings + &channel));
    std::fs::remove_dir_all(hikae.path("cafe")).unwrap();
    std::fs::remove_dir_all(hikae.path("log")).unwrap();
    let said = hikae.run(&["run", "full-backup"]);
    assert_eq!(said.code, 2, "{said:?}");
    let got = slack.got();
    let to = |path: &str| got.iter().filter(|one| one.target == path).collect::<Vec<_>>();
    assert_eq!(to(SLACK).len(), 1, "its own message, which no alert repeats: {got:?}");
    assert!(to(SLACK)[0].body.contains("attachments"), "{got:?}");
    let alerts = to(ALERTS);
    assert_eq!(alerts.len(), 1, "{got:?}");
    for title in ["full-backup", "Log backup", "Git repository backup"] {
        assert!(alerts[0].body.contains(title), "{title}: {}", alerts[0].body);
    }
    // Nothing is left over for a later command.
    assert_eq!(hikae.run(&["notify", "flush"]).code, 0);
    assert_eq!(slack.got().len(), 2);
}

#[test]
fn a_failure_that_the_run_around_it_takes_for_none_is_still_reported() {
    let receiver = Receiver::start();
    receiver.put(&format!("POST {ALERTS}"), &[(200, b"ok")]);
    let inner = "return recipe { type = \"daily\", kind = \"maintenance\", run = function() error \"it was told to fail\" end }";
    let outer = "return recipe { type = \"daily\", kind = \"maintenance\", needs = { recipes = { \"inner\" } },
        run = function() recipes.run(\"inner\", { may_fail = true }) end }";
    let hikae = Hikae::new().file("config/recipes/inner.lua", inner).file("config/recipes/outer.lua", outer);
    let hikae = hikae.env("SLACK_WEBHOOK_URL", &receiver.url(ALERTS));
    assert_eq!(hikae.run(&["run", "outer"]).code, 0);
    let got = receiver.got();
    assert_eq!(got.len(), 1, "{got:?}");
    assert!(got[0].body.contains("inner") && got[0].body.contains("it was told to fail"), "{got:?}");
}

/// The process of a run that this one has started.
fn process_of(recipe: &str, world: &Path) -> Option<Pid> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let runs_it = |entry: &std::fs::DirEntry| {
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).into_owned();
        line.contains(&format!("run\0{recipe}\0")) && line.contains(&world.display().to_string())
    };
    let found = entries.filter(runs_it).find_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    found.and_then(Pid::from_raw)
}

#[test]
fn a_step_that_is_killed_is_a_step_that_failed() {
    let slack = Receiver::start();
    let hikae = site("nightly_killed_step", &slack).file("config/recipes/slow.lua", SLOW);
    let run =
        hikae.start(&["run", "full-backup", "--set", "steps=slow,config-backup", "--set", "required=config-backup"]);
    wait_until("the step", || has(&hikae, "slow", "running"));
    let pid = wait_for("its process", || process_of("slow", &hikae.path("")));
    kill_process(pid, Signal::KILL).unwrap();
    let said = hikae.said(end_of(run));
    assert_eq!(said.code, 2, "{said:?}");
    assert!(has(&hikae, "slow", "interrupted") && has(&hikae, "config-backup", "success"), "{:?}", runs(&hikae));
}

#[test]
fn a_night_that_is_killed_between_its_steps_keeps_what_is_made_and_the_next_one_is_whole() {
    let slack = Receiver::start();
    let hikae = site("nightly_killed", &slack).file("config/recipes/slow.lua", SLOW);
    let run = hikae.start(&["run", "full-backup", "--set", "steps=config-backup,slow,log-backup"]);
    wait_until("the second step", || has(&hikae, "slow", "running"));
    send(&run, Signal::KILL);
    end_of(run);
    wait_until("the end of the second step", || has(&hikae, "slow", "interrupted"));
    assert!(has(&hikae, "full-backup", "interrupted") && has(&hikae, "config-backup", "success"), "{:?}", runs(&hikae));
    let kept = only(&hikae.path("backups/config"), ".tar.gz");
    assert!(!hikae.path("backups/logs").exists(), "the third step did not begin");
    let said = hikae.run(&["run", "full-backup"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(kept.exists());
}

#[test]
fn two_nights_at_once_do_not_meet() {
    let slack = Receiver::start();
    let hikae = site("nightly_twice", &slack).file("config/recipes/slow.lua", SLOW);
    let first = hikae.start(&[
        "run",
        "full-backup",
        "--set",
        "steps=slow,config-backup",
        "--set",
        "step_timeout=5s",
        "--set",
        "required=config-backup",
    ]);
    wait_until("the first night", || has(&hikae, "slow", "running"));
    let second = hikae.run(&["run", "full-backup"]);
    assert_eq!(second.code, 75, "{second:?}");
    assert!(!hikae.path("backups/database").exists(), "the second one did nothing");
    assert_eq!(hikae.said(end_of(first)).code, 2);
    assert_eq!(names(&hikae.path("backups/config")).len(), 2, "{:?}", names(&hikae.path("backups/config")));
    let third = hikae.run(&["run", "full-backup"]);
    assert_eq!(third.code, 0, "{third:?}");
}
