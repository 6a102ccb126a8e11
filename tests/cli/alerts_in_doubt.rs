//! What becomes of an alert of which nobody knows whether it arrived: it is never sent twice by itself.

use std::net::TcpListener;

use serde_json::Value;

use crate::support::program::Hikae;
use crate::support::receiver::{Receiver, closed_port};

const RECIPE: &str = r#"return recipe { type = "daily", run = function() error { message = "disk full" } end }"#;

/// A recipe that fails, and webhooks at these addresses.
fn world(hooks: &[(&str, String)]) -> Hikae {
    let hook = |(name, url): &(&str, String)| {
        format!("[[channels]]\nname = \"{name}\"\ntype = \"webhook\"\nurl = \"{url}\"\n")
    };
    let toml = format!("sandbox = \"off\"\n{}", hooks.iter().map(hook).collect::<String>());
    Hikae::new().file("config/recipes/fails.lua", RECIPE).file("config/hikae.toml", &toml)
}

/// Each notice that waits: its channel and its status.
fn waiting(hikae: &Hikae) -> Vec<(String, String)> {
    let said = hikae.run(&["notifications", "--waiting", "--json"]);
    assert_eq!(said.code, 0, "{said:?}");
    let rows = said.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    rows.map(|row| (row["channel"].as_str().unwrap().to_owned(), row["status"].as_str().unwrap().to_owned())).collect()
}

#[test]
fn a_webhook_that_took_the_letter_is_not_told_again_whatever_it_answers() {
    let receiver = Receiver::start();
    let paths = ["short", "big", "unannounced", "hang-up", "nonsense"];
    let mut hooks: Vec<(&str, String)> = paths.iter().map(|path| (*path, receiver.url(&format!("/{path}")))).collect();
    hooks.push(("closed", format!("http://127.0.0.1:{}/", closed_port())));
    let hikae = world(&hooks);
    assert_eq!(hikae.run(&["run", "fails"]).code, 1);
    let doubtful = |name: &str| (name.to_owned(), "unsure".to_owned());
    let wanted = [doubtful("hang-up"), doubtful("nonsense"), ("closed".to_owned(), "waiting".to_owned())];
    assert_eq!(waiting(&hikae), wanted, "a good status is an answer; no connection is no letter");
    let said = hikae.run(&["notify", "flush"]);
    assert!(said.out.contains("2 may have arrived already: `hikae notify flush --unsure`"), "{said:?}");
    assert_eq!(receiver.got().len(), paths.len(), "nobody was told twice");
}

#[test]
fn what_a_killed_process_was_sending_is_in_doubt_at_once_and_what_a_living_one_sends_is_not() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let hikae = world(&[("silent", url)]);
    let mut sender = hikae.start(&["run", "fails"]);
    let _taken = silent.accept().unwrap();
    let said = hikae.run(&["notify", "flush", "--unsure"]);
    assert_eq!((said.code, said.out.as_str()), (0, "nothing waits to be sent\n1 being sent by another process\n"));
    sender.kill().unwrap();
    sender.wait().unwrap();
    let said = hikae.run(&["notify", "flush"]);
    assert!(said.out.contains("1 may have arrived already: `hikae notify flush --unsure`"), "{said:?}");
    drop(silent);
    let receiver = Receiver::start();
    let toml = format!(
        "sandbox = \"off\"\n[[channels]]\nname = \"silent\"\ntype = \"webhook\"\nurl = \"{}\"\n",
        receiver.url("/echo")
    );
    let hikae = hikae.file("config/hikae.toml", &toml);
    assert_eq!(hikae.run(&["notify", "flush", "--unsure"]).out.lines().last(), Some("1 sent"));
    let left = std::fs::read_dir(hikae.path("state"))
        .map(|all| all.filter(|one| one.as_ref().unwrap().path().extension().is_some_and(|end| end == "lock")).count());
    assert_eq!(left.unwrap_or_default(), 0, "no sender leaves its lock behind");
}
