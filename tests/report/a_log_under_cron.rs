//! Promises what cron mails.

use super::*;

#[test]
fn has_a_time_on_every_line_and_keeps_troubles_on_standard_error() {
    assert_snapshot!(both(TEXT, a_night), @r#"
    stdout:
    [2026-02-15 02:00:00] db-backup started (BKP-20260215-020000-daily)
    [2026-02-15 02:00:00] dump english_cafe_db: 133.2 MB in 3.1s
    [2026-02-15 02:00:00] データベースバックアップが完了しました
    stderr:
    [2026-02-15 02:00:00] WARN: the disk is nearly full
    [2026-02-15 02:00:00] WARN: upload: failed after 4.1 kB and 1m 15s
    [2026-02-15 02:00:00] ERROR: the copy did not arrive
    [2026-02-15 02:00:00] WARN: db-backup was done only in part, in 3.4s (BKP-20260215-020000-daily)
    "#);
}

#[test]
fn is_only_the_troubles_when_quiet() {
    assert_snapshot!(both(Mode { quiet: true, ..TEXT }, a_night), @r#"
    stdout:
    stderr:
    [2026-02-15 02:00:00] WARN: the disk is nearly full
    [2026-02-15 02:00:00] WARN: upload: failed after 4.1 kB and 1m 15s
    [2026-02-15 02:00:00] ERROR: the copy did not arrive
    [2026-02-15 02:00:00] WARN: db-backup was done only in part, in 3.4s (BKP-20260215-020000-daily)
    "#);
}

#[test]
fn is_empty_when_quiet_and_all_went_well() {
    let shown = told(Mode { quiet: true, ..TEXT }, || {
        report::run_started("BKP-20260215-020000-daily", "db-backup", "daily");
        report::log(Level::Info, "Backup written", None);
        report::step_ended(1, "dump", "success", 5, Duration::ZERO);
        report::run_ended(&outcome("success"));
    });
    assert_eq!(shown, (String::new(), String::new()), "cron must have nothing to mail");
}

#[test]
fn tells_what_children_say_and_where_steps_begin_when_verbose() {
    let (out, _) = told(Mode { verbose: true, ..TEXT }, a_night);
    assert_snapshot!(out, @r#"
    [2026-02-15 02:00:00] db-backup started (BKP-20260215-020000-daily)
    [2026-02-15 02:00:00] DEBUG: dump english_cafe_db: started
    [2026-02-15 02:00:00] DEBUG: 8 tables are waited for
    [2026-02-15 02:00:00] DEBUG: pg_dump: warning: there are circular foreign-key constraints
    [2026-02-15 02:00:00] dump english_cafe_db: 133.2 MB in 3.1s
    [2026-02-15 02:00:00] データベースバックアップが完了しました
    [2026-02-15 02:00:00] DEBUG: retention: started
    [2026-02-15 02:00:00] DEBUG: retention: done in 0.0s
    [2026-02-15 02:00:00] DEBUG: upload: started
    "#);
}

#[test]
fn ends_with_how_the_run_ended() {
    let all = || {
        for status in ["success", "failure", "partial", "locked", "interrupted"] {
            report::run_ended(&outcome(status));
        }
    };
    assert_snapshot!(both(TEXT, all), @r#"
    stdout:
    [2026-02-15 02:00:00] db-backup succeeded in 3.4s (BKP-20260215-020000-daily)
    stderr:
    [2026-02-15 02:00:00] ERROR: db-backup failed after 3.4s (BKP-20260215-020000-daily)
    [2026-02-15 02:00:00] WARN: db-backup was done only in part, in 3.4s (BKP-20260215-020000-daily)
    [2026-02-15 02:00:00] ERROR: db-backup did not run: another run of it holds the lock (BKP-20260215-020000-daily)
    [2026-02-15 02:00:00] ERROR: db-backup was interrupted after 3.4s (BKP-20260215-020000-daily)
    "#);
}

#[test]
fn lets_no_text_pass_for_another_line_or_move_the_cursor() {
    let (out, _) = told(TEXT, || {
        report::log(Level::Info, "found a\r\n[2026-02-15 02:00:00] all is well\u{1b}[2J\u{7}\u{202e}b", None);
    });
    assert_snapshot!(out, @r#"
    [2026-02-15 02:00:00] found a
      [2026-02-15 02:00:00] all is well^[[2J^G\u{202e}b
    "#);
}

#[test]
fn hears_a_warning_from_any_room_of_hikae_and_nothing_from_other_crates() {
    let shown = both(TEXT, || {
        tracing::warn!(target: "hikae::catalog", "the catalog is slow");
        tracing::error!(target: "hyper", "not ours");
    });
    assert_snapshot!(shown, @r#"
    stdout:
    stderr:
    [2026-02-15 02:00:00] WARN: the catalog is slow
    "#);
}
