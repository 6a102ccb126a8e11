//! Keeps the caller of a waiting primitive on Lua's stack, so that an error in `return fs.read(…)` has a line too.

use std::os::raw::c_int;

use mlua::{Function, Lua, ffi};

/// `function` behind a C function: a call in `return f(…)` takes the place of its caller only where `f` is written in Lua, as all
/// waiting functions of mlua are.
pub fn keeping_caller(lua: &Lua, function: Function) -> mlua::Result<Function> {
    // SAFETY: the one value on the stack becomes the upvalue of the closure that takes its place.
    unsafe { lua.exec_raw(function, |state| ffi::lua_pushcclosure(state, pass_on, 1)) }
}

/// Calls the upvalue with all arguments, and returns all its results.
unsafe extern "C-unwind" fn pass_on(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: Lua calls this with its own state, the upvalue that was bound above and room for 20 values more; nothing here
    // needs dropping, so errors and yields may jump out of it.
    unsafe {
        ffi::lua_pushvalue(state, ffi::lua_upvalueindex(1));
        ffi::lua_insert(state, 1);
        ffi::lua_callk(state, ffi::lua_gettop(state) - 1, ffi::LUA_MULTRET, 0, Some(answer));
        answer(state, ffi::LUA_OK, 0)
    }
}

/// Where Lua continues after the call has waited.
unsafe extern "C-unwind" fn answer(state: *mut ffi::lua_State, _: c_int, _: ffi::lua_KContext) -> c_int {
    // SAFETY: as above; what the call gave is all that is on the stack.
    unsafe { ffi::lua_gettop(state) }
}
