//! `hikae run disaster-recovery-app` with a real clone, a real archive of GNU tar and a real server that comes up late.

use std::path::Path;
use std::process::Command;

use crate::support::program::{Hikae, Said};
use crate::support::receiver::Receiver;

const OLD_ENV: &str = "NODE_ENV=development\nAPI_TOKEN=walnut-before-dawn\n";
const NEW_ENV: &str = "NODE_ENV=production\nAPI_TOKEN=almond-after-dusk\n";

/// Runs a standard tool in a folder.
fn tool(dir: &Path, program: &str, args: &[&str]) {
    let identity = ["AUTHOR_NAME", "AUTHOR_EMAIL", "COMMITTER_NAME", "COMMITTER_EMAIL"];
    let mut command = Command::new(program);
    command.args(args).current_dir(dir).envs(identity.map(|name| (format!("GIT_{name}"), "cafe@example.com")));
    let output = command.output().unwrap_or_else(|error| panic!("{program}: {error} (apt-get install git tar)"));
    assert!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// An application that is one commit behind, another configuration than in the two archives, of which the newer one is cut off.
fn world() -> Hikae {
    let hikae = Hikae::new()
        .file("origin/index.html", "old")
        .file("live/.env", OLD_ENV)
        .file("live/own.conf", "own\n")
        .file("packed/config_backup_20260213_020000/.env", NEW_ENV)
        .file("packed/config_backup_20260213_020000/nginx/サイト.conf", "listen 443;\n")
        .program("deploy-it", "echo \"$1 in $(basename \"$PWD\"): $(cat index.html)\" >> \"$HOME/backups/calls\"")
        .program("restart-it", "echo restarted >> \"$HOME/backups/calls\"");
    let root = hikae.path("");
    tool(&hikae.path("origin"), "git", &["init", "--quiet", "--initial-branch=main"]);
    tool(&hikae.path("origin"), "git", &["add", "."]);
    tool(&hikae.path("origin"), "git", &["commit", "--quiet", "--message=one"]);
    tool(&root, "git", &["clone", "--quiet", "origin", "app"]);
    std::fs::write(hikae.path("origin/index.html"), "new").unwrap();
    tool(&hikae.path("origin"), "git", &["commit", "--quiet", "--all", "--message=two"]);
    let archive = hikae.path("backups/config_backup_20260213_020000.tar.gz");
    let folder = "config_backup_20260213_020000";
    tool(&hikae.path("packed"), "tar", &["-czf", archive.to_str().unwrap(), folder]);
    let bytes = std::fs::read(&archive).unwrap();
    std::fs::write(hikae.path("backups/config_backup_20260214_020000.tar.gz"), &bytes[..bytes.len() / 2]).unwrap();
    hikae
}

fn recover(hikae: &Hikae, more: &[String]) -> Said {
    let at = |name: &str| hikae.path(name).display().to_string();
    let set = [
        format!("app={}", at("app")),
        format!("git_files={}", at("origin")),
        format!("deploy={} now", at("bin/deploy-it")),
        format!("restart={}", at("bin/restart-it")),
        format!("hook_folders={}", at("backups")),
        format!("config_dir={}", at("live")),
        format!("dir={}", at("backups")),
        "health_wait=1s".to_owned(),
        "health_tries=3".to_owned(),
    ];
    let set = set.iter().chain(more).flat_map(|set| ["--set", set]);
    hikae.run(&["run", "disaster-recovery-app", "--yes"].into_iter().chain(set).collect::<Vec<_>>())
}

fn read(hikae: &Hikae, name: &str) -> String {
    std::fs::read_to_string(hikae.path(name)).unwrap_or_default()
}

/// The names in a folder.
fn names(hikae: &Hikae, folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(hikae.path(folder)).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| hikae.steady(entry.unwrap().file_name().to_str().unwrap())).collect();
    names.sort();
    names
}

#[test]
fn it_brings_code_and_configuration_back_and_waits_until_the_application_answers() {
    let (hikae, receiver) = (world(), Receiver::start());
    let front = format!("frontend_url={}", receiver.url("/says/here"));
    // Down at the first look and at the second.
    let back = format!("health_url={}", receiver.url("/flaky/recover/2"));
    let said = recover(&hikae, &[front, back]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(read(&hikae, "backups/calls"), "now in app: new\nrestarted\n");
    assert_eq!(read(&hikae, "live/.env"), NEW_ENV);
    assert_eq!(read(&hikae, "live/nginx/サイト.conf"), "listen 443;\n");
    assert_eq!(names(&hikae, "live"), [".env", ".env.before_[STAMP]", "nginx", "own.conf"]);
    assert!(names(&hikae, "backups").iter().all(|name| !name.starts_with("config_restore")), "it is tidied up");
    let words = [
        "is no good, the backup before it is tried",
        "the back end does not answer",
        "the front end answers",
        "changed: .env",
        "~ API_TOKEN",
        "new: nginx/サイト.conf",
        "only live, stays: own.conf",
    ];
    let told = said.out + &said.err;
    for word in words {
        assert!(told.contains(word), "no `{word}` in {told}");
    }
    assert!(!told.contains("walnut") && !told.contains("almond"), "{told}");
    let record = hikae.outcome(&["runs", "--recipe", "disaster-recovery-app", "--json"]).to_string();
    for step in ["look at the back end", "bring the newest code", "deploy the application", "wait for the back end"] {
        assert!(record.contains(step), "no `{step}` in {record}");
    }
}

#[test]
fn a_change_of_ones_own_in_the_clone_ends_it_before_anything_is_deployed() {
    let hikae = world();
    std::fs::write(hikae.path("app/index.html"), "by hand").unwrap();
    let said = recover(&hikae, &[]);
    assert!(said.code == 1 && said.err.contains("git"), "{said:?}");
    assert_eq!((read(&hikae, "app/index.html"), read(&hikae, "backups/calls")), ("by hand".to_owned(), String::new()));
    assert_eq!(read(&hikae, "live/.env"), OLD_ENV);
}

#[test]
fn an_application_that_does_not_come_up_fails_it_and_what_was_live_is_kept() {
    let (hikae, receiver) = (world(), Receiver::start());
    let said = recover(&hikae, &[format!("health_url={}", receiver.url("/status/503"))]);
    assert!(said.code == 1 && said.err.contains("503"), "{said:?}");
    let kept = names(&hikae, "live");
    assert!(kept.iter().any(|name| name.starts_with(".env.before_")), "{kept:?}");
    let record = hikae.outcome(&["runs", "--recipe", "disaster-recovery-app", "--json"]).to_string();
    assert!(record.contains("state: the configuration is in place"), "{record}");
}
