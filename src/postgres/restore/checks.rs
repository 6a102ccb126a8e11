//! Compares a restored database with its manifest, with one check for each kind of object that can be missing.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::postgres::dump::facts::{DatabaseFacts, TableRows};
use crate::postgres::restore::live::{Answers, Live, LiveTable, Target};
use crate::postgres::server::quoting::shown;

/// Up to this many tables, each has its own line; with more, only the wrong ones have.
const LISTED: usize = 100;
/// The maximum number of names in a detail.
const NAMED: usize = 10;

/// The prefix of the step name that records a check.
pub const CHECK: &str = "check ";

/// One comparison.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// What was compared, one word for each kind: `tables`, `rows`, `indexes`.
    pub name: &'static str,
    /// The table, sequence or query that it is about, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    pub expected: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    pub found: Value,
    pub ok: bool,
    /// Whether it was compared; otherwise the check neither passes nor fails.
    #[serde(skip_serializing_if = "is_true")]
    pub compared: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Check {
    pub fn new(name: &'static str, expected: impl Into<Value>, found: impl Into<Value>) -> Check {
        let (expected, found) = (expected.into(), found.into());
        Check { name, object: None, ok: expected == found, compared: true, expected, found, detail: None }
    }

    /// A check that was not or could not be compared, with the reason.
    pub fn not_compared(name: &'static str, why: impl Into<String>) -> Check {
        let why = Some(why.into());
        Check { name, object: None, ok: true, compared: false, expected: Value::Null, found: Value::Null, detail: why }
    }

    pub fn of(self, object: impl Into<String>) -> Check {
        Check { object: Some(object.into()), ..self }
    }

    /// Adds a detail for the case that the check fails.
    pub fn because(self, detail: impl FnOnce() -> String) -> Check {
        let detail = if self.ok { None } else { Some(detail()).filter(|detail| !detail.is_empty()) };
        Check { detail, ..self }
    }

    /// What was found: `rows of public.contacts: 3`.
    pub fn finding(&self) -> String {
        match &self.found {
            Value::Null => self.title(),
            found => format!("{}: {}", self.title(), plain(found)),
        }
    }

    /// What was expected and what was found.
    pub fn shown(&self) -> String {
        format!("expected {}, found {}", plain(&self.expected), plain(&self.found))
    }

    /// What it is about: `rows of public.contacts`.
    pub fn title(&self) -> String {
        self.object.as_ref().map_or(self.name.to_owned(), |object| format!("{} of {object}", self.name))
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.compared {
            return write!(f, "– {}: not compared ({})", self.title(), self.detail.as_deref().unwrap_or_default());
        }
        write!(f, "{} {}: ", if self.ok { "✓" } else { "✗" }, self.title())?;
        match (&self.found, self.ok) {
            (found, true) => write!(f, "{}", plain(found))?,
            (Value::Null, false) => write!(f, "expected {}", plain(&self.expected))?,
            (found, false) => write!(f, "expected {}, found {}", plain(&self.expected), plain(found))?,
        }
        self.detail.as_ref().map_or(Ok(()), |detail| write!(f, " ({detail})"))
    }
}

fn is_true(value: &bool) -> bool {
    *value
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// All comparisons, in the order of the guide's list (App. B).
pub fn compare(expected: &DatabaseFacts, live: &Live, targets: &[Target], answers: &Answers) -> Vec<Check> {
    let places = Places::new(live, targets);
    let mut checks = vec![tables(expected, live, &places)];
    checks.extend(rows(expected, &places, answers, live.event_triggers));
    checks.extend(uncounted(expected));
    checks.push(readable(targets, answers));
    let (said, found) = (&expected.counts, &live.counts);
    checks.push(Check::new("indexes", said.indexes, found.indexes));
    checks.push(Check::new("invalid indexes", 0, live.invalid_indexes.len()).because(|| listed(&live.invalid_indexes)));
    checks.push(Check::new("constraints", said.constraints, found.constraints));
    let not_valid = expected.not_valid.unwrap_or(0);
    checks
        .push(Check::new("constraints not valid", not_valid, live.not_valid.len()).because(|| listed(&live.not_valid)));
    checks.push(Check::new("sequences", said.sequences, found.sequences));
    checks.extend(sequence_values(expected, answers, live.event_triggers));
    checks.push(Check::new("views", said.views, found.views));
    checks.push(Check::new("functions", said.functions, found.functions));
    checks.extend(empty(expected));
    checks.extend(expected.extensions.as_ref().map(|said| extensions(said, &live.extensions)));
    checks
}

/// The positions of the database's tables, by their names.
struct Places<'a> {
    by_name: HashMap<(&'a str, &'a str), usize>,
    all: HashMap<(&'a str, &'a str), &'a LiveTable>,
    targets: &'a [Target<'a>],
}

impl<'a> Places<'a> {
    fn new(live: &'a Live, targets: &'a [Target<'a>]) -> Places<'a> {
        let key = |table: &'a LiveTable| (table.schema.as_str(), table.name.as_str());
        // A dump from before 10.3 names no schema; its tables are then found by name alone.
        let bare = |table: &'a LiveTable| ("", table.name.as_str());
        let by_name =
            targets.iter().enumerate().flat_map(|(at, t)| [(bare(t.table), at), (key(t.table), at)]).collect();
        let all = live.tables.iter().flat_map(|table| [(bare(table), table), (key(table), table)]).collect();
        Places { by_name, all, targets }
    }

    fn of(&self, said: &TableRows) -> Option<(usize, &LiveTable)> {
        let at = *self.by_name.get(&(said.schema.as_str(), said.name.as_str()))?;
        self.targets.get(at).map(|target| (at, target.table))
    }
}

fn tables(expected: &DatabaseFacts, live: &Live, places: &Places) -> Check {
    let key = |said: &TableRows| places.all.get(&(said.schema.as_str(), said.name.as_str())).copied();
    let missing = expected.tables.iter().filter(|said| key(said).is_none());
    let missing: Vec<String> = missing.map(|said| shown(&said.schema, &said.name)).collect();
    let said: HashSet<(&str, &str)> =
        expected.tables.iter().filter_map(key).map(|table| (table.schema.as_str(), table.name.as_str())).collect();
    let own = live.tables.iter().filter(|table| table.kind == "r" && !table.member);
    let surplus = own.filter(|table| !said.contains(&(table.schema.as_str(), table.name.as_str())));
    let surplus: Vec<String> = surplus.map(|table| shown(&table.schema, &table.name)).collect();
    let found = expected.tables.len() - missing.len() + surplus.len();
    let mut check = Check::new("tables", expected.tables.len(), found);
    check.ok = missing.is_empty() && surplus.is_empty();
    check.because(|| {
        let lists = [("missing", &missing), ("not in the backup", &surplus)];
        let lists = lists.iter().filter(|(_, names)| !names.is_empty());
        lists.map(|(word, names)| format!("{word}: {}", listed(names))).collect::<Vec<_>>().join("; ")
    })
}

/// The rows of every table with rows in the dump; a missing table is reported by `tables`.
fn rows(expected: &DatabaseFacts, places: &Places, answers: &Answers, event_triggers: bool) -> Vec<Check> {
    let mut checks = Vec::new();
    for said in &expected.tables {
        let (Some(rows), Some((at, table))) = (said.rows, places.of(said)) else { continue };
        let object = shown(&table.schema, &table.name);
        let check = match answers.rows.get(at).cloned().flatten() {
            Some(Ok(found)) if event_triggers && found > rows && !table.member => {
                Check::not_compared("rows", written_by_triggers(found - rows)).of(object)
            }
            Some(Err(error)) if is_hidden(&error) => Check::not_compared("rows", error).of(object),
            Some(Ok(found)) => {
                let mut check = Check::new("rows", rows, found).of(object);
                // An extension fills its tables itself, and the dump has only rows that were added.
                check.ok |= table.member && found > rows;
                check
            }
            Some(Err(error)) => Check::new("rows", rows, Value::Null).of(object).because(|| error),
            None => Check::new("rows", rows, Value::Null).of(object).because(|| "it was not counted".to_owned()),
        };
        checks.push(check);
    }
    if checks.len() <= LISTED {
        return checks;
    }
    let (right, mut checks): (Vec<Check>, Vec<Check>) = checks.into_iter().partition(|check| check.ok);
    let total: u64 = right.iter().filter_map(|check| check.found.as_u64()).sum();
    checks.push(Check::new("rows", total, total).of(format!("{} tables", right.len())));
    checks
}

/// Whether rows are hidden from the reading user, so that they can be neither counted nor compared.
fn is_hidden(error: &str) -> bool {
    error.contains("row-level security")
}

/// The reason for extra rows, if they are not a fault of the restore.
pub fn written_by_triggers(more: u64) -> String {
    format!("there are {more} more: event triggers of the database write while it is restored and looked at")
}

/// A dump may have tables whose rows were not counted; the checks must report that.
fn uncounted(expected: &DatabaseFacts) -> Option<Check> {
    let tables = expected.tables.iter().filter(|table| table.rows.is_none()).count();
    (tables > 0)
        .then(|| Check::not_compared("tables not counted", format!("the backup has no rows of {tables} tables")))
}

/// A backup of tables without any row is no backup of their data, unless this was requested.
fn empty(expected: &DatabaseFacts) -> Option<Check> {
    expected.without_data.then(|| {
        let mut check = Check::new("rows in the backup", "some", "none");
        check.ok = false;
        check.because(|| "it was made without data (`--schema-only`, `--section`)".to_owned())
    })
}

fn readable(targets: &[Target], answers: &Answers) -> Check {
    let errors: Vec<String> = targets
        .iter()
        .zip(&answers.unreadable)
        .filter_map(|(target, error)| {
            let error = error.as_ref().filter(|error| !is_hidden(error))?;
            Some(format!("{}: {error}", shown(&target.table.schema, &target.table.name)))
        })
        .collect();
    Check::new("readable tables", targets.len(), targets.len() - errors.len()).because(|| listed(&errors))
}

/// Every sequence has the value that the dump sets.
fn sequence_values(expected: &DatabaseFacts, answers: &Answers, event_triggers: bool) -> Vec<Check> {
    let Some(said) = &expected.sequences else { return Vec::new() };
    let mut wrong = Vec::new();
    for (sequence, found) in said.iter().zip(&answers.sequences) {
        let (last_value, is_called) = (sequence.last_value, sequence.is_called);
        let place = |(last, called): (i64, bool)| if called { last.to_string() } else { format!("{last}, not used") };
        let check = match found.clone() {
            Some(Ok((found, _))) if event_triggers && found > last_value => {
                Check::not_compared("value", written_by_triggers(found.abs_diff(last_value)))
            }
            Some(Ok(found)) => Check::new("value", place((last_value, is_called)), place(found)),
            Some(Err(error)) => Check::new("value", place((last_value, is_called)), Value::Null).because(|| error),
            None => Check::new("value", place((last_value, is_called)), Value::Null),
        };
        if !check.ok || !check.compared {
            wrong.push(check.of(shown(&sequence.schema, &sequence.name)));
        }
    }
    let failed = wrong.iter().filter(|check| !check.ok).count();
    let compared = said.len() - (wrong.len() - failed);
    wrong.push(Check::new("sequence values", compared, compared - failed));
    wrong
}

fn extensions(said: &[String], found: &[String]) -> Check {
    let (expected, have): (HashSet<&String>, HashSet<&String>) = (said.iter().collect(), found.iter().collect());
    let missing: Vec<String> = said.iter().filter(|name| !have.contains(name)).cloned().collect();
    // An extension that the backup does not have may come from the server's template: it does no harm.
    let surplus = found.iter().filter(|name| !expected.contains(name)).count();
    let mut check = Check::new("extensions", said.len(), found.len() - surplus);
    check.ok = missing.is_empty();
    check.because(|| format!("missing: {}", listed(&missing)))
}

fn listed(names: &[String]) -> String {
    let more = names.len().saturating_sub(NAMED);
    let shown = names[..names.len() - more].join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}
