//! Channels as Lua files: what they may touch, what counts as sent, and what their errors say. The servers are real.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hikae::alert::channels::LuaChannels;
use hikae::alert::{Channel, Deliver, Delivered, Event, Verb};
use hikae::config::{Config, DiskFiles, Folders};
use hikae::error::{Error, Kind, Result};
use hikae::secret::Secret;

use super::example;
use crate::support::program::Hikae;
use crate::support::receiver::Receiver;

/// A configuration folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn config(dir: &Path) -> Arc<Config> {
    let folders = Folders { config_dir: Some(dir.to_owned()), current: dir.to_owned(), uid: 0 };
    let environment = BTreeMap::from([("HIKAE_STATE_DIR".to_owned(), dir.join("state").display().to_string())]);
    Arc::new(Config::load(&folders, &environment, Arc::new(DiskFiles)).unwrap())
}

fn deliver(dir: &Path, channel: &Channel, event: &Event) -> Result<Delivered> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(LuaChannels::real(config(dir)).deliver(channel, event, Verb::Send))
}

/// What comes of a channel that does this in `send`, with its address at the receiver.
fn sends(lines: &str, receiver: &Receiver) -> Result<Delivered> {
    let text = format!("--- A channel.\nreturn {{ send = function(event, channel)\n{lines}\nend }}\n");
    let folder = folder(&[("channels/own.lua", &text)]);
    deliver(folder.path(), &channel("own", &receiver.url("/echo/own")), &example())
}

fn channel(kind: &str, target: &str) -> Channel {
    Channel { target: Some(Secret::new(target)), timeout: Duration::from_secs(60), ..Channel::new("ours", kind) }
}

fn failure(lines: &str) -> Error {
    sends(lines, &Receiver::start()).unwrap_err()
}

#[test]
fn a_file_in_the_configuration_folder_is_a_channel_without_compiling() {
    let receiver = Receiver::start();
    sends("http.post(channel.target, { body = event.subject .. ' ' .. channel.name })", &receiver).unwrap();
    assert!(receiver.got()[0].body.starts_with("[URGENT] Backup failed: BKP-20260215-030000-daily ("));
    assert!(receiver.got()[0].body.ends_with(" ours"));
}

#[test]
fn a_file_of_the_same_name_replaces_a_built_in_channel_and_can_build_on_it() {
    let receiver = Receiver::start();
    let own = "--- Slack, in our words.\nlocal slack = require \"hikae.channels.slack\"\nlocal words = require \"words\"\n\
               return { send = function(event, channel)\n  local message = slack.message(event)\n  message.text = words.hello\n  \
               http.post(channel.target, { json = message })\nend }\n";
    let folder = folder(&[
        ("channels/slack.lua", own),
        ("channels/words.lua", "--- Words.\nreturn { hello = \"moshi moshi\" }\n"),
    ]);
    deliver(folder.path(), &channel("slack", &receiver.url("/echo")), &example()).unwrap();
    let body: serde_json::Value = serde_json::from_str(&receiver.got()[0].body).unwrap();
    assert_eq!(body["text"], "moshi moshi");
    assert_eq!(body["attachments"][0]["color"], "#C62828");
}

#[test]
fn an_error_names_the_channel_and_the_line() {
    let error = failure("local x = 1\nerror(\"no\" .. \" way\")");
    assert_eq!(error.one_line(), "cannot send by the channel `ours`: no way");
    assert!(error.sites()[0].to_string().ends_with("channels/own.lua:4"), "{:?}", error.sites());
    let error = failure("http.post(channel.target, { text = event.subjekt })");
    assert!(error.one_line().contains("`event` has no `subjekt`"), "{error:?}");
    assert!(error.hint_text().unwrap().starts_with("did you mean `subject`?"), "{error:?}");
    assert!(failure("event.subject = 1").one_line().contains("`event` is read-only"));
}

#[test]
fn a_channel_reaches_the_server_of_its_address_and_what_it_declares_alone() {
    let other = Receiver::start();
    let error = failure(&format!("http.post(\"{}\", {{ body = event.json }})", other.url("/echo")));
    assert_eq!(error.kind(), Kind::Denied);
    assert!(error.one_line().contains("a channel may not connect to `127.0.0.1:"), "{error:?}");
    assert!(error.hint_text().unwrap().contains("connect = { \"host\" }"), "{error:?}");
    assert!(other.got().is_empty());
    let text = format!(
        "--- A key is its address.\nreturn {{ connect = {{ \"127.0.0.1:{}\" }}, send = function(event, channel)\n  \
         http.post(\"{}\", {{ json = {{ key = channel.target, at = event.time }} }})\nend }}\n",
        other.port(),
        other.url("/echo")
    );
    let folder = folder(&[("channels/own.lua", &text)]);
    deliver(folder.path(), &channel("own", "just-a-key"), &example()).unwrap();
    assert!(other.got()[0].body.contains("\"key\":\"just-a-key\""));
}

#[test]
fn a_channel_has_what_it_needs_and_nothing_else() {
    // Derived from what there is: a module that is added later is not for channels unless somebody decides so.
    let allowed = ["clock", "errors", "http", "json", "log", "mail", "path"];
    let modules = hikae::modules::MODULES.iter().map(|(name, _)| *name);
    for name in modules.filter(|name| !allowed.contains(name)).chain(["parallel", "recipe"]) {
        let error = failure(&format!("local x = {name}"));
        assert!(error.one_line().contains(&format!("`{name}` is not available in channels")), "{name}: {error:?}");
    }
    for name in allowed.iter().chain(&["_", "require"]) {
        let receiver = Receiver::start();
        let line = format!("local x = {name}\nhttp.post(channel.target, {{ body = 'x' }})");
        sends(&line, &receiver).unwrap_or_else(|error| panic!("{name}: {error:?}"));
    }
}

#[test]
fn an_answer_that_came_by_a_redirect_is_no_answer() {
    let text =
        "--- A channel.\nreturn { send = function(event, channel) http.post(channel.target, { body = 'x' }) end }\n";
    let folder = folder(&[("channels/own.lua", text)]);
    for status in [301, 302, 303, 307, 308] {
        let receiver = Receiver::start();
        let url = receiver.url(&format!("/to/{status}?to=/echo"));
        let error = deliver(folder.path(), &channel("own", &url), &example()).unwrap_err();
        assert!(error.one_line().contains(&format!("was answered with {status}: a redirect to")), "{error:?}");
        assert_eq!(receiver.got().len(), 1, "{status}");
    }
}

#[test]
fn each_channel_says_what_a_good_answer_is() {
    let login = "<!DOCTYPE html><html><body>Please log in</body></html>";
    for kind in ["slack", "teams", "webhook", "ntfy", "healthchecks"] {
        for body in ["OK (not found)", "{\"ok\":false}", login] {
            // A generic webhook knows no words of its own: only what says no, or is a page for people, is refused.
            if kind == "webhook" && body.starts_with("OK") {
                continue;
            }
            let receiver = Receiver::start();
            receiver.put("POST /hook", &[(200, body.as_bytes())]);
            receiver.put("POST /hook/fail", &[(200, body.as_bytes())]);
            let folder = folder(&[]);
            let error = deliver(folder.path(), &channel(kind, &receiver.url("/hook")), &example()).unwrap_err();
            assert!(error.one_line().contains("does not say that the message was taken"), "{kind} {body}: {error:?}");
            assert!(error.hint_text().is_some(), "{kind}");
        }
    }
}

#[test]
fn what_has_not_been_sent_is_not_said_to_be() {
    assert!(failure("local nothing = 1").one_line().ends_with("it ended without having sent anything"));
    assert!(failure("return ''").one_line().ends_with("it ended without having sent anything"));
    let receiver = Receiver::start();
    let skipped = Delivered { skipped: Some("nobody wants it".to_owned()), ..Delivered::default() };
    assert_eq!(sends("return 'nobody wants it'", &receiver).unwrap(), skipped);
    assert!(receiver.got().is_empty());
    // A failure that is merely caught has lost the alert, whatever was sent besides.
    let error = failure("pcall(http.post, 'http://127.0.0.1:1/', {})\nhttp.post(channel.target, { body = 'x' })");
    assert_eq!(error.kind(), Kind::Denied, "{error:?}");
    let error = failure("return 42");
    assert!(error.one_line().contains("returned a integer") || error.one_line().contains("returned a"), "{error:?}");
}

#[test]
fn a_channel_that_runs_wild_is_ended() {
    let error = failure("while true do end");
    assert_eq!(error.kind(), Kind::Timeout, "{error:?}");
    let error = failure("local t = {} while true do t[#t + 1] = ('x'):rep(100000) .. #t end");
    assert_eq!(error.kind(), Kind::Space, "{error:?}");
    let receiver = Receiver::start();
    let mut slow = channel("webhook", &receiver.url("/hang"));
    slow.timeout = Duration::from_millis(700);
    let error = deliver(folder(&[]).path(), &slow, &example()).unwrap_err();
    // The channel's own time and that of its request are the same: whichever tells first.
    assert_eq!(error.kind(), Kind::Timeout, "{error:?}");
}

#[test]
fn a_file_that_is_no_channel_is_told() {
    let folder = folder(&[
        ("channels/own.lua", "--- Nothing.\nreturn {}\n"),
        ("channels/bad.lua", "--- Bad.\nhttp.get('http://x/')\n"),
    ]);
    let error = deliver(folder.path(), &channel("own", "just-a-key"), &example()).unwrap_err();
    assert!(error.one_line().contains("channels/own.lua` does not return a channel"), "{error:?}");
    let error = deliver(folder.path(), &channel("bad", "just-a-key"), &example()).unwrap_err();
    assert!(error.one_line().contains("while the recipe was being loaded"), "{error:?}");
    let error = deliver(folder.path(), &channel("slak", "just-a-key"), &example()).unwrap_err();
    assert!(error.hint_text().unwrap().starts_with("did you mean `slack`?"), "{error:?}");
    for name in ["../own", "a/b", "", "own.x", ".."] {
        let error = deliver(folder.path(), &channel(name, "just-a-key"), &example()).unwrap_err();
        assert!(error.one_line().contains("cannot find the channel"), "{name}: {error:?}");
    }
}

#[test]
fn every_built_in_channel_is_found() {
    let names =
        config(folder(&[("channels/own.lua", ""), ("channels/own_spec.lua", "")]).path()).channel_names().unwrap();
    assert_eq!(names, ["email", "healthchecks", "ntfy", "own", "pagerduty", "slack", "teams", "webhook"]);
}

#[test]
fn the_channel_of_the_documentation_passes_its_spec() {
    let docs = include_str!("../../docs/alerts.md");
    let mut blocks = docs.split("```lua\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let (chat, spec) = (blocks.next().unwrap(), blocks.next().unwrap());
    let hikae = Hikae::new().file("config/channels/chat.lua", chat).file("config/channels/chat_spec.lua", spec);
    let said = hikae.run(&["test"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("3 specs, 3 passed"), "{said:?}");
}
