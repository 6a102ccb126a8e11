//! Judges a value: one function a matcher.

use mlua::{Function, LuaString, Table, Value};
use serde::Deserialize;

use crate::error::{Error, Kind, Result};
use crate::lua::exports::Call;
use crate::lua::options;
use crate::lua::plain::Plain;
use crate::lua::traceback::from_lua;
use crate::specs::shown::{equal, show};

/// The verdict of a matcher.
pub struct Verdict {
    pub holds: bool,
    /// Describes what the matcher looks for.
    pub expected: String,
    /// The text to show instead of the value.
    pub found: Option<String>,
    /// The value to show a difference against.
    pub compares: Option<Value>,
}

type Check = fn(&Call, &Value, &[Value]) -> Result<Verdict>;

/// The matchers with their opposites; `to_raise`, which waits, is separate.
pub const MATCHERS: [(&str, &str, Check); 7] = [
    ("to_equal", "never_to_equal", to_equal),
    ("to_be", "never_to_be", to_be),
    ("to_be_nil", "never_to_be_nil", |_, value, _| Ok(said(value.is_nil(), "to be nil"))),
    ("to_be_true", "never_to_be_true", |_, value, _| Ok(said(*value == Value::Boolean(true), "to be true"))),
    ("to_be_false", "never_to_be_false", |_, value, _| Ok(said(*value == Value::Boolean(false), "to be false"))),
    ("to_match", "never_to_match", to_match),
    ("to_contain", "never_to_contain", to_contain),
];

fn said(holds: bool, expected: impl Into<String>) -> Verdict {
    Verdict { holds, expected: expected.into(), found: None, compares: None }
}

/// Whether both are equal, compared recursively.
fn to_equal(call: &Call, value: &Value, args: &[Value]) -> Result<Verdict> {
    let expected = only(call, args)?;
    let holds = equal(value, expected)?;
    Ok(Verdict { compares: Some(expected.clone()), ..said(holds, format!("to equal {}", show(expected))) })
}

/// Whether both are identical: for a table, the same table.
fn to_be(call: &Call, value: &Value, args: &[Value]) -> Result<Verdict> {
    let expected = only(call, args)?;
    let holds = match (value, expected) {
        (Value::Table(_), Value::Table(_)) => value.to_pointer() == expected.to_pointer(),
        _ => equal(value, expected)?,
    };
    Ok(Verdict { compares: Some(expected.clone()), ..said(holds, format!("to be {}", show(expected))) })
}

fn to_match(call: &Call, value: &Value, args: &[Value]) -> Result<Verdict> {
    let pattern = only(call, args)?;
    let Value::String(text) = value else { return Ok(said(false, format!("to match {}", show(pattern)))) };
    let holds = find(call, text, pattern)?;
    Ok(said(holds, format!("to match the pattern {}", show(pattern))))
}

/// Whether a Lua pattern occurs in a text.
pub fn finds(call: &Call, text: &str, pattern: &str) -> Result<bool> {
    let string = |text: &str| call.lua.create_string(text).map_err(from_lua);
    find(call, &string(text)?, &Value::String(string(pattern)?))
}

/// Uses the bounded `find` of the sandbox: a spec's pattern can run too long like any other.
fn find(call: &Call, text: &LuaString, pattern: &Value) -> Result<bool> {
    let library: Option<mlua::Result<Table>> =
        call.lua.type_metatable::<LuaString>().map(|meta| meta.raw_get("__index"));
    let Some(library) = library else { return Err(Error::new(Kind::Other, "strings have no library")) };
    let find: Function = library.and_then(|library| library.raw_get("find")).map_err(from_lua)?;
    let found: Value = find.call((text, pattern)).map_err(from_lua)?;
    Ok(!found.is_nil())
}

/// Whether a text contains this text, or a table contains this value.
fn to_contain(call: &Call, value: &Value, args: &[Value]) -> Result<Verdict> {
    let part = only(call, args)?;
    let holds = match (value, part) {
        (Value::String(text), Value::String(part)) => text.to_string_lossy().contains(&part.to_string_lossy()),
        (Value::Table(table), part) => {
            let mut found = false;
            for pair in table.pairs::<Value, Value>() {
                found = found || equal(&pair.map_err(from_lua)?.1, part)?;
            }
            found
        }
        _ => false,
    };
    Ok(said(holds, format!("to contain {}", show(part))))
}

fn only<'a>(call: &Call, args: &'a [Value]) -> Result<&'a Value> {
    match args {
        [value] => Ok(value),
        _ => Err(Error::new(Kind::Recipe, format!("`{}` takes one value, and was given {}", call.name, args.len()))),
    }
}

/// The required parts of a raised error. Texts are plain substrings, not patterns: messages are full of `-` and `.`.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct Raising {
    kind: Option<Kind>,
    message: Option<String>,
    hint: Option<String>,
}

impl Raising {
    /// Reads nothing, a substring of the message, or a table.
    pub fn read(call: &Call, value: Option<&Value>) -> Result<Raising> {
        match value {
            None | Some(Value::Nil) => Ok(Raising::default()),
            Some(Value::String(text)) => Ok(Raising { message: Some(text.to_string_lossy()), ..Raising::default() }),
            Some(value) => options::read_value(call.name, Plain::from_lua(value)?),
        }
    }

    pub fn of_kind(kind: Kind) -> Raising {
        Raising { kind: Some(kind), ..Raising::default() }
    }

    pub fn judge(&self, error: &Error) -> Verdict {
        let has = |asked: &Option<String>, text: &str| asked.as_ref().is_none_or(|asked| text.contains(asked.as_str()));
        let holds = self.kind.is_none_or(|kind| kind == error.kind())
            && has(&self.message, &error.one_line())
            && has(&self.hint, error.hint_text().unwrap_or_default());
        let hint = error.hint_text().map(|hint| format!(" (hint: {hint})")).unwrap_or_default();
        let found = crate::secret::redact(&format!("{}: {}{hint}", error.kind().word(), error.one_line()));
        Verdict { found: Some(found), ..said(holds, format!("to raise {}", self.words())) }
    }

    pub fn words(&self) -> String {
        let kind = self.kind.map(|kind| format!(" of kind `{}`", kind.word())).unwrap_or_default();
        let words = |name: &str, text: &Option<String>| {
            text.as_ref().map(|text| format!(" {name} `{text}`")).unwrap_or_default()
        };
        format!("an error{kind}{}{}", words("that says", &self.message), words("with the hint", &self.hint))
    }
}

pub fn nothing_raised(matching: &Raising) -> Verdict {
    Verdict { found: Some("no error".to_owned()), ..said(false, format!("to raise {}", matching.words())) }
}
