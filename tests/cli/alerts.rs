//! What arrives when a backup fails, through the program and a real mail server: once, in the words of the runbook, or later.

use std::net::TcpListener;

use serde_json::Value;

use crate::support::disk::Disk;
use crate::support::program::Hikae;
use crate::support::smtp::{Authority, MailServer, PASSWORD, Shape, parsed};

/// A backup of what a program says: it works while there is a file `works`.
const TOOL: &str = "cat \"$(dirname \"$0\")/../works\" || { echo 'disk full: the password is hunter22' >&2; exit 1; }";
const RECIPE: &str = r#"return recipe {
  type = "daily",
  params = {
    dir = { env = "BACKUP_DIR", type = "path" },
    password = { env = "DB_PASSWORD", secret = true, optional = true },
    days = { env = "DAYS", default = 3, min = 1 },
  },
  needs = { run = { "tool" }, write = { "{dir}" } },
  run = function(p)
    local data = process.stream { program = "tool", timeout = "60s" }
    return data:save(path.join(p.dir, "data_" .. clock.stamp() .. ".txt"))
  end,
}"#;

pub fn with_mail(hikae: Hikae, port: u16) -> Hikae {
    hikae
        .env("BACKUP_ALERT_EMAIL", "admin@company.com")
        .env("SMTP_HOST", "localhost")
        .env("SMTP_PORT", &port.to_string())
        .env("SMTP_SECURE", "starttls")
        .env("SMTP_USER", "backup")
        .env("SMTP_PASSWORD", PASSWORD)
        .env("SMTP_CA_FILE", &Authority::shared().path("ca.pem").display().to_string())
        .env("HIKAE_LANG", "ja")
}

fn world(port: u16) -> Hikae {
    let hikae = Hikae::new().file("config/recipes/tool-backup.lua", RECIPE).program("tool", TOOL);
    with_mail(hikae.file("config/hikae.toml", "sandbox = \"off\"\n").env("DB_PASSWORD", "hunter22"), port)
}

fn mend(hikae: &Hikae) {
    std::fs::write(hikae.path("works"), "data\n").unwrap();
}

pub fn subject(mail: &Value) -> String {
    parsed(mail)["headers"]["Subject"].as_str().unwrap().to_owned()
}

fn rows(hikae: &Hikae, flags: &[&str]) -> Vec<Value> {
    let said = hikae.run(&[&["notifications", "--json"], flags].concat());
    assert_eq!(said.code, 0, "{said:?}");
    said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_failing_db_backup_sends_the_mail_of_the_runbook() {
    let server = MailServer::start(Shape::default());
    let hikae = Hikae::new().program("pg_dump", "echo 'pg_dump: error: disk full: hunter22' >&2; exit 1");
    let hikae = with_mail(hikae, server.port)
        .env("DB_PASSWORD", "hunter22")
        .env("SYSTEM_URL", "https://192.168.0.187:5050")
        .env("BACKUP_ALERT_EMAIL", "admin@company.com, ops@company.com");
    let said = hikae.run(&["run", "db-backup"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(
        said.out.contains("] [INFO] [Backup] Failure alert email sent to admin@company.com,ops@company.com\n"),
        "{}",
        said.out
    );
    assert!(said.out.contains("] [INFO] [EmailService] Email sent successfully: { messageId: \"<BKP-"), "{}", said.out);
    assert!(
        said.out.contains(
            "to: \"admin@company.com,ops@company.com\", subject: \"【緊急】バックアップ失敗: BKP-[TIME]-daily (db-backup, english_cafe_db, "
        ),
        "{}",
        said.out
    );

    let raw = server.mail();
    let mail = parsed(&raw);
    let id = hikae.outcome(&["runs", "--json"])["id"].as_str().unwrap().to_owned();
    let begins = format!("【緊急】バックアップ失敗: {id} (db-backup, english_cafe_db, ");
    assert!(mail["headers"]["Subject"].as_str().unwrap().starts_with(&begins), "{mail}");
    let text = mail["parts"]["text/plain"].as_str().unwrap().replace("\r\n", "\n");
    let time = regex::Regex::new(r"発生時刻: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\n").unwrap();
    assert!(time.is_match(&text), "{text}");
    let begins = format!("【緊急】バックアップ処理が失敗しました\n\nバックアップID: {id}\n種別: daily\n発生時刻: ");
    assert!(text.starts_with(&begins), "{text}");
    let ends = "\n\n速やかに原因を確認し、手動バックアップの実行を検討してください。\n\n\
                システムURL: https://192.168.0.187:5050\n\n---\nITSM-Sec Nexus バックアップアラート\n";
    assert!(text.ends_with(ends) && text.contains("\nエラー内容: ") && text.contains("disk full"), "{text}");
    assert!(mail["parts"]["text/html"].as_str().unwrap().contains(&id));
    for part in [mail.to_string(), said.out, said.err] {
        assert!(!part.contains("hunter22") && !part.contains(PASSWORD), "{part}");
    }
    let row = rows(&hikae, &[]).remove(0);
    assert_eq!(
        (&row["notification_type"], &row["channel"], &row["status"], &row["backup_id"]),
        (&"backup_failure".into(), &"email".into(), &"sent".into(), &"BKP-[TIME]-daily".into())
    );
}

#[test]
fn the_same_failure_again_is_no_new_mail_and_what_works_again_is_told_once() {
    let server = MailServer::start(Shape::default());
    let hikae = world(server.port);
    for _ in 0..2 {
        assert_eq!(hikae.run(&["run", "tool-backup"]).code, 1);
    }
    mend(&hikae);
    for _ in 0..2 {
        assert_eq!(hikae.run(&["run", "tool-backup"]).code, 0);
    }
    std::fs::remove_file(hikae.path("works")).unwrap();
    assert_eq!(hikae.run(&["run", "tool-backup"]).code, 1);
    assert_eq!(hikae.run(&["run", "tool-backup"]).code, 1);
    let subjects = [server.mail(), server.mail(), server.mail()].map(|mail| subject(&mail));
    let begins = ["【緊急】バックアップ失敗: BKP-", "【復旧】バックアップ成功: BKP-", "【緊急】バックアップ失敗: BKP-"];
    for (subject, begin) in subjects.iter().zip(begins) {
        assert!(subject.starts_with(begin), "{subjects:?}");
    }
    assert_eq!(rows(&hikae, &[]).len(), 3, "who read that it works hears at once that it fails again, and not twice");
    assert!(server.is_empty());
}

#[test]
fn the_third_failure_in_a_row_is_told_to_the_contacts_of_the_next_level() {
    let server = MailServer::start(Shape::default());
    let toml = "sandbox = \"off\"\n[contacts]\nlevel2 = [\"山田 太郎 <yamada@company.com>\"]\n";
    let hikae = world(server.port).file("config/hikae.toml", toml);
    for _ in 0..3 {
        assert_eq!(hikae.run(&["run", "tool-backup"]).code, 1);
    }
    let rows = rows(&hikae, &["--event", "backup_escalation"]);
    let mut to: Vec<&str> = rows.iter().map(|row| row["recipient"].as_str().unwrap()).collect();
    to.sort_unstable();
    assert_eq!(to, ["admin@company.com", "山田 太郎 <yamada@company.com>"]);
    let _failure = server.mail();
    let mail = parsed(&server.mail());
    assert!(
        mail["headers"]["Subject"]
            .as_str()
            .unwrap()
            .starts_with("【緊急・レベル2】バックアップ連続3回失敗: tool-backup")
    );
    assert!(mail["parts"]["text/plain"].as_str().unwrap().contains("連絡先: 山田 太郎 <yamada@company.com>"));
}

/// A port where nobody listens.
fn nowhere() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn what_no_server_took_waits_and_is_then_sent_once() {
    let hikae = world(nowhere());
    let said = hikae.run(&["run", "tool-backup"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("ERROR: [ERROR] [Backup] Failed to send failure alert email: "), "{}", said.err);
    assert!(
        said.err.contains("[ERROR] [EmailService] Error sending email: { code: \"ECONNREFUSED\", "),
        "{}",
        said.err
    );
    assert!(said.err.contains(": cannot reach the mail server `localhost:"), "{}", said.err);
    let waiting = rows(&hikae, &["--waiting"]);
    assert_eq!((waiting.len(), &waiting[0]["status"]), (1, &"waiting".into()));

    let server = MailServer::start(Shape::default());
    let hikae = hikae.env("SMTP_PORT", &server.port.to_string());
    let said = hikae.run(&["notify", "flush"]);
    assert_eq!((said.code, said.out.lines().last()), (0, Some("1件送信しました")), "{said:?}");
    assert!(subject(&server.mail()).starts_with("【緊急】バックアップ失敗: BKP-"));
    let said = hikae.run(&["notify", "flush"]);
    assert_eq!((said.code, said.out.as_str()), (0, "送信待ちの通知はありません\n"));
    let statuses: Vec<Value> = rows(&hikae, &[]).into_iter().map(|row| row["status"].clone()).collect();
    assert_eq!(statuses, ["sent", "retrying"], "each attempt is on record");
    assert!(server.is_empty());
}

#[test]
fn a_wrong_password_of_the_mail_server_changes_nothing_but_the_log() {
    let server = MailServer::start(Shape::default());
    let hikae = world(server.port).env("SMTP_PASSWORD", "wrong-password");
    let said = hikae.run(&["run", "tool-backup"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("[ERROR] [Backup] Failed to send failure alert email: "), "{}", said.err);
    assert!(said.err.contains("code: \"EAUTH\"") && said.err.contains("SMTP_USER, SMTP_PASSWORD"), "{}", said.err);
    assert!(!said.err.contains("wrong-password"));
    mend(&hikae);
    let said = hikae.run(&["run", "--json", "tool-backup"]);
    assert_eq!((said.code, &said.outcome()["status"]), (0, &"success".into()), "{said:?}");
}

#[test]
fn a_mail_server_that_is_silent_holds_the_end_up_for_its_time_at_most() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let toml = "sandbox = \"off\"\n[[channels]]\nname = \"ops\"\ntype = \"email\"\nto = [\"ops@company.com\"]\ntimeout = \"2s\"\n";
    let hikae =
        world(silent.local_addr().unwrap().port()).file("config/hikae.toml", toml).env("BACKUP_ALERT_EMAIL", "");
    let before = std::time::Instant::now();
    let said = hikae.run(&["run", "tool-backup"]);
    assert_eq!(said.code, 1);
    assert!(before.elapsed().as_secs() < 25, "its own time is 2 s; a server's patience would be 75 s");
    assert!(said.err.contains("code: \"ETIMEDOUT\""), "{}", said.err);
    assert_eq!(rows(&hikae, &["--waiting"])[0]["status"], "waiting", "it is known that nothing was sent");
}

#[test]
fn a_state_folder_on_a_full_disk_keeps_no_alert_back() {
    let server = MailServer::start(Shape::default());
    let hikae = world(server.port);
    let disk = Disk::mount(&hikae.path("full"), 64 << 10);
    // Fails when the disk is full: that is what is wanted.
    let _full = std::fs::write(hikae.path("full/filler"), vec![0; 1 << 20]);
    let state = disk_path(&hikae, "full/state");
    let hikae = hikae.env("HIKAE_STATE_DIR", &state);
    let said = hikae.run(&["run", "tool-backup"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(subject(&server.mail()).starts_with("【緊急】バックアップ失敗: BKP-"));
    assert!(said.err.contains("アラートの送信は一度だけ試みます"), "{}", said.err);
    mend(&hikae);
    let said = hikae.run(&["run", "tool-backup"]);
    assert_eq!(said.code, 2, "done in part: the record cannot be kept");
    assert!(subject(&server.mail()).starts_with("【警告】バックアップ一部失敗: BKP-"));
    drop(disk);
}

fn disk_path(hikae: &Hikae, below: &str) -> String {
    hikae.path(below).display().to_string()
}

fn wait_for(path: &std::path::Path) {
    for _ in 0..1500 {
        if path.exists() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("`{}` never came", path.display());
}

#[test]
fn a_run_that_is_locked_out_is_told() {
    let server = MailServer::start(Shape::default());
    let hikae = world(server.port).program("tool", "echo begun > \"$(dirname \"$0\")/../begun\"; sleep 60");
    let mut first = hikae.start(&["run", "tool-backup"]);
    wait_for(&hikae.path("begun"));
    let said = hikae.run(&["run", "tool-backup"]);
    assert_eq!(said.code, 75, "{said:?}");
    let mail = parsed(&server.mail());
    assert!(mail["parts"]["text/plain"].as_str().unwrap().contains("`tool-backup` の別の実行が進行中です"), "{mail}");
    first.kill().unwrap();
    first.wait().unwrap();
    // The first one could not tell that it was killed; the next command of all does, as its third failure.
    let said = hikae.run(&["notify", "flush"]);
    assert_eq!(said.code, 0, "{said:?}");
    let considered = hikae.run(&["notify", "flush"]);
    assert_eq!(considered.out, "送信待ちの通知はありません\n");
}

#[test]
fn a_run_that_was_killed_is_told_by_the_next_command() {
    let server = MailServer::start(Shape::default());
    let hikae = world(server.port).program("tool", "echo begun > \"$(dirname \"$0\")/../begun\"; sleep 60");
    let mut killed = hikae.start(&["run", "tool-backup"]);
    wait_for(&hikae.path("begun"));
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert_eq!(hikae.run(&["notify", "flush"]).out.lines().last(), Some("1件送信しました"));
    let text = parsed(&server.mail())["parts"]["text/plain"].as_str().unwrap().to_owned();
    assert!(text.contains("のプロセスは、結果を残さずに終了しました"), "{text}");
    assert_eq!(hikae.run(&["notify", "flush"]).out, "送信待ちの通知はありません\n");
}

#[test]
fn a_run_that_cron_cannot_even_start_is_told_once() {
    let server = MailServer::start(Shape::default());
    let hikae = world(server.port).env("DAYS", "none");
    for _ in 0..2 {
        let said = hikae.run(&["run", "tool-backup"]);
        assert_eq!(said.code, 64, "{said:?}");
    }
    let text = parsed(&server.mail())["parts"]["text/plain"].as_str().unwrap().to_owned();
    assert!(text.contains("days"), "{text}");
    mend(&hikae);
    assert_eq!(hikae.env("DAYS", "3").run(&["run", "tool-backup"]).code, 0);
    assert!(subject(&server.mail()).starts_with("【復旧】"), "the second one was no mail");
}

#[test]
fn nobody_is_told_where_nobody_is_named() {
    let hikae = world(nowhere()).env("BACKUP_ALERT_EMAIL", "");
    let said = hikae.run(&["run", "tool-backup"]);
    assert_eq!(said.code, 1);
    assert!(!said.err.contains("[Backup]") && !said.out.contains("[Backup]"), "{said:?}");
    assert_eq!(rows(&hikae, &["--waiting"]), [Value::Null; 0]);
}

#[test]
fn notify_test_sends_a_test_to_whom_it_is_told() {
    let server = MailServer::start(Shape::default());
    let hikae = world(server.port);
    let said = hikae.run(&["notify", "test"]);
    assert_eq!((said.code, said.out.lines().last()), (0, Some("1件送信しました")), "{said:?}");
    assert!(subject(&server.mail()).starts_with("【テスト】バックアップ通知の送信テスト: "));
    let said = hikae.run(&["notify", "test", "--to", "you@company.com"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(server.mail()["to"], serde_json::json!(["you@company.com"]));
    let said = hikae.run(&["notify", "test", "--channel", "emial"]);
    assert_eq!(said.code, 64);
    assert!(
        said.err.contains("チャネル `emial` はありません") && said.err.contains("`email` ではありませんか"),
        "{}",
        said.err
    );
    let said = hikae.env("SMTP_PASSWORD", "nonsense").run(&["notify", "test"]);
    assert_eq!(said.code, 1, "{said:?}");
    let said = Hikae::new().run(&["notify", "test"]);
    assert_eq!(said.code, 64);
    assert!(said.err.contains("there is no channel to send alerts by"), "{}", said.err);
}

#[test]
fn notify_rehearse_lets_a_failure_be_told_that_never_was() {
    let server = MailServer::start(Shape::default());
    let hikae = world(server.port);
    let said = hikae.run(&["notify", "rehearse"]);
    assert_eq!((said.code, said.out.lines().last()), (0, Some("1件送信しました")), "{said:?}");
    assert!(said.out.contains("[INFO] [Backup] Failure alert email sent to admin@company.com"), "{}", said.out);
    let mail = parsed(&server.mail());
    assert!(
        mail["headers"]["Subject"].as_str().unwrap().starts_with("【訓練】【緊急】バックアップ失敗: BKP-"),
        "{mail}"
    );
    assert_eq!(hikae.run(&["runs", "--json"]).out, "", "no run");
    assert_eq!(hikae.backups(), [""; 0]);
    mend(&hikae);
    assert_eq!(hikae.run(&["run", "tool-backup"]).code, 0);
    assert_eq!(rows(&hikae, &[]).len(), 1, "what was rehearsed is no failure to recover from");
}

#[test]
fn check_says_whether_the_mail_server_is_ready() {
    let server = MailServer::start(Shape::default());
    let hikae = world(server.port);
    let said = hikae.run(&["check", "tool-backup"]);
    assert!(
        said.out.contains("✓ メールサーバー: [EmailService] SMTP server is ready to send emails\n"),
        "{}",
        said.out
    );
    let tellers = said.out.lines().find(|line| line.starts_with('–') && line.contains("email"));
    assert!(tellers.is_some_and(|line| line.contains("hikae notify test")), "{}", said.out);
    let said = hikae.env("SMTP_PORT", &nowhere().to_string()).run(&["check", "tool-backup"]);
    assert_eq!(said.code, 1);
    assert!(
        said.out.contains("✗ メールサーバー: [EmailService] SMTP connection error: メールサーバー `localhost:"),
        "{}",
        said.out
    );
}

#[test]
fn with_quiet_a_failure_that_was_reported_is_one_line() {
    let server = MailServer::start(Shape::default());
    let hikae = world(server.port);
    let said = hikae.run(&["run", "tool-backup", "--quiet"]);
    assert_eq!((said.code, said.out.as_str()), (1, ""), "{said:?}");
    assert_eq!(said.err.lines().count(), 1, "{}", said.err);
    assert!(said.err.starts_with("tool-backup は 失敗 で終了しました (email に通知済み): "), "{}", said.err);
    server.mail();
    let said = hikae.run(&["run", "tool-backup", "--quiet"]);
    assert_eq!(said.err.lines().count(), 1, "held back by throttling: {}", said.err);
    assert!(said.err.contains("(以前に通知済み)"), "{}", said.err);
    // Where nobody was reached, everything is printed.
    let said = hikae.env("BACKUP_ALERT_EMAIL", "").run(&["run", "tool-backup", "--quiet"]);
    assert!(said.err.contains("エラー: ") && said.err.lines().count() > 2, "{}", said.err);
}

#[test]
fn no_alert_reports_and_counts_no_failure_and_a_success_still_ends_a_streak() {
    let server = MailServer::start(Shape::default());
    let hikae = world(server.port);
    for _ in 0..4 {
        assert_eq!(hikae.run(&["run", "tool-backup", "--no-alert"]).code, 1);
    }
    assert_eq!(hikae.run(&["run", "no-such-recipe", "--no-alert"]).code, 64);
    assert_eq!(rows(&hikae, &[]).len(), 0);
    assert_eq!(hikae.run(&["run", "tool-backup"]).code, 1);
    assert!(subject(&server.mail()).starts_with("【緊急】バックアップ失敗: BKP-"));
    mend(&hikae);
    assert_eq!(hikae.run(&["run", "tool-backup", "--no-alert"]).code, 0);
    assert!(subject(&server.mail()).starts_with("【復旧】バックアップ成功: BKP-"));
}

/// The exit code of a command that a person starts at a terminal, with what it printed.
fn at_terminal(hikae: &Hikae, args: &[&str]) -> (i32, String) {
    let like = hikae.command(&[]);
    let mut command = std::process::Command::new("script");
    command.args(["-qec", &format!("{} {}", env!("CARGO_BIN_EXE_hikae"), args.join(" ")), "/dev/null"]);
    command.env_clear().envs(like.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = command.current_dir(like.get_current_dir().unwrap()).stdin(std::process::Stdio::null()).output();
    let output = output.expect("`script` is needed: apt-get install bsdutils");
    (output.status.code().unwrap(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn a_person_who_tries_a_recipe_at_a_terminal_alarms_nobody_unless_it_is_a_restore() {
    let server = MailServer::start(Shape::default());
    let restore = "return recipe { kind = \"restore\", type = \"manual\", run = function() error \"no\" end }";
    let hikae = world(server.port).file("config/recipes/back.lua", restore);
    assert_eq!(at_terminal(&hikae, &["run", "tool-backup"]).0, 1);
    assert_eq!(rows(&hikae, &[]).len(), 0);
    assert_eq!(at_terminal(&hikae, &["run", "back", "--yes"]).0, 1);
    assert!(subject(&server.mail()).starts_with("【緊急】復旧失敗: BKP-"));
    assert_eq!(hikae.run(&["run", "tool-backup"]).code, 1);
    assert!(subject(&server.mail()).starts_with("【緊急】バックアップ失敗: BKP-"), "cron's is the first that counts");
    mend(&hikae);
    assert_eq!(at_terminal(&hikae, &["run", "tool-backup"]).0, 0);
    assert!(subject(&server.mail()).starts_with("【復旧】バックアップ成功: BKP-"), "a success by hand ends it");
    assert!(server.is_empty());
}
