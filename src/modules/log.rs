//! The module `log`: lines for the person who reads the run.

use mlua::Lua;

use crate::error::Result;
use crate::lua::exports::{Call, Module};
use crate::report;
use crate::report::Level;

pub fn module(lua: &Lua) -> mlua::Result<Module> {
    Module::new(lua)?
        .call("log.debug", |call, (message,): (String,)| log_line(call, Level::Debug, &message))?
        .call("log.info", |call, (message,): (String,)| log_line(call, Level::Info, &message))?
        .call("log.warn", |call, (message,): (String,)| log_line(call, Level::Warn, &message))?
        .call("log.error", |call, (message,): (String,)| log_line(call, Level::Error, &message))
}

/// A longer line is cut.
const MAX_LINE_BYTES: usize = 64 << 10;
/// A larger total is an error: it is no longer a log.
const MAX_LOG_BYTES: usize = 8 << 20;

fn log_line(call: &Call, level: Level, message: &str) -> Result<()> {
    let before = call.session.logged.get();
    if before > MAX_LOG_BYTES {
        return Ok(());
    }
    let after = before + message.len() + 1;
    call.session.logged.set(after);
    let site = call.site();
    if after > MAX_LOG_BYTES {
        report::log(
            Level::Warn,
            "the recipe has said more than 8 MiB: the rest of its lines is left out",
            site.as_ref(),
        );
        return Ok(());
    }
    let end = message.floor_char_boundary(MAX_LINE_BYTES);
    match message.len() > MAX_LINE_BYTES {
        true => report::log(
            level,
            &format!("{}… (cut: the line has {} bytes)", &message[..end], message.len()),
            site.as_ref(),
        ),
        false => report::log(level, message, site.as_ref()),
    }
    Ok(())
}
