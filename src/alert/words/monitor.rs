//! The text of a monitor's events: findings, continuing problems, escalation, and recovery.

use super::{Language, Sentences};
use crate::alert::event::{Event, EventKind};

pub fn sentences(event: &Event, language: Language) -> Sentences {
    let (subject, heading, advice) = match language {
        Language::Ja => japanese(event),
        Language::En => english(event),
    };
    Sentences { subject, heading, advice }
}

fn japanese(event: &Event) -> (String, String, &'static str) {
    let Event { failures, level, .. } = event;
    let (count, advice) = (event.findings.len(), "各項目を確認し、必要に応じて手動バックアップを実行してください。");
    let found = format!("バックアップ監視で{count}件の異常が見つかりました");
    match event.kind {
        EventKind::Recovered => (
            "[BACKUP ALERT] 【復旧】バックアップ監視: 正常".to_owned(),
            "【復旧】バックアップ監視で異常がなくなりました".into(),
            "",
        ),
        EventKind::Digest => (
            format!("[BACKUP ALERT] 【継続中】バックアップ監視: {count}件の異常"),
            format!("【継続中】{found}（監視{failures}回）"),
            advice,
        ),
        EventKind::Escalation => (
            format!("[BACKUP ALERT] 【緊急・レベル{level}】バックアップ監視: {count}件の異常"),
            format!("【緊急・レベル{level}】{found}（監視{failures}回）"),
            advice,
        ),
        _ => (format!("[BACKUP ALERT] バックアップ監視: {count}件の異常"), found, advice),
    }
}

fn english(event: &Event) -> (String, String, &'static str) {
    let Event { failures, level, .. } = event;
    let things = match event.findings.len() {
        1 => "1 thing is".to_owned(),
        more => format!("{more} things are"),
    };
    let advice = "Look at each, and run a backup by hand where one is missing.";
    match event.kind {
        EventKind::Recovered => (
            "[BACKUP ALERT] [RECOVERED] Backup monitor: all is well".to_owned(),
            "[RECOVERED] The backup monitor finds nothing wrong any longer".into(),
            "",
        ),
        EventKind::Digest => (
            format!("[BACKUP ALERT] [ONGOING] Backup monitor: {things} wrong"),
            format!("[ONGOING] The backup monitor found that {things} wrong ({failures} times in a row)"),
            advice,
        ),
        EventKind::Escalation => (
            format!("[BACKUP ALERT] [URGENT, LEVEL {level}] Backup monitor: {things} wrong"),
            format!("[URGENT, LEVEL {level}] The backup monitor found that {things} wrong ({failures} times in a row)"),
            advice,
        ),
        _ => (
            format!("[BACKUP ALERT] Backup monitor: {things} wrong"),
            format!("The backup monitor found that {things} wrong"),
            advice,
        ),
    }
}
