//! Writes the result of a spec as text.

use crate::error::{Error, Site};
use crate::specs::{Failed, Outcome, SpecResult};

/// A result in full: one line when the spec passed, and what went wrong below it when it did not.
pub fn text_of(result: &SpecResult) -> String {
    match &result.outcome {
        Outcome::Passed => match &result.note {
            Some(note) => format!("ok      {} ({note})", result.name),
            None => format!("ok      {}", result.name),
        },
        Outcome::Pending(None) => format!("pending {}", result.name),
        Outcome::Pending(Some(why)) => format!("pending {}: {why}", result.name),
        Outcome::Failed(failed) => format!("FAILED  {}{}", result.name, block(&failed_lines(failed))),
        Outcome::Error(error) => format!("ERROR   {}{}", result.name, block(&error_lines(error, result.site.as_ref()))),
    }
}

fn failed_lines(failed: &Failed) -> Vec<String> {
    let mut lines: Vec<String> = failed.sites.first().map(|site| format!("at {site}")).into_iter().collect();
    lines.push(format!("expected {}", failed.expected));
    lines.push(format!("found    {}", failed.found));
    lines.extend(failed.fault.iter().map(|fault| format!("where    {fault}")));
    lines.extend(failed.diff.iter().map(|line| format!("  {line}")));
    if !failed.journal.is_empty() {
        lines.push("what the run did:".to_owned());
        lines.extend(failed.journal.iter().map(|line| format!("  {line}")));
    }
    lines
}

fn error_lines(error: &Error, spec: Option<&Site>) -> Vec<String> {
    let mut lines: Vec<String> = error.sites().first().or(spec).map(|site| format!("at {site}")).into_iter().collect();
    lines.push(format!("{}: {}", error.kind().word(), error.what()));
    lines.extend(
        error.causes().iter().flat_map(|cause| cause.lines().map(|line| format!("  {line}")).collect::<Vec<_>>()),
    );
    lines.extend(error.hint_text().map(|hint| format!("hint: {hint}")));
    lines
}

fn block(lines: &[String]) -> String {
    lines.iter().map(|line| format!("\n        {line}")).collect()
}
