//! `hikae run full-backup` for real: a database, configuration, logs, a git repository, the monitor, and Slack on loopback.

use std::path::Path;
use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;

use crate::support::postgres::shared;
use crate::support::processes::{end_of, send, wait_until};
use crate::support::program::{Hikae, names};
use crate::support::receiver::Receiver;

pub const SLACK: &str = "/services/T/thornypalimpsest";

pub fn git(folder: &Path, args: &[&str]) -> String {
    let mut command = Command::new("git");
    command.current_dir(folder).args(["-c", "user.name=t", "-c", "user.email=t@example.com"]).args(args);
    let output = command.env("GIT_CONFIG_GLOBAL", "/dev/null").output().expect("`git` is needed: apt-get install git");
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A site with everything that the night backs up.
pub fn site(database: &str, slack: &Receiver) -> Hikae {
    shared().create_database(database);
    shared().psql(database, "CREATE TABLE contacts (name text); INSERT INTO contacts VALUES ('花子'), ('太郎')");
    slack.put(&format!("POST {SLACK}"), &[(200, b"ok")]);
    let hikae = Hikae::with_database(shared(), database)
        .file("app/docker-compose.yml", "services: {}\n")
        .file("app/.env", "NODE_ENV=production\nDATABASE_URL=postgres://cafe:oddlamprey@db/cafe\n")
        .file("log/app/access.log", "GET /\n")
        .file("log/app/deep/access.log", "GET /deep\n")
        .file("cafe/index.html", "<h1>cafe</h1>\n");
    git(&hikae.path("cafe"), &["init", "--quiet", "--initial-branch=main"]);
    git(&hikae.path("cafe"), &["add", "."]);
    git(&hikae.path("cafe"), &["commit", "--quiet", "-m", "first"]);
    let at = |name: &str| hikae.path(name).display().to_string();
    let settings = format!(
        "[params.full-backup]\nroot = \"{}\"\nslack = \"{}\"\n[params.config-backup]\napp_dir = \"{}\"\nenv_file = \"{}\"\n\
         [params.log-backup]\ndirs = [\"{}\"]\n[params.git-backup]\nurl = [\"file://{}\"]\n\
         [params.backup-monitor]\nmin_size = \"1 B\"\nrecipes = false\n",
        at("backups"),
        slack.url(SLACK),
        at("app"),
        at("app/.env"),
        at("log"),
        at("cafe")
    );
    hikae.file("config/hikae.toml", &settings)
}

/// The name of the only backup in a folder that ends like this.
pub fn only(folder: &Path, ending: &str) -> std::path::PathBuf {
    let found: Vec<String> = names(folder).into_iter().filter(|name| name.ends_with(ending)).collect();
    assert_eq!(found.len(), 1, "{ending} in {:?}", names(folder));
    folder.join(&found[0])
}

pub fn untar(archive: &Path, into: &Path) {
    std::fs::create_dir_all(into).unwrap();
    let run = Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(into).output().unwrap();
    assert!(run.status.success(), "{run:?}");
}

/// The one message that Slack got.
fn message(slack: &Receiver) -> Value {
    let got = slack.got();
    assert_eq!(got.len(), 1, "one message");
    serde_json::from_str(&got[0].body).unwrap()
}

#[test]
fn the_whole_night_runs_and_everything_can_be_restored_from_its_folders_alone() {
    let slack = Receiver::start();
    let hikae = site("nightly_well", &slack);
    let said = hikae.run(&["run", "full-backup"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(!said.out.contains("oddlamprey") && !said.out.contains("thornypalimpsest"), "{said:?}");
    let sent = message(&slack);
    assert_eq!(sent["attachments"][0]["color"], "good", "{sent}");

    let backups = hikae.path("backups");
    assert!(only(&backups.join("database"), ".sql.gz").exists());
    let (config, logs, code) = (hikae.path("r/config"), hikae.path("r/logs"), hikae.path("r/code"));
    untar(&only(&backups.join("config"), ".tar.gz"), &config);
    untar(&only(&backups.join("logs"), ".tar.gz"), &logs);
    let below = |root: &Path, path: &str| root.join(hikae.path(path).strip_prefix("/").unwrap());
    assert_eq!(std::fs::read_to_string(below(&config, "app/docker-compose.yml")).unwrap(), "services: {}\n");
    let variables = std::fs::read_to_string(below(&config, "backups/config/env_vars.txt")).unwrap();
    assert!(variables.contains("NODE_ENV=production") && variables.contains("postgres://****@db/cafe"), "{variables}");
    assert_eq!(std::fs::read_to_string(below(&logs, "log/app/access.log")).unwrap(), "GET /\n");
    assert_eq!(std::fs::read_to_string(below(&logs, "log/app/deep/access.log")).unwrap(), "GET /deep\n");
    let bundle = only(&backups.join("git"), ".bundle").display().to_string();
    git(&hikae.path(""), &["clone", "--quiet", &bundle, &code.display().to_string()]);
    assert_eq!(git(&code, &["rev-parse", "HEAD"]), git(&hikae.path("cafe"), &["rev-parse", "HEAD"]));

    let runs = hikae.run(&["runs", "--json"]);
    let recipes: Vec<Value> = runs.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect();
    for name in ["full-backup", "db-backup", "config-backup", "log-backup", "git-backup", "backup-monitor"] {
        assert!(recipes.iter().any(|run| run["recipe"] == name && run["status"] == "success"), "{name}: {}", runs.out);
    }
    let drill = hikae.run(&["run", "git-backup-test", "--set", &format!("dir={}", backups.join("git").display())]);
    assert_eq!(drill.code, 0, "{drill:?}");
}

#[test]
fn a_step_that_fails_stops_no_other_and_the_night_is_done_in_part() {
    let slack = Receiver::start();
    let hikae = site("nightly_part", &slack);
    std::fs::remove_dir_all(hikae.path("cafe")).unwrap();
    let said = hikae.run(&["run", "full-backup"]);
    assert_eq!(said.code, 2, "{said:?}");
    let sent = message(&slack);
    assert_eq!(sent["attachments"][0]["color"], "warning", "{sent}");
    assert!(only(&hikae.path("backups/logs"), ".tar.gz").exists());

    let slack = Receiver::start();
    let hikae = site("nightly_lost", &slack).env("DB_PORT", "9");
    let said = hikae.run(&["run", "full-backup"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert_eq!(message(&slack)["attachments"][0]["color"], "danger");
    assert!(only(&hikae.path("backups/git"), ".bundle").exists(), "the others are made all the same");
}

#[test]
fn a_recipe_that_its_parent_runs_ends_with_it() {
    let slow = "return recipe { type = \"daily\", kind = \"maintenance\", run = function() clock.sleep(600) end }";
    let hikae = Hikae::new().file("config/recipes/slow.lua", slow);
    let root = format!("root={}", hikae.path("backups").display());
    for signal in [Signal::TERM, Signal::KILL] {
        let run = hikae.start(&["run", "full-backup", "--set", "steps=slow", "--set", &root]);
        let rows =
            |status: &str| hikae.run(&["runs", "--recipe", "slow", "--status", status, "--json"]).out.lines().count();
        wait_until("the recipe runs", || rows("running") == 1);
        send(&run, signal);
        end_of(run);
        wait_until("the recipe has ended", || rows("running") == 0);
    }
    assert_eq!(hikae.run(&["runs", "--recipe", "slow", "--status", "interrupted", "--json"]).out.lines().count(), 2);
}
