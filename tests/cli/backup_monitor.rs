//! `backup-monitor` against a real record and a real mail server: what is wrong is one mail, what is new is told at once, and so is its end.

use serde_json::Value;

use super::alerts::{subject, with_mail};
use crate::support::past::age;
use crate::support::program::Hikae;
use crate::support::smtp::{MailServer, Shape, parsed};

const RECIPE: &str = r#"return recipe {
  type = "daily", schedule = "0 2 * * *",
  params = { dir = { env = "BACKUP_DIR", type = "path" } },
  needs = { run = { "echo" }, write = { "{dir}" } },
  run = function(p)
    local data = process.stream { program = "echo", args = { "data" } }
    return data:save(path.join(p.dir, "db_backup_" .. clock.stamp() .. ".txt"))
  end,
}"#;
const SETTINGS: &str = "[params.backup-monitor]\nkinds = [\"db\"]\nmin_size = \"1 B\"\n";

fn world(port: u16) -> Hikae {
    let hikae = Hikae::new().file("config/recipes/wiki.lua", RECIPE).file("config/hikae.toml", SETTINGS);
    with_mail(hikae, port)
}

fn run(hikae: &Hikae, recipe: &str, code: i32) {
    let said = hikae.run(&["run", recipe]);
    assert_eq!(said.code, code, "{said:?}");
}

fn text(mail: &Value) -> String {
    parsed(mail)["parts"]["text/plain"].as_str().unwrap().replace("\r\n", "\n")
}

#[test]
fn silence_is_told_once_what_is_new_at_once_and_the_end_of_it() {
    let server = MailServer::start(Shape::default());
    let hikae = world(server.port).env("HIKAE_LANG", "en");
    run(&hikae, "wiki", 0);
    run(&hikae, "backup-monitor", 0);
    age(&hikae, 49);

    run(&hikae, "backup-monitor", 1);
    let mail = server.mail();
    assert!(subject(&mail).starts_with("[BACKUP ALERT] Backup monitor: 3 things are wrong (backup-monitor, "));
    let said = text(&mail);
    for line in [
        "db: too old: the newest backup is 49 hours old, and may be 25: ",
        "wiki: no young backup: its last good backup is 49 hours old, and may be 25\n",
        "wiki: did not run: it was to run at ",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert!(parsed(&mail)["parts"]["text/html"].as_str().unwrap().contains("<b>wiki: did not run</b>"));
    run(&hikae, "backup-monitor", 1);
    assert!(server.is_empty(), "the same again is no new mail");

    let backup = hikae.backups().into_iter().find(|name| name.ends_with(".txt")).unwrap();
    std::fs::write(hikae.path("backups").join(&backup), "DATA\n").unwrap();
    run(&hikae, "backup-monitor", 1);
    let mail = server.mail();
    // The third in a row is for level 2, too.
    assert!(subject(&mail).starts_with("[BACKUP ALERT] [URGENT, LEVEL 2] Backup monitor: "), "{}", subject(&mail));
    assert!(text(&mail).contains("db: broken: "), "{}", text(&mail));

    run(&hikae, "wiki", 0);
    run(&hikae, "backup-monitor", 0);
    let mail = server.mail();
    let begins = "[BACKUP ALERT] [RECOVERED] Backup monitor: all is well (backup-monitor, ";
    assert!(subject(&mail).starts_with(begins), "{}", subject(&mail));
    run(&hikae, "backup-monitor", 0);
    assert!(server.is_empty());
}

#[test]
fn a_new_finding_does_not_wait_for_the_next_digest() {
    let server = MailServer::start(Shape::default());
    let hikae = world(server.port);
    run(&hikae, "wiki", 0);
    age(&hikae, 25);
    // Late since two o'clock or not, by the hour of this test; the backup is 25 hours old in any case.
    run(&hikae, "backup-monitor", 1);
    assert!(subject(&server.mail()).starts_with("[BACKUP ALERT] バックアップ監視: "));
    let backup = hikae.backups().into_iter().find(|name| name.ends_with(".txt")).unwrap();
    std::fs::write(hikae.path("backups").join(&backup), "DATA\n").unwrap();
    run(&hikae, "backup-monitor", 1);
    let mail = server.mail();
    assert!(subject(&mail).starts_with("[BACKUP ALERT] 【継続中】バックアップ監視: "), "{}", subject(&mail));
    assert!(
        text(&mail).contains("db: バックアップ整合性エラー: バックアップファイルが破損しています: "),
        "{}",
        text(&mail)
    );
}

/// A fresh set-up that works is green: what is looked at is what was backed up.
#[test]
fn a_fresh_set_up_that_works_is_green() {
    let cluster = crate::support::postgres::shared();
    cluster.create_database("monitored");
    cluster.psql("monitored", "CREATE TABLE t (a int); INSERT INTO t VALUES (1)");
    let hikae = Hikae::with_database(cluster, "monitored");
    let all = format!("dir={}", hikae.path("").display());
    assert_eq!(hikae.run(&["run", "db-backup"]).code, 0);
    let said = hikae.run(&["run", "backup-monitor", "--set", &all]);
    assert_eq!(said.code, 0, "{said:?}");
    // Once there were such backups, that none is there is a finding.
    let hikae = hikae.file("config_backup_20200101_020000.tar.gz", "");
    let said = hikae.run(&["run", "backup-monitor", "--set", &all]);
    assert!(said.code == 1 && said.err.contains("config: too old") && !said.err.contains("logs"), "{said:?}");
}
