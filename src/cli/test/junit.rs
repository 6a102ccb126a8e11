//! Writes the results of specs as JUnit XML, which CI servers read.

use crate::error::{Error, Site};
use crate::report::{one_line, printable};
use crate::specs::{Failed, Outcome, SpecResult};

use super::running::FileResults;
use super::tally::Tally;

/// The whole file.
pub fn document(files: &[FileResults]) -> String {
    let all = Tally::of(files.iter().flat_map(|file| &file.results));
    let suites: String = files.iter().filter(|file| !file.results.is_empty()).map(suite).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"hikae\"{}>\n{suites}</testsuites>\n",
        counts(&all)
    )
}

fn suite(file: &FileResults) -> String {
    let name = attribute(&file.file_shown);
    let cases: String = file.results.iter().map(|result| case(&file.file_shown, result)).collect();
    let counts = counts(&Tally::of(&file.results));
    format!("  <testsuite name=\"{name}\" file=\"{name}\"{counts}>\n{cases}  </testsuite>\n")
}

fn counts(tally: &Tally) -> String {
    format!(
        " tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3}\"",
        tally.specs(),
        tally.failed,
        tally.errors,
        tally.pending,
        tally.took.as_secs_f64()
    )
}

fn case(file: &str, result: &SpecResult) -> String {
    let (name, file) = (attribute(&result.name), attribute(file));
    let line = result.site.as_ref().map(|site| format!(" line=\"{}\"", site.line)).unwrap_or_default();
    let time = result.took.as_secs_f64();
    let head = format!("    <testcase name=\"{name}\" classname=\"{file}\" file=\"{file}\"{line} time=\"{time:.3}\"");
    match inside(result) {
        Some(inside) => format!("{head}>\n      {inside}\n    </testcase>\n"),
        None => format!("{head}/>\n"),
    }
}

fn inside(result: &SpecResult) -> Option<String> {
    match &result.outcome {
        Outcome::Passed => None,
        Outcome::Pending(why) => {
            Some(format!("<skipped message=\"{}\"/>", attribute(why.as_deref().unwrap_or("not written yet"))))
        }
        Outcome::Failed(failed) => {
            let message = attribute(&format!("expected {}, found {}", failed.expected, failed.found));
            Some(format!("<failure message=\"{message}\" type=\"failure\">{}</failure>", text(&failure(failed))))
        }
        Outcome::Error(error) => {
            let (message, kind) = (attribute(&error.one_line()), error.kind().word());
            Some(format!("<error message=\"{message}\" type=\"{kind}\">{}</error>", text(&trouble(error))))
        }
    }
}

fn failure(failed: &Failed) -> String {
    let difference = [format!("expected {}", failed.expected), format!("found    {}", failed.found)];
    places(&failed.sites).chain(difference).chain(failed.diff.iter().cloned()).collect::<Vec<_>>().join("\n")
}

fn trouble(error: &Error) -> String {
    let hint = error.hint_text().map(|hint| format!("hint: {hint}"));
    places(error.sites())
        .chain([error.what().to_owned()])
        .chain(error.causes())
        .chain(hint)
        .collect::<Vec<_>>()
        .join("\n")
}

fn places(sites: &[Site]) -> impl Iterator<Item = String> {
    sites.iter().map(|site| format!("at {site}"))
}

fn attribute(value: &str) -> String {
    escaped(&one_line(value))
}

fn text(value: &str) -> String {
    escaped(&printable(value))
}

/// What XML takes as it is: `printable` has taken the control characters away, which cannot even be escaped.
fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '"' => shown.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => shown.push(char::REPLACEMENT_CHARACTER),
            c => shown.push(c),
        }
    }
    shown
}
