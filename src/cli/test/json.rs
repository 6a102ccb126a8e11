//! Prints the results of specs as JSON: one object for each spec, and one for the summary.

use serde_json::{Value, json};

use crate::error::Error;
use crate::specs::excluded::{ByRecipe, Excluded, Lie};
use crate::specs::{Outcome, SpecResult};

use super::running::FileResults;
use super::tally::Tally;

/// The specs of one file.
pub fn file(file: &FileResults) -> Vec<Value> {
    file.results.iter().map(|result| spec(&file.file_shown, result)).collect()
}

fn spec(file: &str, result: &SpecResult) -> Value {
    let (mut status, mut failure, mut error, mut pending) = ("passed", Value::Null, Value::Null, Value::Null);
    match &result.outcome {
        Outcome::Passed => {}
        Outcome::Failed(failed) => {
            status = "failed";
            let at = failed.sites.first().map(ToString::to_string);
            failure = json!({ "expected": failed.expected, "found": failed.found, "diff": failed.diff, "at": at, "fault": failed.fault, "journal": failed.journal });
        }
        Outcome::Error(cause) => {
            status = "error";
            error = error_json(cause);
        }
        Outcome::Pending(why) => {
            status = "pending";
            pending = json!(why.as_deref().unwrap_or("not written yet"));
        }
    }
    json!({
        "file": file,
        "line": result.site.as_ref().map(|site| site.line),
        "name": result.name,
        "status": status,
        "duration_secs": result.took.as_secs_f64(),
        "failure": failure,
        "error": error,
        "pending": pending,
        "note": result.note,
    })
}

/// The last line: the sum, and why nothing was tested, when nothing was.
pub fn end(tally: &Tally, excluded: &ByRecipe, nothing: Option<&Error>) -> Value {
    let recipe = |one: &Excluded| {
        let open: Vec<&str> = one.open().into_iter().map(Lie::word).collect();
        json!({ "excludes": one.excludes(), "open": open, "shells": one.shells })
    };
    let recipes: serde_json::Map<String, Value> =
        excluded.iter().map(|(name, one)| (name.clone(), recipe(one))).collect();
    json!({
        "specs": tally.specs(),
        "passed": tally.passed,
        "failed": tally.failed,
        "errors": tally.errors,
        "pending": tally.pending,
        "duration_secs": tally.took.as_secs_f64(),
        "recipes": recipes,
        "error": nothing.map(error_json),
    })
}

fn error_json(error: &Error) -> Value {
    let at = error.sites().first().map(ToString::to_string);
    json!({ "kind": error.kind().word(), "message": error.one_line(), "hint": error.hint_text(), "at": at })
}
