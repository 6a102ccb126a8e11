//! Decides whether a recipe is run by hand, by a person who sees the output and needs no alert.

use super::context::Context;
use crate::alert::Manner;
use crate::recipe::job::Job;
use crate::recipe::values::{ParamType, ParamValue};

/// Kinds of recipes whose failure alarms nobody when it is started at a terminal. A restore always does: it may have changed
/// what others use.
const TRIED_BY_HAND: [&str; 4] = ["backup", "drill", "monitor", "report"];

/// The number of the signal that Ctrl-C sends.
const SIGINT: i32 = 2;

/// How this run goes about, as far as it is known before it starts.
pub fn manner(context: &Context, job: &Job, no_alert: bool) -> Manner {
    let tried = at_terminal(context) && TRIED_BY_HAND.contains(&job.declaration.kind.word());
    Manner { unreported: no_alert || tried, database: database(job), ..Manner::default() }
}

/// Whether a person stopped the run from the keyboard.
pub fn stopped(context: &Context, signal: Option<i32>) -> bool {
    signal == Some(SIGINT) && at_terminal(context)
}

/// Whether a person reads along. Where only one output is redirected, somebody still sits there.
fn at_terminal(context: &Context) -> bool {
    context.facts.stdout_is_terminal || context.facts.stderr_is_terminal
}

/// The database that a run is about: the param that is called so, or that `DB_NAME` sets.
fn database(job: &Job) -> Option<String> {
    let is_database = |name: &str, env: Option<&str>| {
        matches!(name, "database" | "db" | "dbname") || matches!(env, Some("DB_NAME" | "PGDATABASE"))
    };
    let specs = &job.declaration.params;
    let (name, _) =
        specs.iter().find(|(name, spec)| is_database(name, spec.env.as_deref()) && spec.kind != ParamType::Secret)?;
    match job.params.get(name)? {
        ParamValue::Absent => None,
        value => Some(value.to_string()).filter(|text| !text.is_empty()),
    }
}
