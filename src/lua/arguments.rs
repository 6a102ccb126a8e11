//! Reads the arguments of a library function as Lua does, and reports which one is wrong.

use mlua::{Integer, Lua, LuaString, Table, Value};

use crate::error::{Error, Kind};
use crate::lua::traceback::raise;

/// The values that a function was called with.
pub struct Arguments<'a> {
    pub lua: &'a Lua,
    pub function: &'static str,
    pub values: &'a [Value],
}

impl Arguments<'_> {
    /// The value at `position`, counted from 1.
    pub fn at(&self, position: usize) -> &Value {
        self.values.get(position - 1).unwrap_or(&Value::Nil)
    }

    /// A string, or a number as one.
    pub fn string(&self, position: usize) -> mlua::Result<LuaString> {
        match self.at(position) {
            Value::String(text) => Ok(text.clone()),
            number @ (Value::Integer(_) | Value::Number(_)) => {
                let text = self.lua.coerce_string(number.clone())?;
                text.ok_or_else(|| self.wrong(position, "string"))
            }
            _ => Err(self.wrong(position, "string")),
        }
    }

    pub fn integer(&self, position: usize) -> mlua::Result<Integer> {
        let value = self.at(position);
        match (value, self.lua.coerce_integer(value.clone())?) {
            (_, Some(integer)) => Ok(integer),
            (Value::Number(_), None) => Err(self.bad(position, "number has no integer representation")),
            (_, None) => Err(self.wrong(position, "number")),
        }
    }

    pub fn integer_or(&self, position: usize, default: Integer) -> mlua::Result<Integer> {
        if self.at(position).is_nil() { Ok(default) } else { self.integer(position) }
    }

    pub fn table(&self, position: usize) -> mlua::Result<Table> {
        match self.at(position) {
            Value::Table(table) => Ok(table.clone()),
            _ => Err(self.wrong(position, "table")),
        }
    }

    /// The argument at `position` is not of the `expected` type.
    pub fn wrong(&self, position: usize, expected: &str) -> mlua::Error {
        self.bad(position, &format!("{expected} expected, got {}", type_name(self.at(position))))
    }

    /// The argument at `position` is bad because of `why`.
    pub fn bad(&self, position: usize, why: &str) -> mlua::Error {
        self.refuse(format!("bad argument #{position} to `{}`: {why}", self.function))
    }

    pub fn refuse(&self, what: String) -> mlua::Error {
        raise(self.lua, Error::new(Kind::Recipe, what))
    }

    /// The result would be too large.
    pub fn too_large(&self) -> mlua::Error {
        let what = format!("the result of `{}` is larger than 16 MiB", self.function);
        raise(self.lua, Error::new(Kind::Space, what).hint("let a stream carry the bytes, instead of a Lua value"))
    }
}

/// The longest string that a library function returns: four of them fit into Lua's memory.
pub const MAX_RESULT: usize = 16 << 20;

/// The name of the type in Lua: integers and floats are both numbers for a recipe.
pub fn type_name(value: &Value) -> &'static str {
    if value.is_integer() { "number" } else { value.type_name() }
}
