//! Compares Lua values all the way down, and shows them as Lua writes them.

use mlua::{Table, Value};

use crate::error::Result;
use crate::lua::failure::ErrorHandle;
use crate::lua::traceback::from_lua;

/// Deeper tables are neither compared nor shown.
const MAX_DEPTH: usize = 20;
/// A longer text is cut where it is shown on one line.
const MAX_SHOWN_CHARS: usize = 200;

/// Whether both are equal; tables are compared by content.
pub fn equal(one: &Value, other: &Value) -> Result<bool> {
    equal_at(one, other, 0)
}

fn equal_at(one: &Value, other: &Value, depth: usize) -> Result<bool> {
    let (Value::Table(left), Value::Table(right)) = (one, other) else { return Ok(one == other) };
    if one.to_pointer() == other.to_pointer() {
        return Ok(true);
    }
    if depth == MAX_DEPTH {
        return Ok(false); // two tables that hold themselves
    }
    let mut keys = 0;
    for pair in left.pairs::<Value, Value>() {
        let (key, value) = pair.map_err(from_lua)?;
        keys += 1;
        if !equal_at(&value, &right.raw_get(key).map_err(from_lua)?, depth + 1)? {
            return Ok(false);
        }
    }
    Ok(keys == right.pairs::<Value, Value>().count())
}

/// A value on one line, cut when it is long.
pub fn show(value: &Value) -> String {
    cut(&written(value, 0, false))
}

/// A text cut to fit on one line.
pub fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN_CHARS) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// A value with an entry of a table on each line, and a text with its own lines.
pub fn show_long(value: &Value) -> Vec<String> {
    let text = match value {
        Value::String(text) => text.to_string_lossy(),
        value => written(value, 0, true),
    };
    crate::secret::redact(&text).lines().map(str::to_owned).collect()
}

fn written(value: &Value, depth: usize, long: bool) -> String {
    let shown = match value {
        Value::String(text) => format!("{:?}", text.to_string_lossy()),
        Value::Table(table) if depth < MAX_DEPTH => return table_written(table, depth, long),
        Value::Table(_) => "{ … }".to_owned(),
        Value::UserData(data) => match data.borrow::<ErrorHandle>() {
            Ok(failure) => format!("<{}: {}>", failure.0.error.kind().word(), failure.0.error.one_line()),
            Err(_) => "<handle>".to_owned(), // of some other kind
        },
        Value::Nil | Value::Boolean(_) | Value::Integer(_) | Value::Number(_) => {
            value.to_string().unwrap_or_else(|error| from_lua(error).one_line())
        }
        other => format!("<{}>", other.type_name()),
    };
    crate::secret::redact(&shown)
}

fn table_written(table: &Table, depth: usize, long: bool) -> String {
    let length = table.raw_len() as i64;
    let mut entries: Vec<(bool, String, String)> = Vec::new();
    for pair in table.pairs::<Value, Value>() {
        let Ok((key, value)) = pair else { return "<table>".to_owned() }; // only Lua's memory can fail here
        let value = written(&value, depth + 1, long);
        entries.push(match &key {
            Value::Integer(index) if (1..=length).contains(index) => (false, format!("{index:020}"), value),
            Value::String(name) if is_name(&name.to_string_lossy()) => {
                (true, name.to_string_lossy(), format!("{} = {value}", name.to_string_lossy()))
            }
            key => (true, written(key, depth + 1, false), format!("[{}] = {value}", written(key, depth + 1, false))),
        });
    }
    entries.sort();
    let entries: Vec<String> = entries.into_iter().map(|(_, _, text)| text).collect();
    match (entries.is_empty(), long) {
        (true, _) => "{}".to_owned(),
        (false, false) => format!("{{ {} }}", entries.join(", ")),
        (false, true) => {
            let indent = "  ".repeat(depth + 1);
            let lines: Vec<String> = entries.iter().map(|entry| format!("{indent}{entry},\n")).collect();
            format!("{{\n{}{}}}", lines.concat(), "  ".repeat(depth))
        }
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
