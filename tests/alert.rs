//! Alerts: the words of the runbook, the templates that a user may replace, and the settings as they are documented.

mod channels;
mod dispatch;
mod lua_channels;
mod settings;
mod templates;
mod throttle;

use chrono::DateTime;
use hikae::alert::event::{Event, EventKind, Finding};

/// The runbook's own example (§5.2).
pub fn example() -> Event {
    let time = DateTime::parse_from_rfc3339("2026-02-15T12:00:15.123+09:00").unwrap();
    Event {
        error: Some("Backup script failed with exit code 1: disk full".to_owned()),
        system_url: Some("https://192.168.0.187:5050".to_owned()),
        recipe: "db-backup".to_owned(),
        host: "db1.example.co.jp".to_owned(),
        outcome: "failure".to_owned(),
        ..Event::new(EventKind::BackupFailure, "BKP-20260215-030000-daily", "daily", time)
    }
}

/// An event of each kind, with all that it can have.
pub fn each() -> Vec<Event> {
    let finding = |subject: &str, message: &str| Finding { subject: subject.to_owned(), message: message.to_owned() };
    let event = |kind| Event {
        kind,
        failures: 4,
        level: 2,
        first_failure: DateTime::parse_from_rfc3339("2026-02-12T03:00:09+09:00").ok(),
        contacts: vec!["山田 太郎 03-1234-5678".to_owned(), "On call <oncall@example.com>".to_owned()],
        findings: vec![
            finding(
                "データベース",
                "最新のバックアップが 31 時間前です (上限 25 時間): /backups/database/db_backup_20260213_020000.sql.gz",
            ),
            finding("git", "no backup in `/backups/repo`"),
        ],
        period: Some("2026-02".to_owned()),
        hint: (kind == EventKind::DrillFailure).then(|| "look at the disk of the test server".to_owned()),
        ..example()
    };
    EventKind::ALL.map(event).into()
}
