//! Parses a column, and refuses a value that hikae cannot have written.

use rusqlite::Row;
use rusqlite::types::Type;

use super::record::{Moment, Status};

pub(super) fn moment(row: &Row, column: &str) -> rusqlite::Result<Moment> {
    parsed(row, column, |text| Moment::parse_from_rfc3339(text).ok())
}

pub(super) fn some_moment(row: &Row, column: &str) -> rusqlite::Result<Option<Moment>> {
    if is_null(row, column)? { Ok(None) } else { moment(row, column).map(Some) }
}

pub(super) fn status(row: &Row, column: &str) -> rusqlite::Result<Status> {
    parsed(row, column, Status::of_word)
}

pub(super) fn number(row: &Row, column: &str) -> rusqlite::Result<u64> {
    let kept: i64 = row.get(column)?;
    u64::try_from(kept).or_else(|_| Err(strange(row, column, &kept.to_string())?))
}

pub(super) fn some_number(row: &Row, column: &str) -> rusqlite::Result<Option<u64>> {
    if is_null(row, column)? { Ok(None) } else { number(row, column).map(Some) }
}

/// JSON, or the text itself if people have written plain text into the column.
pub(super) fn json(row: &Row, column: &str) -> rusqlite::Result<Option<serde_json::Value>> {
    let text: Option<String> = row.get(column)?;
    Ok(text.map(|text| serde_json::from_str(&text).unwrap_or(serde_json::Value::String(text))))
}

pub(super) fn parsed<T>(row: &Row, column: &str, parse: impl Fn(&str) -> Option<T>) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    parse(&text).map_or_else(|| Err(strange(row, column, &text)?), Ok)
}

fn is_null(row: &Row, column: &str) -> rusqlite::Result<bool> {
    row.get_ref(column).map(|value| value.data_type() == Type::Null)
}

/// The error of a value that hikae cannot have written.
fn strange(row: &Row, column: &str, value: &str) -> rusqlite::Result<rusqlite::Error> {
    let index = row.as_ref().column_index(column)?;
    let said = format!("`{value}` cannot be in column `{column}`");
    Ok(rusqlite::Error::FromSqlConversionFailure(index, Type::Text, said.into()))
}
