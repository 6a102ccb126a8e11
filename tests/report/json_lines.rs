//! Promises what programs read.

use super::*;

#[test]
fn are_one_object_each_and_the_last_is_the_outcome() {
    assert_snapshot!(both(JSON, a_night), @r#"
    stdout:
    {"event":"run","time":"2026-02-15T02:00:00+09:00","id":"BKP-20260215-020000-daily","recipe":"db-backup","type":"daily","status":"running"}
    {"event":"step","time":"2026-02-15T02:00:00+09:00","step":1,"name":"dump english_cafe_db","status":"running","site":{"file":"recipes/db-backup.lua","line":23}}
    {"event":"step","time":"2026-02-15T02:00:00+09:00","step":1,"name":"dump english_cafe_db","status":"success","size_bytes":133200000,"duration_secs":3.1}
    {"event":"log","time":"2026-02-15T02:00:00+09:00","level":"info","message":"データベースバックアップが完了しました","site":{"file":"recipes/db-backup.lua","line":23}}
    {"event":"step","time":"2026-02-15T02:00:00+09:00","step":2,"name":"retention","status":"running"}
    {"event":"step","time":"2026-02-15T02:00:00+09:00","step":2,"name":"retention","status":"success","size_bytes":0,"duration_secs":0.02}
    {"event":"log","time":"2026-02-15T02:00:00+09:00","level":"warn","message":"the disk is nearly full","site":{"file":"recipes/db-backup.lua","line":23}}
    {"event":"step","time":"2026-02-15T02:00:00+09:00","step":3,"name":"upload","status":"running"}
    {"event":"step","time":"2026-02-15T02:00:00+09:00","step":3,"name":"upload","status":"failure","size_bytes":4096,"duration_secs":75.0}
    {"event":"log","time":"2026-02-15T02:00:00+09:00","level":"error","message":"the copy did not arrive"}
    {"id":"BKP-20260215-020000-daily","recipe":"db-backup","type":"daily","status":"partial","started_at":"2026-02-15T02:00:00+09:00","ended_at":"2026-02-15T02:00:03+09:00","duration_secs":3.4,"error":null,"backups":[],"steps":[]}
    stderr:
    "#);
}

#[test]
fn end_with_the_outcome_even_when_something_is_told_later() {
    let (out, err) = told(JSON, || {
        report::run_ended(&outcome("success"));
        report::log(Level::Warn, "the catalog could not be closed", None);
    });
    let last: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    assert_eq!(last, outcome("success"));
    assert!(err.contains("the catalog could not be closed"), "told nowhere: {err}");
}

#[test]
fn have_the_outcome_when_quiet_too() {
    let (out, _) = told(Mode { quiet: true, ..JSON }, || {
        report::log(Level::Info, "Backup written", None);
        report::run_ended(&outcome("success"));
    });
    assert_eq!(out, format!("{}\n", outcome("success")));
}
