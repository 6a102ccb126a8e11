//! Interrupts Lua at intervals of instructions: to let other branches run, and to end it once its fuse has blown.

use mlua::debug::{Debug, DebugEvent};
use mlua::{HookTriggers, Lua, VmState, ffi};

use crate::lua::fuse::Fuse;

/// A larger interval saves nothing (the cost is the trap, not the call), and would delay a stop: one instruction may copy megabytes.
const EVERY: u32 = 1_000;

/// Branches of `parallel` take turns at this many instructions, about 0.1 ms.
const TURN: u64 = 10_000;

/// mlua's name for its loop around a waiting primitive.
const MLUA_WAITS: &str = "=__mlua_async_poll";

/// The most nested calls. Lua itself would go on until its memory is full, and then could not report the place.
const MAX_DEPTH: usize = 10_000;

/// Puts `fuse` in charge of every thread of this state.
pub fn install(lua: &Lua, fuse: &Fuse) -> mlua::Result<()> {
    let fuse = fuse.clone();
    let triggers = HookTriggers::new().every_nth_instruction(EVERY);
    lua.set_global_hook(triggers, move |lua, debug| Ok(on_count(lua, debug, &fuse)))
}

/// The same, and calls `on_line` for every line that begins to run, with its source: a state has one hook for both.
pub fn install_with_lines(lua: &Lua, fuse: &Fuse, on_line: impl Fn(&str, u32) + 'static) -> mlua::Result<()> {
    let fuse = fuse.clone();
    let triggers = HookTriggers::new().every_nth_instruction(EVERY).every_line();
    lua.set_global_hook(triggers, move |lua, debug| {
        if debug.event() != DebugEvent::Line {
            return Ok(on_count(lua, debug, &fuse));
        }
        let line = debug.current_line().and_then(|line| u32::try_from(line).ok());
        if let (Some(source), Some(line)) = (debug.source().source, line) {
            on_line(&source, line);
        }
        Ok(VmState::Continue)
    })
}

/// Never an error: mlua would raise it after closing the `<close>` variables of the running function inside the hook,
/// where their `__close` cannot be interrupted, and one that loops would hang us.
fn on_count(lua: &Lua, debug: &Debug, fuse: &Fuse) -> VmState {
    let spent = fuse.burn(u64::from(EVERY));
    let turn_is_over = spent % TURN < u64::from(EVERY);
    if turn_is_over && lua.inspect_stack(MAX_DEPTH, |_| ()).is_some() {
        fuse.overflow();
    }
    if fuse.is_blown() {
        fuse.end(lua);
        return VmState::Yield;
    }
    if turn_is_over && !is_waiting(debug) { VmState::Yield } else { VmState::Continue }
}

/// Whether mlua's own Lua runs, between the poll of the awaited future and the wait. A switch at this point would use up the
/// wake-up of a future that became ready meanwhile, and it would never be polled again.
fn is_waiting(debug: &Debug) -> bool {
    debug.source().source.is_some_and(|source| source == MLUA_WAITS)
}

/// Makes every further instruction of the running thread fail, so that no `pcall` can continue.
pub fn fail_from_here(lua: &Lua) {
    // SAFETY: the state is the one that runs now, mlua keeps it alive while we are called from it, and replacing its hook
    // is what Lua allows at any time, even inside a hook.
    lua.exec_raw_lua(|raw| unsafe { ffi::lua_sethook(raw.state(), Some(fail), ffi::LUA_MASKCOUNT, 1) });
}

/// Raises with Lua's own functions only: no traceback, which takes longer the deeper the stack is.
unsafe extern "C-unwind" fn fail(state: *mut ffi::lua_State, _: *mut ffi::lua_Debug) {
    // SAFETY: Lua calls this with its own state and guarantees stack space for a hook; nothing here needs dropping, so the
    // jump out of this function leaks nothing.
    unsafe {
        ffi::lua_pushboolean(state, 0);
        ffi::lua_error(state)
    }
}
