//! Words what the monitor tells: what it has found, that it goes on, whom it takes, and that all is well again.

use crate::alert::event::{Event, EventKind};
use crate::alert::words::Language;

/// The subject, the heading and the advice.
pub fn words(event: &Event, language: Language) -> (String, String, &'static str) {
    match language {
        Language::Ja => japanese(event),
        Language::En => english(event),
    }
}

fn japanese(event: &Event) -> (String, String, &'static str) {
    let Event { host, failures, level, .. } = event;
    let (count, advice) = (event.findings.len(), "各項目を確認し、必要に応じて手動バックアップを実行してください。");
    let found = format!("バックアップ監視で{count}件の異常が見つかりました");
    match event.kind {
        EventKind::Recovered => (
            format!("[BACKUP ALERT] 【復旧】バックアップ監視: 正常 ({host})"),
            "【復旧】バックアップ監視で異常がなくなりました".into(),
            "",
        ),
        EventKind::Digest => (
            format!("[BACKUP ALERT] 【継続中】バックアップ監視: {count}件の異常 ({host})"),
            format!("【継続中】{found}（監視{failures}回）"),
            advice,
        ),
        EventKind::Escalation => (
            format!("[BACKUP ALERT] 【緊急・レベル{level}】バックアップ監視: {count}件の異常 ({host})"),
            format!("【緊急・レベル{level}】{found}（監視{failures}回）"),
            advice,
        ),
        _ => (format!("[BACKUP ALERT] バックアップ監視: {count}件の異常 ({host})"), found, advice),
    }
}

fn english(event: &Event) -> (String, String, &'static str) {
    let Event { host, failures, level, .. } = event;
    let things = match event.findings.len() {
        1 => "1 thing is".to_owned(),
        more => format!("{more} things are"),
    };
    let advice = "Look at each, and run a backup by hand where one is missing.";
    match event.kind {
        EventKind::Recovered => (
            format!("[BACKUP ALERT] [RECOVERED] Backup monitor: all is well on {host}"),
            "[RECOVERED] The backup monitor finds nothing wrong any more".into(),
            "",
        ),
        EventKind::Digest => (
            format!("[BACKUP ALERT] [ONGOING] Backup monitor: {things} wrong on {host}"),
            format!("[ONGOING] The backup monitor found that {things} wrong ({failures} times in a row)"),
            advice,
        ),
        EventKind::Escalation => (
            format!("[BACKUP ALERT] [URGENT, LEVEL {level}] Backup monitor: {things} wrong on {host}"),
            format!("[URGENT, LEVEL {level}] The backup monitor found that {things} wrong ({failures} times in a row)"),
            advice,
        ),
        _ => (
            format!("[BACKUP ALERT] Backup monitor: {things} wrong on {host}"),
            format!("The backup monitor found that {things} wrong"),
            advice,
        ),
    }
}
