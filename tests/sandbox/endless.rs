//! Loops without end: each ends by the instruction budget, whatever the recipe catches, and wherever Lua cannot yield.

use super::{SPUN, expect_all, fresh, outcome_unyielding, run, told, within_wall};
use hikae::lua::fuse::{LuaLimits, Stop};
use std::time::Duration;

const LOOPS: [&str; 34] = [
    "while true do end",
    "repeat until false",
    "for i = 1, math.huge do end",
    "::again:: goto again",
    "local function f() return f() end f()",
    "while true do pcall(function() end) end",
    "while true do pcall(function() while true do end end) end",
    "pcall(function() while true do end end) while true do end",
    "for _ in pcall, function() end do end",
    "while true do pcall(error) end",
    "while true do pcall(error, setmetatable({}, { __tostring = function() while true do end end })) end",
    "error(setmetatable({}, { __tostring = function() while true do end end }))",
    "tostring(setmetatable({}, { __tostring = function() while true do end end }))",
    "return ('%s'):format(setmetatable({}, { __tostring = function() while true do end end }))",
    "table.sort({ 3, 2, 1 }, function() while true do end end)",
    "table.sort({ 3, 2, 1 }, function(a, b) pcall(function() while true do end end) return a < b end) while true do end",
    "while true do pcall(table.sort, { 3, 2, 1 }, function() while true do end end) end",
    "return ('abc'):gsub('.', function() while true do end end)",
    "return ('abc'):gsub('.', function() pcall(function() while true do end end) end)",
    "while true do pcall(string.gsub, 'abc', '.', function() while true do end end) end",
    "for word in ('x'):gmatch('()') do while true do end end",
    "return ('abc'):gsub('.', setmetatable({}, { __index = function() while true do end end }))",
    "local t = setmetatable({}, { __index = function(t, k) while true do end end }) return t.x",
    "local t = setmetatable({}, { __newindex = function(t, k) while true do end end }) t.x = 1",
    "local t = setmetatable({}, { __len = function() while true do end end }) return table.concat(t)",
    "local t = setmetatable({}, { __eq = function() while true do end end }) return t == setmetatable({}, getmetatable(t))",
    "local t = setmetatable({}, { __lt = function() while true do end end }) table.sort({ t, t, t })",
    "local t = setmetatable({}, { __concat = function() while true do end end }) return t .. 'x'",
    "local t = setmetatable({}, { __call = function() while true do end end }) pcall(t) t()",
    "local t = setmetatable({}, { __pairs = function() while true do end end }) for _ in pairs(t) do end",
    "local mt = {} local x = setmetatable({}, mt) mt.__close = function() while true do end end do local y <close> = x end",
    "local mt = {} local x = setmetatable({}, mt) mt.__close = function() while true do end end local y <close> = x while true do end",
    // An error that mlua raises inside a hook would run this handler where nothing can stop it.
    "return ('x'):gsub('x', function() local mt = {} local x = setmetatable({}, mt) mt.__close = function() while true do end end local y <close> = x while true do end end)",
    "local mt = {} local x = setmetatable({}, mt) mt.__close = function() while true do end end for _ in next, { 1 }, nil, x do while true do end end",
];

#[test]
fn every_endless_loop_ends_by_the_budget() {
    expect_all(&LOOPS.map(|code| (code, SPUN)));
    expect_all(&DEEP.map(|code| (code, TOO_DEEP)));
}

/// Each level catches the overflow of the next: Lua's own `pcall` takes ever longer to unwind them, so the depth is bounded.
const DEEP: [&str; 4] = [
    "local function f() pcall(f) pcall(f) end f() while true do end",
    "local function f() while true do pcall(f) end end f()",
    "local function f() pcall(f) return f() end f()",
    "local function f() return pcall(f) and f() or f() end f()",
];

#[test]
fn every_endless_loop_ends_through_our_own_pcall() {
    for (code, expected) in LOOPS.map(|code| (code, SPUN)).into_iter().chain(DEEP.map(|code| (code, TOO_DEEP))) {
        let ours: &'static str = Box::leak(code.replace("pcall", "try").into_boxed_str());
        assert_eq!(super::outcome(ours), expected, "{ours}");
        assert_eq!(outcome_unyielding(ours), expected, "{ours}");
    }
}

const TOO_DEEP: &str = "recipe: too many calls inside each other (does a function call itself without end?)";

#[test]
fn our_own_pcall_catches_what_a_recipe_may_catch() {
    expect_all(&[
        ("return try(function(a, b) return b, a end, 1, 2)", "true 2 1"),
        ("return try(error, 'plain', 0)", "false recipe: plain"),
        ("return try(function() return strng end)", "false recipe: undefined name `strng` (did you mean `string`?)"),
        ("return try(try, error, 'x', 0)", "true false recipe: x"),
        ("return try(5)", "false recipe: attempt to call a number value"),
        ("try(function() local s = 'x' while true do s = s .. s end end) return 'caught'", FULL),
        (
            "try(function() try(function() local t, s = {}, ('x'):rep(1 << 20) while true do t[#t + 1] = s .. #t end end) end) return 'caught'",
            FULL,
        ),
    ]);
}

const FULL: &str =
    "space: the recipe used more than 64 MiB of Lua memory (let a stream carry the bytes, instead of a Lua value)";

#[test]
fn every_endless_loop_ends_where_lua_cannot_yield() {
    for code in LOOPS {
        assert_eq!(outcome_unyielding(code), SPUN, "{code}");
    }
}

/// Each of these runs in C or Rust, where no hook reaches.
#[test]
fn work_in_library_functions_is_bounded() {
    const EXPENSIVE: &str =
        "stopped: the pattern needs too many steps (use fewer of `-`, `*` and `+` in one pattern, or a shorter text)";
    let expensive = |function: &str| format!("timeout: `string.{function}` {EXPENSIVE}");
    let leak = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    let limits = LuaLimits { instructions: 1 << 40, ..super::LIMITS };
    let bombs = [
        ("return ('a'):rep(5000):find('.-.-.-.-b')", leak(expensive("find"))),
        ("return ('a'):rep(5000):match('.-.-.-.-b')", leak(expensive("match"))),
        ("return ('a'):rep(5000):gsub('.-.-.-.-b', '')", leak(expensive("gsub"))),
        ("for _ in ('a'):rep(5000):gmatch('.-.-.-.-b') do end", leak(expensive("gmatch"))),
        ("return ('a'):rep(5000):find('a*a*a*a*a*b')", leak(expensive("find"))),
        ("return ('('):rep(5000):find('%b()')", leak(expensive("find"))),
        ("return ('a'):rep(5000):find('[' .. ('b'):rep(100000) .. ']')", leak(expensive("find"))),
        ("return ('a'):rep(5000):find('(.-)%1%1%1b')", leak(expensive("find"))),
        ("return ('a'):rep(1000000):find(('a'):rep(500000) .. 'b', 1, true)", "nil"),
    ];
    for (code, expected) in bombs {
        let given = within_wall(code, move || {
            let (lua, fuse, environment) = fresh(limits);
            told(&lua, run(&lua, &fuse, &environment, code))
        });
        assert_eq!(given, expected, "{code}");
    }
    expect_all(&[
        ("return ''..#string.rep('', 1e15)", "0"),
        ("return table.move({}, 1, 1e13, 2, {})", "recipe: `table.move` would move 10000000000000 values"),
        ("return table.move({}, 1, math.maxinteger, 2)", "recipe: `table.move` would move 9223372036854775807 values"),
        ("table.move({}, 1, 1e7, 2)", SPUN),
        (
            "table.insert(setmetatable({}, { __len = function() return 1 << 60 end }), 1, 'x')",
            "recipe: `table.insert` would move 1152921504606846976 values",
        ),
        (
            "table.remove(setmetatable({}, { __len = function() return 1 << 60 end }), 1)",
            "recipe: `table.remove` would move 1152921504606846975 values",
        ),
        (
            "return table.concat(setmetatable({}, { __len = function() return 1 << 60 end, __index = function() return '' end }))",
            SPUN,
        ),
        (
            "return table.unpack(setmetatable({}, { __len = function() return 1 << 30 end }))",
            "recipe: too many results to unpack",
        ),
        ("return table.unpack({}, 1, 1e8)", "recipe: too many results to unpack"),
        (
            "table.sort(setmetatable({}, { __len = function() return 1 << 30 end, __index = rawlen, __newindex = rawequal }))",
            "recipe: cannot sort 1073741824 values: a recipe may sort 1048576 at once",
        ),
        (
            "table.sort({ pairs, pairs, pairs }, pcall)",
            "recipe: bad argument #2 to `table.sort`: write the comparison as a function of your own",
        ),
        ("local t = {} for i = 1, 1e9 do table.insert(t, 1, i) end", SPUN),
        ("while true do local _ = ('x'):rep(1 << 20) end", SPUN),
        ("while true do pcall(string.find, ('a'):rep(3000), '.-.-b') end", SPUN),
        ("local function f() pcall(f) end f() return 'survived'", "survived"),
        ("return ('x'):gsub('x*', pcall)", "x 1"),
    ]);
}

#[test]
fn a_stop_from_another_thread_ends_lua_at_once() {
    let unlimited = LuaLimits { instructions: u64::MAX, ..super::LIMITS };
    for code in LOOPS {
        let told = within_wall(code, move || {
            let (lua, fuse, environment) = fresh(unlimited);
            let remote = fuse.clone();
            let stopper = std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(5));
                remote.stop(Stop::Cancelled);
            });
            let told = told(&lua, run(&lua, &fuse, &environment, code));
            stopper.join().expect("the stopping thread");
            told
        });
        assert_eq!(told, "cancelled: the run was cancelled", "{code}");
    }
}

#[test]
fn the_verdict_names_the_line_that_was_running() {
    let error = within_wall("verdict", || {
        let (lua, fuse, environment) = fresh(super::LIMITS);
        run(&lua, &fuse, &environment, "local function wait()\n  while true do\n  end\nend\n\nwait()").unwrap_err()
    });
    let sites: Vec<String> = error.sites().iter().map(ToString::to_string).collect();
    assert_eq!(sites, ["recipes/shop.lua:2", "recipes/shop.lua:6"]);
}
