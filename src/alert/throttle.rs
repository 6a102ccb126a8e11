//! Decides when a failure is reported: at once, then at growing intervals, at each escalation, and on recovery.

use std::time::Duration;

use crate::catalog::{Moment, Streak};
use crate::config::Settings;

const HOUR: Duration = Duration::from_secs(3600);
/// The delay after each notice; the last one repeats.
const DIGEST_AFTER: [Duration; 8] = [
    HOUR,
    HOUR.saturating_mul(4),
    HOUR.saturating_mul(12),
    HOUR.saturating_mul(24),
    HOUR.saturating_mul(48),
    HOUR.saturating_mul(96),
    HOUR.saturating_mul(168),
    HOUR.saturating_mul(168),
];
/// The number of failures in a row that escalates to level 2 (runbook §13), and to level 3.
const LEVEL_2: u64 = 3;
const LEVEL_3: u64 = 10;
/// A streak is over after this many successes over at least a day, or after a week without failure.
const WORKED: u64 = 3;
const A_DAY: Duration = HOUR.saturating_mul(24);
const A_WEEK: Duration = HOUR.saturating_mul(168);
/// A nightly run never ends at the same second, so a digest that is due in a few minutes counts as due.
const SLACK: Duration = Duration::from_secs(600);

/// When to report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    pub digest_after: Vec<Duration>,
    /// Each level with the failures in a row that trigger it, the lowest first.
    pub levels: Vec<(u8, u64)>,
}

/// What to report about a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// The first failure.
    Failure,
    /// The failure continues, or recurs.
    Digest,
    /// The failure continues, and this level must be notified.
    Escalation(u8),
    /// It works again.
    Recovered,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules { digest_after: DIGEST_AFTER.to_vec(), levels: vec![(2, LEVEL_2), (3, LEVEL_3)] }
    }
}

impl Rules {
    /// Reads the rules from `hikae.toml`.
    pub fn of(settings: &Settings) -> Rules {
        let escalation = &settings.escalation;
        let level = |level, failures: Option<u64>, default| (level, failures.unwrap_or(default).max(1));
        let rules = Rules::default();
        Rules {
            digest_after: settings.alerts.digest_after.clone().unwrap_or(rules.digest_after),
            levels: vec![level(2, escalation.level2, LEVEL_2), level(3, escalation.level3, LEVEL_3)],
        }
    }

    fn level(&self, failures: u64) -> u8 {
        self.levels.iter().filter(|(_, least)| failures >= *least).map(|(level, _)| *level).max().unwrap_or(1)
    }

    /// The minimum time from the notice with this number to the next.
    fn interval(&self, notices: u64) -> Duration {
        let place = usize::try_from(notices.saturating_sub(1)).unwrap_or(usize::MAX);
        let interval = self.digest_after.get(place).or(self.digest_after.last()).copied().unwrap_or(HOUR);
        interval - SLACK.min(interval / 20)
    }
}

/// Returns the streak of a target after a run that ended at `at`, and what to report. `heard` says whether a report has
/// a recipient: a report without one is not made, and stays due until there is one.
pub fn step(
    before: &Streak,
    worked: bool,
    at: Moment,
    rules: &Rules,
    heard: impl Fn(Report, &Streak) -> bool,
) -> (Streak, Option<Report>) {
    if worked { works(before, at, heard) } else { fails(before, at, rules, heard) }
}

/// Returns the streak of warnings after a success that ended at `at`, and whether to report them. Warnings never escalate, and
/// their end is not reported. They count as new again after they were absent for as long as it takes to end a failure.
pub fn step_warnings(before: &Streak, warns: bool, at: Moment, rules: &Rules, heard: bool) -> (Streak, bool) {
    if warns {
        let rules = Rules { levels: Vec::new(), ..rules.clone() };
        let (after, report) = fails(before, at, &rules, |_, _| heard);
        return (after, report.is_some());
    }
    let watched = watched(before, at);
    let over = before.notices == 0 || is_over(&watched, at);
    (if over { Streak::default() } else { watched }, false)
}

/// The first success is reported at once. After a relapse, it must work for a while first, or the reader
/// would wrongly believe that all is well.
fn works(before: &Streak, at: Moment, heard: impl Fn(Report, &Streak) -> bool) -> (Streak, Option<Report>) {
    if before.notices == 0 {
        return (Streak::default(), None);
    }
    let watched = watched(before, at);
    let over = is_over(&watched, at);
    let ripe = watched.alarmed && (over || watched.relapses == 0);
    let report = ripe.then_some(Report::Recovered).filter(|report| heard(*report, before));
    match (over, ripe) {
        (true, _) => (Streak::default(), report),
        (false, true) => (Streak { alarmed: false, last_notice: Some(at), ..watched }, report),
        (false, false) => (watched, None),
    }
}

fn fails(
    before: &Streak,
    at: Moment,
    rules: &Rules,
    heard: impl Fn(Report, &Streak) -> bool,
) -> (Streak, Option<Report>) {
    // After "recovered", readers believe that all is well, so a failure is reported at once, however long the interval was.
    let reported_as_over = before.notices > 0 && before.worked > 0 && !before.alarmed;
    let (fresh, again) =
        (Streak::default(), Streak { relapses: before.relapses, worked: before.worked, ..Streak::default() });
    let before = match () {
        () if is_over(before, at) => &fresh,
        () if reported_as_over => &again,
        () => before,
    };
    let counted = Streak {
        failures: before.failures.saturating_add(1),
        first_failure: Some(before.first_failure.unwrap_or(at)),
        worked: 0,
        worked_since: None,
        relapses: before.relapses.saturating_add(u64::from(before.worked > 0)),
        ..before.clone()
    };
    let level = rules.level(counted.failures);
    let report = match counted.notices {
        _ if level > counted.level => Some(Report::Escalation(level)),
        0 => Some(Report::Failure),
        notices => due(&counted, at, rules.interval(notices)).then_some(Report::Digest),
    };
    match report.filter(|report| heard(*report, &counted)) {
        Some(report) => {
            let level = if let Report::Escalation(level) = report { level } else { counted.level };
            let notices = counted.notices.saturating_add(1);
            (Streak { notices, last_notice: Some(at), level, alarmed: true, ..counted }, Some(report))
        }
        None => (counted, None),
    }
}

/// The streak after one more success.
fn watched(before: &Streak, at: Moment) -> Streak {
    let worked_since = Some(before.worked_since.unwrap_or(at));
    Streak { failures: 0, worked: before.worked.saturating_add(1), worked_since, ..before.clone() }
}

/// Whether it has worked for so long that the next failure starts a new streak.
fn is_over(streak: &Streak, at: Moment) -> bool {
    let worked = streak.worked_since.and_then(|since| (at - since).to_std().ok());
    worked.is_some_and(|long| long >= A_WEEK - SLACK || (streak.worked >= WORKED && long >= A_DAY - SLACK))
}

/// If the clock was set back, a failure must not stay unreported until the clock has caught up.
fn due(streak: &Streak, at: Moment, interval: Duration) -> bool {
    let since = |notices: Moment| (at - notices).to_std();
    streak.last_notice.is_none_or(|notices| since(notices).is_ok_and(|since| since >= interval) || notices > at + SLACK)
}
