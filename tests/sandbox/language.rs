//! What recipes may write: slips of the hand are named, and ordinary Lua works as the manual says.

use super::expect_all;

#[test]
fn a_misspelt_name_is_an_error_that_suggests_the_right_one() {
    expect_all(&[
        ("return strng.format('x')", "recipe: undefined name `strng` (did you mean `string`?)"),
        ("return string.fromat('x')", "recipe: `string` has no member `fromat` (did you mean `string.format`?)"),
        ("return ('x'):fromat()", "recipe: `string` has no member `fromat` (did you mean `string.format`?)"),
        ("return clock.noww()", "recipe: `clock` has no member `noww` (did you mean `clock.now`?)"),
        ("return clock.frobnicate()", "recipe: `clock` has no member `frobnicate` (it has `now`)"),
        ("return Math.floor(1.5)", "recipe: undefined name `Math` (did you mean `math`?)"),
        ("return tosting(1)", "recipe: undefined name `tosting` (did you mean `tostring`?)"),
        ("return quux", "recipe: undefined name `quux` (declare it with `local quux = ...` before it is used)"),
        ("total = 5", "recipe: assignment to the undeclared global `total` (write `local total = ...`)"),
        ("function dump() end", "recipe: assignment to the undeclared global `dump` (write `local dump = ...`)"),
        (
            "local t = {} t.copyy()",
            "recipe: attempt to call a nil value (field 'copyy') (`copyy` is nil here: is it spelt right? test what may be absent with `if`)",
        ),
        (
            "local t t.x = 1",
            "recipe: attempt to index a nil value (local 't') (`t` is nil here: is it spelt right? test what may be absent with `if`)",
        ),
        ("return 1 + {}", "recipe: attempt to perform arithmetic on a table value"),
        ("return #nil", "recipe: attempt to get length of a nil value"),
        ("return 'a' < 1", "recipe: attempt to compare string with number"),
        ("return ('x').y.z", "recipe: `string` has no member `y`"),
    ]);
}

#[test]
fn wrong_arguments_are_named() {
    expect_all(&[
        ("return string.rep()", "recipe: bad argument #1 to `string.rep`: string expected, got nil"),
        ("return ('x'):rep('many')", "recipe: bad argument #2 to `string.rep`: number expected, got string"),
        ("return ('x'):rep(1.5)", "recipe: bad argument #2 to `string.rep`: number has no integer representation"),
        (
            "return ('x'):rep(1 << 40)",
            "space: the result of `string.rep` is larger than 16 MiB (let a stream carry the bytes, instead of a Lua value)",
        ),
        ("return string.find({}, 'x')", "recipe: bad argument #1 to `string.find`: string expected, got table"),
        (
            "return ('x'):gsub('x', true)",
            "recipe: bad argument #3 to `string.gsub`: string/function/table expected, got boolean",
        ),
        ("return ('x'):gsub('x', '%9')", "recipe: invalid capture index %9"),
        ("return ('x'):gsub('x', '%')", "recipe: invalid use of '%' in replacement string"),
        ("return ('x'):gsub('x', function() return {} end)", "recipe: invalid replacement value (a table)"),
        ("return ('x'):find('[a')", "recipe: malformed pattern (missing ']')"),
        ("return ('x'):find('%')", "recipe: malformed pattern (ends with '%')"),
        ("return ('x'):find('%f')", "recipe: missing '[' after '%f' in pattern"),
        ("return ('x'):find('(x')", "recipe: unfinished capture"),
        ("return ('x'):match('x)')", "recipe: invalid pattern capture"),
        ("return ('x'):find('%1')", "recipe: invalid capture index %1"),
        ("return table.concat({ 1, {}, 3 })", "recipe: invalid value (table) at index 2 in table for `table.concat`"),
        ("table.insert({}, 5, 'x')", "recipe: bad argument #2 to `table.insert`: position out of bounds"),
        ("table.insert({})", "recipe: wrong number of arguments to `table.insert`"),
        ("table.insert(nil, 1)", "recipe: bad argument #1 to `table.insert`: table expected, got nil"),
        ("table.remove({}, 5)", "recipe: bad argument #2 to `table.remove`: position out of bounds"),
        ("table.sort({ 2, 1 }, 'up')", "recipe: bad argument #2 to `table.sort`: function expected, got string"),
        ("table.sort({ 2, 'x' })", "recipe: attempt to compare string with number"),
        ("return ('%d'):format('x')", "recipe: bad argument #2 to 'string.format' (number expected, got string)"),
        ("return math.floor('x')", "recipe: bad argument #1 to 'floor' (number expected, got string)"),
    ]);
}

#[test]
fn ordinary_lua_works() {
    expect_all(&[
        ("local t = {} for k in pairs(math) do t[#t + 1] = k end return #t > 20", "true"),
        ("return ('shop'):rep(2, '-'), ('x'):rep(0), ('x'):rep(-1), (''):rep(9)", "shop-shop   "),
        (
            "return ('%5.1f|%-5s|%05d|%x|%q|%%'):format(3.14159, 'ab', 42, 255, 'a\\nb')",
            "  3.1|ab   |00042|ff|\"a\\\nb\"|%",
        ),
        ("return ('%s %s %s'):format(nil, true, 7)", "nil true 7"),
        ("return '10' + 1, '3' * '4', 10 .. 20", "11 12 1020"),
        ("return ('key = value'):match('^(%w+)%s*=%s*(%w+)$')", "key value"),
        ("return ('db_backup_20260215_020000.sql.gz'):match('_(%d%d%d%d)(%d%d)(%d%d)_')", "2026 02 15"),
        ("return ('hello world'):gsub('o', '0', 1)", "hell0 world 1"),
        ("return ('hello world'):gsub('%w+', { hello = 'bye', world = false })", "bye world 2"),
        ("return ('hello'):gsub('', '-')", "-h-e-l-l-o- 6"),
        ("return ('abc'):gsub('%w', '%0%0')", "aabbcc 3"),
        ("return ('a b'):gsub('(%w) (%w)', '%2 %1')", "b a 1"),
        ("return ('x = 1'):gsub('()=()', '%1%2')", "x 34 1 1"),
        (
            "local t = {} for k, v in ('a=1, b=2'):gmatch('(%w+)=(%w+)') do t[#t + 1] = k .. v end return table.concat(t, ' ')",
            "a1 b2",
        ),
        ("local t = {} for w in ('one two'):gmatch('%a+', 4) do t[#t + 1] = w end return table.concat(t, ' ')", "two"),
        ("local t = {} for p in ('abc'):gmatch('()') do t[#t + 1] = p end return table.concat(t, ' ')", "1 2 3 4"),
        ("return ('a.b'):find('.', 1, true), ('a.b'):find('%.'), ('aXb'):find('X', -2)", "2 2 2 2"),
        ("return ('x'):find('', 10), ('x'):find('', 2)", "nil 2 1"),
        (
            "local t = { 3, 1, 2 } table.sort(t) table.insert(t, 4) table.insert(t, 1, 0) return table.concat(t, ',')",
            "0,1,2,3,4",
        ),
        (
            "local t = { 3, 1, 2 } table.sort(t, function(a, b) return a > b end) return table.concat(t, ',', 2, 3)",
            "2,1",
        ),
        ("local t = { 1, 2, 3 } return table.remove(t, 1), table.remove(t), #t, table.remove({})", "1 3 1 nil"),
        (
            "return table.concat(table.move({ 1, 2, 3 }, 1, 3, 2), ','), table.concat(table.move({ 1, 2, 3 }, 2, 3, 1), ',')",
            "1,1,2,3 2,3,3",
        ),
        ("return table.concat(table.move({ 1, 2 }, 1, 2, 2, { 9 }), ','), #table.move({}, 1, 0, 1)", "9,1,2 0"),
        ("return table.unpack({ 1, 2, 3 }), table.pack(1, nil).n, select('#', 1, nil)", "1 2 2"),
        ("return utf8.char(25511, 12360), utf8.len('控え'), ('控え'):len()", "控え 2 6"),
        ("local n = 0 for _ in ('控え'):gmatch(utf8.charpattern) do n = n + 1 end return n", "2"),
        (
            "local List = {} List.__index = List function List:add(v) table.insert(self, v) return self end return #setmetatable({}, List):add(1):add(2)",
            "2",
        ),
        ("local t = setmetatable({}, { __index = function(_, k) return k .. '!' end }) return t.x", "x!"),
        ("return pcall(error, 'plain', 0)", "false plain"),
        ("return select(2, pcall(string.rep))", "recipe: bad argument #1 to `string.rep`: string expected, got nil"),
        ("return 7 // 2, 7 % 3, 1 << 4, 2 ^ 10, 'a' .. 1", "3 1 16 1024 a1"),
        ("return rawget({ 5 }, 1), rawlen({ 1, 2 }), rawequal('a', 'a'), _VERSION", "5 2 true Lua 5.4"),
        ("goto done do return 1 end ::done:: return 2", "2"),
        ("return _G == _ENV, _G.string == string", "true true"),
    ]);
}

#[test]
fn math_random_repeats_after_a_seed() {
    let draw = |seed: i64| {
        super::within_wall("random", move || {
            let (lua, fuse, environment) = super::fresh(super::LIMITS);
            hikae::lua::state::seed(&lua, seed).expect("a seed");
            let result = super::run(&lua, &fuse, &environment, "return math.random(1 << 40), math.random(1 << 40)");
            super::told(&lua, result)
        })
    };
    assert_eq!(draw(7), draw(7));
    assert_ne!(draw(7), draw(8));
}
