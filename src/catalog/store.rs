//! Inserts rows into the catalog: the only place where text is cleaned of secrets before it is stored.

use rusqlite::types::Value;
use rusqlite::{Transaction, params_from_iter};

use super::record::{Moment, moment_text};
use crate::secret;

/// The value of one column.
pub(super) enum Field {
    /// A word that hikae creates and queries by (an id, a status, a recipe's name): stored unchanged,
    /// because a password such as `daily` would otherwise make its runs impossible to find.
    Word(String),
    /// Text from anywhere else: every known secret is struck out.
    Text(String),
    /// Data from anywhere else: every known secret is struck out of its strings.
    Json(serde_json::Value),
    Number(u64),
    Time(Moment),
    Null,
}

impl Field {
    pub fn word(word: &str) -> Field {
        Field::Word(word.to_owned())
    }

    pub fn text(text: &str) -> Field {
        Field::Text(text.to_owned())
    }

    pub fn some_text(text: Option<&str>) -> Field {
        text.map_or(Field::Null, Field::text)
    }

    pub fn some_number(number: Option<u64>) -> Field {
        number.map_or(Field::Null, Field::Number)
    }

    /// The value to store.
    fn keep(self) -> Value {
        match self {
            Field::Word(word) => Value::Text(word),
            Field::Text(text) => Value::Text(secret::redact(&text)),
            Field::Json(json) => Value::Text(clean(json).to_string()),
            // SQLite's integers reach eight exbibytes, which is enough here.
            Field::Number(number) => Value::Integer(i64::try_from(number).unwrap_or(i64::MAX)),
            Field::Time(moment) => Value::Text(moment_text(moment)),
            Field::Null => Value::Null,
        }
    }
}

/// Adds a row to `table`.
pub(super) fn insert(tx: &Transaction, table: &str, row: Vec<(&str, Field)>) -> rusqlite::Result<()> {
    let (columns, values) = apart(row);
    let marks = vec!["?"; columns.len()].join(", ");
    let sql = format!("INSERT INTO {table} ({}) VALUES ({marks})", columns.join(", "));
    tx.prepare_cached(&sql)?.execute(params_from_iter(values)).map(drop)
}

/// Changes the row of `table` whose id is `id`; returns whether there is one.
pub(super) fn update(tx: &Transaction, table: &str, id: &str, row: Vec<(&str, Field)>) -> rusqlite::Result<bool> {
    let (columns, mut values) = apart(row);
    let changes: Vec<String> = columns.iter().map(|column| format!("{column} = ?")).collect();
    values.push(Value::Text(id.to_owned()));
    let sql = format!("UPDATE {table} SET {} WHERE id = ?", changes.join(", "));
    tx.prepare_cached(&sql)?.execute(params_from_iter(values)).map(|changed| changed > 0)
}

fn apart(row: Vec<(&str, Field)>) -> (Vec<&str>, Vec<Value>) {
    row.into_iter().map(|(column, field)| (column, field.keep())).unzip()
}

/// Cleans the strings of `json` one by one: in the serialized text, an escaped quote or newline would hide a secret.
fn clean(json: serde_json::Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match json {
        Json::String(text) => Json::String(secret::redact(&text)),
        Json::Array(items) => Json::Array(items.into_iter().map(clean).collect()),
        Json::Object(map) => {
            Json::Object(map.into_iter().map(|(key, value)| (secret::redact(&key), clean(value))).collect())
        }
        number_or_word => number_or_word,
    }
}
