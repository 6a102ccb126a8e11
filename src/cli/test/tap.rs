//! Prints the results of specs in the Test Anything Protocol, version 14.

use crate::error::Error;
use crate::report::one_line;
use crate::specs::{Outcome, SpecResult};

use super::running::FileResults;
use super::tally::Tally;

pub const HEAD: &str = "TAP version 14";

/// The test points of one file, numbered from `first`.
pub fn file(first: usize, file: &FileResults) -> String {
    let mut text = format!("# {}\n", one_line(&file.file_shown));
    for (number, result) in (first..).zip(&file.results) {
        text += &point(number, result);
    }
    text
}

/// The plan is at the end, where the number of specs is known.
pub fn end(tally: &Tally, nothing: Option<&Error>) -> String {
    match nothing {
        Some(error) => format!("Bail out! {}\n", one_line(&error.one_line())),
        None => format!("1..{}\n# {}\n", tally.specs(), tally.line()),
    }
}

fn point(number: usize, result: &SpecResult) -> String {
    let name = escaped(&result.name);
    match &result.outcome {
        Outcome::Passed => format!("ok {number} - {name}\n"),
        Outcome::Pending(why) => {
            format!("ok {number} - {name} # SKIP {}\n", escaped(why.as_deref().unwrap_or("not written yet")))
        }
        Outcome::Failed(failed) => {
            let site = failed.sites.first().or(result.site.as_ref());
            let mut lines = vec![
                ("severity", "failure".to_owned()),
                ("expected", failed.expected.clone()),
                ("found", failed.found.clone()),
            ];
            lines.extend(site.map(|site| ("at", site.to_string())));
            lines.extend((!failed.diff.is_empty()).then(|| ("diff", failed.diff.join("\n"))));
            format!("not ok {number} - {name}\n{}", block(&lines))
        }
        Outcome::Error(error) => {
            let site = error.sites().first().or(result.site.as_ref());
            let mut lines = vec![
                ("severity", "error".to_owned()),
                ("kind", error.kind().word().to_owned()),
                ("message", error.one_line()),
            ];
            lines.extend(error.hint_text().map(|hint| ("hint", hint.to_owned())));
            lines.extend(site.map(|site| ("at", site.to_string())));
            format!("not ok {number} - {name}\n{}", block(&lines))
        }
    }
}

/// In a description `#` begins a directive, and `\` escapes.
fn escaped(text: &str) -> String {
    one_line(text).replace('\\', "\\\\").replace('#', "\\#")
}

/// A YAML block; texts are written as in JSON, which YAML reads too.
fn block(lines: &[(&str, String)]) -> String {
    let line = |(key, value): &(&str, String)| {
        format!("  {key}: {}\n", serde_json::Value::String(crate::report::printable(value)))
    };
    format!("  ---\n{}  ...\n", lines.iter().map(line).collect::<String>())
}
