//! Reads the warnings of a successful `pg_dump`, and decides which of them mean that something was left out.

use std::collections::BTreeSet;

use crate::report::remark::{Level, Remark};
use crate::stream::SharedFacts;
use crate::world::Exit;

/// The messages about everything that pg_dump omits or changes.
const LEFT_OUT: [&str; 15] = [
    "not dumped",
    "could not",
    "cannot",
    "ignored",
    "ignoring",
    "skipp",
    "omitt",
    "left out",
    "not supported",
    "bogus",
    "unrecognized",
    "don't know how",
    "orphaned",
    "typtype",
    "duplicate",
];
/// The maximum number of warnings that are kept; a damaged catalog may have one for each object.
pub const MOST: usize = 100;
/// At least this much of a program's standard error is kept; of a longer one, the beginning is lost.
pub const KEPT_BYTES: usize = 48 << 10;

/// Keeps every warning of a successful program.
pub fn heed(program: &str, database: Option<String>, facts: &SharedFacts) -> impl FnOnce(&Exit) + Send + 'static {
    let (program, facts) = (program.to_owned(), facts.clone());
    move |exit| facts.lock().remarks.extend(warnings(&program, database.as_deref(), &exit.stderr))
}

/// The warnings in the standard error of `program`, each with its details; `whole` names what was dumped.
pub fn warnings(program: &str, whole: Option<&str>, stderr: &str) -> Vec<Remark> {
    let subject = whole.map_or_else(|| program.to_owned(), |database| format!("{program} of `{database}`"));
    let mut found: Vec<String> = Vec::new();
    for line in stderr.lines() {
        let own = line.strip_prefix(program).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(line);
        let (word, text) = own.split_once(": ").unwrap_or((own, ""));
        match (word.trim().to_ascii_lowercase().as_str(), found.last_mut()) {
            ("warning", _) => found.push(text.trim().to_owned()),
            ("detail" | "hint", Some(last)) => *last = format!("{last}; {}", text.trim()),
            _ => {}
        }
    }
    // The same message for each of a million rows counts once.
    let mut seen = BTreeSet::new();
    found.retain(|text| seen.insert(text.clone()));
    let more = found.len().saturating_sub(MOST);
    let mut remarks: Vec<Remark> = found.iter().take(MOST).map(|text| remark(&subject, text)).collect();
    // The lost part may report that something was left out.
    if more > 0 || (stderr.len() > KEPT_BYTES && !found.is_empty()) {
        let more = if more > 0 { format!("{more} more warnings") } else { "more warnings than are kept".to_owned() };
        remarks.push(Remark::new(Level::Incomplete, "pg_dump_warning", format!("{subject}: {more}")));
    }
    remarks
}

fn remark(subject: &str, text: &str) -> Remark {
    let lower = text.to_lowercase();
    let (level, kind) = match LEFT_OUT.iter().any(|words| lower.contains(words)) {
        true => (Level::Incomplete, "left_out"),
        false => (Level::Warning, "pg_dump_warning"),
    };
    let remark = Remark::new(level, kind, format!("{subject}: {text}"));
    match level {
        Level::Incomplete => remark.hint("dump as a user who may read everything; where it may be missing, accept it by a pattern (`accept_warnings`)"),
        _ => remark,
    }
}
