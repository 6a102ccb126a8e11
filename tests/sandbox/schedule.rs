//! How Lua shares its thread: a spinning branch lets others run, waiting refills the budget, and a stop drops Lua.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{Either, select};
use hikae::error::Kind;
use hikae::lua::fuse::{Fuse, LuaLimits, Stop};
use hikae::lua::{sandbox, state};
use mlua::{Lua, Table, Value};

use super::{LIMITS, block_on, load, within_wall};

const ENDLESS: LuaLimits = LuaLimits { instructions: u64::MAX, ..LIMITS };

/// A state with a `sleep` that really waits.
fn sleeping(limits: LuaLimits) -> (Lua, Fuse, Table) {
    let (lua, fuse) = state::new(&limits).expect("a state");
    let pcall: Value = lua.globals().get("pcall").expect("Lua's own pcall");
    let sleep = lua.create_async_function(|lua, milliseconds: u64| async move {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        Fuse::of(&lua).refill();
        Ok(())
    });
    let sleep = Value::Function(sleep.expect("a function"));
    let environment = sandbox::environment(&lua, vec![("pcall", pcall), ("sleep", sleep)]).expect("an environment");
    (lua, fuse, environment)
}

#[test]
fn a_spinning_branch_does_not_starve_a_sleeping_one() {
    within_wall("fairness", || {
        let (lua, _, environment) = sleeping(ENDLESS);
        let spinner = load(&lua, &environment, "while true do end").expect("a function");
        let sleeper = load(&lua, &environment, "for i = 1, 5 do sleep(2) end return 'done'").expect("a function");
        block_on(async {
            let spinning = std::pin::pin!(spinner.call_async::<()>(()));
            let sleeping = std::pin::pin!(sleeper.call_async::<String>(()));
            match select(spinning, sleeping).await {
                Either::Right((done, _)) => assert_eq!(done.expect("no error"), "done"),
                Either::Left((ended, _)) => panic!("the spinning branch ended: {ended:?}"),
            }
        });
    });
}

#[test]
fn waiting_refills_the_instruction_budget() {
    let count = within_wall("refill", || {
        let (lua, fuse, environment) = sleeping(LuaLimits { instructions: 300_000, ..LIMITS });
        let code = "local n = 0 for i = 1, 10 do for j = 1, 60000 do n = n + 1 end sleep(1) end return n";
        super::told(&lua, super::run(&lua, &fuse, &environment, code))
    });
    assert_eq!(count, "600000");
    let verdict = within_wall("no refill", || {
        let (lua, fuse, environment) = sleeping(LuaLimits { instructions: 100_000, ..LIMITS });
        super::told(&lua, super::run(&lua, &fuse, &environment, "for j = 1, 600000 do local n = j + 1 end"))
    });
    assert!(verdict.starts_with("timeout: the recipe ran 100 000 Lua instructions"), "{verdict}");
}

#[test]
fn a_stop_ends_a_recipe_that_waits() {
    let error = within_wall("stop", || {
        let (lua, fuse, environment) = sleeping(LIMITS);
        let remote = fuse.clone();
        std::thread::spawn(move || remote.stop(Stop::Deadline(Duration::from_secs(3))));
        super::run(&lua, &fuse, &environment, "while true do pcall(sleep, 5000) end").unwrap_err()
    });
    assert_eq!((error.kind(), error.what()), (Kind::Timeout, "the recipe did not end within `3.0s`"));
    assert_eq!(error.hint_text(), Some("raise the recipe's `timeout`, or find out what takes so long"));
}

#[test]
fn the_first_reason_to_stop_counts() {
    let fuse = Fuse::new(LIMITS);
    assert!(fuse.verdict().is_none() && fuse.blown().now_or_never().is_none());
    fuse.stop(Stop::Cancelled);
    fuse.stop(Stop::Deadline(Duration::from_secs(1)));
    assert_eq!(fuse.verdict().map(|error| error.kind()), Some(Kind::Cancelled));
    assert_eq!(fuse.blown().now_or_never(), Some(()));
}

#[test]
fn nothing_of_the_recipe_runs_after_a_stop() {
    within_wall("after", || {
        let (lua, fuse) = state::new(&ENDLESS).expect("a state");
        let ticks = Rc::new(Cell::new(0));
        let counter = ticks.clone();
        let tick = lua.create_function(move |_, ()| {
            counter.set(counter.get() + 1);
            Ok(())
        });
        let tick = Value::Function(tick.expect("a function"));
        let stopping = fuse.clone();
        let stop = lua.create_function(move |_, ()| {
            stopping.stop(Stop::Cancelled);
            Ok(())
        });
        let stop = Value::Function(stop.expect("a function"));
        let pcall: Value = lua.globals().get("pcall").expect("Lua's own pcall");
        let primitives = vec![("pcall", pcall), ("tick", tick), ("stop", stop)];
        let environment = sandbox::environment(&lua, primitives).expect("an environment");
        let code = "stop() for i = 1, 1e6 do pcall(function() local n = i + 1 end) end tick()";
        assert!(super::run(&lua, &fuse, &environment, code).is_err());
        assert_eq!(ticks.get(), 0);
    });
}

#[test]
fn waiting_inside_a_callback_of_the_library_is_explained() {
    let explained = "recipe: cannot wait inside a `table.sort` or `string.gsub` callback (do what waits before or after it, in a loop of your own)";
    for code in [
        "table.sort({ 3, 1, 2 }, function(a, b) sleep(1) return a < b end)",
        "return ('abc'):gsub('.', function() sleep(1) end)",
    ] {
        let given = within_wall(code, move || {
            let (lua, fuse, environment) = sleeping(LIMITS);
            super::told(&lua, super::run(&lua, &fuse, &environment, code))
        });
        assert_eq!(given, explained, "{code}");
    }
}

#[test]
fn waiting_inside_pcall_metamethods_and_loops_works() {
    for (code, expected) in [
        ("return pcall(function() sleep(1) return 'waited' end)", "true waited"),
        ("local t = setmetatable({}, { __index = function() sleep(1) return 'waited' end }) return t.x", "waited"),
        (
            "local function once(_, n) sleep(1) if not n then return 1 end end for n in once do return 'waited' end",
            "waited",
        ),
    ] {
        let given = within_wall(code, move || {
            let (lua, fuse, environment) = sleeping(LIMITS);
            super::told(&lua, super::run(&lua, &fuse, &environment, code))
        });
        assert_eq!(given, expected, "{code}");
    }
}
