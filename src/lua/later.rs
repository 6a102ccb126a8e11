//! Makes a module when it is first used: making all of them takes longer than loading most recipes.

use std::cell::RefCell;

use mlua::{Lua, Table, Value};

use crate::lua::exports::Make;
use crate::lua::seal::seal_value;

/// The modules that are made on first use.
pub struct Later(RefCell<Vec<(&'static str, Make)>>);

impl Later {
    pub fn new(modules: Vec<(&'static str, Make)>) -> Later {
        Later(RefCell::new(modules))
    }

    /// The names of modules that are not made yet.
    pub fn names(&self) -> Vec<&'static str> {
        self.0.borrow().iter().map(|(name, _)| *name).collect()
    }

    /// Makes the module of that name, if not made yet, and adds it to `members`.
    pub fn bring(&self, lua: &Lua, name: &str, members: &Table) -> mlua::Result<Option<Value>> {
        let Some(place) = self.0.borrow().iter().position(|(known, _)| *known == name) else { return Ok(None) };
        let (name, make) = self.0.borrow_mut().swap_remove(place);
        let module = seal_value(lua, name, Value::Table(make(lua)?.table))?;
        members.raw_set(name, &module)?;
        Ok(Some(module))
    }
}
