//! Holds what a recipe may and may not do inside Lua: each snippet in a fresh state, on its own thread, with a wall limit.

mod attacks;
mod bind;
mod endless;
mod errors;
mod language;
mod memory;
mod patterns;
mod schedule;

use std::future::Future;
use std::rc::Rc;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use hikae::backup::recorder::{Identity, Unrecorded};
use hikae::error::Error;
use hikae::lua::failure::ErrorHandle;
use hikae::lua::fuse::{Fuse, LuaLimits};
use hikae::lua::machine::Machine;
use hikae::lua::session::Session;
use hikae::lua::{sandbox, state, traceback};
use hikae::world::simulated::{Simulated, SimulatedSetup};
use hikae::world::{Caller, Limits};
use mlua::chunk::ChunkMode;
use mlua::{Function, Lua, MultiValue, Table, Value};

/// Few enough instructions to end within milliseconds.
const LIMITS: LuaLimits = LuaLimits { memory_bytes: 64 << 20, instructions: 300_000 };

const SPUN: &str =
    "timeout: the recipe ran 300 000 Lua instructions without waiting for anything (is there an endless loop?)";

/// A hang is a failure: nothing here may take longer.
const WALL: Duration = Duration::from_secs(20);

/// Runs `work` on a thread of its own and gives up on it after the wall limit.
fn within_wall<T: Send + 'static>(name: &str, work: impl FnOnce() -> T + Send + 'static) -> T {
    within(WALL, name, work)
}

fn within<T: Send + 'static>(wall: Duration, name: &str, work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(work()));
    match receiver.recv_timeout(wall) {
        Ok(result) => result,
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("`{name}` hung"),
        Err(mpsc::RecvTimeoutError::Disconnected) => panic!("`{name}` panicked"),
    }
}

/// A state with Lua's own `pcall`, which catches whatever Lua lets it catch, and with ours as `try`.
fn fresh(limits: LuaLimits) -> (Lua, Fuse, Table) {
    let (lua, fuse) = state::new(&limits).expect("a state");
    let pcall: Value = lua.globals().get("pcall").expect("Lua's own pcall");
    let clock = lua.create_table().expect("a table");
    let now = lua.create_function(|_, ()| Ok(0)).expect("a function");
    clock.set("now", now).expect("a member");
    let try_ = Value::Function(hikae::lua::catch::pcall(&lua).expect("our pcall"));
    let primitives = vec![("pcall", pcall), ("try", try_), ("clock", Value::Table(clock))];
    let environment = sandbox::environment(&lua, primitives).expect("an environment");
    (lua, fuse, environment)
}

fn load(lua: &Lua, environment: &Table, code: &str) -> mlua::Result<Function> {
    let chunk = lua.load(code).set_name("@recipes/shop.lua").set_mode(ChunkMode::Text);
    chunk.set_environment(environment.clone()).into_function()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(future)
}

/// Runs as the host does: Lua is polled until it ends or its fuse has blown.
fn run(lua: &Lua, fuse: &Fuse, environment: &Table, code: &str) -> Result<MultiValue, Error> {
    let function = load(lua, environment, code).map_err(traceback::from_lua)?;
    block_on(async {
        tokio::select! {
            biased;
            () = fuse.blown() => Err(fuse.verdict().expect("a verdict")),
            ended = function.call_async::<MultiValue>(()) => ended.map_err(|error| fuse.explain(error)),
        }
    })
}

/// Runs where Lua cannot yield, as in a callback of a library function.
fn run_unyielding(lua: &Lua, fuse: &Fuse, environment: &Table, code: &str) -> Result<MultiValue, Error> {
    let function = load(lua, environment, code).map_err(traceback::from_lua)?;
    function.call::<MultiValue>(()).map_err(|error| fuse.explain(error))
}

/// What a snippet gave: its values, or `kind: what: causes (hint)`.
fn outcome(code: &'static str) -> String {
    within_wall(code, move || {
        let (lua, fuse, environment) = fresh(LIMITS);
        let result = run(&lua, &fuse, &environment, code);
        told(&lua, result)
    })
}

fn outcome_unyielding(code: &'static str) -> String {
    within_wall(code, move || {
        let (lua, fuse, environment) = fresh(LIMITS);
        let result = run_unyielding(&lua, &fuse, &environment, code);
        told(&lua, result)
    })
}

fn told(lua: &Lua, result: Result<MultiValue, Error>) -> String {
    match result {
        Ok(values) => values.iter().map(|value| shown(lua, value)).collect::<Vec<_>>().join(" "),
        Err(error) => {
            let hint = error.hint_text().map(|hint| format!(" ({hint})")).unwrap_or_default();
            format!("{}: {}{hint}", error.kind().word(), error.one_line())
        }
    }
}

fn shown(lua: &Lua, value: &Value) -> String {
    if let Some(failure) = value.as_userdata().and_then(|data| data.borrow::<ErrorHandle>().ok()) {
        return told(lua, Err(failure.0.error.clone()));
    }
    match value {
        Value::Nil => "nil".to_owned(),
        Value::Error(error) => told(lua, Err(traceback::from_lua((**error).clone()))),
        Value::Boolean(_) | Value::Integer(_) | Value::Number(_) | Value::String(_) => {
            value.to_string().expect("a plain value")
        }
        other => format!("<{}>", other.type_name()),
    }
}

/// What a snippet gave that runs as a recipe does, with every module, and with time to do much.
fn in_a_run(code: &str) -> String {
    let setup = serde_json::json!({ "now": "2026-02-15T02:00:00+09:00" });
    let world = Simulated::new(serde_json::from_value::<SimulatedSetup>(setup).expect("a setup")).expect("a world");
    let caller = Caller::new(Arc::new(world), Limits { total: 30 * WALL, idle: 30 * WALL });
    let identity = Identity {
        run_id: "BKP-1".into(),
        recipe: "shop".into(),
        recipe_sha256: String::new(),
        kind: "maintenance".into(),
        database: None,
        confirmed: false,
    };
    let session = Rc::new(Session::new(caller, identity, Box::new(|_| None), Arc::new(Unrecorded)));
    session.loading.set(false);
    let limits = LuaLimits { instructions: 1 << 40, ..LIMITS };
    let machine = Machine::new(session, hikae::modules::LIBRARY, &limits, Rc::new(|_| Ok(None))).expect("a machine");
    let ended = block_on(machine.evaluate("recipes/shop.lua", code));
    ended.map_or_else(|error| told(&Lua::new(), Err(error)), |_| String::new())
}

/// Runs each snippet and compares what it gave; tells all that differ at once.
fn expect_all(cases: &[(&'static str, &'static str)]) {
    let differing: Vec<String> = cases
        .iter()
        .filter_map(|(code, expected)| {
            let given = outcome(code);
            (given != *expected).then(|| format!("{code}\n   expected {expected}\n   given    {given}"))
        })
        .collect();
    assert!(differing.is_empty(), "{} of {} differ:\n{}", differing.len(), cases.len(), differing.join("\n"));
}
