//! Describes the problem with an option, for messages.

use std::fmt;

use serde::de::{self, Unexpected};

use crate::error::{Error, Kind};
use crate::suggest;

/// The problem with a value, before it becomes a message.
#[derive(Debug)]
pub enum Wrong {
    UnknownField {
        field: String,
        expected: &'static [&'static str],
    },
    UnknownVariant {
        variant: String,
        expected: &'static [&'static str],
    },
    MissingField(&'static str),
    Type {
        found: String,
        expected: String,
    },
    /// A list where options belong; the name of the first option.
    Nameless(&'static str),
    TooManyArgs,
    Custom(String),
}

impl Wrong {
    /// The error of the call `name`, at `path` inside its options.
    pub fn into_error(self, name: &str, path: &str) -> Error {
        let subject = if path.is_empty() { format!("`{name}`") } else { format!("`{path}` of `{name}`") };
        let (what, hint) = match self {
            Wrong::UnknownField { field, expected } => {
                let within = path.strip_suffix(&field).unwrap_or(path).trim_end_matches('.');
                let owner = if within.is_empty() { format!("`{name}`") } else { format!("`{within}` of `{name}`") };
                (format!("{owner} has no option `{field}`"), suggest::hint(&field, expected.iter().copied()))
            }
            Wrong::UnknownVariant { variant, expected } => {
                (format!("{subject} cannot be `{variant}`"), suggest::hint(&variant, expected.iter().copied()))
            }
            Wrong::MissingField(field) => {
                (format!("`{name}` needs `{}`", join(path, field)), format!("write `{field} = ...`"))
            }
            Wrong::Type { found, expected } => {
                let what = match path {
                    "" => format!("`{name}` takes {expected}, but was given {found}"),
                    _ => format!("{subject} must be {expected}, not {found}"),
                };
                (what, hint_for(name, &found))
            }
            Wrong::Nameless(first) => {
                (format!("{subject} was given a value without a name"), format!("write `{first} = ...`"))
            }
            Wrong::TooManyArgs => (
                format!("`{name}` was given too many values"),
                "options go into one table: `{ name = value }`".to_owned(),
            ),
            Wrong::Custom(message) => (format!("{subject}: {message}"), see_docs(name)),
        };
        Error::new(Kind::Recipe, what).hint(hint)
    }
}

fn hint_for(name: &str, found: &str) -> String {
    if found == SECRET {
        return "a secret stays one only as a `password`, in the `env` of a program, or as its `stdin`".to_owned();
    }
    if found == BYTES {
        return "names and options are text; bytes belong into a stream".to_owned();
    }
    see_docs(name)
}

/// Where to find the options of the call `name`.
pub fn see_docs(name: &str) -> String {
    format!("`hikae docs {name}` shows what it takes")
}

/// The name for a secret in the wrong place, in messages.
pub const SECRET: &str = "a secret";

/// The name for a non-text string in place of text, in messages.
pub const BYTES: &str = "a string that is not UTF-8";

/// The value that was passed, in Lua's words.
fn found(value: Unexpected) -> String {
    match value {
        Unexpected::Unit | Unexpected::Option => "nothing".to_owned(),
        Unexpected::Bool(flag) => format!("`{flag}`"),
        Unexpected::Signed(number) => format!("`{number}`"),
        Unexpected::Unsigned(number) => format!("`{number}`"),
        Unexpected::Float(number) => format!("`{number}`"),
        Unexpected::Str(text) => format!("the text `{}`", text.escape_debug()),
        Unexpected::Map => "a table".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Bytes(_) => BYTES.to_owned(),
        Unexpected::Other(words) => words.to_owned(),
        other => other.to_string(),
    }
}

/// The expected value, without Rust terms.
fn expected_words(expected: &dyn de::Expected) -> String {
    let words = expected.to_string();
    match words.as_str() {
        "u8" => "a whole number from 0 to 255".to_owned(),
        "u16" => "a whole number from 0 to 65535".to_owned(),
        "u32" | "u64" | "usize" => "a whole number from 0".to_owned(),
        "i8" | "i16" | "i32" | "i64" => "a whole number".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "a boolean" => "`true` or `false`".to_owned(),
        "a string" => "a text".to_owned(),
        "path string" => "a path".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "a table of names and values".to_owned(),
        _ => words,
    }
}

fn join(path: &str, field: &str) -> String {
    if path.is_empty() || path == field { field.to_owned() } else { format!("{path}.{field}") }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for Wrong {}

impl de::Error for Wrong {
    fn custom<T: fmt::Display>(message: T) -> Wrong {
        Wrong::Custom(message.to_string())
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Wrong {
        Wrong::UnknownField { field: field.to_owned(), expected }
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Wrong {
        Wrong::UnknownVariant { variant: variant.to_owned(), expected }
    }

    fn missing_field(field: &'static str) -> Wrong {
        Wrong::MissingField(field)
    }

    fn invalid_type(value: Unexpected, expected: &dyn de::Expected) -> Wrong {
        Wrong::Type { found: found(value), expected: expected_words(expected) }
    }

    fn invalid_value(value: Unexpected, expected: &dyn de::Expected) -> Wrong {
        Wrong::invalid_type(value, expected)
    }
}
