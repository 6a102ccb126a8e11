//! `objects.lifecycle`: brings the rules of a bucket to a policy, and reports the differences.

use std::rc::Rc;

use mlua::{Lua, MultiValue, Table, Value};
use serde::Deserialize;

use super::put::store_of;
use crate::backup::sync::lifecycle::{change, documented};
use crate::error::{Error, Kind, Result};
use crate::lua::exports::{Call, Module, waiting};
use crate::lua::traceback::from_lua;
use crate::world::Caller;
use crate::world::objects::StoreKind;
use crate::world::objects::ask::StoreAsk;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Options {
    prefix: Option<String>,
    /// The vendor's JSON.
    json: Option<String>,
}

pub fn add(lua: &Lua, module: Module) -> mlua::Result<Module> {
    let function = waiting(lua, "objects.lifecycle", |call: Rc<Call>, mut args: MultiValue| async move {
        let store = store_of(&call, &args.pop_front().unwrap_or(Value::Nil))?;
        let (options,): (Option<Options>,) = call.args(args)?;
        let options = options.unwrap_or_default();
        if store.kind != StoreKind::S3 {
            let what = format!("the lifecycle of `{}` cannot be set", store.container());
            return Err(Error::new(Kind::Other, what)
                .because_text(format!("hikae does not support it for stores of the kind `{}`", store.kind.scheme()))
                .hint("set it with the tools of the store's vendor"));
        }
        let prefix = options.prefix.unwrap_or_default();
        let prefix = if prefix.is_empty() { prefix } else { format!("{}/", prefix.trim_matches('/')) };
        let full = store.full(&prefix);
        let policy = match &options.json {
            None => documented(&full),
            Some(text) => serde_json::from_str(text).map_err(|cause| {
                Error::new(Kind::Recipe, "cannot read the lifecycle")
                    .because(cause)
                    .hint("it must be the vendor's JSON")
            })?,
        };
        let caller = call.world()?;
        let there = caller.ask_store(StoreAsk::Lifecycle(store.clone())).await?;
        let lines = match change(there.as_deref(), &policy, &full)? {
            None => Vec::new(),
            Some(change) => {
                let caller = Caller { why: Some(change.lines.join(", ")), ..caller };
                caller.ask_store(StoreAsk::SetLifecycle { store, text: change.text }).await?;
                change.lines
            }
        };
        shown(&call, lines)
    })?;
    module.add("objects.lifecycle", function)
}

fn shown(call: &Call, lines: Vec<String>) -> Result<Table> {
    call.lua.create_sequence_from(lines).map_err(from_lua)
}
