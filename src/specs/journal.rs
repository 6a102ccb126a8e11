//! Writes the journal of a run as lines that people read, each with its place in the recipe.

use crate::error::Site;
use crate::units::show_size;
use crate::world::journal::{Outcome, Record};

/// Of more effects, only the last ones are shown: the error is among them.
const MAX_LINES: usize = 60;
/// A longer object is cut in the middle: the end of a path says most.
const MAX_OBJECT_CHARS: usize = 100;

/// The effects of a run, one a line: place, effect, object, bytes, and how it ended.
pub fn lines(records: &[Record]) -> Vec<String> {
    let left_out = records.len().saturating_sub(MAX_LINES);
    let shown = &records[left_out..];
    let places: Vec<String> = shown.iter().map(place).collect();
    let width = places.iter().map(String::len).max().unwrap_or_default();
    let first = (left_out > 0).then(|| format!("… {left_out} effects before"));
    let lines = shown.iter().zip(places).map(|(record, place)| {
        let line = format!(
            "{place:width$}  {:9} {}{}  {}",
            record.effect.verb(),
            object(record),
            bytes(record),
            outcome(record)
        );
        crate::secret::redact(&line)
    });
    first.into_iter().chain(lines).collect()
}

/// The place in the recipe; hikae's own effects have none.
fn place(record: &Record) -> String {
    record.site.as_ref().map_or("-".to_owned(), Site::to_string)
}

fn object(record: &Record) -> String {
    let object = record.effect.object();
    let chars: Vec<char> = object.chars().collect();
    if chars.len() <= MAX_OBJECT_CHARS {
        return object;
    }
    let half = MAX_OBJECT_CHARS / 2;
    let (head, tail) = (&chars[..half], &chars[chars.len() - half..]);
    format!("{}…{}", String::from_iter(head), String::from_iter(tail))
}

fn bytes(record: &Record) -> String {
    match record.size_bytes {
        0 => String::new(),
        size => format!("  {}", show_size(size)),
    }
}

fn outcome(record: &Record) -> String {
    match &record.outcome {
        Outcome::Failed { message, .. } => format!("failed: {message}"),
        other => word(other).to_owned(),
    }
}

/// How an effect ended, in one word.
pub fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Underway => "underway",
        Outcome::Done => "done",
        Outcome::Failed { .. } => "failed",
        Outcome::Dropped => "dropped",
    }
}
