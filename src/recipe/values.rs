//! Turns what people write into the typed value of a param, or reports what it must be instead.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::command_line;
use super::misfit::Misfit;
use crate::error::Error;
use crate::secret::{MASK, Secret};
use crate::units;
use crate::world::addressed;
use crate::world::command::quoted;
use crate::world::http::address::Address;

/// The kind of value that a param takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamType {
    String,
    Integer,
    Boolean,
    Path,
    Duration,
    Size,
    List,
    Secret,
    Choice,
    /// One command or several, which run one after the other.
    Command,
    /// Commands, or an address that receives a POST.
    Hook,
}

/// The value of a param.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParamValue {
    String(String),
    Integer(i64),
    Boolean(bool),
    Path(PathBuf),
    Duration(Duration),
    SizeBytes(u64),
    List(Vec<String>),
    Secret(Secret),
    /// The words of each command.
    Commands(Vec<Vec<String>>),
    Address(Address),
    /// An optional param that was not set.
    Absent,
}

impl ParamType {
    /// Every type, as a declaration spells it.
    pub const WORDS: [(&str, ParamType); 11] = [
        ("string", ParamType::String),
        ("integer", ParamType::Integer),
        ("boolean", ParamType::Boolean),
        ("path", ParamType::Path),
        ("duration", ParamType::Duration),
        ("size", ParamType::Size),
        ("list", ParamType::List),
        ("secret", ParamType::Secret),
        ("choice", ParamType::Choice),
        ("command", ParamType::Command),
        ("hook", ParamType::Hook),
    ];

    pub fn word(self) -> &'static str {
        ParamType::WORDS.iter().find(|(_, kind)| *kind == self).map_or("", |(word, _)| word)
    }

    /// Whether `min` and `max` apply.
    pub fn has_order(self) -> bool {
        matches!(self, ParamType::Integer | ParamType::Duration | ParamType::Size)
    }

    /// Parses the value from `text`.
    pub fn of_text(self, text: &str) -> Result<ParamValue, Misfit> {
        if text.contains('\0') {
            return Err(Misfit::new("be free of NUL characters", "remove the NUL character"));
        }
        let value = match self {
            ParamType::String | ParamType::Choice => Some(ParamValue::String(text.to_owned())),
            ParamType::Secret => Some(ParamValue::Secret(Secret::new(text))),
            ParamType::Integer => text.trim().parse().ok().map(ParamValue::Integer),
            ParamType::Boolean => boolean(text.trim()).map(ParamValue::Boolean),
            ParamType::Path => {
                let text = text.strip_prefix("file://").unwrap_or(text);
                let is_place = Path::new(text).is_absolute() || addressed::is_address(Path::new(text));
                is_place.then(|| ParamValue::Path(PathBuf::from(text)))
            }
            ParamType::Duration => units::parse_duration(text).ok().map(ParamValue::Duration),
            ParamType::Size => units::parse_size(text).ok().map(ParamValue::SizeBytes),
            ParamType::List => Some(ParamValue::List(items(text.split(',')))),
            ParamType::Hook if is_address(text) => return address(text).map(ParamValue::Address),
            ParamType::Command | ParamType::Hook => return command_line::of_text(text).map(ParamValue::Commands),
        };
        value.ok_or_else(|| self.misfit())
    }

    /// Converts a typed value of `hikae.toml` or of a declaration.
    pub fn of_json(self, value: &Value) -> Result<ParamValue, Misfit> {
        match (self, value) {
            (_, Value::String(text)) => self.of_text(text),
            (ParamType::Boolean, Value::Bool(flag)) => Ok(ParamValue::Boolean(*flag)),
            (ParamType::Integer | ParamType::Duration | ParamType::Size, Value::Number(number)) if !number.is_f64() => {
                self.of_text(&number.to_string())
            }
            (ParamType::List, Value::Array(values)) => {
                let texts: Option<Vec<&str>> = values.iter().map(Value::as_str).collect();
                texts.map(|texts| ParamValue::List(items(texts.into_iter()))).ok_or_else(|| self.misfit())
            }
            (ParamType::Command | ParamType::Hook, Value::Array(items)) => {
                command_line::of_list(items).map(ParamValue::Commands)
            }
            // An empty Lua table does not say whether it is a list.
            (ParamType::List, Value::Object(table)) if table.is_empty() => Ok(ParamValue::List(Vec::new())),
            _ => Err(self.misfit()),
        }
    }

    fn misfit(self) -> Misfit {
        match self {
            ParamType::Integer => Misfit::new("be an integer", "write a whole number, such as `30`"),
            ParamType::Boolean => Misfit::new("be a boolean", "write `true` or `false`"),
            ParamType::Path => Misfit::new(
                "be an absolute path",
                "write a path that begins with `/`, or an address such as `s3://bucket/folder`",
            ),
            ParamType::Duration => {
                Misfit::new("be a duration", "write a number and a unit, such as `90s`, `25h` or `30d`")
            }
            ParamType::Size => Misfit::new("be a size", "write a number and a unit, such as `500 MB` or `64 MiB`"),
            ParamType::List => Misfit::new("be a list of strings", "write the items with commas between them"),
            ParamType::Command | ParamType::Hook => {
                Misfit::new("be a command, or several", "write it as in a terminal, such as `systemctl restart app`")
            }
            ParamType::String | ParamType::Secret | ParamType::Choice => {
                Misfit::new("be a string", "write it in quotes")
            }
        }
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// Items without the blanks around them; an empty item is only an extra comma.
fn items<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    texts.map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

/// Whether a hook is an address, not a command.
fn is_address(text: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| text.trim_start().starts_with(scheme))
}

fn address(text: &str) -> Result<Address, Misfit> {
    let misfit = |error: Error| Misfit::new("be an address", error.hint_text().unwrap_or_default());
    Address::hook(text.trim()).map_err(misfit)
}

/// Commands as one line, which parses to the same commands.
fn line(commands: &[Vec<String>]) -> String {
    let command = |words: &Vec<String>| words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
    commands.iter().map(command).collect::<Vec<_>>().join(" && ")
}

/// A size with a unit if that is exact, else in bytes.
fn exact_size(bytes: u64) -> String {
    let size = bytesize::ByteSize(bytes);
    let shown = [size.display().iec().to_string(), size.display().si().to_string()];
    let exact = |text: &String| units::parse_size(text).is_ok_and(|parsed| parsed == bytes);
    shown.into_iter().find(exact).unwrap_or_else(|| bytes.to_string())
}

impl ParamValue {
    /// Whether nothing was written at all.
    pub fn is_empty(&self) -> bool {
        match self {
            ParamValue::String(text) => text.is_empty(),
            ParamValue::List(items) => items.is_empty(),
            ParamValue::Secret(secret) => secret.is_empty(),
            ParamValue::Commands(commands) => commands.is_empty(),
            _ => false,
        }
    }

    /// The value as a number, for bounds.
    pub fn measure(&self) -> Option<u128> {
        match self {
            // Shifted, so that negative integers keep their order among unsigned numbers.
            ParamValue::Integer(number) => Some((i128::from(*number) - i128::from(i64::MIN)).unsigned_abs()),
            ParamValue::Duration(duration) => Some(duration.as_nanos()),
            ParamValue::SizeBytes(bytes) => Some(u128::from(*bytes)),
            _ => None,
        }
    }
}

impl fmt::Display for ParamValue {
    /// The value as a person would write it; a secret is masked.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParamValue::String(text) => f.write_str(text),
            ParamValue::Integer(number) => write!(f, "{number}"),
            ParamValue::Boolean(flag) => write!(f, "{flag}"),
            ParamValue::Path(path) => write!(f, "{}", path.display()),
            ParamValue::Duration(duration) => write!(f, "{}", humantime::format_duration(*duration)),
            ParamValue::SizeBytes(bytes) => f.write_str(&exact_size(*bytes)),
            ParamValue::List(items) => f.write_str(&items.join(",")),
            ParamValue::Secret(_) => f.write_str(MASK),
            ParamValue::Commands(commands) => f.write_str(&line(commands)),
            ParamValue::Address(address) => write!(f, "{address}"),
            ParamValue::Absent => Ok(()),
        }
    }
}
