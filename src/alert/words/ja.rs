//! Events in Japanese, as in the runbook (§5).

use super::{Labels, Sentences};
use crate::alert::event::{Event, EventKind};

pub const LABELS: Labels = Labels {
    id: "バックアップID",
    run_type: "種別",
    time: "発生時刻",
    moment: "日時",
    local_time: "現地時刻",
    error: "エラー内容",
    hint: "対処のヒント",
    recipe: "レシピ",
    database: "データベース",
    host: "ホスト",
    failures: "連続失敗回数",
    relapses: "再発回数",
    first_failure: "最初の失敗",
    contacts: "連絡先",
    system_url: "システムURL",
};

pub fn sentences(event: &Event) -> Sentences {
    let Event { id, recipe, host, failures, relapses, level, .. } = event;
    let (what, how) = (noun(event), ended(event));
    let say = |subject: String, heading: String, advice| Sentences { subject, heading, advice };
    match event.kind {
        EventKind::Recovered => say(
            format!("【復旧】{what}成功: {id}"),
            format!("【復旧】{what}が再び成功しました"),
            match what {
                "バックアップ" => {
                    "失敗していた間のバックアップはありません。必要な時点のバックアップがあるか確認してください。"
                }
                _ => "",
            },
        ),
        EventKind::Digest if *relapses > 0 => say(
            format!("【再発】{what}の失敗と成功の繰り返し: {recipe}"),
            format!("【再発】{what}が失敗と成功を繰り返しています"),
            advice(event),
        ),
        EventKind::Digest => say(
            format!("【継続中】{what}{how} {failures}回: {recipe}"),
            format!("【継続中】{what}の失敗が続いています（{failures}回）"),
            advice(event),
        ),
        EventKind::Escalation => say(
            format!("【緊急・レベル{level}】{what}連続{failures}回{how}: {recipe}"),
            format!("【緊急・レベル{level}】{what}が{failures}回連続で失敗しました"),
            "ディスク容量・権限・スクリプトを調査してください。",
        ),
        EventKind::Warning => say(
            format!("【警告】{what}成功（警告{}件）: {id}", event.findings.len()),
            format!("【警告】{what}は成功しましたが、警告が{}件あります", event.findings.len()),
            "各項目を確認してください。問題のない警告は、多くのレシピではパラメータ accept_warnings で許可できます。",
        ),
        EventKind::Report => {
            let period = event.period.as_deref().unwrap_or_default();
            say(format!("【報告】バックアップレポート: {period}"), format!("バックアップレポート {period}"), "")
        }
        EventKind::Test => say(
            format!("【テスト】バックアップ通知の送信テスト: {host}"),
            "【テスト】バックアップ通知の送信テストです".into(),
            "この通知が届いていれば、設定は正しく動作しています。対応は不要です。",
        ),
        _ => say(format!("{}{what}{how}: {id}", mark(event)), heading(event), advice(event)),
    }
}

/// The noun for the run: a backup, unless its recipe has another kind.
fn noun(event: &Event) -> &'static str {
    match (event.about, event.run_kind.as_str()) {
        (EventKind::RestoreFailure, _) => "復旧",
        (EventKind::DrillFailure, _) => "復旧テスト",
        (EventKind::Monitor, "monitor") => "バックアップ監視",
        (_, "maintenance") => "メンテナンス",
        (_, "check") => "チェック",
        (_, "report") => "レポート作成",
        _ => "バックアップ",
    }
}

/// The outcome, after the noun.
fn ended(event: &Event) -> &'static str {
    match event.outcome.as_str() {
        "partial" => "一部失敗",
        "locked" => "未実行",
        "interrupted" => "中断",
        _ => "失敗",
    }
}

fn mark(event: &Event) -> &'static str {
    match event.outcome.as_str() {
        _ if event.stopped_by_hand => "【中断】",
        "partial" | "locked" => "【警告】",
        _ => "【緊急】",
    }
}

fn heading(event: &Event) -> String {
    let (mark, what) = (mark(event), noun(event));
    match event.outcome.as_str() {
        "partial" => format!("{mark}{what}の一部が失敗しました"),
        "locked" => format!("{mark}{what}を実行できませんでした（同じレシピが実行中です）"),
        "interrupted" if event.stopped_by_hand => format!("{mark}{what}がキーボードから中断されました"),
        "interrupted" => format!("{mark}{what}が中断されました"),
        // The runbook speaks of the processing of a backup, and of a restore.
        _ if matches!(what, "バックアップ" | "復旧") => format!("{mark}{what}処理が失敗しました"),
        _ => format!("{mark}{what}が失敗しました"),
    }
}

fn advice(event: &Event) -> &'static str {
    match (event.about, event.outcome.as_str()) {
        (_, "locked") => "実行中の処理を確認してください。終わる見込みがなければ停止してください。",
        (EventKind::RestoreFailure, _) => "本番データベースの状態を確認し、原因を調査してください。",
        (EventKind::DrillFailure, "failure") => {
            "このバックアップからは復旧できないおそれがあります。別のバックアップを確認してください。"
        }
        (EventKind::BackupFailure, "partial") => "成功した部分は使用できます。失敗した部分の原因を確認してください。",
        (EventKind::BackupFailure, _) if noun(event) == "バックアップ" => {
            "速やかに原因を確認し、手動バックアップの実行を検討してください。"
        }
        _ => "速やかに原因を確認してください。",
    }
}
