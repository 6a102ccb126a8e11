//! What a recipe may hold: Lua's own limit, the limit on results, and the budget for what Rust holds.

use super::{LIMITS, WALL, expect_all, fresh, in_a_run, run, told, within, within_wall};
use hikae::error::{Error, Kind};
use hikae::lua::budget::Budget;
use hikae::lua::fuse::LuaLimits;
use hikae::secret::Secret;

const FULL: &str =
    "space: the recipe used more than 64 MiB of Lua memory (let a stream carry the bytes, instead of a Lua value)";

#[test]
fn an_allocation_bomb_ends_at_the_limit() {
    let limits = LuaLimits { instructions: 1 << 40, ..LIMITS };
    for code in [
        "local s = 'x' while true do s = s .. s end",
        "local t = {} for i = 1, 1e9 do t[i] = i end",
        "local t = {} while true do t[#t + 1] = {} end",
        "local t = {} while true do t = { t } end",
        "local t = {} while true do t[#t + 1] = ('x'):rep(1 << 20) end",
        "local t = {} while true do table.insert(t, ('x'):rep(1 << 20, tostring(#t))) end",
        "return string.pack('!16 c1000000000', 'x')",
        "local s = ('x'):rep(1 << 24) return s .. s .. s .. s",
        "local t = {} for i = 1, 1e7 do t[i] = function() return i end end",
        "return utf8.char(table.unpack({}, 1, 0)), ('x'):rep(1 << 24):upper() .. ('y'):rep(1 << 24):reverse() .. ('z'):rep(1 << 24)",
    ] {
        let given = within_wall(code, move || {
            let (lua, fuse, environment) = fresh(limits);
            told(&lua, run(&lua, &fuse, &environment, code))
        });
        assert_eq!(given, FULL, "{code}");
    }
}

#[test]
fn results_of_library_functions_have_a_limit() {
    let large = |function: &str| {
        format!(
            "space: the result of `{function}` is larger than 16 MiB (let a stream carry the bytes, instead of a Lua value)"
        )
    };
    for (code, function) in [
        ("return ('x'):rep((16 << 20) + 1)", "string.rep"),
        ("return ('x'):rep(1e15)", "string.rep"),
        ("return ('x'):rep(math.maxinteger, 'yy')", "string.rep"),
        (
            "local s = ('x'):rep(1 << 20) local t = {} for i = 1, 17 do t[i] = s end return table.concat(t)",
            "table.concat",
        ),
        ("return table.concat({ 1, 2, 3 }, ('x'):rep(1 << 23))", "table.concat"),
        ("return ('x'):rep(1000):gsub('x', ('y'):rep(1 << 20))", "string.gsub"),
        ("return ('x'):rep(1 << 20):gsub('^.*$', ('%0'):rep(17))", "string.gsub"),
        ("local s = ('x'):rep(1 << 20) return ('x'):rep(100):gsub('x', function() return s end)", "string.gsub"),
        (
            "local s = ('x'):rep(1 << 20) return ('%s'):rep(20):format(table.unpack({ s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s }))",
            "string.format",
        ),
    ] {
        let given = within_wall(code, move || {
            let (lua, fuse, environment) = fresh(LuaLimits { instructions: 1 << 40, ..LIMITS });
            told(&lua, run(&lua, &fuse, &environment, code))
        });
        assert_eq!(given, large(function), "{code}");
    }
}

/// Lua can pass nearly a million; each becomes a reference in Rust, of which there are not many more.
#[test]
fn as_many_arguments_as_lua_can_pass_do_no_harm() {
    let limits = LuaLimits { instructions: 1 << 40, ..LIMITS };
    let too_many = "recipe: too many values were passed at once";
    for (call, expected) in [
        ("return #('%s'):format(table.unpack(t))", too_many),
        (
            "return table.insert(table.unpack(t))",
            "recipe: bad argument #1 to `table.insert`: table expected, got string",
        ),
        ("return ('x'):gsub('x', function() return table.unpack(t) end)", "x 1"),
        ("return tostring(table.unpack(t))", "x"),
    ] {
        let code = format!("local t = {{}} for i = 1, 999000 do t[i] = 'x' end {call}");
        // Slow in a debug build, and not what the wall is for.
        let given = within(5 * WALL, call, move || {
            let (lua, fuse, environment) = fresh(limits);
            told(&lua, run(&lua, &fuse, &environment, &code))
        });
        assert_eq!(given, expected, "{call}");
    }
}

#[test]
fn the_state_is_usable_after_it_was_full() {
    expect_all(&[(
        "local ok = pcall(function() local s = 'x' while true do s = s .. s end end) local t = {} for i = 1, 1000 do t[i] = i end return ok, #t",
        "false 1000",
    )]);
}

#[test]
fn a_smaller_memory_limit_is_told_with_its_number() {
    let given = within_wall("small", || {
        let (lua, fuse, environment) = fresh(LuaLimits { memory_bytes: 2 << 20, ..LIMITS });
        told(&lua, run(&lua, &fuse, &environment, "local s = 'x' while true do s = s .. s end"))
    });
    assert_eq!(
        given,
        "space: the recipe used more than 2 MiB of Lua memory (let a stream carry the bytes, instead of a Lua value)"
    );
}

#[test]
fn a_budget_gives_back_what_is_dropped() {
    let budget = Budget::new(100);
    let first = budget.charge(60).expect("room");
    let refused = budget.charge(50).err().expect("no room");
    assert_eq!((refused.kind(), budget.used()), (Kind::Space, 60));
    assert_eq!(refused.what(), "the recipe holds more than 100 bytes of values at once");
    assert!(budget.charge(usize::MAX).is_err());
    drop(first);
    let all = budget.charge(100).expect("room again");
    assert_eq!(budget.used(), 100);
    drop(all);
    assert_eq!(budget.used(), 0);
}

#[test]
fn a_state_has_one_budget() {
    let (lua, _, _) = fresh(LIMITS);
    let charge = Budget::of(&lua).charge(1 << 20).expect("room");
    assert_eq!(Budget::of(&lua).used(), 1 << 20);
    let refused = Budget::of(&lua).charge(64 << 20).err().expect("no room");
    assert_eq!(refused.what(), "the recipe holds more than 64 MiB of values at once");
    drop(charge);
    assert_eq!(Budget::of(&lua).used(), 0);
}

/// What the account of the run keeps is no Lua value, and lasts as long as the run.
#[test]
fn what_a_recipe_lets_the_run_keep_has_a_limit() {
    let full = "space: the recipe holds more than 64 MiB of values at once (let a stream carry the bytes, instead of a Lua value)";
    for code in [
        "for i = 1, 20000 do errors.try(error, s) end",
        "for i = 1, 20000 do errors.try(errors.raise, { message = 'm', hint = s }) end",
        "local _, e = errors.try(error, 'once') for i = 1, 20000 do errors.accept(e, s) end",
        "for i = 1, 20000 do run.note(s) end",
        "for i = 1, 20000 do run.note('n', { failed = s }) end",
    ] {
        let given = within(5 * WALL, code, move || in_a_run(&format!("local s = ('x'):rep(8000) {code}")));
        assert_eq!(given, full, "{code}");
    }
}

#[test]
fn a_long_message_is_kept_in_short() {
    let code = "local s = ('x'):rep(1000000) for i = 1, 20 do errors.try(error, s) end
        local _, e = errors.try(error, s) assert(#e.message == 8192 + #'…', #e.message)";
    assert_eq!(within(5 * WALL, "long", move || in_a_run(code)), "");
}

#[test]
fn a_secret_leaves_no_half_of_it_where_a_message_is_cut() {
    let _known = Secret::new("zqhalfofasecretisasecret");
    // A message that is cut keeps its first 5462 and its last 2730 bytes: both cuts go through a secret, and through its mask.
    let (start, end) = ("x".repeat(5457), "x".repeat(2725));
    let said = format!("{start}zqhalfofasecretisasecret{}zqhalfofasecretisasecret{end}", "y".repeat(10_000));
    let error = Error::new(Kind::Other, said);
    assert!(error.what() == format!("{start}*****…*****{end}"), "{}", &error.what()[5400..]);
}
