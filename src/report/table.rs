//! Prints the result of a command as a table, JSON lines, or text.

use std::io::{self, ErrorKind, Write};

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Row, Table, TableStyle, presets};

use super::facts::Facts;
use super::outgoing;
use super::translate::translated;
use crate::error::{Error, Result};

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    title: &'static str,
    number: bool,
    /// Never broken over several lines, so that it can be copied.
    whole: bool,
}

impl Column {
    /// A column of words.
    pub const fn text(title: &'static str) -> Column {
        Column { title, number: false, whole: false }
    }

    /// A column of ids, which are never wrapped.
    pub const fn id(title: &'static str) -> Column {
        Column { title, number: false, whole: true }
    }

    /// A column of numbers, aligned right.
    pub const fn number(title: &'static str) -> Column {
        Column { title, number: true, whole: false }
    }
}

/// Prints a table: on a terminal framed and as wide as the terminal; elsewhere one plain, uncut row per line, for `grep` and `awk`.
pub fn print_table(
    out: &mut dyn Write,
    facts: &Facts,
    columns: &[Column],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> Result<()> {
    let mut table = Table::new();
    table.set_header(columns.iter().map(|column| translated(column.title).into_owned()));
    for row in rows {
        table.add_row(Row::from(row.iter().map(|cell| outgoing::one_line(&translated(cell))).collect::<Vec<_>>()));
    }
    table.load_style(frame(facts));
    if facts.stdout_is_terminal {
        let width = u16::try_from(facts.width).unwrap_or(u16::MAX);
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    for (shown, column) in table.column_iter_mut().zip(columns) {
        if column.number {
            shown.set_cell_alignment(CellAlignment::Right);
        }
        if column.whole {
            shown.set_constraint(ColumnConstraint::ContentWidth);
        }
        if !facts.stdout_is_terminal {
            shown.set_padding((0, 2));
        }
    }
    written(table.lines().try_for_each(|line| writeln!(out, "{}", line.trim_end())).and_then(|()| out.flush()))
}

fn frame(facts: &Facts) -> TableStyle {
    match (facts.stdout_is_terminal, facts.unicode) {
        (false, _) => presets::NOTHING,
        (true, true) => presets::UTF8_FULL_CONDENSED,
        (true, false) => presets::ASCII_FULL_CONDENSED,
    }
}

/// Prints one JSON object per line.
pub fn print_json_lines<T: serde::Serialize>(out: &mut dyn Write, items: impl IntoIterator<Item = T>) -> Result<()> {
    let print = || {
        for item in items {
            let value = outgoing::json(serde_json::to_value(item)?);
            writeln!(out, "{value}")?;
        }
        out.flush()
    };
    written(print())
}

/// Prints text unchanged, such as a diagnostic or a recipe, and adds a missing final newline.
pub fn print_text(out: &mut dyn Write, text: &str) -> Result<()> {
    let text = crate::secret::redact(text);
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    written(write!(out, "{text}{end}").and_then(|()| out.flush()))
}

/// Prints a question on standard error, without a newline.
pub fn print_prompt(text: &str) -> Result<()> {
    let mut out = io::stderr().lock();
    written(write!(out, "{}", crate::secret::redact(text)).and_then(|()| out.flush()))
}

/// Prints hikae's own text, translated line by line.
pub fn print_said(out: &mut dyn Write, text: &str) -> Result<()> {
    let lines: Vec<_> = text.split('\n').map(translated).collect();
    print_text(out, &lines.join("\n"))
}

/// Ignores a closed pipe (`hikae list | head -1`); any other error is a failure.
pub(super) fn written(result: io::Result<()>) -> Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|error| Error::io("cannot write to the `standard output`", error)),
    }
}
