//! Decides whether a person tries a recipe by hand, who then reads what happens and needs no alert.

use super::context::Context;
use crate::alert::Manner;
use crate::recipe::declaration::Kind;
use crate::recipe::job::Job;

/// Kinds of recipes whose failure alarms nobody when it is started at a terminal. A restore always does: it may have changed
/// what others use.
const TRIED_BY_HAND: [&str; 4] = ["backup", "drill", "monitor", "report"];

/// The number of the signal that Ctrl-C sends.
const SIGINT: i32 = 2;

/// How this run goes about, as far as it is known before it starts.
pub fn manner(context: &Context, job: &Job, no_alert: bool) -> Manner {
    let kind = job.declaration.kind;
    let tried = at_terminal(context) && TRIED_BY_HAND.contains(&kind_word(kind, &job.source.name));
    Manner { unreported: no_alert || tried, stopped_by_hand: false, database: job.database() }
}

/// Whether a person stopped the run from the keyboard.
pub fn stopped(context: &Context, signal: Option<i32>) -> bool {
    signal == Some(SIGINT) && at_terminal(context)
}

/// Whether a person reads along. Where only one output is redirected, somebody still sits there.
fn at_terminal(context: &Context) -> bool {
    context.facts.stdout_is_terminal || context.facts.stderr_is_terminal
}

/// The kind of a recipe. A `check` of old is a monitor or a drill.
fn kind_word(kind: Kind, _recipe: &str) -> &'static str {
    kind.word()
}
