//! What a real failure is told by each channel, and that each way to fail is told: a receiver for each, on loopback.

use ring::hmac;
use serde_json::Value;

use crate::support::disk::Disk;
use crate::support::program::Hikae;
use crate::support::receiver::{Got, Receiver};
use crate::support::smtp::{Authority, MailServer, PASSWORD, Shape, parsed};

const TOOL: &str = "echo 'disk full, said the oddestword' >&2; exit 1";

/// Only what waits is meant to run into its limit of time: on a busy machine the others need longer.
fn recipe(run: &str) -> String {
    let timeout = if run.starts_with("clock.sleep") { "4s" } else { "60s" };
    format!(
        "return recipe {{ type = \"daily\", timeout = \"{timeout}\",\n\
         params = {{ dir = {{ env = \"BACKUP_DIR\", type = \"path\" }}, password = {{ env = \"DB_PASSWORD\", secret = true, optional = true }} }},\n\
         needs = {{ run = {{ \"tool\" }}, write = {{ \"{{dir}}\" }} }},\n\
         run = function(p)\n{run}\nend }}\n"
    )
}

const SAVE: &str = "return process.stream { program = \"tool\" }:save(path.join(p.dir, \"x.txt\"))";

fn world(receiver: &Receiver, run: &str) -> Hikae {
    let toml = format!(
        "sandbox = \"off\"\n[[channels]]\nname = \"hook\"\ntype = \"webhook\"\nurl = \"{}\"\nsecret_env = \"HOOK_SECRET\"\n",
        receiver.url("/echo/hook")
    );
    Hikae::new()
        .file("config/recipes/odd-backup.lua", &recipe(run))
        .program("tool", TOOL)
        .file("config/hikae.toml", &toml)
        .env("HOOK_SECRET", "signingwordofthetest")
        .env("DB_PASSWORD", "oddestword")
        .env("HIKAE_LANG", "ja")
}

fn told(receiver: &Receiver) -> Value {
    let got = receiver.got();
    let body = &got.last().unwrap_or_else(|| panic!("nothing was told")).body;
    serde_json::from_str(body).unwrap()
}

fn of<'a>(all: &'a [Got], path: &str) -> &'a Got {
    all.iter().find(|got| got.target == path).unwrap_or_else(|| panic!("`{path}` was not told: {all:?}"))
}

#[test]
fn one_failing_run_is_told_by_every_channel_in_its_own_form() {
    let receiver = Receiver::start();
    let server = MailServer::start(Shape::default());
    let mut toml = std::fs::read_to_string(world(&receiver, SAVE).path("config/hikae.toml")).unwrap();
    toml.push_str(&format!(
        "[[channels]]\nname = \"phone\"\ntype = \"ntfy\"\nurl = \"{}\"\n",
        receiver.url("/echo/topic")
    ));
    let hikae = world(&receiver, SAVE)
        .file("config/hikae.toml", &toml)
        .env("SLACK_WEBHOOK_URL", &receiver.url("/echo/slack"))
        .env("TEAMS_WEBHOOK_URL", &receiver.url("/echo/teams"))
        .env("BACKUP_ALERT_EMAIL", "admin@company.com")
        .env("SMTP_HOST", "localhost")
        .env("SMTP_PORT", &server.port.to_string())
        .env("SMTP_SECURE", "starttls")
        .env("SMTP_USER", "backup")
        .env("SMTP_PASSWORD", PASSWORD)
        .env("SMTP_CA_FILE", &Authority::shared().path("ca.pem").display().to_string());
    let said = hikae.run(&["run", "odd-backup"]);
    assert_eq!(said.code, 1, "{said:?}");
    let got = receiver.got();
    assert_eq!(got.len(), 4, "{got:?}");
    let json = |path: &str| serde_json::from_str::<Value>(&of(&got, path).body).unwrap();
    let slack = json("/echo/slack");
    assert_eq!(slack["attachments"][0]["color"], "#C62828");
    assert!(slack["text"].as_str().unwrap().starts_with("【緊急】バックアップ失敗: BKP-"), "{slack}");
    assert_eq!(json("/echo/teams")["attachments"][0]["contentType"], "application/vnd.microsoft.card.adaptive");
    assert_eq!(of(&got, "/echo/topic").headers["priority"], "5");
    let hook = of(&got, "/echo/hook");
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"signingwordofthetest");
    let hex: String =
        hmac::sign(&key, hook.body.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hook.headers["x-hikae-signature-256"], format!("sha256={hex}"));
    let event = json("/echo/hook");
    assert_eq!(
        (&event["kind"], &event["status"], &event["recipe"]),
        (&"backup_failure".into(), &"failure".into(), &"odd-backup".into())
    );
    let mail = parsed(&server.mail());
    assert!(mail["parts"]["text/plain"].as_str().unwrap().contains("disk full"), "{mail}");
    for text in got.iter().map(|got| got.body.clone()).chain([mail.to_string(), said.out, said.err]) {
        assert!(text.contains("disk full") || !text.contains("oddestword"), "{text}");
        assert!(!text.contains("oddestword") && !text.contains("signingwordofthetest"), "{text}");
    }
}

#[test]
fn each_way_to_fail_is_told_with_its_reason() {
    let ways = [
        ("local nothing = nil; return nothing.path", "attempt to index a nil value", "failure"),
        ("local all = {}; for n = 1, 1e9 do all[n] = (\"x\"):rep(1000) .. n end", "memory", "failure"),
        ("clock.sleep(\"60s\")", "4.0s", "failure"),
        ("while true do end", "Lua instructions without waiting", "failure"),
        (
            "errors.try(function() process.run { program = \"tool\" } end); return fs.write(path.join(p.dir, \"x\"), \"x\")",
            "",
            "failure",
        ),
        ("return nil", "without a proved backup", "failure"),
    ];
    for (run, why, status) in ways {
        let receiver = Receiver::start();
        let said = world(&receiver, run).run(&["run", "odd-backup"]);
        assert_eq!(said.code, 1, "{run}: {said:?}");
        let event = told(&receiver);
        assert_eq!((&event["kind"], &event["status"]), (&"backup_failure".into(), &status.into()), "{run}");
        let error = event["error"]["message"].as_str().unwrap();
        assert!(error.contains(why), "{run}: {error}");
    }
}

#[test]
fn a_full_disk_of_the_backups_is_told() {
    let receiver = Receiver::start();
    let hikae = world(&receiver, SAVE).program("tool", "head -c 1000000 /dev/zero");
    let disk = Disk::mount(&hikae.path("small"), 64 << 10);
    let folder = hikae.path("small").display().to_string();
    let said = hikae.env("BACKUP_DIR", &folder).run(&["run", "odd-backup"]);
    assert_eq!(said.code, 1, "{said:?}");
    let event = told(&receiver);
    assert!(event["error"]["message"].as_str().unwrap().contains("No space left on device"), "{event}");
    drop(disk);
}

#[test]
fn a_restore_and_a_drill_that_fail_raise_alerts_of_their_own() {
    for (recipe, kind, subject, advice) in [
        ("db-restore", "restore_failure", "【緊急】復旧失敗: BKP-", "本番データベースの状態を確認し"),
        ("backup-test", "drill_failure", "【緊急】復旧テスト失敗: BKP-", "復旧できないおそれがあります"),
    ] {
        let receiver = Receiver::start();
        let hikae = world(&receiver, SAVE)
            .env("DB_HOST", "127.0.0.1")
            .env("DB_PORT", "1")
            .file("backups/broken.sql.gz", "no gzip");
        let file = format!("file={}", hikae.path("backups/broken.sql.gz").display());
        let said = hikae.run(&["run", recipe, "--yes", "--set", &file]);
        assert_eq!(said.code, 1, "{recipe}: {said:?}");
        let event = told(&receiver);
        assert_eq!(event["kind"], kind, "{event}");
        assert!(event["subject"].as_str().unwrap().starts_with(subject), "{event}");
        assert!(event["text"].as_str().unwrap().contains(advice), "{event}");
        let row: Value =
            serde_json::from_str(hikae.run(&["notifications", "--json"]).out.lines().next().unwrap()).unwrap();
        assert_eq!((&row["notification_type"], &row["status"]), (&kind.into(), &"sent".into()));
        let audit = hikae.run(&["audit", "--json"]);
        assert!(audit.out.contains("\"restore\"") == (recipe == "db-restore"), "{}", audit.out);
        assert!(audit.out.contains(recipe), "{}", audit.out);
    }
}

#[test]
fn a_rehearsal_says_of_each_channel_what_happened_and_fails_when_one_does() {
    let receiver = Receiver::start();
    let mut toml = std::fs::read_to_string(world(&receiver, SAVE).path("config/hikae.toml")).unwrap();
    toml.push_str("recipes = [\"odd-backup\"]\n[[channels]]\nname = \"quiet\"\ntype = \"webhook\"\nurl = \"http://127.0.0.1:1/\"\nevents = [\"report\"]\n");
    let hikae = world(&receiver, SAVE).file("config/hikae.toml", &toml);
    let said = hikae.run(&["notify", "rehearse"]);
    let last: Vec<&str> = said.out.lines().rev().take(3).collect();
    let wanted =
        ["1件送信しました", "- quiet (webhook): このような失敗は受け取りません", "✓ hook (webhook): 送信しました"];
    assert_eq!((said.code, last.as_slice()), (0, wanted.as_slice()), "{said:?}");
    let event = told(&receiver);
    assert_eq!(
        (&event["rehearsal"], &event["status"], &event["recipe"]),
        (&true.into(), &"failure".into(), &"rehearsal".into())
    );
    assert!(event["subject"].as_str().unwrap().starts_with("【訓練】【緊急】バックアップ失敗: BKP-"), "{event}");
    let error = event["error"]["message"].as_str().unwrap();
    assert!(
        error.contains("`sh`") && error.contains("どのバックアップにも触れていません"),
        "it has really failed: {error}"
    );

    let hikae = hikae.env("SLACK_WEBHOOK_URL", &receiver.url("/status/404"));
    let said = hikae.run(&["notify", "rehearse"]);
    assert_eq!((said.code, said.out.lines().last()), (1, Some("1件送信、1件失敗")), "{said:?}");
    assert!(said.out.contains("\n✗ slack (slack): チャネル `slack` で送信できません: "), "{}", said.out);
    assert_eq!(hikae.run(&["runs", "--json"]).out, "", "it stands in no record of runs");
}
