//! Attacks on the environment: no snippet gets a function that it should not have, or changes one that others use.

use super::expect_all;

#[test]
fn names_that_reach_outside_are_absent_and_say_what_to_use_instead() {
    expect_all(&[
        (
            "return load('return 1')",
            "recipe: `load` is not available in recipes (put the code into a file, and use `require`)",
        ),
        (
            "return load(string.rep('x', 3))",
            "recipe: `load` is not available in recipes (put the code into a file, and use `require`)",
        ),
        (
            "return loadstring('return 1')",
            "recipe: `loadstring` is not available in recipes (put the code into a file, and use `require`)",
        ),
        (
            "return dofile('/etc/passwd')",
            "recipe: `dofile` is not available in recipes (put the code into a file, and use `require`)",
        ),
        (
            "return loadfile('/etc/passwd')",
            "recipe: `loadfile` is not available in recipes (put the code into a file, and use `require`)",
        ),
        (
            "return os.execute('id')",
            "recipe: `os` is not available in recipes (use `process` for programs, `fs` for files, `clock` for the time, and a param for an environment variable)",
        ),
        (
            "return os.getenv('HOME')",
            "recipe: `os` is not available in recipes (use `process` for programs, `fs` for files, `clock` for the time, and a param for an environment variable)",
        ),
        (
            "return io.open('/etc/passwd')",
            "recipe: `io` is not available in recipes (use `fs` for files, and `log.info` to log a message)",
        ),
        (
            "return io.popen('id')",
            "recipe: `io` is not available in recipes (use `fs` for files, and `log.info` to log a message)",
        ),
        (
            "return package.loadlib('libc.so.6', 'system')",
            "recipe: `package` is not available in recipes (use `require`)",
        ),
        ("return package.loaded.io", "recipe: `package` is not available in recipes (use `require`)"),
        (
            "return debug.getregistry()",
            "recipe: `debug` is not available in recipes (an error shows its place by itself)",
        ),
        ("return debug.sethook()", "recipe: `debug` is not available in recipes (an error shows its place by itself)"),
        (
            "return coroutine.create(function() end)",
            "recipe: `coroutine` is not available in recipes (use `parallel` to do several things at once)",
        ),
        (
            "return coroutine.wrap(clock.now)()",
            "recipe: `coroutine` is not available in recipes (use `parallel` to do several things at once)",
        ),
        (
            "return collectgarbage('stop')",
            "recipe: `collectgarbage` is not available in recipes (Lua frees memory by itself)",
        ),
        (
            "return xpcall(error, function() while true do end end)",
            "recipe: `xpcall` is not available in recipes (use `errors.try`: its error knows where it was raised)",
        ),
        ("return rawset(string, 'rep', nil)", "recipe: `rawset` is not available in recipes (write `t[key] = value`)"),
        ("print('hello')", "recipe: `print` is not available in recipes (use `log.info`)"),
        ("warn('@on')", "recipe: `warn` is not available in recipes (use `log.warn`)"),
        (
            "return getfenv(1)",
            "recipe: `getfenv` is not available in recipes (pass what a function needs as its arguments)",
        ),
        (
            "return setfenv(1, {})",
            "recipe: `setfenv` is not available in recipes (pass what a function needs as its arguments)",
        ),
        ("return unpack({1})", "recipe: `unpack` is not available in recipes (use `table.unpack`)"),
        (
            "return require('io')",
            "recipe: undefined name `require` (declare it with `local require = ...` before it is used)",
        ),
        ("return _G.load", "recipe: `load` is not available in recipes (put the code into a file, and use `require`)"),
        (
            "return _ENV['io']",
            "recipe: `io` is not available in recipes (use `fs` for files, and `log.info` to log a message)",
        ),
        ("return string.dump(function() end)", "recipe: `string` has no member `dump`"),
        ("return (''):dump()", "recipe: `string` has no member `dump`"),
        ("return rawget(_G, 'load'), rawget(string, 'dump')", "nil nil"),
    ]);
}

#[test]
fn the_library_cannot_be_changed() {
    expect_all(&[
        (
            "string.format = function() return 'x' end",
            "recipe: cannot set `string.format`: `string` is read-only (keep it in a `local` of your own)",
        ),
        ("table.evil = 1", "recipe: cannot set `table.evil`: `table` is read-only (keep it in a `local` of your own)"),
        ("math.pi = 3", "recipe: cannot set `math.pi`: `math` is read-only (keep it in a `local` of your own)"),
        ("utf8[1] = 3", "recipe: cannot set `utf8.1`: `utf8` is read-only (keep it in a `local` of your own)"),
        ("clock.now = nil", "recipe: cannot set `clock.now`: `clock` is read-only (keep it in a `local` of your own)"),
        (
            "string = {}",
            "recipe: cannot replace `string`: it is read-only (choose another name: `local my_string = ...`)",
        ),
        (
            "pcall = nil",
            "recipe: cannot replace `pcall`: it is read-only (choose another name: `local my_pcall = ...`)",
        ),
        ("_G.total = 5", "recipe: assignment to the undeclared global `total` (write `local total = ...`)"),
        (
            "_ENV.string.rep = nil",
            "recipe: cannot set `string.rep`: `string` is read-only (keep it in a `local` of your own)",
        ),
        (
            "table.insert(string, 1)",
            "recipe: cannot set `string.1`: `string` is read-only (keep it in a `local` of your own)",
        ),
        ("table.insert(_ENV, 1)", "recipe: assignment to the undeclared global `1` (write `local 1 = ...`)"),
        (
            "table.move({ 'evil' }, 1, 1, 1, string)",
            "recipe: cannot set `string.1`: `string` is read-only (keep it in a `local` of your own)",
        ),
        ("table.sort(string)", ""),
        ("return pcall(table.remove, string)", "false recipe: `string` has no member `0`"),
        ("return next(string), next(_G)", "nil nil"),
        (
            "for k in pairs(clock) do clock[k] = nil end",
            "recipe: cannot set `clock.now`: `clock` is read-only (keep it in a `local` of your own)",
        ),
        ("for _, v in pairs(_G) do if type(v) == 'function' then v = nil end end return type(pairs)", "function"),
        ("local all = {} for k, v in pairs(string) do all[k] = v end all.rep = nil return ('x'):rep(2)", "xx"),
        ("getmetatable('').__index = nil", "recipe: attempt to index a string value"),
        ("return getmetatable(''), getmetatable(string), getmetatable(_G)", "locked locked locked"),
        ("setmetatable(string, {})", "recipe: cannot change a protected metatable"),
        ("setmetatable(_G, nil)", "recipe: cannot change a protected metatable"),
        ("setmetatable(_ENV, { __index = function() return 1 end })", "recipe: cannot change a protected metatable"),
        ("return rawlen(string), #string, rawequal(string, string)", "0 0 true"),
        ("local mt = getmetatable(string) return mt.__index", "recipe: `string` has no member `__index`"),
        ("return string.__index", "recipe: `string` has no member `__index`"),
        ("return ('').__index", "recipe: `string` has no member `__index`"),
        (
            "local _ENV = { string = string } string.rep = nil",
            "recipe: cannot set `string.rep`: `string` is read-only (keep it in a `local` of your own)",
        ),
        ("local _ENV = {} x = 1 return x", "1"),
        ("_ENV = {} return x", "nil"),
        (
            "local s = string s.x = 1",
            "recipe: cannot set `string.x`: `string` is read-only (keep it in a `local` of your own)",
        ),
        ("return setmetatable({}, { __index = string }).load", "recipe: `string` has no member `load`"),
        (
            "return ('%s'):format(setmetatable({}, { __index = _G }).io)",
            "recipe: `io` is not available in recipes (use `fs` for files, and `log.info` to log a message)",
        ),
    ]);
}

#[test]
fn finalizers_and_weak_tables_are_refused() {
    expect_all(&[
        (
            "setmetatable({}, { __gc = function() while true do end end })",
            "recipe: a metatable with `__gc` is not available in recipes (hikae cleans up by itself when a run ends)",
        ),
        (
            "setmetatable({}, { __gc = true })",
            "recipe: a metatable with `__gc` is not available in recipes (hikae cleans up by itself when a run ends)",
        ),
        (
            "setmetatable({}, { __mode = 'k' })",
            "recipe: a metatable with `__mode` is not available in recipes (hikae cleans up by itself when a run ends)",
        ),
        (
            "setmetatable({}, { __close = function() end })",
            "recipe: a metatable with `__close` is not available in recipes (hikae cleans up by itself when a run ends)",
        ),
        // A metamethod in the metatable of the metatable is none to Lua.
        (
            "local mt = setmetatable({}, { __index = { __gc = error } }) setmetatable({}, mt) return 'no finalizer'",
            "no finalizer",
        ),
        // One that comes later is never called.
        (
            "local mt = {} for i = 1, 100 do setmetatable({}, mt) end mt.__gc = function() while true do end end for i = 1, 20000 do local t = {} end return 'alive'",
            "alive",
        ),
        ("local x <close> = {}", "recipe: variable 'x' got a non-closable value"),
        ("setmetatable('', {})", "recipe: bad argument #1 to 'setmetatable' (table expected, got string)"),
        (
            "return pcall(setmetatable, {}, 5)",
            "false recipe: bad argument #2 to 'setmetatable' (nil or table expected, got number)",
        ),
    ]);
}

#[test]
fn nothing_shows_a_memory_address() {
    expect_all(&[
        ("return tostring({}), tostring(print == nil)", "recipe: `print` is not available in recipes (use `log.info`)"),
        ("return tostring({}), tostring(pairs), tostring(function() end)", "table function function"),
        ("return ('%s %s'):format({}, pairs)", "table function"),
        (
            "return ('%p'):format({})",
            "recipe: `%p` in `string.format` is not available in recipes (a memory address differs in each run)",
        ),
        (
            "return string.format('%-20p', 'x')",
            "recipe: `%p` in `string.format` is not available in recipes (a memory address differs in each run)",
        ),
        ("return ('%%p'):format()", "%p"),
        ("return tostring(setmetatable({}, { __tostring = function() return 'mine: 0xff' end }))", "mine: 0xff"),
        ("return tostring(setmetatable({}, { __name = 'Shop' }))", "table"),
        (
            "return tostring('a: 0xff'), tostring(1), tostring(1.5), tostring(nil), tostring(true)",
            "a: 0xff 1 1.5 nil true",
        ),
    ]);
}

#[test]
fn bytecode_is_never_loaded() {
    let refused = super::within_wall("bytecode", || {
        let (lua, _, environment) = super::fresh(super::LIMITS);
        let dumped = lua.load("return 1").into_function().expect("a function").dump(true);
        let chunk = lua.load(dumped).set_name("@recipes/shop.lua").set_mode(mlua::chunk::ChunkMode::Text);
        chunk.set_environment(environment).into_function().map_err(hikae::lua::traceback::from_lua).err()
    });
    let refused = refused.expect("a refusal");
    assert_eq!(refused.one_line(), "cannot parse Lua: attempt to load a binary chunk (mode is 't')");
}
