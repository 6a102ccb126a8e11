//! Promises what someone at a terminal sees.

use super::*;

#[test]
fn shows_the_story_of_the_night_and_no_bar_after_it() {
    assert_snapshot!(screens(TERMINAL, false, &[a_night])[0], @r#"
    db-backup started (BKP-20260215-020000-daily)
    ✓ dump english_cafe_db: 133.2 MB in 3.1s
    データベースバックアップが完了しました
    ✓ retention: done in 0.0s
    warning: the disk is nearly full
    ✗ upload: failed after 4.1 kB and 1m 15s
    error: the copy did not arrive
    warning: db-backup was done only in part, in 3.4s (BKP-20260
    215-020000-daily)
    "#);
}

/// The screen once it shows `all`; bars are drawn a few times a second.
fn once_it_shows(screen: &Screen, all: &[&str]) -> String {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let text = screen.text();
        if all.iter().all(|part| text.contains(part)) {
            return text;
        }
        assert!(Instant::now() < deadline, "never showed {all:?}: {text}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn has_a_bar_with_bytes_for_each_running_step_below_the_lines() {
    let screen = Screen::default();
    let (dispatch, _guard) = on(&screen, TERMINAL, false);
    tracing::dispatcher::with_default(&dispatch, || {
        report::step_started(1, "dump english_cafe_db", None);
        let still = once_it_shows(&screen, &["dump english_cafe_db"]);
        assert!(!still.contains(" B"), "nothing has moved yet: {still}");

        report::step_started(2, "archive 教材", None);
        report::step_expects(2, 8_000_000);
        report::step_progress(1, 4_500_000);
        report::step_progress(2, 2_000_000);
        report::log(Level::Warn, "the disk is nearly full", None);
        let running = once_it_shows(&screen, &["4.5 MB, ", "2.0 MB of 8.0 MB, 25%, "]);
        let first_words: Vec<&str> = running.lines().filter_map(|line| line.split(' ').nth(1)).collect();
        assert_eq!(first_words, ["the", "dump", "archive"], "{running}");

        report::step_ended(1, "dump english_cafe_db", "success", 9_000_000, Duration::from_secs(2));
        let ended = once_it_shows(&screen, &["✓ dump english_cafe_db: 9.0 MB in 2.0s\n"]);
        assert_eq!(ended.matches("dump").count(), 1, "the bar is still there: {ended}");
    });
}

#[test]
fn has_room_for_percent_and_time_on_40_columns_and_marks_an_estimate() {
    for (width, shown) in [(40, "25%"), (60, "2.0 MB of ~8.0 MB, 25%, ")] {
        let screen = Screen::default();
        let (dispatch, _guard) = as_wide(&screen, width);
        tracing::dispatcher::with_default(&dispatch, || {
            report::step_started(1, "データベース english_cafe_db を保存する長い名前の手順", None);
            report::step_expects_about(1, 8_000_000);
            report::step_progress(1, 2_000_000);
            once_it_shows(&screen, &[shown]);
            // It has become larger than the last time: then nobody knows how much is left.
            report::step_progress(1, 9_000_000);
            let text = once_it_shows(&screen, &["9.0 MB, "]);
            assert!(!text.contains('%'), "{text}");
        });
    }
}

#[test]
fn has_no_bars_left_when_the_telling_ends_in_the_middle() {
    let screen = Screen::default();
    let (dispatch, guard) = on(&screen, TERMINAL, false);
    tracing::dispatcher::with_default(&dispatch, || report::step_started(1, "dump", None));
    once_it_shows(&screen, &["dump"]);
    drop(guard);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(screen.text(), "", "a bar was drawn over the diagnostic");
}

#[test]
fn shows_only_troubles_and_no_bars_when_quiet() {
    let seen = screens(
        Mode { quiet: true, ..TERMINAL },
        false,
        &[
            || report::step_started(1, "dump", None),
            || report::log(Level::Info, "Backup written", None),
            || report::log(Level::Error, "the copy did not arrive", None),
        ],
    );
    assert_eq!(seen, ["", "", "error: the copy did not arrive\n"]);
}

#[test]
fn has_colours_only_where_it_may() {
    let warn: fn() = || report::log(Level::Warn, "look", None);
    assert_eq!(screens(TERMINAL, true, &[warn])[0], "\u{1b}[1;33mwarning:\u{1b}[0m look\n");
    assert_eq!(screens(TERMINAL, false, &[warn])[0], "warning: look\n");
}

#[test]
fn that_cannot_be_drawn_on_still_gets_its_lines() {
    let (out, err) = told(TERMINAL, || report::log(Level::Warn, "the disk is nearly full", None));
    assert_eq!((out.as_str(), err.as_str()), ("", "warning: the disk is nearly full\n"));
}
