//! The exact words and places of every shape of error that Lua can give.

use std::sync::Arc;

use hikae::error::{Error, Kind};
use hikae::lua::traceback::{from_lua, raise, sites};
use mlua::{Lua, Value};

use super::{LIMITS, fresh, load, run, within_wall};

/// `what | cause | hint | places` of the error that `code` ends with.
fn report(code: &'static str) -> String {
    within_wall(code, move || {
        let (lua, fuse, environment) = fresh(LIMITS);
        describe(&run(&lua, &fuse, &environment, code).expect_err("an error"))
    })
}

fn describe(error: &Error) -> String {
    let places: Vec<String> = error.sites().iter().map(ToString::to_string).collect();
    let hint = error.hint_text().unwrap_or("-");
    format!("{}: {} | {hint} | {}", error.kind().word(), error.one_line(), places.join(" "))
}

#[test]
fn lua_errors_keep_their_words_and_gain_their_places() {
    for (code, expected) in [
        (
            "local fs = {}\nfs.copyy('a')",
            "recipe: attempt to call a nil value (field 'copyy') | `copyy` is nil here: is it spelt right? test what may be absent with `if` | recipes/shop.lua:2",
        ),
        (
            "local function inner()\n  local x = nil + 1\nend\n\nlocal function outer()\n  inner()\n  return 1\nend\nouter()",
            "recipe: attempt to perform arithmetic on a nil value | - | recipes/shop.lua:2 recipes/shop.lua:6 recipes/shop.lua:9",
        ),
        ("error('disk gone')", "recipe: disk gone | - | recipes/shop.lua:1"),
        (
            "local function check()\n  error('wrong caller', 2)\nend\ncheck()\nlocal x = 1",
            "recipe: wrong caller | - | recipes/shop.lua:4",
        ),
        ("\nerror('no place', 0)", "recipe: no place | - | recipes/shop.lua:2"),
        ("error('at 10:30: late', 0)", "recipe: at 10:30: late | - | recipes/shop.lua:1"),
        ("error('two\\nlines')", "recipe: two\nlines | - | recipes/shop.lua:1"),
        (
            "error('stack traceback:\\n\\tfake.lua:9: in function x', 0)",
            "recipe: stack traceback:\n\tfake.lua:9: in function x | - | recipes/shop.lua:1",
        ),
        (
            "error({ code = 1 })",
            "recipe: the recipe raised a table as its error | raise a message: `error(\"what went wrong\")` | recipes/shop.lua:1",
        ),
        (
            "error()",
            "recipe: the recipe raised a nil as its error | raise a message: `error(\"what went wrong\")` | recipes/shop.lua:1",
        ),
        (
            "error(true)",
            "recipe: the recipe raised a boolean as its error | raise a message: `error(\"what went wrong\")` | recipes/shop.lua:1",
        ),
        (
            "error(pairs)",
            "recipe: the recipe raised a function as its error | raise a message: `error(\"what went wrong\")` | recipes/shop.lua:1",
        ),
        (
            "error(setmetatable({}, { __tostring = function() return 'own words' end }))",
            "recipe: own words | - | recipes/shop.lua:1",
        ),
        ("error(42)", "recipe: 42 | - | recipes/shop.lua:1"),
        ("assert(false)", "recipe: assertion failed! | - | recipes/shop.lua:1"),
        ("assert(nil, 'not there')", "recipe: not there | - | recipes/shop.lua:1"),
        (
            "return setmetatable({}, { __index = function() error('in a metamethod') end }).x",
            "recipe: in a metamethod | - | recipes/shop.lua:1 recipes/shop.lua:1",
        ),
        (
            "table.sort({ 2, 1 }, function()\n  error('in a callback')\nend)",
            "recipe: in a callback | - | recipes/shop.lua:2 recipes/shop.lua:1",
        ),
        (
            "return ('x'):gsub('x', function()\n  return nil + 1\nend)",
            "recipe: attempt to perform arithmetic on a nil value | - | recipes/shop.lua:2 recipes/shop.lua:1",
        ),
        ("\n\nreturn strng.x", "recipe: undefined name `strng` | did you mean `string`? | recipes/shop.lua:3"),
    ] {
        assert_eq!(report(code), expected, "{code}");
    }
}

#[test]
fn endless_recursion_is_told_as_such() {
    for code in [
        "local function f() return 1 + f() end f()",
        "local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k] end return t.x",
    ] {
        let told = report(code);
        let start =
            "recipe: too many calls inside each other | does a function call itself without end? | recipes/shop.lua:1";
        assert!(told.starts_with(start), "{told}");
    }
}

#[test]
fn syntax_errors_name_the_file_and_the_line() {
    for (code, expected) in [
        (
            "local x = {\n  a = 1\n  b = 2\n}",
            "recipe: cannot parse `recipes/shop.lua`: '}' expected (to close '{' at line 1) near 'b' | look just before this place: is a `,`, a bracket, a quote or an `end` missing? | recipes/shop.lua:3",
        ),
        (
            "if true then\n",
            "recipe: cannot parse `recipes/shop.lua`: 'end' expected (to close 'if' at line 1) near <eof> | is an `end` missing? | recipes/shop.lua:2",
        ),
        (
            "local = 5",
            "recipe: cannot parse `recipes/shop.lua`: <name> expected near '=' | look just before this place: is a `,`, a bracket, a quote or an `end` missing? | recipes/shop.lua:1",
        ),
        (
            "x = 'open",
            "recipe: cannot parse `recipes/shop.lua`: unfinished string near <eof> | is a closing quote or bracket missing? | recipes/shop.lua:1",
        ),
        (
            "goto nowhere",
            "recipe: cannot parse `recipes/shop.lua`: no visible label 'nowhere' for <goto> at line 1 | - | recipes/shop.lua:1",
        ),
        ("\u{1b}Lua", "recipe: cannot parse Lua: attempt to load a binary chunk (mode is 't') | - | "),
    ] {
        assert_eq!(report(code), expected, "{code:?}");
    }
}

#[test]
fn an_error_of_ours_comes_back_whole() {
    let error = within_wall("own", || {
        let (lua, fuse, _) = fresh(LIMITS);
        let failing = lua.create_function(|lua, ()| {
            let error = Error::new(Kind::Denied, "cannot write `/backups`").hint("ask").because_text("read-only");
            Err::<(), _>(raise(lua, error))
        });
        let primitives = vec![("fail", Value::Function(failing.expect("a function")))];
        let environment = hikae::lua::sandbox::environment(&lua, primitives).expect("an environment");
        let code = "local function save()\n  fail()\n  return 1\nend\n\nsave()";
        describe(&run(&lua, &fuse, &environment, code).expect_err("an error"))
    });
    assert_eq!(error, "denied: cannot write `/backups`: read-only | ask | recipes/shop.lua:2 recipes/shop.lua:6");
}

#[test]
fn an_error_raised_again_keeps_its_first_place() {
    let told = report("local ok, e = pcall(function()\n  return strng.x\nend)\n\nerror(e)");
    assert_eq!(told, "recipe: undefined name `strng` | did you mean `string`? | recipes/shop.lua:2 recipes/shop.lua:1");
}

#[test]
fn places_are_known_in_async_functions_before_they_wait() {
    let places = within_wall("async", || {
        let (lua, fuse) = hikae::lua::state::new(&LIMITS).expect("a state");
        let whereabouts = lua.create_async_function(|lua, ()| {
            let sites: Vec<String> = sites(&lua).iter().map(ToString::to_string).collect();
            async move {
                tokio::task::yield_now().await;
                Ok(sites.join(" "))
            }
        });
        let primitives = vec![("whereabouts", Value::Function(whereabouts.expect("a function")))];
        let environment = hikae::lua::sandbox::environment(&lua, primitives).expect("an environment");
        let code =
            "local function ask()\n  local where = whereabouts()\n  return where\nend\nlocal w = ask()\nreturn w";
        super::told(&lua, run(&lua, &fuse, &environment, code))
    });
    assert_eq!(places, "recipes/shop.lua:2 recipes/shop.lua:5");
}

#[test]
fn the_wrapping_of_mlua_is_taken_off() {
    let conversion = |lua: &Lua| lua.create_function(|_, _: (String, u8)| Ok(())).expect("a function");
    let told = within_wall("conversion", move || {
        let (lua, fuse) = hikae::lua::state::new(&LIMITS).expect("a state");
        let primitives = vec![("take", Value::Function(conversion(&lua)))];
        let environment = hikae::lua::sandbox::environment(&lua, primitives).expect("an environment");
        ["take({})", "take('x', 'many')", "take('x', 300)"]
            .map(|code| describe(&run(&lua, &fuse, &environment, code).expect_err("an error")))
    });
    assert_eq!(
        told,
        [
            "recipe: bad argument #1: string expected, got table | - | recipes/shop.lua:1",
            "recipe: bad argument #2: u8 expected, got string | - | recipes/shop.lua:1",
            "recipe: bad argument #2: u8 expected, got integer | - | recipes/shop.lua:1",
        ]
    );
}

#[test]
fn errors_that_never_met_lua_are_told_too() {
    use mlua::Error as E;
    let own = Error::new(Kind::Locked, "cannot lock `shop`");
    let wrapped = E::WithContext { context: "outer".into(), cause: Arc::new(E::external(own.clone())) };
    let memory = "space: the recipe used up its Lua memory | let a stream carry the bytes, instead of a Lua value | ";
    for (error, expected) in [
        (E::external(own), "locked: cannot lock `shop` | - | "),
        (wrapped, "locked: cannot lock `shop` | - | "),
        (E::MemoryError("not enough memory".into()), memory),
        (E::runtime("not enough memory"), memory),
        (E::StackError, "recipe: too many values were passed at once | - | "),
        (E::runtime("plain words"), "recipe: plain words | - | "),
        (E::UserDataDestructed, "other: userdata has been destructed | - | "),
        (
            E::runtime("attempt to yield across a C-call boundary"),
            "recipe: cannot wait inside a `table.sort` or `string.gsub` callback | do what waits before or after it, in a loop of your own | ",
        ),
    ] {
        assert_eq!(describe(&from_lua(error)), expected);
    }
}

#[test]
fn places_outside_any_call_are_none() {
    let (lua, _, environment) = fresh(LIMITS);
    load(&lua, &environment, "return 1").expect("a function");
    assert!(sites(&lua).is_empty());
}
