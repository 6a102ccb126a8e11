//! What a mail of an alert looks like: word for word where the runbook has the words, escaped, and never lost for a template's sake.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hikae::alert::event::{Event, EventKind};
use hikae::alert::{Language, Message, templates};
use hikae::world::simulated::{FileSetup, Simulated, SimulatedSetup};
use hikae::world::{Caller, Limits};

use super::{each, example};

const TEMPLATE: &str = "/etc/hikae/templates/email/backup-failure.hbs";

async fn message_in(files: &[(&str, &str)], event: &Event, language: Language) -> Message {
    let files = files.iter().map(|(path, text)| (PathBuf::from(path), FileSetup::text(text.to_string())));
    let world = Simulated::new(SimulatedSetup { files: files.collect(), ..SimulatedSetup::default() }).unwrap();
    let limits = Limits { total: std::time::Duration::MAX, idle: std::time::Duration::MAX };
    templates::message(
        &Caller::new(Arc::new(world), limits),
        Path::new("/etc/hikae"),
        event,
        language,
        "ITSM-Sec Nexus",
    )
    .await
}

async fn message(event: &Event, language: Language) -> Message {
    message_in(&[], event, language).await
}

#[tokio::test]
async fn a_failure_is_told_in_the_words_of_the_runbook() {
    let message = message(&example(), Language::Ja).await;
    let subject =
        "【緊急】バックアップ失敗: BKP-20260215-030000-daily (db-backup, db1.example.co.jp, 2026-02-15 12:00 +09:00)";
    assert_eq!(message.subject, subject, "the runbook's subject, and behind it where and when");
    let runbook = "【緊急】バックアップ処理が失敗しました

バックアップID: BKP-20260215-030000-daily
種別: daily
発生時刻: 2026-02-15T03:00:15.123Z
エラー内容: Backup script failed with exit code 1: disk full

レシピ: db-backup
ホスト: db1.example.co.jp
現地時刻: 2026-02-15 12:00:15 +09:00

速やかに原因を確認し、手動バックアップの実行を検討してください。

システムURL: https://192.168.0.187:5050

---
ITSM-Sec Nexus バックアップアラート
";
    assert_eq!(message.text, runbook);
    assert_eq!(message.warning, None);
}

#[tokio::test]
async fn a_failure_is_told_in_english_alike() {
    let message = message(&example(), Language::En).await;
    insta::assert_snapshot!(format!("Subject: {}\n\n{}", message.subject, message.text));
}

#[tokio::test]
async fn each_kind_has_its_words_in_both_languages() {
    let mut all = String::new();
    for event in each() {
        for language in [Language::Ja, Language::En] {
            let message = message(&event, language).await;
            all.push_str(&format!("Subject: {}\n\n{}\n========\n", message.subject, message.text));
        }
    }
    insta::assert_snapshot!(all);
}

#[tokio::test]
async fn each_kind_has_html_that_tells_what_the_text_tells() {
    for event in each() {
        for language in [Language::Ja, Language::En] {
            let message = message(&event, language).await;
            assert_eq!(message.warning, None, "{:?}", event.kind);
            let html = message.html.unwrap();
            for line in message.text.lines().filter(|line| !line.is_empty() && *line != "---") {
                let value = line.split_once(": ").map_or(line, |(_, value)| value);
                for part in value.split("; ") {
                    let escaped =
                        part.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('`', "&#x60;");
                    assert!(html.contains(&escaped), "{:?}: `{escaped}` is not in\n{html}", event.kind);
                }
            }
            for never in ["<script", "<link", "<img", "http://", "{{"] {
                assert!(!html.contains(never), "{:?}: a mail program drops or blocks `{never}`", event.kind);
            }
        }
    }
}

#[tokio::test]
async fn subject_and_text_say_where_and_when_and_fit_the_outcome() {
    for event in each() {
        let event = Event { database: Some("cafe_db".to_owned()), ..event };
        for language in [Language::Ja, Language::En] {
            let message = message(&event, language).await;
            for (part, in_text) in [
                ("db-backup", "db-backup"),
                ("cafe_db", "cafe_db"),
                ("db1.example.co.jp", "db1.example.co.jp"),
                ("2026-02-15 12:00 +09:00", "2026-02-15 12:00:15 +09:00"),
            ] {
                assert!(message.subject.contains(part), "{:?}: {part} in {}", event.kind, message.subject);
                assert!(message.text.contains(in_text), "{:?}: {in_text} in {}", event.kind, message.text);
            }
        }
    }
    for outcome in ["partial", "locked", "interrupted"] {
        let message = message(&Event { outcome: outcome.to_owned(), ..example() }, Language::En).await;
        assert!(!message.subject.contains("Backup failed"), "{}", message.subject);
        assert!(!message.text.contains("has failed"), "{}", message.text);
    }
    let maintenance = Event { run_kind: "maintenance".to_owned(), ..example() };
    assert!(message(&maintenance, Language::En).await.subject.starts_with("[URGENT] Maintenance failed: "));
    let stopped = Event { outcome: "interrupted".to_owned(), stopped_by_hand: true, ..example() };
    assert!(message(&stopped, Language::Ja).await.subject.starts_with("【中断】バックアップ中断: "));
}

#[tokio::test]
async fn values_are_escaped_in_html_and_kept_in_text() {
    let error = "<script>alert(1)</script> & \"quotes\" in `/backups`";
    let message = message(&Event { error: Some(error.to_owned()), ..example() }, Language::Ja).await;
    let html = message.html.unwrap();
    assert!(
        !html.contains("<script>") && html.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;quotes&quot;"),
        "{html}"
    );
    assert!(message.text.contains(error));
}

#[tokio::test]
async fn a_line_break_in_a_value_stays_out_of_the_subject() {
    let event = Event { kind: EventKind::Digest, recipe: "x\r\nBcc: a@example.com".to_owned(), ..example() };
    let subject = message(&event, Language::En).await.subject;
    assert!(subject.starts_with("[ONGOING] Backup failed 1 times: x  Bcc: a@example.com ("), "{subject}");
}

#[tokio::test]
async fn what_is_not_known_is_left_out() {
    let event = Event { system_url: None, error: None, ..example() };
    let message = message(&event, Language::Ja).await;
    assert!(!message.text.contains("システムURL") && !message.text.contains("エラー内容"), "{}", message.text);
    let html = message.html.unwrap();
    assert!(!html.contains("システムURL") && !html.contains("エラー内容"), "{html}");
}

#[tokio::test]
async fn a_rehearsal_says_that_it_is_one() {
    let event = Event { rehearsal: true, ..example() };
    let ja = message(&event, Language::Ja).await;
    assert!(
        ja.subject.starts_with("【訓練】【緊急】バックアップ失敗: ") && ja.text.starts_with("これは訓練です"),
        "{ja:?}"
    );
    assert!(ja.html.unwrap().contains("これは訓練です"));
    assert!(message(&event, Language::En).await.subject.starts_with("[REHEARSAL] [URGENT] "));
}

#[tokio::test]
async fn the_template_of_the_configuration_folder_wins_with_exactly_the_documented_variables() {
    let mine = "<b>{{backupInfo.backupId}}|{{backupInfo.type}}|{{backupInfo.timestamp}}|{{backupInfo.error}}|{{systemUrl}}</b>";
    let message = message_in(&[(TEMPLATE, mine)], &example(), Language::Ja).await;
    let wanted = "<b>BKP-20260215-030000-daily|daily|2026-02-15T03:00:15.123Z|\
                  Backup script failed with exit code 1: disk full|https://192.168.0.187:5050</b>";
    assert_eq!((message.html.as_deref(), message.warning), (Some(wanted), None));
}

#[tokio::test]
async fn a_template_is_read_again_at_every_send() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("templates/email/backup-failure.hbs");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let limits = Limits { total: std::time::Duration::from_secs(60), idle: std::time::Duration::from_secs(60) };
    let caller = Caller::new(Arc::new(hikae::world::real::Real::ambient()), limits);
    for text in ["one", "two"] {
        std::fs::write(&path, text).unwrap();
        let message = templates::message(&caller, folder.path(), &example(), Language::Ja, "ITSM-Sec Nexus").await;
        assert_eq!(message.html.as_deref(), Some(text));
    }
}

#[tokio::test]
async fn a_broken_template_costs_the_html_and_a_warning_but_never_the_mail() {
    let broken = [
        ("{{#if x}} never closed", "backup-failure.hbs"),
        ("{{backupInfo.eror}}", "backup-failure.hbs"),
        ("{{nowhere}}", "backup-failure.hbs"),
        ("{{> no_such_part}}", "backup-failure.hbs"),
    ];
    for (text, named) in broken {
        let message = message_in(&[(TEMPLATE, text)], &example(), Language::Ja).await;
        assert_eq!(message.html, None, "{text}");
        assert!(message.text.contains("エラー内容: Backup script failed"), "{text}");
        let warning = message.warning.unwrap();
        assert!(
            warning.starts_with("cannot use the template `/etc/hikae/templates/email/") && warning.contains(named),
            "{warning}"
        );
        assert!(warning.ends_with(": the mail goes out as plain text") && !warning.contains('\n'), "{warning}");
    }
    let unreadable = message_in(&[(&format!("{TEMPLATE}/x"), "")], &example(), Language::Ja).await;
    assert!(unreadable.html.is_none() && unreadable.warning.is_some(), "{unreadable:?}");
}

#[tokio::test]
async fn an_empty_template_is_how_one_asks_for_plain_text() {
    let message = message_in(&[(TEMPLATE, "\n")], &example(), Language::Ja).await;
    assert_eq!((message.html, message.warning), (None, None));
}

#[tokio::test]
async fn an_event_is_a_table_with_the_documented_names() {
    let event = serde_json::to_value(example()).unwrap();
    assert_eq!((&event["kind"], &event["type"]), (&"backup_failure".into(), &"daily".into()));
    assert_eq!(event["time"], "2026-02-15T03:00:15.123Z");
}

/// Draws what people see; only on request, for eyes: `HIKAE_DRAW=folder cargo test draws_each_template`.
#[tokio::test]
async fn draws_each_template() {
    let folder = std::env::var_os("HIKAE_DRAW").map(PathBuf::from);
    for event in each() {
        for (language, mark) in [(Language::Ja, "ja"), (Language::En, "en")] {
            let html = message(&event, language).await.html.unwrap();
            assert!(html.starts_with("<!DOCTYPE html>") && html.trim_end().ends_with("</html>"));
            if let Some(folder) = &folder {
                std::fs::write(folder.join(format!("{}.{mark}.html", event.kind.template())), html).unwrap();
            }
        }
    }
}
