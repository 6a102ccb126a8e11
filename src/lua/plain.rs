//! A copy of a Lua value, so that nothing of Lua outlives the call.

use std::collections::BTreeMap;

use mlua::Value;
use serde::de::Unexpected;

use crate::error::{Error, Kind, Result};
use crate::lua::arguments::MAX_RESULT;
use crate::lua::secret_value::SecretValue;
use crate::lua::traceback::from_lua;
use crate::lua::unknown::Unknown;
use crate::secret::Secret;

/// A copy of a Lua value, so that nothing of Lua outlives the call.
#[derive(Clone, Debug)]
pub enum Plain {
    Nil,
    Bool(bool),
    Int(i64),
    Num(f64),
    Str(String),
    /// A string that is not UTF-8, which only byte options accept.
    Bytes(Vec<u8>),
    Secret(Secret),
    /// An empty table: a list or a map, as the reader needs.
    Empty,
    List(Vec<Plain>),
    Map(BTreeMap<String, Plain>),
    /// A value that no option accepts, by the name of its Lua type.
    Other(&'static str),
}

/// Deepest nesting of an option table.
const MAX_DEPTH: usize = 32;
/// The most values that are copied in one call: a table that contains itself would be expanded endlessly.
const MAX_VALUES: usize = 200_000;
/// The most bytes of text that are copied in one call: the longest string, and a little more.
const MAX_BYTES: usize = MAX_RESULT + (1 << 20);

/// The remaining limits of one call.
struct Toll {
    values: usize,
    bytes: usize,
}

impl Default for Toll {
    fn default() -> Toll {
        Toll { values: MAX_VALUES, bytes: MAX_BYTES }
    }
}

impl Toll {
    fn pay(&mut self, bytes: usize) -> Result<()> {
        let (values, bytes) = (self.values.checked_sub(1), self.bytes.checked_sub(bytes));
        let (Some(values), Some(bytes)) = (values, bytes) else {
            let what = format!("a value is larger than {MAX_VALUES} entries or 16 MiB of text");
            return Err(Error::new(Kind::Space, what)
                .hint("a table that holds itself counts each time; let a stream carry the bytes"));
        };
        *self = Toll { values, bytes };
        Ok(())
    }
}

impl Plain {
    pub fn from_lua(value: &Value) -> Result<Plain> {
        Plain::at_depth(value, 0, &mut Toll::default())
    }

    /// The arguments of one call, which share the limits.
    pub fn all_from_lua<'a>(values: impl IntoIterator<Item = &'a Value>) -> Result<Vec<Plain>> {
        let mut toll = Toll::default();
        values.into_iter().map(|value| Plain::at_depth(value, 0, &mut toll)).collect()
    }

    fn at_depth(value: &Value, depth: usize, toll: &mut Toll) -> Result<Plain> {
        toll.pay(value.as_string().map_or(0, |text| text.as_bytes().len()))?;
        Ok(match value {
            Value::Nil => Plain::Nil,
            Value::Boolean(flag) => Plain::Bool(*flag),
            Value::Integer(number) => Plain::Int(*number),
            Value::Number(number) => Plain::Num(*number),
            Value::String(text) => text
                .to_str()
                .map_or_else(|_| Plain::Bytes(text.as_bytes().to_vec()), |text| Plain::Str(text.to_owned())),
            Value::UserData(data) => match data.borrow::<SecretValue>() {
                Ok(secret) => Plain::Secret(secret.0.clone()),
                // An unknown value cannot be passed on.
                Err(_) if data.is::<Unknown>() => return Err(data.borrow::<Unknown>().map_err(from_lua)?.error()),
                Err(_) => Plain::Other("a handle"), // any other handle is refused where it is read
            },
            Value::Table(table) => Plain::from_table(table, depth, toll)?,
            Value::Function(_) => Plain::Other("a function"),
            other => Plain::Other(other.type_name()),
        })
    }

    fn from_table(table: &mlua::Table, depth: usize, toll: &mut Toll) -> Result<Plain> {
        if depth == MAX_DEPTH {
            return Err(Error::new(Kind::Recipe, format!("a table is nested more than {MAX_DEPTH} deep")));
        }
        let (mut list, mut map, mut highest) = (BTreeMap::new(), BTreeMap::new(), 0);
        for pair in table.pairs::<Value, Value>() {
            let (key, value) = pair.map_err(from_lua)?;
            let value = Plain::at_depth(&value, depth + 1, toll)?;
            match key {
                Value::Integer(index) if index > 0 => {
                    highest = highest.max(index);
                    list.insert(index, value);
                }
                Value::String(name) => {
                    toll.pay(name.as_bytes().len())?;
                    map.insert(name.to_str().map_err(|_| not_text())?.to_owned(), value);
                }
                other => {
                    let what = format!("a table has a key of type {}, which no option takes", other.type_name());
                    return Err(Error::new(Kind::Recipe, what));
                }
            }
        }
        if !list.is_empty() && !map.is_empty() {
            let what = "a table mixes named values with values that have no name".to_owned();
            return Err(Error::new(Kind::Recipe, what).hint("give every value a name: `name = value`"));
        }
        if list.len() as i64 != highest {
            return Err(Error::new(Kind::Recipe, format!("a list has a hole before its entry {highest}")));
        }
        Ok(match (list.is_empty(), map.is_empty()) {
            (true, true) => Plain::Empty,
            (false, _) => Plain::List(list.into_values().collect()),
            (true, false) => Plain::Map(map),
        })
    }

    /// In the table called `name`, keeps members that are empty tables: each member is a table of names.
    pub fn keep_empty_members(&mut self, name: &str) {
        let Plain::Map(map) = self else { return };
        let Some(Plain::Map(members)) = map.get_mut(name) else { return };
        for member in members.values_mut().filter(|member| matches!(member, Plain::Empty)) {
            *member = Plain::Map(BTreeMap::new());
        }
    }

    /// The same as JSON, for a declaration. An empty table counts as absent: it may be a list or a map.
    pub fn to_json(&self) -> Result<serde_json::Value> {
        use serde_json::Value as Json;
        Ok(match self {
            Plain::Nil | Plain::Empty => Json::Null,
            Plain::Bool(flag) => Json::from(*flag),
            Plain::Int(number) => Json::from(*number),
            Plain::Num(number) => Json::from(*number),
            Plain::Str(text) => Json::from(text.as_str()),
            Plain::List(list) => Json::Array(list.iter().map(Plain::to_json).collect::<Result<_>>()?),
            Plain::Map(map) => {
                let members = map.iter().map(|(name, value)| Ok((name.clone(), value.to_json()?)));
                let members = members.collect::<Result<Vec<_>>>()?;
                Json::Object(members.into_iter().filter(|(_, value)| !value.is_null()).collect())
            }
            Plain::Bytes(_) | Plain::Secret(_) | Plain::Other(_) => {
                let what =
                    format!("a declaration holds {}, where a text, a number or a table belongs", self.unexpected());
                return Err(Error::new(Kind::Recipe, what).hint("what is done belongs into `run`"));
            }
        })
    }

    /// Its type, in the words of serde's messages.
    pub fn unexpected(&self) -> Unexpected<'_> {
        match self {
            Plain::Nil => Unexpected::Unit,
            Plain::Bool(flag) => Unexpected::Bool(*flag),
            Plain::Int(number) => Unexpected::Signed(*number),
            Plain::Num(number) => Unexpected::Float(*number),
            Plain::Str(text) => Unexpected::Str(text),
            Plain::Bytes(bytes) => Unexpected::Bytes(bytes),
            Plain::Secret(_) => Unexpected::Other(crate::lua::wrong::SECRET),
            Plain::Empty | Plain::Map(_) => Unexpected::Other("a table"),
            Plain::List(_) => Unexpected::Other("a list"),
            Plain::Other(name) => Unexpected::Other(name),
        }
    }
}

fn not_text() -> Error {
    Error::new(Kind::Recipe, "a string is not UTF-8").hint("names and options are text; bytes belong into a stream")
}
