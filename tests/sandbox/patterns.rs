//! The matcher against Lua's own: the same results and the same words for wrong patterns, over many patterns and subjects.

use mlua::{Function, Lua, MultiValue, Table, Value};

use super::{LIMITS, fresh};

const PATTERNS: [&str; 96] = [
    "",
    "a",
    "ab",
    ".",
    "..",
    "%a",
    "%A",
    "%d+",
    "%D+",
    "%s*",
    "%S+",
    "%w+",
    "%W",
    "%x+",
    "%X",
    "%p",
    "%P+",
    "%c",
    "%C",
    "%l+",
    "%L",
    "%u",
    "%U",
    "%g+",
    "%G",
    "%z",
    "%Z",
    "[abc]",
    "[^abc]",
    "[a-c]+",
    "[^a-c]*",
    "[%a_][%w_]*",
    "[]]",
    "[^]]",
    "[]a]+",
    "[a%-z]",
    "[a-%z]",
    "[%]]",
    "[%d%s]+",
    "[+-]?%d+",
    "a*",
    "a+",
    "a-",
    "a?",
    "a-b",
    "a*b",
    "a?b",
    "(a)",
    "(a*)(b*)",
    "((a)(b))",
    "()",
    "()a()",
    "(a*(.)%w(%s*))",
    "%b()",
    "%b<>",
    "%b''",
    "%baa",
    "%f[%w]%w+",
    "%f[%a]",
    "%f[^%a]",
    "%f[%z]",
    "(.)%1",
    "(a+)%1",
    "(.-)%1$",
    "^a",
    "^",
    "$",
    "^$",
    "a$",
    "^(.-)%s*$",
    "a^b",
    "a$b",
    "%.",
    "%%",
    "%$",
    "%^",
    "(%w+)=(%w+)",
    "^%s*(.-)%s*$",
    "[^\n]*\n?",
    "(",
    ")",
    "(a",
    "a)",
    "%",
    "[",
    "[a",
    "[^",
    "[%",
    "[a-",
    "%1",
    "%f",
    "%b",
    "%bx",
    "(()",
    "(%1)",
    "%0",
];

const SUBJECTS: [&str; 24] = [
    "",
    "a",
    "b",
    "ab",
    "aab",
    "aaa",
    "abab",
    "hello world",
    "key = value",
    "  padded  ",
    "(a(b)c)",
    "<<x>",
    "'q' 'r'",
    "a.b.c",
    "100%",
    "x=1, y=2",
    "THE (quick) fox",
    "a\0b\0",
    "\u{1}\t\n\u{b}\u{c}\r ",
    "控え",
    "aaaaaaaaab",
    "1-2+3",
    "]][[",
    "^a$",
];

/// A small generator, so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    fn pick(&mut self, parts: &[&str], most: usize) -> String {
        let count = self.roll(most) + 1;
        (0..count).map(|_| parts[self.roll(parts.len())]).collect()
    }
}

/// The same function from Lua's library and from ours.
fn both(lua: &Lua, name: &str) -> [Function; 2] {
    let (ours, _, _) = (lua.globals().raw_get::<Table>("ours").unwrap(), (), ());
    let stock: Table = lua.globals().raw_get("string").unwrap();
    [stock.get(name).unwrap(), ours.get(name).unwrap()]
}

fn with_both() -> Lua {
    let (lua, _, environment) = fresh(super::LuaLimits { instructions: u64::MAX, ..LIMITS });
    lua.globals().raw_set("ours", environment.get::<Table>("string").unwrap()).unwrap();
    lua
}

/// Values, or the message without the function's position.
fn shown(result: mlua::Result<MultiValue>) -> String {
    match result {
        Ok(values) => format!("{values:?}"),
        Err(error) => hikae::lua::traceback::from_lua(error).what().to_owned(),
    }
}

fn bytes(lua: &Lua, text: &str) -> Value {
    Value::String(lua.create_string(text).unwrap())
}

fn compare(lua: &Lua, subject: &str, pattern: &str) {
    let init = Value::Integer(subject.len() as i64 / 2 - 1);
    let (subject_value, pattern_value) = (bytes(lua, subject), bytes(lua, pattern));
    for name in ["find", "match"] {
        for args in
            [vec![], vec![init.clone()], vec![Value::Integer(-2)], vec![Value::Integer(1), Value::Boolean(true)]]
        {
            let [stock, ours] = both(lua, name).map(|function| {
                let args = [&[subject_value.clone(), pattern_value.clone()][..], &args].concat();
                shown(function.call(MultiValue::from_vec(args)))
            });
            assert_eq!(ours, stock, "string.{name} of {subject:?} with {pattern:?}");
        }
    }
    for template in ["<%0>", "%1%%", "x", "%2"] {
        let [stock, ours] = both(lua, "gsub")
            .map(|function| shown(function.call((subject_value.clone(), pattern_value.clone(), template))));
        assert_eq!(ours, stock, "string.gsub of {subject:?} with {pattern:?} by {template:?}");
    }
    let [stock, ours] = both(lua, "gmatch").map(|function| {
        let collect: mlua::Result<Vec<String>> = (|| {
            let next: Function = function.call((subject_value.clone(), pattern_value.clone()))?;
            let mut all = Vec::new();
            loop {
                let values: MultiValue = next.call(())?;
                match values.front() {
                    None | Some(Value::Nil) => return Ok(all),
                    Some(_) => all.push(format!("{values:?}")),
                }
            }
        })();
        collect.unwrap_or_else(|error| vec![hikae::lua::traceback::from_lua(error).what().to_owned()])
    });
    assert_eq!(ours, stock, "string.gmatch of {subject:?} with {pattern:?}");
}

#[test]
fn every_pattern_gives_what_lua_gives() {
    let lua = with_both();
    for pattern in PATTERNS {
        for subject in SUBJECTS {
            compare(&lua, subject, pattern);
        }
    }
}

#[test]
fn random_patterns_give_what_lua_gives() {
    const PARTS: [&str; 36] = [
        "a", "b", "c", ".", "%a", "%d", "%s", "%W", "[ab]", "[^b]", "[a-c]", "[%w]", "(", ")", "()", "(a)", "(.)", "*",
        "+", "-", "?", "^", "$", "%1", "%2", "%b()", "%f[%w]", "%f[^a]", "[", "]", "%", "%%", "\0", " ", "1", "é",
    ];
    const TEXT: [&str; 10] = ["a", "b", "c", "ab", "(", ")", " ", "1", "\0", "é"];
    let lua = with_both();
    let mut dice = Dice(2026);
    for _ in 0..2_500 {
        let (pattern, subject) = (dice.pick(&PARTS, 7), dice.pick(&TEXT, 12));
        compare(&lua, &subject, &pattern);
    }
}

#[test]
fn every_byte_belongs_to_the_same_classes() {
    let lua = with_both();
    let all: Vec<u8> = (0..=255).collect();
    for class in "acdglpsuwxzACDGLPSUWXZbq.%-".chars() {
        for pattern in [format!("%{class}"), format!("[%{class}]"), format!("[^%{class}]")] {
            let results = both(&lua, "gsub").map(|function| {
                let subject = lua.create_string(&all).unwrap();
                shown(function.call((subject, pattern.as_str(), "")))
            });
            assert_eq!(results[1], results[0], "{pattern}");
        }
    }
}

#[test]
fn the_deepest_pattern_is_refused_like_in_lua() {
    let lua = with_both();
    let nested = |depth: usize| format!("{}{}", "(".repeat(depth), ")".repeat(depth));
    for pattern in
        [nested(31), nested(32), nested(33), "a?".repeat(199), "a?".repeat(250), "a-".repeat(210), "x*".repeat(300)]
    {
        let subject = "a".repeat(300);
        for name in ["find", "match"] {
            let [stock, ours] =
                both(&lua, name).map(|function| shown(function.call((subject.as_str(), pattern.as_str()))));
            assert_eq!(ours, stock, "{name} {pattern}");
        }
    }
}
