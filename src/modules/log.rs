//! The module `log`: lines for the person who reads the run.

use mlua::Lua;

use crate::error::Result;
use crate::lua::exports::{Call, Module};
use crate::report;
use crate::report::Level;

pub fn module(lua: &Lua) -> mlua::Result<Module> {
    Module::new(lua)?
        .call("log.debug", |call, (message,): (String,)| tell(call, Level::Debug, &message))?
        .call("log.info", |call, (message,): (String,)| tell(call, Level::Info, &message))?
        .call("log.warn", |call, (message,): (String,)| tell(call, Level::Warn, &message))?
        .call("log.error", |call, (message,): (String,)| tell(call, Level::Error, &message))
}

fn tell(call: &Call, level: Level, message: &str) -> Result<()> {
    report::log(level, message, call.site().as_ref());
    Ok(())
}
