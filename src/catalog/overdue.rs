//! Defines the problems of a target that are visible from outside its runs.

use serde::Serialize;

use super::record::Moment;

/// The problems, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Wrong {
    /// It cannot be loaded.
    Broken,
    /// It has been running for longer than its timeout.
    Stuck,
    /// Its last run did not succeed.
    Failing,
    /// Its last good backup is older than its objective.
    Stale,
    /// It has a schedule, and did not run.
    Late,
    /// It should run, and never did.
    NeverRan,
}

impl Wrong {
    pub const ALL: [Wrong; 6] =
        [Wrong::Broken, Wrong::Stuck, Wrong::Failing, Wrong::Stale, Wrong::Late, Wrong::NeverRan];

    pub fn word(self) -> &'static str {
        match self {
            Wrong::Broken => "broken",
            Wrong::Stuck => "stuck",
            Wrong::Failing => "failing",
            Wrong::Stale => "stale",
            Wrong::Late => "late",
            Wrong::NeverRan => "never_ran",
        }
    }
}

/// One problem of a target, with its details.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overdue {
    pub recipe: String,
    pub target: String,
    /// The displayed name: the recipe if it has only one target, else the target.
    pub shown: String,
    pub verdict: Wrong,
    /// When it should have run.
    pub due: Option<Moment>,
    /// When it last ran, or since when it has been running.
    pub since: Option<Moment>,
    /// The age of its last good backup, if there is one.
    pub age_secs: Option<u64>,
    /// The maximum age of the backup, or the maximum run time.
    pub objective_secs: Option<u64>,
    /// The number of failures in a row.
    pub failures: Option<u64>,
    pub why: Option<String>,
}

impl Overdue {
    pub fn new(recipe: &str, target: &str, shown: &str, verdict: Wrong) -> Overdue {
        let [recipe, target, shown] = [recipe, target, shown].map(str::to_owned);
        let (due, since, age_secs, objective_secs, failures, why) = (None, None, None, None, None, None);
        Overdue { recipe, target, shown, verdict, due, since, age_secs, objective_secs, failures, why }
    }
}
