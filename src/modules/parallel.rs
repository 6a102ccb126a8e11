//! The function `parallel`: runs branches at once; the first failure ends the others.

use std::rc::Rc;

use futures_util::stream::{FuturesUnordered, StreamExt};
use mlua::{Function, Lua, MultiValue, Table, Value};

use crate::error::{Error, Kind, Result};
use crate::lua::exports::{Call, raw_waiting};
use crate::lua::traceback::from_lua;

pub fn function(lua: &Lua) -> mlua::Result<Function> {
    raw_waiting(lua, "parallel", |call: Rc<Call>, branches: Table| async move { run(&call, branches).await })
}

async fn run(call: &Call, branches: Table) -> Result<Table> {
    let mut running = FuturesUnordered::new();
    for pair in branches.pairs::<Value, Value>() {
        let (name, branch) = pair.map_err(from_lua)?;
        let shown = name.to_string().map_err(from_lua)?;
        let Value::Function(branch) = branch else {
            return Err(Error::new(Kind::Recipe, format!("the branch `{shown}` of `parallel` is not a function"))
                .hint("write `parallel { name = function() ... end }`"));
        };
        // Not `into_async` of a thread: that would leave the Rust future alive when the others are cancelled.
        let future = branch.call_async::<MultiValue>(());
        running.push(async move { (name, shown, future.await) });
    }
    let answers = call.lua.create_table().map_err(from_lua)?;
    while let Some((name, shown, answer)) = running.next().await {
        let mut values = answer.map_err(|error| {
            let error = from_lua(error);
            let sites: Vec<_> = error.sites().iter().chain(&call.sites).cloned().collect();
            error.within(format!("the branch `{shown}` failed")).at_all(sites)
        })?;
        answers.raw_set(name, values.pop_front().unwrap_or(Value::Nil)).map_err(from_lua)?;
    }
    Ok(answers)
}
