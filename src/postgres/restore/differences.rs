//! Compares the structure of a restored database with that of its backup, and reports what differs and what was not compared.

use std::collections::BTreeMap;

use crate::postgres::restore::checks::Check;
use crate::postgres::restore::structure::{Made, Shape, Structure};

/// The number of differences that are shown one by one.
const MOST_SHOWN: usize = 20;

/// How much of a statement a difference shows.
const SHOWN_CHARS: usize = 160;

/// A kind of statement that a backup may omit.
struct Class {
    name: &'static str,
    has: fn(&Shape) -> bool,
    is: fn(&Made) -> bool,
}

const CLASSES: [Class; 4] = [
    Class { name: "owners", has: |shape| shape.owners, is: |made| made.text.contains(" OWNER TO ") },
    Class { name: "rights", has: |shape| shape.rights, is: |made| is_right(&made.text) },
    Class { name: "comments", has: |shape| shape.comments, is: |made| made.text.starts_with("COMMENT ON ") },
    Class { name: "security labels", has: |shape| shape.labels, is: |made| made.text.starts_with("SECURITY LABEL ") },
];

fn is_right(text: &str) -> bool {
    let text = text.split_once("] ").filter(|_| text.starts_with("[as ")).map_or(text, |(_, text)| text);
    text.starts_with("GRANT ") || text.starts_with("REVOKE ") || text.starts_with("ALTER DEFAULT PRIVILEGES")
}

/// The checks of the structure. `other` says how the programs differ, if they do: this can cause differences.
pub fn compare(said: &Structure, found: &Structure, other: Option<&str>) -> Vec<Check> {
    let without: Vec<&Class> = CLASSES.iter().filter(|class| !(class.has)(&said.shape)).collect();
    let mut checks: Vec<Check> = Vec::new();
    for class in without.iter().filter(|class| (class.has)(&found.shape)) {
        checks.push(Check::not_compared("structure", "the backup was made without them").of(class.name));
    }
    let mut differing: BTreeMap<&str, (Vec<&Made>, Vec<&Made>)> = BTreeMap::new();
    let counted = |made: &Made| !without.iter().any(|class| (class.is)(made));
    for (digest, made) in said.statements.iter().filter(|(_, made)| counted(made)) {
        if found.statements.get(digest).map_or(0, |other| other.times) != made.times {
            differing.entry(&made.label).or_default().0.push(made);
        }
    }
    for (digest, made) in found.statements.iter().filter(|(_, made)| counted(made)) {
        if said.statements.get(digest).map_or(0, |other| other.times) != made.times {
            differing.entry(&made.label).or_default().1.push(made);
        }
    }
    let total: u32 = said.statements.values().filter(|made| counted(made)).map(|made| made.times).sum();
    let wrong = differing.len();
    for (label, (said, found)) in differing.into_iter().take(MOST_SHOWN) {
        let check = difference(label, &said, &found);
        checks.push(match other {
            Some(why) => Check::not_compared("structure", format!("{}; {why}", check.shown())).of(label),
            None => check,
        });
    }
    let same = total as usize - wrong.min(total as usize);
    let mut check = Check::new("structure", total, same);
    check.ok |= other.is_some();
    if total == 0 {
        check = Check::not_compared("structure", "the backup has no statement that makes something");
    }
    let more = wrong.saturating_sub(MOST_SHOWN);
    checks.push(if more > 0 { check.because(|| format!("{more} more differences are not shown")) } else { check });
    checks
}

fn difference(label: &str, said: &[&Made], found: &[&Made]) -> Check {
    let (expected, have) = match (said, found) {
        ([], [found, ..]) => ("nothing".to_owned(), shortened(&found.text)),
        ([said, ..], []) => (shortened(&said.text), "nothing".to_owned()),
        ([said, ..], [found, ..]) => apart(said, found),
        ([], []) => return Check::new("structure", 0, 0),
    };
    let mut check = Check::new("structure", expected, have).of(label);
    check.ok = false;
    check
}

/// The first line that differs between two statements, from each.
fn apart(said: &Made, found: &Made) -> (String, String) {
    let (mut ours, mut theirs) = (said.text.lines(), found.text.lines());
    loop {
        match (ours.next(), theirs.next()) {
            (Some(one), Some(other)) if one == other => {}
            (None, None) if said.times != found.times => {
                return (format!("{} times", said.times), format!("{} times", found.times));
            }
            (None, None) => return ("its text".to_owned(), "another text behind its first characters".to_owned()),
            (one, other) => {
                let line = |line: Option<&str>| line.map_or("nothing".to_owned(), |line| shortened(line.trim()));
                return (line(one), line(other));
            }
        }
    }
}

fn shortened(text: &str) -> String {
    let mut words: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((at, _)) = words.char_indices().nth(SHOWN_CHARS) {
        words.truncate(at);
        words.push('…');
    }
    words
}

/// The materialized views that the backup fills, and whether they are filled.
pub fn filled(said: &Structure, live: &[String]) -> Option<Check> {
    let filled: Vec<String> = said.refreshed.iter().filter_map(|text| name_of(text)).collect();
    if filled.is_empty() {
        return None;
    }
    let missing: Vec<String> = filled.iter().filter(|name| !live.contains(name)).cloned().collect();
    let check = Check::new("filled materialized views", filled.len(), filled.len() - missing.len());
    Some(check.because(|| missing.join(", ")))
}

/// The view of `REFRESH MATERIALIZED VIEW name;`.
fn name_of(text: &str) -> Option<String> {
    Some(text.strip_prefix("REFRESH MATERIALIZED VIEW ")?.trim_end_matches(';').trim().to_owned())
}
