//! When a failure is told: at first, at growing intervals, to the next level, and once when it is over.

use std::time::Duration;

use chrono::DateTime;
use hikae::alert::throttle::{Report, Rules, step, step_warnings};
use hikae::catalog::{Moment, Streak};

fn start() -> Moment {
    DateTime::parse_from_rfc3339("2026-02-15T02:00:00+09:00").unwrap()
}

/// Failures and successes at these times after the start, and what is told of each.
fn told(runs: impl IntoIterator<Item = (Duration, bool)>, rules: &Rules) -> Vec<(Duration, Report)> {
    let (mut streak, mut all) = (Streak::default(), Vec::new());
    for (after, worked) in runs {
        let (next, tell) = step(&streak, worked, start() + after, rules, |_, _| true);
        streak = next;
        all.extend(tell.map(|tell| (after, tell)));
    }
    all
}

fn failures(count: u32, each: Duration) -> impl Iterator<Item = (Duration, bool)> {
    (0..count).map(move |number| (each * number, false))
}

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

#[test]
fn a_thousand_failures_in_a_row_make_at_most_twelve_mails() {
    for each in [Duration::from_secs(1), MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR] {
        let told = told(failures(1000, each), &Rules::default());
        assert!((3..=12).contains(&told.len()), "each {each:?}: {told:?}");
        assert_eq!(told[0], (Duration::ZERO, Report::Failure));
    }
}

/// Nights with and without warnings, and those that report them.
fn reported(nights: impl IntoIterator<Item = bool>) -> Vec<u32> {
    let (mut streak, mut all) = (Streak::default(), Vec::new());
    for (night, warns) in (0..).zip(nights) {
        let (next, is_due) = step_warnings(&streak, warns, start() + DAY * night, &Rules::default(), true);
        streak = next;
        all.extend(is_due.then_some(night));
    }
    all
}

#[test]
fn warnings_are_reported_when_they_are_new_then_at_growing_intervals_and_their_end_to_nobody() {
    assert_eq!(reported([true; 30]), [0, 1, 2, 3, 4, 6, 10, 17, 24]);
    assert_eq!(reported([true, false, false, false, true]), [0, 4], "they were away for long enough to be new");
    let by_turns = reported((0..60).map(|night| night % 2 == 0));
    assert!(by_turns.len() < 14, "warnings that come and go are no flood: {by_turns:?}");
}

#[test]
fn warnings_that_nobody_would_hear_of_stay_due() {
    let (unheard, is_due) = step_warnings(&Streak::default(), true, start(), &Rules::default(), false);
    assert!(!is_due);
    assert!(step_warnings(&unheard, true, start() + DAY, &Rules::default(), true).1);
}

#[test]
fn a_failure_each_hour_is_told_at_growing_intervals() {
    let told = told(failures(400, HOUR), &Rules::default());
    let hours: Vec<u64> = told.iter().map(|(after, _)| after.as_secs() / 3600).collect();
    assert_eq!(hours, [0, 1, 2, 9, 33, 81, 177, 345], "{told:?}");
    let escalations: Vec<_> = told.iter().filter(|(_, tell)| matches!(tell, Report::Escalation(_))).collect();
    assert_eq!(escalations, [&(2 * HOUR, Report::Escalation(2)), &(9 * HOUR, Report::Escalation(3))]);
}

#[test]
fn a_nightly_failure_is_told_each_of_the_first_nights_though_no_two_end_at_the_same_second() {
    let wobble = [0, 3, 1, 4];
    let nights = (0..4).map(|night| (DAY * night + Duration::from_secs(wobble[night as usize]), false));
    let tells: Vec<Report> = told(nights, &Rules::default()).into_iter().map(|(_, tell)| tell).collect();
    assert_eq!(tells, [Report::Failure, Report::Digest, Report::Escalation(2), Report::Digest]);
}

#[test]
fn what_works_again_is_told_once_and_after_a_quiet_time_the_next_failure_is_a_first_one() {
    let runs = [(0, false), (1, false), (2, true), (24, true), (26, true), (27, false)];
    let hourly = told(runs.map(|(hours, worked)| (HOUR * hours, worked)), &Rules::default());
    let wanted = [(0, Report::Failure), (1, Report::Digest), (2, Report::Recovered), (27, Report::Failure)];
    assert_eq!(hourly, wanted.map(|(hours, tell)| (HOUR * hours, tell)));
    let week = [(0, false), (1, true), (8, false)].map(|(days, worked)| (DAY * days, worked));
    let tells: Vec<Report> = told(week, &Rules::default()).into_iter().map(|(_, tell)| tell).collect();
    assert_eq!(
        tells,
        [Report::Failure, Report::Recovered, Report::Failure],
        "a weekly backup has no three successes in a week"
    );
}

/// Runs that fail and work by turns.
fn flapping(count: u32, each: Duration) -> impl Iterator<Item = (Duration, bool)> {
    (0..count).map(move |number| (each * number, number % 2 == 1))
}

#[test]
fn a_thousand_runs_that_fail_and_work_by_turns_make_at_most_two_dozen_mails() {
    for each in [Duration::from_secs(1), MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 2 * HOUR] {
        let told = told(flapping(1000, each), &Rules::default());
        assert!((2..=24).contains(&told.len()), "each {each:?}: {told:?}");
        assert_eq!(told[..2], [(Duration::ZERO, Report::Failure), (each, Report::Recovered)]);
    }
}

#[test]
fn what_comes_again_is_told_at_growing_intervals_and_is_over_only_when_it_has_worked_for_a_while() {
    // Each hour: 20 runs by turns, and then it works.
    let runs = flapping(20, HOUR).chain((20..60).map(|hours| (HOUR * hours, true)));
    let told = told(runs, &Rules::default());
    let wanted = [
        (0, Report::Failure),
        (1, Report::Recovered),
        (2, Report::Failure),
        (4, Report::Digest),
        (8, Report::Digest),
        (43, Report::Recovered),
    ];
    assert_eq!(told, wanted.map(|(hours, tell)| (HOUR * hours, tell)));
}

#[test]
fn a_nightly_backup_that_fails_every_other_night_is_told_each_of_the_first_times() {
    let tells: Vec<_> = told(flapping(8, DAY), &Rules::default())
        .into_iter()
        .map(|(after, tell)| (after.as_secs() / 86400, tell))
        .collect();
    assert_eq!(
        tells,
        [(0, Report::Failure), (1, Report::Recovered), (2, Report::Failure), (4, Report::Digest), (6, Report::Digest)]
    );
}

#[test]
fn what_comes_again_and_stays_is_told_by_its_third_failure() {
    let runs =
        [false, true, false, false, false].into_iter().zip(0..).map(|(worked, number)| (MINUTE * number, worked));
    let tells: Vec<Report> = told(runs, &Rules::default()).into_iter().map(|(_, tell)| tell).collect();
    assert_eq!(tells, [Report::Failure, Report::Recovered, Report::Failure, Report::Escalation(2)]);
}

#[test]
fn a_failure_after_recovered_is_new_however_long_the_interval_had_grown() {
    // Two weeks of failures each hour: the next digest would come a week later. Then it works once, and fails again.
    let hours = 14 * 24;
    let runs = failures(hours, HOUR).chain([(HOUR * hours, true), (HOUR * (hours + 1), false)]);
    let told = told(runs, &Rules::default());
    let last: Vec<_> = told.iter().rev().take(2).rev().map(|(after, tell)| (after.as_secs() / 3600, *tell)).collect();
    assert_eq!(last, [(u64::from(hours), Report::Recovered), (u64::from(hours) + 1, Report::Failure)]);
}

#[test]
fn success_alone_tells_nothing() {
    assert_eq!(told((0..10).map(|day| (DAY * day, true)), &Rules::default()), []);
}

#[test]
fn what_nobody_heard_is_still_to_be_told() {
    let deaf = |streak: &Streak| step(streak, false, start(), &Rules::default(), |_, _| false);
    let (first, tell) = deaf(&Streak::default());
    assert_eq!((first.failures, first.notices, tell), (1, 0, None));
    let (_, tell) = step(&first, false, start() + MINUTE, &Rules::default(), |_, _| true);
    assert_eq!(tell, Some(Report::Failure), "somebody listens now");
    let (after, tell) = step(&first, true, start() + MINUTE, &Rules::default(), |_, _| true);
    assert_eq!((after, tell), (Streak::default(), None), "nobody knew that it was broken");
}

#[test]
fn a_clock_that_was_put_back_does_not_silence_a_failure() {
    let (streak, _) = step(&Streak::default(), false, start() + DAY * 300, &Rules::default(), |_, _| true);
    let (_, tell) = step(&streak, false, start(), &Rules::default(), |_, _| true);
    assert_eq!(tell, Some(Report::Digest));
}

#[test]
fn thresholds_and_intervals_can_be_set() {
    let rules = Rules { digest_after: vec![DAY], levels: vec![(2, 2), (3, 5)] };
    let tells: Vec<Report> = told(failures(6, MINUTE), &rules).into_iter().map(|(_, tell)| tell).collect();
    assert_eq!(tells, [Report::Failure, Report::Escalation(2), Report::Escalation(3)]);
    let told = told(failures(100, HOUR), &Rules { levels: Vec::new(), ..rules });
    assert_eq!(told.iter().map(|(after, _)| after.as_secs() / 3600).collect::<Vec<_>>(), [0, 24, 48, 72, 96]);
}
