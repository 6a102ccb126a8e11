//! When a schedule is due: as cron has it, also in the nights in which the clocks are put forward and back.

use chrono::{DateTime, FixedOffset, NaiveDateTime, TimeZone};
use hikae::catalog::Moment;
use hikae::recipe::schedule::read;

fn at(text: &str) -> Moment {
    DateTime::parse_from_rfc3339(text).unwrap()
}

/// The clocks of New York in 2026: forward on 8 March at 02:00, back on 1 November at 02:00.
fn new_york(time: NaiveDateTime) -> Option<Moment> {
    let local = |text: &str| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
    let hours = match time {
        _ if time < local("2026-03-08 02:00") => -5,
        _ if time < local("2026-03-08 03:00") => return None,
        _ if time < local("2026-11-01 02:00") => -4,
        _ => -5,
    };
    FixedOffset::east_opt(hours * 3600).unwrap().from_local_datetime(&time).single()
}

fn tokyo(time: NaiveDateTime) -> Option<Moment> {
    FixedOffset::east_opt(9 * 3600).unwrap().from_local_datetime(&time).single()
}

fn next(schedule: &str, now: &str) -> Option<String> {
    read(schedule).ok().unwrap().next(at(now), &tokyo).map(|due| due.format("%Y-%m-%d %H:%M").to_string())
}

fn last(schedule: &str, now: &str) -> Option<String> {
    read(schedule).ok().unwrap().last(at(now), &tokyo).map(|due| due.format("%Y-%m-%d %H:%M").to_string())
}

#[test]
fn a_schedule_is_due_when_cron_would_run_it() {
    // A Sunday.
    let now = "2026-02-15T02:00:00+09:00";
    let due = [
        ("0 2 * * *", "2026-02-15 02:00", "2026-02-16 02:00"),
        ("0 * * * *", "2026-02-15 02:00", "2026-02-15 03:00"),
        ("*/20 1-3 * * *", "2026-02-15 02:00", "2026-02-15 02:20"),
        ("0 1 * * 0", "2026-02-15 01:00", "2026-02-22 01:00"),
        ("0 1 * * 7", "2026-02-15 01:00", "2026-02-22 01:00"),
        ("0 1 * * sat,mon", "2026-02-14 01:00", "2026-02-16 01:00"),
        ("30 3 1 * *", "2026-02-01 03:30", "2026-03-01 03:30"),
        ("0 0 31 * *", "2026-01-31 00:00", "2026-03-31 00:00"),
        ("0 0 29 feb *", "2024-02-29 00:00", "2028-02-29 00:00"),
        // Either day is enough where both are named.
        ("0 0 20 * 3", "2026-02-11 00:00", "2026-02-18 00:00"),
        ("0 0 */2 * 3", "2026-02-11 00:00", "2026-02-25 00:00"),
    ];
    for (schedule, before, after) in due {
        assert_eq!(last(schedule, now).as_deref(), Some(before), "{schedule}");
        assert_eq!(next(schedule, now).as_deref(), Some(after), "{schedule}");
    }
    assert_eq!((last("0 0 30 2 *", now), next("0 0 30 2 *", now)), (None, None));
}

#[test]
fn a_time_that_the_clocks_skip_is_due_when_they_go_on() {
    let nightly = read("30 2 * * *").ok().unwrap();
    let (before, after) = (at("2026-03-08T01:59:00-05:00"), at("2026-03-08T12:00:00-04:00"));
    let skipped = at("2026-03-08T03:00:00-04:00");
    assert_eq!(nightly.next(before, &new_york), Some(skipped));
    assert_eq!(nightly.last(after, &new_york), Some(skipped));
    assert_eq!(nightly.next(skipped, &new_york), Some(at("2026-03-09T02:30:00-04:00")));
}

#[test]
fn a_time_that_the_clocks_repeat_is_due_once() {
    let nightly = read("30 1 * * *").ok().unwrap();
    let first = at("2026-11-01T01:30:00-04:00");
    assert_eq!(nightly.next(at("2026-11-01T00:00:00-04:00"), &new_york), Some(first));
    // Between the two, and in the hour that is shown again.
    assert_eq!(nightly.next(first, &new_york), Some(at("2026-11-02T01:30:00-05:00")));
    assert_eq!(nightly.last(at("2026-11-01T01:10:00-05:00"), &new_york), Some(first));
    assert_eq!(nightly.last(at("2026-11-01T01:40:00-05:00"), &new_york), Some(first));
}
