//! Catches errors for recipes, except those that end the run.

use std::rc::Rc;

use mlua::{AnyUserData, Function, Lua, Value};

use crate::lua::budget::Budget;
use crate::lua::failure::{CaughtError, ErrorHandle};
use crate::lua::fuse::Fuse;
use crate::lua::session::Session;
use crate::lua::traceback::{OUT_OF_MEMORY, STACK_OVERFLOW, caught};
use crate::world::dry_run::is_withheld;

/// Raising and catching costs far more than an instruction, and no hook sees it.
const COST: u64 = 1_000;

/// In Lua, so that a recipe may wait inside, and so that raising again costs no traceback: with one at each level, a deep
/// recursion would need minutes to unwind. Rust is called only on an error.
const CATCH: &str = "
local pcall, error, weigh = ...
local function finish(ok, ...)
  if ok then return true, ... end
  local fatal, raised = weigh(...)
  if fatal then error(raised, 0) end
  return false, raised
end
return function(f, ...) return finish(pcall(f, ...)) end
";

/// A `pcall` that does not catch the end of the run, exhausted Lua memory or stack, or the point where a plan cannot continue.
///
/// A recipe cannot handle any of these, and the first three are so slow in Lua that a loop which catches them would run for hours.
pub fn pcall(lua: &Lua) -> mlua::Result<Function> {
    let globals = lua.globals();
    let (stock, error): (Function, Function) = (globals.raw_get("pcall")?, globals.raw_get("error")?);
    let weigh = lua.create_function(|lua, error: Value| {
        Ok(match Fuse::of(lua).spend(lua, COST) {
            Err(end) => (true, Value::Error(Box::new(end))),
            Ok(()) if is_fatal(&error) => (true, error),
            Ok(()) => match failure(lua, error) {
                Err(full) => (true, Value::Error(Box::new(full))),
                Ok(failure) => (false, Value::UserData(failure)),
            },
        })
    })?;
    lua.load(CATCH).set_name("=[catch]").set_environment(lua.create_table()?).call((stock, error, weigh))
}

/// A caught error for the recipe, noted in the session: the recipe must accept it or raise it again.
fn failure(lua: &Lua, error: Value) -> mlua::Result<AnyUserData> {
    let caught = CaughtError::new(caught(lua, error));
    let (said, hint) = (caught.error.one_line(), caught.error.hint_text().unwrap_or_default());
    Budget::of(lua).keep(&[&said, hint]).map_err(mlua::Error::external)?;
    if let Some(session) = lua.app_data_ref::<Rc<Session>>() {
        session.caught.borrow_mut().push(caught.clone());
    }
    lua.create_userdata(ErrorHandle(caught))
}

/// Whether no recipe may continue after this error.
pub fn ends_the_run(lua: &Lua, error: &mlua::Error) -> bool {
    Fuse::of(lua).is_blown() || is_fatal(&Value::Error(Box::new(error.clone())))
}

/// `pcall` returns Lua's own errors as text, without a type.
fn is_fatal(error: &Value) -> bool {
    match error {
        Value::String(text) => {
            let text = text.to_string_lossy();
            text == OUT_OF_MEMORY || text.ends_with(STACK_OVERFLOW)
        }
        Value::Error(error) => {
            let is_fatal = |cause: &(dyn std::error::Error + 'static)| {
                // A plan cannot predict what a recipe does after an unknown value.
                matches!(cause.downcast_ref(), Some(mlua::Error::MemoryError(_))) || is_withheld(cause)
            };
            error.chain().any(is_fatal)
        }
        _ => false,
    }
}
