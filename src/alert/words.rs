//! Words an event for people, in Japanese as the runbook (§5) words it and in English: subject, heading, rows, advice.

pub(crate) mod monitor;

use serde::Serialize;

use super::event::{Event, EventKind, iso};
use crate::config;

/// The languages of alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    En,
    Ja,
}

impl From<config::Language> for Language {
    fn from(language: config::Language) -> Language {
        match language {
            config::Language::En => Language::En,
            config::Language::Ja => Language::Ja,
        }
    }
}

/// What stands in a message beside the event's own values.
#[derive(Clone, Debug, Serialize)]
pub struct Words {
    pub lang: &'static str,
    pub subject: String,
    pub heading: String,
    pub advice: &'static str,
    pub footer: &'static str,
    pub rehearsal: &'static str,
    pub label: Labels,
}

/// The names of rows.
#[derive(Clone, Debug, Serialize)]
pub struct Labels {
    pub id: &'static str,
    #[serde(rename = "type")]
    pub run_type: &'static str,
    /// When it happened, for what went wrong.
    pub time: &'static str,
    /// When it was, for the rest.
    pub moment: &'static str,
    pub error: &'static str,
    pub hint: &'static str,
    pub recipe: &'static str,
    pub host: &'static str,
    pub failures: &'static str,
    pub relapses: &'static str,
    pub first_failure: &'static str,
    pub contacts: &'static str,
    pub system_url: &'static str,
}

const JA: Labels = Labels {
    id: "バックアップID",
    run_type: "種別",
    time: "発生時刻",
    moment: "日時",
    error: "エラー内容",
    hint: "対処のヒント",
    recipe: "レシピ",
    host: "ホスト",
    failures: "連続失敗回数",
    relapses: "再発回数",
    first_failure: "最初の失敗",
    contacts: "連絡先",
    system_url: "システムURL",
};

const EN: Labels = Labels {
    id: "Backup ID",
    run_type: "Type",
    time: "Time",
    moment: "Time",
    error: "Error",
    hint: "What to try",
    recipe: "Recipe",
    host: "Host",
    failures: "Failures in a row",
    relapses: "Relapses",
    first_failure: "First failure",
    contacts: "Contacts",
    system_url: "System URL",
};

impl Words {
    pub fn of(event: &Event, language: Language) -> Words {
        let (subject, heading, advice) = match (event.about, language) {
            (EventKind::Monitor, language) => monitor::words(event, language),
            (_, Language::Ja) => japanese(event),
            (_, Language::En) => english(event),
        };
        let (lang, label, footer, rehearsal, mark) = match language {
            Language::Ja => (
                "ja",
                JA,
                "ITSM-Sec Nexus バックアップアラート",
                "これは訓練です。実際の障害ではありません。",
                "【訓練】",
            ),
            Language::En => (
                "en",
                EN,
                "ITSM-Sec Nexus backup alert",
                "This is a rehearsal: nothing has really failed.",
                "[REHEARSAL] ",
            ),
        };
        let mark = if event.rehearsal { mark } else { "" };
        // A subject is one line, whatever its values hold: the alert must arrive.
        let subject = format!("{mark}{subject}").chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        Words { lang, subject, heading, advice, footer, rehearsal, label }
    }
}

fn japanese(event: &Event) -> (String, String, &'static str) {
    let Event { id, recipe, host, failures, relapses, level, .. } = event;
    let again = "速やかに原因を確認し、手動バックアップの実行を検討してください。";
    match event.kind {
        EventKind::BackupFailure => {
            (format!("【緊急】バックアップ失敗: {id}"), "【緊急】バックアップ処理が失敗しました".into(), again)
        }
        EventKind::Recovered => (
            format!("【復旧】バックアップ成功: {id}"),
            "【復旧】バックアップが再び成功しました".into(),
            "失敗していた間のバックアップはありません。必要な時点のバックアップがあるか確認してください。",
        ),
        EventKind::Digest if *relapses > 0 => (
            format!("【再発】バックアップの失敗と成功の繰り返し: {recipe}"),
            "【再発】バックアップが失敗と成功を繰り返しています".into(),
            again,
        ),
        EventKind::Digest => (
            format!("【継続中】バックアップ失敗 {failures}回: {recipe}"),
            format!("【継続中】バックアップの失敗が続いています（{failures}回）"),
            again,
        ),
        EventKind::Escalation => (
            format!("【緊急・レベル{level}】バックアップ連続{failures}回失敗: {recipe}"),
            format!("【緊急・レベル{level}】バックアップが{failures}回連続で失敗しました"),
            "ディスク容量・権限・スクリプトを調査してください。",
        ),
        EventKind::RestoreFailure => (
            format!("【緊急】リストア失敗: {id}"),
            "【緊急】リストア処理が失敗しました".into(),
            "本番データベースの状態を確認し、原因を調査してください。",
        ),
        EventKind::DrillFailure => (
            format!("【緊急】リストアテスト失敗: {id}"),
            "【緊急】リストアテストが失敗しました".into(),
            "このバックアップからは復元できないおそれがあります。別のバックアップを確認してください。",
        ),
        EventKind::Monitor => monitor::words(event, Language::Ja),
        EventKind::Report => {
            let period = event.period.as_deref().unwrap_or_default();
            (format!("【報告】バックアップレポート: {period}"), format!("バックアップレポート {period}"), "")
        }
        EventKind::Test => (
            format!("【テスト】バックアップ通知の送信テスト: {host}"),
            "【テスト】バックアップ通知の送信テストです".into(),
            "この通知が届いていれば、設定は正しく動作しています。対応は不要です。",
        ),
    }
}

fn english(event: &Event) -> (String, String, &'static str) {
    let Event { id, recipe, host, failures, relapses, level, .. } = event;
    let again = "Find the cause soon, and consider running the backup by hand.";
    match event.kind {
        EventKind::BackupFailure => {
            (format!("[URGENT] Backup failed: {id}"), "[URGENT] A backup has failed".into(), again)
        }
        EventKind::Recovered => (
            format!("[RECOVERED] Backup works again: {id}"),
            "[RECOVERED] The backup works again".into(),
            "There is no backup of the time in between: make sure that you have the ones you need.",
        ),
        EventKind::Digest if *relapses > 0 => (
            format!("[AGAIN] Backup fails and works by turns: {recipe}"),
            "[AGAIN] The backup fails and works by turns".into(),
            again,
        ),
        EventKind::Digest => (
            format!("[ONGOING] Backup failed {failures} times: {recipe}"),
            format!("[ONGOING] The backup goes on failing ({failures} times)"),
            again,
        ),
        EventKind::Escalation => (
            format!("[URGENT, LEVEL {level}] Backup failed {failures} times in a row: {recipe}"),
            format!("[URGENT, LEVEL {level}] The backup has failed {failures} times in a row"),
            "Look at the disk space, the permissions and the recipe.",
        ),
        EventKind::RestoreFailure => (
            format!("[URGENT] Restore failed: {id}"),
            "[URGENT] A restore has failed".into(),
            "Look at the state of the production database, and find the cause.",
        ),
        EventKind::DrillFailure => (
            format!("[URGENT] Restore test failed: {id}"),
            "[URGENT] A restore test has failed".into(),
            "This backup may not restore: look at another one.",
        ),
        EventKind::Monitor => monitor::words(event, Language::En),
        EventKind::Report => {
            let period = event.period.as_deref().unwrap_or_default();
            (format!("[REPORT] Backup report: {period}"), format!("Backup report {period}"), "")
        }
        EventKind::Test => (
            format!("[TEST] Backup alerts from {host}"),
            "[TEST] This is a test of the backup alerts".into(),
            "When this arrives, the set-up works; nothing is to be done.",
        ),
    }
}

/// The plain text of a message: for a backup's failure the runbook's (§5.2), word for word; the others are built like it.
pub fn plain_text(event: &Event, words: &Words) -> String {
    let blocks = [
        if event.rehearsal { words.rehearsal.to_owned() } else { String::new() },
        words.heading.clone(),
        lines(rows(event, &words.label)),
        lines(event.listed().iter().map(|one| (one.subject.as_str(), one.message.clone())).collect()),
        words.advice.to_owned(),
        lines(event.system_url.iter().map(|url| (words.label.system_url, url.clone())).collect()),
        format!("---\n{}", words.footer),
    ];
    let mut text = blocks.into_iter().filter(|block| !block.is_empty()).collect::<Vec<_>>().join("\n\n");
    text.push('\n');
    text
}

/// What a message tells of its event, by row.
pub fn rows<'a>(event: &Event, label: &'a Labels) -> Vec<(&'a str, String)> {
    use EventKind as K;
    let about_a_run = !matches!(event.kind, K::Monitor | K::Report | K::Test);
    let in_a_row = matches!(event.kind, K::Recovered | K::Digest | K::Escalation);
    // By then nobody counts its last failures any more.
    let over = event.kind == K::Recovered && event.relapses > 0;
    let went_wrong = about_a_run && event.kind != K::Recovered;
    let text = |shown: bool, label, text: &str| (shown && !text.is_empty()).then(|| (label, text.to_owned()));
    let first_failure = event.first_failure.as_ref().map(iso).unwrap_or_default();
    let all = [
        text(about_a_run, label.id, &event.id),
        text(about_a_run, label.run_type, &event.run_type),
        text(true, if went_wrong { label.time } else { label.moment }, &iso(&event.time)),
        text(went_wrong, label.error, event.error.as_deref().unwrap_or_default()),
        text(in_a_row && !over, label.failures, &event.failures.to_string()),
        text(in_a_row && event.relapses > 0, label.relapses, &event.relapses.to_string()),
        text(in_a_row, label.first_failure, &first_failure),
        text(event.kind == K::Escalation, label.contacts, &event.contacts.join("; ")),
        text(event.kind != K::BackupFailure, label.hint, event.hint.as_deref().unwrap_or_default()),
        text(about_a_run && event.kind != K::BackupFailure, label.recipe, &event.recipe),
        text(event.kind != K::BackupFailure, label.host, &event.host),
    ];
    all.into_iter().flatten().collect()
}

fn lines(rows: Vec<(&str, String)>) -> String {
    rows.into_iter().map(|(label, value)| format!("{label}: {value}")).collect::<Vec<_>>().join("\n")
}
