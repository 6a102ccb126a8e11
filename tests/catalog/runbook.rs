//! The SQL of the operating manual runs as it is printed there.

use super::{State, daily, entry};

/// The manual's sections that show SQL, as they are printed.
const MANUAL: &str = r#"
#### 8.1.3 通知チャネルの登録（DB設定）

```sql
INSERT INTO notification_channels (
  channel_name,
  channel_type,
  webhook_url,
  is_active,
  notification_types
) VALUES (
  'backup-alerts-slack',
  'slack',
  'https://hooks.slack.com/services/T00000000/B00000000/XXXX',
  1,
  'backup_failure'
);
```

### 9.3 通知ログテーブル

`notification_logs` テーブルでマルチチャネル通知の履歴を確認できます。

```sql
-- 直近の通知ログを確認
SELECT
  notification_type,
  channel,
  recipient,
  subject,
  status,
  error_message,
  sent_at
FROM notification_logs
WHERE notification_type LIKE '%backup%'
ORDER BY sent_at DESC
LIMIT 20;
```

### 9.4 監査ログ

バックアップ操作の監査ログは `backup_audit_logs` テーブルに記録されます。

```sql
-- バックアップ操作の監査ログ
SELECT
  operation,
  backup_id,
  username,
  ip_address,
  status,
  details,
  created_at
FROM backup_audit_logs
ORDER BY created_at DESC
LIMIT 20;
```
"#;

/// The SQL blocks of the manual, in order.
fn blocks() -> Vec<&'static str> {
    MANUAL.split("```sql\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

fn rows(sql: &rusqlite::Connection, query: &str) -> Vec<Vec<String>> {
    let mut query = sql.prepare(query).unwrap();
    let columns = query.column_count();
    let text = |row: &rusqlite::Row| {
        (0..columns).map(|column| Ok(row.get::<_, Option<String>>(column)?.unwrap_or("NULL".into()))).collect()
    };
    query.query_map([], text).unwrap().collect::<rusqlite::Result<_>>().unwrap()
}

#[test]
fn the_manual_registers_a_channel() {
    let state = State::new();
    drop(state.open());
    state.sql().execute_batch(blocks()[0]).unwrap();
    let kept = rows(
        &state.sql(),
        "SELECT channel_name, channel_type, webhook_url, notification_types FROM notification_channels",
    );
    let webhook = "https://hooks.slack.com/services/T00000000/B00000000/XXXX";
    assert_eq!(kept, [["backup-alerts-slack", "slack", webhook, "backup_failure"]]);
    let twice = state.sql().execute_batch(blocks()[0]).unwrap_err();
    assert!(twice.to_string().contains("UNIQUE"), "the same channel twice would alert twice: {twice}");
}

#[test]
fn the_manual_finds_the_notices() {
    let state = State::new();
    let notice = |notification_type: &str, sent_at: &str| hikae::catalog::Notification {
        notification_type: notification_type.into(),
        channel: "email".into(),
        recipient: Some("ops@example.com".into()),
        subject: Some("失敗".into()),
        status: "sent".into(),
        error_message: None,
        backup_id: Some(daily(0).id),
        sent_at: super::at(sent_at),
    };
    let catalog = state.open();
    catalog.add_notification(&notice("backup_failure", "2026-02-15T02:01:00+09:00")).unwrap();
    catalog.add_notification(&notice("drill_failure", "2026-02-15T02:02:00+09:00")).unwrap();
    catalog.add_notification(&notice("backup_partial", "2026-02-15T02:03:00+09:00")).unwrap();
    let line = |kind, time| {
        [
            "".to_owned() + kind,
            "email".into(),
            "ops@example.com".into(),
            "失敗".into(),
            "sent".into(),
            "NULL".into(),
            time,
        ]
    };
    assert_eq!(
        rows(&state.sql(), blocks()[1]),
        [
            line("backup_partial", "2026-02-15T02:03:00.000+09:00".to_owned()),
            line("backup_failure", "2026-02-15T02:01:00.000+09:00".to_owned()),
        ]
    );
}

#[test]
fn the_manual_finds_the_audit() {
    let state = State::new();
    state.open().audit(&entry("backup")).unwrap();
    let details = r#"{"kept":30,"dropped":["old.sql.gz"]}"#;
    let time = "2026-02-15T02:00:13.000+09:00";
    let line = ["backup", "BKP-20260215-020000-daily", "backup", "NULL", "success", details, time];
    assert_eq!(rows(&state.sql(), blocks()[2]), [line]);
}

#[test]
fn the_manual_counts_failed_runs_by_their_status() {
    let state = State::new();
    let catalog = state.open();
    catalog.start_run(&daily(0)).unwrap();
    catalog.finish_run(&super::run_ended(&daily(0).id, hikae::catalog::Status::Failure)).unwrap();
    let kept =
        rows(&state.sql(), "SELECT id, backup_type, status, started_at FROM backup_logs WHERE status = 'failure'");
    assert_eq!(kept, [["BKP-20260215-020000-daily", "daily", "failure", "2026-02-15T02:00:00.250+09:00"]]);
}
