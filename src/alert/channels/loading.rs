//! Loads the Lua file of a channel into a separate state, with fewer modules and lower limits than a recipe's.

use std::rc::Rc;
use std::sync::Arc;

use mlua::{Function, Table, Value};

use crate::alert::smtp::Settings;
use crate::alert::{Channel, Verb};
use crate::backup::recorder::{Identity, Unrecorded};
use crate::config::{Config, ModuleSource, translations};
use crate::error::{Error, Kind, Result};
use crate::lua::fuse::LuaLimits;
use crate::lua::loader::{Finder, Module};
use crate::lua::machine::Machine;
use crate::lua::sandbox::Allowed;
use crate::lua::session::{CHANNEL, GOOD_ANSWER, Session};
use crate::lua::traceback::from_lua;
use crate::modules::LIBRARY;
use crate::world::Caller;

/// Lower limits than a recipe's: a channel writes one message.
const LUA: LuaLimits = LuaLimits { memory_bytes: 32 << 20, instructions: 50_000_000 };

/// The recipe modules that channels can use.
const ALLOWED: Allowed = Allowed {
    names: &["_", "assert", "clock", "error", "errors", "http", "json", "log", "mail", "path", "pcall", "require"],
    place: "channels",
    hint: "a channel reports what it is given: it has `http`, `mail`, `json`, `clock`, `log`, `path` and `errors`",
};

/// The return value of a channel's file.
pub struct Loaded {
    pub machine: Machine,
    pub session: Rc<Session>,
    pub table: Table,
    /// The function to call.
    pub function: Function,
}

/// Loads the file of a channel without sending anything.
pub async fn load(
    config: &Arc<Config>,
    caller: Caller,
    source: &ModuleSource,
    channel: &Channel,
    verb: Verb,
    smtp: Result<Settings>,
) -> Result<Loaded> {
    let identity = Identity {
        run_id: String::new(),
        recipe: channel.name.clone(),
        recipe_sha256: String::new(),
        kind: CHANNEL.to_owned(),
        database: None,
        confirmed: false,
    };
    let session = Session::new(caller, identity, translations(config), Arc::new(Unrecorded));
    let session = Rc::new(session.with_smtp(Box::new(move || smtp.clone())));
    let machine = Machine::with_only(session.clone(), LIBRARY, &LUA, finder(config), ALLOWED)?;
    let value = machine.evaluate(&source.file_shown, &source.text).await?;
    let not_a_channel = || {
        Error::new(
            Kind::Recipe,
            format!(
                "`{}` does not return {}",
                source.file_shown,
                match verb {
                    Verb::Send => "a channel",
                    Verb::Ping => "what pings",
                }
            ),
        )
        .hint(match verb {
            Verb::Send => "end the file with `return { send = function(event, channel) ... end }`",
            Verb::Ping => "what pings is `ping = function(run, channel) ... end` in the table that the file returns",
        })
    };
    let table = value.as_table().cloned().ok_or_else(not_a_channel)?;
    match table.get::<Value>("good_answer").map_err(from_lua)? {
        Value::Nil => {}
        Value::Function(says) => machine.lua.set_named_registry_value(GOOD_ANSWER, says).map_err(from_lua)?,
        other => {
            let what = format!("`good_answer` of `{}` is a {}", source.file_shown, other.type_name());
            let hint = "make it a function: `good_answer = function(answer) return answer.body == \"ok\" end`";
            return Err(Error::new(Kind::Recipe, what).hint(hint));
        }
    }
    match table.get::<Value>(verb.word()).map_err(from_lua)? {
        Value::Function(function) => Ok(Loaded { machine, session, table, function }),
        _ => Err(not_a_channel()),
    }
}

fn finder(config: &Arc<Config>) -> Finder {
    let config = config.clone();
    Rc::new(move |dotted| {
        let found = config.channel_module(dotted)?;
        Ok(found.map(|found| Module { file_shown: found.file_shown, text: found.text }))
    })
}
