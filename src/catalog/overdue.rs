//! Names what can be wrong with a target, seen from outside its runs.

use serde::Serialize;

use super::record::Moment;

/// What can be wrong, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Wrong {
    /// It cannot be loaded.
    Broken,
    /// It runs for longer than its timeout.
    Stuck,
    /// Its last run did not succeed.
    Failing,
    /// Its last good backup is older than its objective.
    Stale,
    /// It has a schedule, and did not run.
    Late,
    /// It is meant to run, and never did.
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

/// One thing that is wrong with a target, with what there is to say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overdue {
    pub recipe: String,
    pub target: String,
    /// What people see: the recipe where that has one target only, else the target.
    pub shown: String,
    pub verdict: Wrong,
    /// When it should have run.
    pub due: Option<Moment>,
    /// When it ran last, or since when it runs.
    pub since: Option<Moment>,
    /// How old its last good backup is; nothing where there is none.
    pub age_secs: Option<u64>,
    /// How old that may be; or how long it may run.
    pub objective_secs: Option<u64>,
    /// How often it has failed in a row.
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
