//! What the recipes of the night cannot work with: each has its words and its hint, and nothing is lost or asked for.

use crate::support::program::{Hikae, names};
use crate::support::receiver::Receiver;

/// A world with an old backup of each kind, which must stay.
fn world() -> Hikae {
    let hikae = Hikae::new()
        .file("backups/plain.bin", "data")
        .file("log/app.log", "GET /\n")
        .file("app/docker-compose.yml", "x");
    let old =
        ["repo_backup_20200101_020000.bundle", "logs_backup_20200101.tar.gz", "config_backup_20200101_020000.tar.gz"];
    old.iter().fold(hikae, |hikae, name| hikae.file(&format!("backups/{name}"), "old"))
}

/// The recipe fails with these words and this hint, at once, and everything is as it was.
fn refuses(hikae: &Hikae, recipe: &str, set: &[String], words: &str, hint: &str) {
    let mut args = vec!["run", recipe];
    set.iter().for_each(|one| args.extend(["--set", one]));
    let kept = |hikae: &Hikae| -> Vec<String> {
        names(&hikae.path("backups")).into_iter().filter(|name| !name.starts_with("repo_mirror_")).collect()
    };
    let before = kept(hikae);
    let said = hikae.run(&args);
    assert!(said.code == 1 || said.code == 64, "{recipe}: {said:?}");
    assert!(said.err.contains(words), "{recipe}: `{words}` is not in {said:?}");
    assert!(said.err.contains("hint: ") && said.err.contains(hint), "{recipe}: the hint `{hint}` is not in {said:?}");
    assert_eq!(kept(hikae), before, "{recipe}: {said:?}");
}

#[test]
fn each_bad_input_is_refused_in_its_words() {
    let hikae = world();
    let set = |name: &str, value: &str| format!("{name}={value}");
    let at = |name: &str| hikae.path(name).display().to_string();
    let dir = || set("dir", &at("backups"));
    std::fs::write(hikae.path("app/.env"), "NODE_ENV=production\nthis is no assignment\n").unwrap();
    let config = [dir(), set("app_dir", &at("app")), set("env_file", &at("app/.env"))];
    refuses(&hikae, "config-backup", &config, "line 2: it is no assignment", "each line is NAME=value");
    let missing = [dir(), set("app_dir", &at("app")), set("required", "nothing.yml")];
    refuses(&hikae, "config-backup", &missing, "nothing.yml", "");
    refuses(&hikae, "log-backup", &[dir(), set("dirs", &at("nowhere"))], "there is no log folder", "dirs=");
    refuses(&hikae, "backup-report", &[dir(), set("month", "2026-13")], "is not a month", "month=");
    refuses(&hikae, "backup-report", &[dir(), set("month", "2020-01")], "no run in 2020-01", "hikae runs");
    refuses(&hikae, "git-backup", &[dir()], "no repository is named", "--set url=");
    let file = set("file", &at("backups/plain.bin"));
    refuses(&hikae, "encrypted-backup", &[file.clone(), set("recipient", "age1nokey")], "age1nokey", "");
    refuses(
        &hikae,
        "encrypted-backup",
        &[set("file", &at("backups/none")), set("recipient", "x@example.com")],
        "there is no file",
        "file=",
    );
    assert!(hikae.path("backups/plain.bin").exists());
}

#[test]
fn a_program_that_is_missing_is_named_with_what_installs_it() {
    let hikae = world();
    let (file, dir) = (
        format!("file={}", hikae.path("backups/plain.bin").display()),
        format!("dir={}", hikae.path("backups").display()),
    );
    let hikae = hikae.env("PATH", "/nowhere");
    refuses(&hikae, "git-backup", &[dir, "url=https://example.com/cafe.git".to_owned()], "`git`", "git");
    refuses(&hikae, "encrypted-backup", &[file, "recipient=ops@example.com".to_owned()], "`gpg`", "gnupg");
}

#[test]
fn a_remote_that_asks_for_a_password_is_an_error_and_no_prompt_also_on_a_port_of_its_own() {
    let remote = Receiver::start();
    let path = "/cafe.git/info/refs?service=git-upload-pack";
    remote.put("GET /cafe.git/info/refs", &[(401, b"who is there")]);
    remote.put(&format!("GET {path}"), &[(401, b"who is there")]);
    let hikae = world();
    let set = [format!("dir={}", hikae.path("backups").display()), format!("url={}", remote.url("/cafe.git"))];
    refuses(&hikae, "git-backup", &set, "`git` failed", "a token in it, or a key");
    assert!(
        remote.got().iter().any(|one| one.target.starts_with("/cafe.git/info/refs")),
        "the wall lets git reach the port of the address"
    );
}
