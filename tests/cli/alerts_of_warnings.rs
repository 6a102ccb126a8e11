//! What a success warns of is an alert of its own: when it is new, then at growing intervals, and never about a success that warns of nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::support::program::Hikae;
use crate::support::receiver::Receiver;

const RECIPE: &str = r#"return recipe { kind = "maintenance", type = "daily",
  params = {
    warnings = { type = "list", optional = true }, accept_warnings = { type = "list", optional = true },
    fails = { default = false },
  },
  run = function(p)
    run.accept_warnings(p.accept_warnings or {})
    for _i, text in ipairs(p.warnings or {}) do
      run.remark { level = "warning", kind = "odd", message = text, hint = "look" }
    end
    if p.fails then
      error { message = "it fails" }
    end
  end }
"#;

fn world(receiver: &Receiver, more: &str) -> Hikae {
    let toml = format!(
        "sandbox = \"off\"\n[[channels]]\nname = \"hook\"\ntype = \"webhook\"\nurl = \"{}\"\n{more}",
        receiver.url("/echo/hook")
    );
    Hikae::new().file("config/recipes/odd.lua", RECIPE).file("config/hikae.toml", &toml)
}

/// How a run ended, and what the channel got of it.
fn told(hikae: &Hikae, receiver: &Receiver, set: &[&str]) -> (i32, Vec<Value>) {
    let before = receiver.got().len();
    let mut args = vec!["run", "odd"];
    set.iter().for_each(|one| args.extend(["--set", one]));
    let said = hikae.run(&args);
    let new = receiver.got().split_off(before);
    (said.code, new.iter().map(|got| serde_json::from_str(&got.body).unwrap()).collect())
}

#[test]
fn a_warning_is_reported_when_it_is_new_and_not_again_the_same_night() {
    let receiver = Receiver::start();
    let hikae = world(&receiver, "");
    assert_eq!(told(&hikae, &receiver, &[]), (0, Vec::new()));
    let (code, events) = told(&hikae, &receiver, &["warnings=the dump has 17 rows"]);
    assert_eq!((code, events.len()), (0, 1), "{events:?}");
    let event = &events[0];
    let shown = [&event["kind"], &event["severity"], &event["tone"], &event["status"]];
    assert_eq!(shown, ["warning", "warning", "warning", "success"], "{event}");
    assert_eq!(event["findings"][0]["message"], "the dump has 17 rows (hint: look)");
    assert!(
        event["subject"].as_str().unwrap().starts_with("[WARNING] Maintenance succeeded with a warning: BKP-"),
        "{event}"
    );
    assert_eq!(told(&hikae, &receiver, &["warnings=the dump has 18 rows"]), (0, Vec::new()), "only its number is new");
    let (_, events) = told(&hikae, &receiver, &["warnings=the dump has 18 rows,there is no index"]);
    assert_eq!(events[0]["findings"].as_array().unwrap().len(), 2, "one of them is new: {events:?}");
    let accepted = ["warnings=something else", "accept_warnings=something*"];
    assert_eq!(told(&hikae, &receiver, &accepted), (0, Vec::new()));
    let said = hikae.command(&["runs", "--json", "--limit", "2"]).output().unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    let last: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        last[0]["steps"][0]["error"], "something else (hint: look)",
        "what is accepted is on record as well: {said:?}"
    );
    let id = last[1]["id"].as_str().unwrap();
    assert!(hikae.run(&["runs", "show", id]).out.contains("! warning: odd: there is no index"));
    assert!(hikae.run(&["notifications", "--json"]).out.contains("\"notification_type\":\"backup_warning\""));
}

#[test]
fn a_failure_is_reported_as_one_and_its_warnings_wait_for_the_next_success() {
    let receiver = Receiver::start();
    let hikae = world(&receiver, "");
    let kinds =
        |events: &[Value]| events.iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let (code, events) = told(&hikae, &receiver, &["warnings=x is odd", "fails=true"]);
    assert_eq!((code, kinds(&events)), (1, vec!["backup_failure".to_owned()]));
    let (code, events) = told(&hikae, &receiver, &["warnings=x is odd"]);
    assert_eq!((code, kinds(&events)), (0, vec!["recovered".to_owned(), "warning".to_owned()]));
}

#[test]
fn a_channel_for_errors_gets_no_warning_and_one_for_warnings_gets_nothing_else() {
    for (more, kinds) in
        [("severity = \"error\"\n", vec!["backup_failure"]), ("events = [\"warning\"]\n", vec!["warning"])]
    {
        let receiver = Receiver::start();
        let hikae = world(&receiver, more);
        told(&hikae, &receiver, &["warnings=x is odd"]);
        told(&hikae, &receiver, &["fails=true"]);
        let got: Vec<Value> = receiver.got().iter().map(|got| serde_json::from_str(&got.body).unwrap()).collect();
        assert_eq!(got.iter().map(|event| event["kind"].as_str().unwrap()).collect::<Vec<_>>(), kinds);
    }
}

#[test]
fn without_alerts_the_warnings_are_printed_and_sent_to_nobody() {
    let receiver = Receiver::start();
    let hikae = world(&receiver, "");
    let said = hikae.run(&["run", "odd", "--no-alert", "--quiet", "--set", "warnings=x is odd"]);
    assert_eq!((said.code, receiver.got().len()), (0, 0));
    assert!(said.err.contains("x is odd"), "`--quiet` prints warnings: {said:?}");
}

const PACK: &str = r#"return recipe { type = "daily",
  params = { tree = { type = "path" }, dir = { env = "BACKUP_DIR", type = "path" } },
  needs = { read = { "{tree}" }, write = { "{dir}" } },
  run = function(p) return archive.pack({ roots = { p.tree }, base = p.tree }):save(path.join(p.dir, "a.tar")) end }
"#;

#[test]
fn a_file_that_changes_while_it_is_packed_is_a_warning_which_later_runs_can_read() {
    let receiver = Receiver::start();
    let hikae = world(&receiver, "").file("config/recipes/pack.lua", PACK).file("tree/a", "x");
    let log = hikae.path("tree/log");
    std::fs::write(&log, vec![b'x'; 64 << 20]).unwrap();
    let ended = Arc::new(AtomicBool::new(false));
    let writing = {
        let (log, ended) = (log.clone(), ended.clone());
        std::thread::spawn(move || {
            while !ended.load(Ordering::SeqCst) {
                let mut file = std::fs::File::options().append(true).open(&log).unwrap();
                std::io::Write::write_all(&mut file, b"more\n").unwrap();
                std::thread::sleep(Duration::from_millis(1));
            }
        })
    };
    let said = hikae.run(&["run", "pack", "--set", &format!("tree={}", hikae.path("tree").display())]);
    ended.store(true, Ordering::SeqCst);
    writing.join().unwrap();
    assert_eq!(said.code, 0, "{said:?}");
    let manifest = std::fs::read_to_string(hikae.path("backups/a.tar.manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    assert_eq!(
        (&manifest["warnings"][0]["level"], &manifest["warnings"][0]["kind"]),
        (&"warning".into(), &"changed".into())
    );
    let events: Vec<Value> = receiver.got().iter().map(|got| serde_json::from_str(&got.body).unwrap()).collect();
    assert!(
        events.len() == 1 && events[0]["findings"][0]["message"].as_str().unwrap().contains("it grew"),
        "{events:?}"
    );
    // What versions before wrote into its place can be read as well.
    let verify = ["verify", &hikae.path("backups/a.tar").display().to_string()].map(str::to_owned);
    let verify: Vec<&str> = verify.iter().map(String::as_str).collect();
    assert_eq!(hikae.run(&verify).code, 0);
    let mut old = manifest;
    old["warnings"] = serde_json::json!(["`log` changed while it was packed: it grew"]);
    std::fs::write(hikae.path("backups/a.tar.manifest.json"), old.to_string()).unwrap();
    let said = hikae.run(&verify);
    assert_eq!(said.code, 0, "{said:?}");
}
