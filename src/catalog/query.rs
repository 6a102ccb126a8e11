//! Builds the conditions of a query from a filter, so that each condition can use its index.

use rusqlite::types::Value;
use rusqlite::{Params, params_from_iter};

/// The conditions of a query, with their values in order.
#[derive(Default)]
pub(super) struct Conditions {
    texts: Vec<String>,
    values: Vec<Value>,
}

impl Conditions {
    /// `column` must have this value, if one is given.
    pub fn equals(mut self, column: &str, value: Option<&str>) -> Conditions {
        if let Some(value) = value {
            self.texts.push(format!("{column} = ?"));
            self.values.push(Value::Text(value.to_owned()));
        }
        self
    }

    /// `column` must begin with this text, if one is given.
    pub fn begins(mut self, column: &str, start: Option<&str>) -> Conditions {
        if let Some(start) = start {
            self.texts.push(format!("{column} >= ? AND {column} < ?"));
            self.values.extend([start.to_owned(), format!("{start}{}", char::MAX)].map(Value::Text));
        }
        self
    }

    /// A condition without a value, if there is one.
    pub fn holds(mut self, condition: Option<String>) -> Conditions {
        self.texts.extend(condition);
        self
    }

    /// The query on `table`, the newest first, and its values.
    pub fn newest_first(self, table: &str, limit: Option<usize>) -> (String, impl Params) {
        let conditions =
            if self.texts.is_empty() { String::new() } else { format!("WHERE {}", self.texts.join(" AND ")) };
        // A negative limit means no limit.
        let limit = limit.map_or(-1, |most| i64::try_from(most).unwrap_or(i64::MAX));
        (
            format!("SELECT * FROM {table} {conditions} ORDER BY number DESC LIMIT {limit}"),
            params_from_iter(self.values),
        )
    }
}
