//! Lets the file of a channel decide whether an answer means that the message was accepted.

use mlua::{Function, Table, Value};

use crate::error::{Error, Kind, Result};
use crate::lua::exports::Call;
use crate::lua::session::GOOD_ANSWER;
use crate::lua::traceback::from_lua;
use crate::world::http::words::{answer_broke_off, not_taken};

/// Fails for an answer that the channel does not call good. Without `good_answer`, the status has already decided. `broken` is why
/// the body is missing: such an answer leaves open whether the message was taken.
pub(super) fn check(call: &Call, title: &str, answer: &Table, broken: Option<Error>) -> Result<()> {
    let says: Option<Function> = call.lua.named_registry_value(GOOD_ANSWER).map_err(from_lua)?;
    let Some(says) = says else { return Ok(()) };
    let why = match says.call::<Value>(answer).map_err(from_lua)? {
        Value::Boolean(true) => return Ok(()),
        Value::Nil | Value::Boolean(false) => None,
        Value::String(why) => Some(why.to_string_lossy()),
        other => {
            let what = format!("`good_answer` returned a {}", other.type_name());
            return Err(Error::new(Kind::Recipe, what).hint("return true, false, or a text: what to try"));
        }
    };
    if let Some(broken) = broken {
        return Err(answer_broke_off(title, &broken));
    }
    let status: u16 = answer.get("status").map_err(from_lua)?;
    let body: mlua::LuaString = answer.get("body").map_err(from_lua)?;
    Err(not_taken(title, status, &body.as_bytes(), why))
}
