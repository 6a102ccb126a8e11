//! The words of the status, in English, and in Japanese as in the guide (§5.1, §8.1).

/// What is around the values.
pub struct Words {
    pub columns: [&'static str; 6],
    pub ok: &'static str,
    /// In the order of `Wrong::ALL`.
    pub verdicts: [&'static str; 6],
    pub comma: &'static str,
    pub no_good: &'static str,
    pub no_drill: &'static str,
    pub idle: &'static str,
    pub unused: &'static str,
    pub old: fn(&str) -> String,
    pub since: fn(&str) -> String,
    pub due: fn(&str) -> String,
    pub in_a_row: fn(u64) -> String,
    pub at_most: fn(&str, &str) -> String,
    pub space: fn(&str, &str, &str) -> String,
    pub drill: fn(&str, &str, &str) -> String,
    pub waiting: fn(usize) -> String,
    pub sum: fn(usize) -> String,
}

pub const EN: Words = Words {
    columns: ["TARGET", "STATUS", "LAST RUN", "LAST GOOD BACKUP", "AT MOST", "NEXT"],
    ok: "ok",
    verdicts: ["broken", "stuck", "failing", "stale", "late", "never ran"],
    comma: ", ",
    no_good: "no good backup",
    no_drill: "no drill so far: `hikae run backup-test` proves that a backup restores",
    idle: "no recipe has run so far, and none is meant to: there is no backup",
    unused: "built in and not in use",
    old: |age| format!("{age} ago"),
    since: |since| format!("runs since {since}"),
    due: |due| format!("was due {due}"),
    in_a_row: |failures| format!("{failures} in a row"),
    at_most: |age, objective| format!("{age} old, at most {objective}"),
    space: |folder, free, total| format!("free in {folder}: {free} of {total}"),
    drill: |recipe, run, took| format!("last drill: {recipe}, {run}, restored in {took} (RTO)"),
    waiting: |count| format!("alerts that did not go out: {count} (`hikae notifications --waiting` shows them)"),
    sum: |wrong| match wrong {
        0 => "all is well".to_owned(),
        1 => "1 thing is wrong".to_owned(),
        more => format!("{more} things are wrong"),
    },
};

pub const JA: Words = Words {
    columns: ["対象", "状態", "最終実行", "最新の正常なバックアップ", "目標 (RPO)", "次回予定"],
    ok: "正常",
    verdicts: ["読み込み不可", "終了せず", "失敗", "期限切れ", "未実行", "実行なし"],
    comma: "、",
    no_good: "正常なバックアップなし",
    no_drill: "復旧テストは未実施です: `hikae run backup-test` で復旧できることを確認してください",
    idle: "実行されたレシピも予定されたレシピもありません: バックアップは存在しません",
    unused: "未使用の組み込みレシピ",
    old: |age| format!("{age}前"),
    since: |since| format!("{since} から実行中"),
    due: |due| format!("予定 {due}"),
    in_a_row: |failures| format!("連続{failures}回"),
    at_most: |age, objective| format!("{age}前、目標 {objective} 以内"),
    space: |folder, free, total| format!("空き容量 {folder}: {free} / {total}"),
    drill: |recipe, run, took| format!("最終復旧テスト: {recipe}、{run}、復旧時間 (RTO) {took}"),
    waiting: |count| format!("未送信のアラート: {count}件 (`hikae notifications --waiting` で確認できます)"),
    sum: |wrong| match wrong {
        0 => "すべて正常です".to_owned(),
        more => format!("{more}件の異常があります"),
    },
};
