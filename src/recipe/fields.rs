//! Reads a Lua table that came as JSON key by key, and notes everything that is wrong with it.

use serde_json::{Map, Value};

use super::problem::Problem;
use crate::suggest;

/// A table of a declaration, the name of its place in it, and the problems met so far.
pub struct Fields<'v, 'p> {
    path: String,
    table: Option<&'v Map<String, Value>>,
    problems: &'p mut Vec<Problem>,
}

impl<'v, 'p> Fields<'v, 'p> {
    /// Opens the table at `path`; a missing one counts as empty.
    pub fn open(path: impl Into<String>, value: Option<&'v Value>, problems: &'p mut Vec<Problem>) -> Self {
        let mut fields = Fields { path: path.into(), table: None, problems };
        match value {
            Some(Value::Object(table)) => fields.table = Some(table),
            None => {}
            // An empty Lua table does not say whether it is a list.
            Some(Value::Array(items)) if items.is_empty() => {}
            Some(other) => {
                let name = if fields.path.is_empty() { "recipe" } else { &fields.path };
                let message = format!("`{name}` must be a table, but is {}", described(other));
                fields.problem(message, "write it in braces: `{ … }`");
            }
        }
        fields
    }

    /// Reports every key that is not one of `names`.
    pub fn allow_only(&mut self, names: &[&str]) {
        for key in self.table.into_iter().flat_map(Map::keys) {
            if !names.contains(&key.as_str()) {
                let hint = suggest::hint(key, names.iter().copied());
                self.problem(format!("`{}` is not a known key", self.name(key)), hint);
            }
        }
    }

    /// All keys and values.
    pub fn entries(&self) -> impl Iterator<Item = (&'v String, &'v Value)> + use<'v> {
        self.table.into_iter().flatten()
    }

    pub fn value(&self, key: &str) -> Option<&'v Value> {
        self.table?.get(key).filter(|value| !value.is_null())
    }

    /// A string that is not empty.
    pub fn text(&mut self, key: &str) -> Option<&'v str> {
        match self.value(key)? {
            Value::String(text) if !text.trim().is_empty() => Some(text),
            other => self.wrong(key, "a string", other, "write it in quotes"),
        }
    }

    pub fn flag(&mut self, key: &str) -> bool {
        match self.value(key) {
            None => false,
            Some(Value::Bool(flag)) => *flag,
            Some(other) => self.wrong(key, "a boolean", other, "write `true` or `false`").unwrap_or(false),
        }
    }

    /// One of a few words.
    pub fn word<T: Copy>(&mut self, key: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
        if found.is_none() {
            let names = words.iter().map(|(word, _)| *word);
            let hint = suggest::hint(text, names);
            self.problem(format!("`{}` cannot be `{text}`", self.name(key)), hint);
        }
        found
    }

    /// A list of strings, none of them empty.
    pub fn list(&mut self, key: &str) -> Vec<String> {
        let hint = "write strings in braces: `{ \"a\", \"b\" }`";
        match self.value(key) {
            None => Vec::new(),
            Some(Value::Object(table)) if table.is_empty() => Vec::new(),
            Some(Value::Array(items)) => {
                let texts = items.iter().map(|item| item.as_str().filter(|text| !text.is_empty()));
                let texts: Option<Vec<&str>> = texts.collect();
                if texts.is_none() {
                    self.problem(format!("every item of `{}` must be a string", self.name(key)), hint);
                }
                texts.unwrap_or_default().into_iter().map(str::to_owned).collect()
            }
            Some(other) => self.wrong(key, "a list of strings", other, hint).unwrap_or_default(),
        }
    }

    /// The full name of a key, such as `params.days.min`.
    pub fn name(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    pub fn problem(&mut self, message: impl Into<String>, hint: impl Into<String>) {
        self.problems.push(Problem::new(message, hint));
    }

    /// The problems so far, for a table inside this one.
    pub fn problems(&mut self) -> &mut Vec<Problem> {
        self.problems
    }

    fn wrong<T>(&mut self, key: &str, expected: &str, found: &Value, hint: &str) -> Option<T> {
        self.problem(format!("`{}` must be {expected}, but is {}", self.name(key), described(found)), hint);
        None
    }
}

/// The type of a value, in Lua's words.
pub fn described(value: &Value) -> &'static str {
    match value {
        Value::Null => "nil",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(text) if text.trim().is_empty() => "empty",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table",
    }
}
