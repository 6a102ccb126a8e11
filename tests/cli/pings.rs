//! What watches a recipe from outside: each run is pinged when it begins and when it has ended, and never later.

use serde_json::Value;

use crate::support::program::Hikae;
use crate::support::receiver::{Got, Receiver};

/// A backup that works while there is a file `works`, and waits while there is a file `waits`.
const TOOL: &str =
    "cd \"$(dirname \"$0\")/..\"; echo begun > begun; while [ -e waits ]; do sleep 0.05; done; cat works";
const RECIPE: &str = r#"return recipe {
  type = "daily",
  params = { dir = { env = "BACKUP_DIR", type = "path" }, days = { env = "DAYS", default = 3, min = 1 } },
  needs = { run = { "tool" }, write = { "{dir}" } },
  run = function(p)
    local data = process.stream { program = "tool", timeout = "60s" }
    return data:save(path.join(p.dir, "data_" .. clock.stamp() .. ".txt"))
  end,
}"#;

fn world(pings: &str) -> Hikae {
    let toml = format!("sandbox = \"off\"\n[pings]\n{pings}\n");
    Hikae::new()
        .file("config/recipes/tool-backup.lua", RECIPE)
        .file("config/recipes/crash.lua", "return recipe { type = \"daily\", run = function() return nil + 1 end }")
        .program("tool", TOOL)
        .file("config/hikae.toml", &toml)
        .file("works", "data\n")
}

/// The watched part of the path, and the run's UUID.
fn split(got: &Got) -> (String, String) {
    let (path, rid) = got.target.split_once("?rid=").unwrap_or_else(|| panic!("no rid: {got:?}"));
    let uuid = regex::Regex::new("^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$").unwrap();
    assert!(uuid.is_match(rid), "{rid}");
    (path.to_owned(), rid.to_owned())
}

fn paths(receiver: &Receiver) -> Vec<String> {
    receiver.got().iter().map(|got| split(got).0).collect()
}

fn rows(hikae: &Hikae) -> Vec<(String, String)> {
    let said = hikae.run(&["notifications", "--json"]);
    let rows = said.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let word = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    rows.map(|row| (word(&row, "notification_type"), word(&row, "status"))).collect()
}

#[test]
fn a_run_is_pinged_when_it_begins_and_when_it_has_worked() {
    let receiver = Receiver::start();
    let hikae = world("tool-backup = { url_env = \"CHECK\" }").env("CHECK", &receiver.url("/says/OK/stillwatching"));
    let said = hikae.run(&["run", "tool-backup"]);
    assert_eq!(said.code, 0, "{said:?}");
    let got = receiver.got();
    let (start, success) = (split(&got[0]), split(&got[1]));
    assert_eq!((start.0.as_str(), success.0.as_str()), ("/says/OK/stillwatching/start", "/says/OK/stillwatching"));
    assert_eq!((got.len(), &start.1), (2, &success.1), "both are of one run");
    assert!(got[1].body.contains(" success (tool-backup@") && got[1].body.contains("/backups/data_"), "{got:?}");
    assert_eq!(rows(&hikae), [("ping_success", "sent"), ("ping_start", "sent")].map(|(a, b)| (a.into(), b.into())));
    let shown = hikae.run(&["notifications", "--json"]).out + &said.out + &said.err;
    assert!(!shown.contains("stillwatching"), "{shown}");
    hikae.run(&["run", "tool-backup"]);
    assert_ne!(split(&receiver.got()[3]).1, success.1, "another run");
}

#[test]
fn a_run_that_fails_or_crashes_or_cannot_begin_is_pinged_as_failed() {
    let receiver = Receiver::start();
    let url = receiver.url("/says/OK");
    let hikae = world(&format!("tool-backup = \"{url}/a\"\ncrash = \"{url}/b\""));
    std::fs::remove_file(hikae.path("works")).unwrap();
    assert_eq!(hikae.run(&["run", "tool-backup"]).code, 1);
    assert_eq!(hikae.run(&["run", "crash"]).code, 1);
    assert_eq!(paths(&receiver), ["/says/OK/a/start", "/says/OK/a/fail", "/says/OK/b/start", "/says/OK/b/fail"]);
    assert!(receiver.got()[1].body.contains("No such file or directory"), "{:?}", receiver.got());
    let hikae = hikae.env("DAYS", "none");
    assert_eq!(hikae.run(&["run", "tool-backup"]).code, 64);
    assert_eq!(paths(&receiver)[4..], ["/says/OK/a/fail"], "it never began");
}

#[test]
fn a_run_that_is_locked_out_is_pinged_as_failed_and_never_as_begun() {
    let receiver = Receiver::start();
    let hikae = world(&format!("tool-backup = \"{}\"", receiver.url("/says/OK/a"))).file("waits", "");
    let mut first = hikae.start(&["run", "tool-backup"]);
    while !hikae.path("begun").exists() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(hikae.run(&["run", "tool-backup"]).code, 75);
    assert_eq!(paths(&receiver), ["/says/OK/a/start", "/says/OK/a/fail"]);
    std::fs::remove_file(hikae.path("waits")).unwrap();
    assert_eq!(first.wait().unwrap().code(), Some(0));
    let got = receiver.got();
    let (start, success) = (split(&got[0]), split(&got[2]));
    assert_eq!((success.0.as_str(), success.1), ("/says/OK/a", start.1), "the first run ends as it began");
}

#[test]
fn a_ping_that_is_lost_changes_nothing_and_is_never_sent_later() {
    let receiver = Receiver::start();
    let hikae = world(&format!("tool-backup = {{ url = \"{}\", timeout = \"2s\" }}", receiver.url("/hang"))).file(
        "config/channels/healthchecks.lua",
        "--- Pings one address.\nreturn { ping = function(_run, channel) http.post(channel.target, {}) end }\n",
    );
    let before = std::time::Instant::now();
    let said = hikae.run(&["run", "tool-backup"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(before.elapsed().as_secs() < 20, "a ping has two seconds, twice");
    assert!(said.err.contains("the ping of `tool-backup` (start) did not arrive: "), "{}", said.err);
    assert!(said.err.contains("the ping of `tool-backup` (success) did not arrive: "), "{}", said.err);
    assert_eq!(rows(&hikae), [("ping_success", "failed"), ("ping_start", "failed")].map(|(a, b)| (a.into(), b.into())));
    let asked = receiver.got().len();
    assert_eq!(hikae.run(&["notify", "flush"]).out, "nothing waits to be sent\n");
    assert_eq!(receiver.got().len(), asked);
}

#[test]
fn other_recipes_and_plans_are_not_pinged() {
    let receiver = Receiver::start();
    let hikae = world(&format!("db-backup = \"{}\"", receiver.url("/says/OK")));
    assert_eq!(hikae.run(&["run", "tool-backup"]).code, 0);
    // A plan in the same second would find the backup of the run under its name.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let hikae = hikae.file("config/hikae.toml", &format!("[pings]\ntool-backup = \"{}\"\n", receiver.url("/says/OK")));
    let said = hikae.run(&["run", "tool-backup", "--dry-run"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(receiver.got().len(), 0);
}

#[test]
fn a_ping_that_is_set_up_wrongly_is_told() {
    let said = world("tool-backup = { url_env = \"CHECK\" }").run(&["run", "tool-backup"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.err.contains("the ping of `tool-backup` has no URL: `CHECK` is not set"), "{}", said.err);
    let said = world("tool-backup = { url = \"https://hc.example/x\", type = \"slack\" }").run(&["run", "tool-backup"]);
    assert!(said.err.contains("does not return what pings"), "{}", said.err);
    let said = world("tool-backup = { type = \"healthchecks\" }").run(&["run", "tool-backup"]);
    assert_eq!(said.code, 64, "{said:?}");
    assert!(said.err.contains("a ping needs `url` or `url_env`"), "{}", said.err);
}
