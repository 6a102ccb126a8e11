//! Gives recipes `find`, `match`, `gmatch` and `gsub` on the matcher that can be stopped.

pub(crate) mod replace;

use mlua::{Lua, MultiValue, Table, Value};

use crate::error::{Error, Kind};
use crate::lua::arguments::Arguments;
use crate::lua::fuse::Fuse;
use crate::lua::pattern::{Capture, Fault, Matcher};
use crate::lua::traceback::raise;

/// Steps for one call: enough to scan a text of any length once, but not to try every way to split it.
pub fn allowance(lua: &Lua, length: usize) -> u64 {
    (1_000_000 + 32 * length as u64).min(Fuse::of(lua).left())
}

/// Puts the pattern functions into the library `string`.
pub fn install(lua: &Lua, library: &Table) -> mlua::Result<()> {
    type Four = (Value, Value, Value, Value);
    let find = |lua: &Lua, (a, b, c, d): Four| search(&call(lua, "string.find", &[a, b, c, d]), true);
    let matches = |lua: &Lua, (a, b, c): (Value, Value, Value)| search(&call(lua, "string.match", &[a, b, c]), false);
    let gmatch = |lua: &Lua, (a, b, c): (Value, Value, Value)| each(&call(lua, "string.gmatch", &[a, b, c]));
    let gsub = |lua: &Lua, (a, b, c, d): Four| replace::gsub(&call(lua, "string.gsub", &[a, b, c, d]));
    library.raw_set("find", lua.create_function(find)?)?;
    library.raw_set("match", lua.create_function(matches)?)?;
    library.raw_set("gmatch", lua.create_function(gmatch)?)?;
    library.raw_set("gsub", lua.create_function(gsub)?)
}

fn call<'a>(lua: &'a Lua, function: &'static str, values: &'a [Value]) -> Arguments<'a> {
    Arguments { lua, function, values }
}

fn search(args: &Arguments, find: bool) -> mlua::Result<MultiValue> {
    let (subject, pattern) = (args.string(1)?, args.string(2)?);
    let (subject, pattern) = (subject.as_bytes(), pattern.as_bytes());
    let init = start(args.integer_or(3, 1)?, subject.len());
    let fuse = Fuse::of(args.lua);
    if init > subject.len() {
        return Ok(none());
    }
    if find && (truthy(args.at(4)) || is_plain(&pattern)) {
        fuse.spend(args.lua, (subject.len() - init) as u64 / 64)?;
        let found = memchr::memmem::find(&subject[init..], &pattern).map(|at| at + init);
        return Ok(found.map_or_else(none, |at| positions(at, at + pattern.len())));
    }
    let (anchored, body) = unanchored(&pattern);
    let mut matcher = Matcher::new(&subject, body, allowance(args.lua, subject.len()));
    let last = if anchored { init } else { subject.len() };
    let found = first(&mut matcher, init..=last);
    fuse.spend(args.lua, matcher.steps())?;
    match found.map_err(|fault| refuse(args, fault))? {
        None => Ok(none()),
        Some((from, to)) if find => {
            let mut values = positions(from, to);
            if matcher.own_captures() > 0 {
                values.extend(captured(args, &matcher, &subject, from, to)?);
            }
            Ok(values)
        }
        Some((from, to)) => captured(args, &matcher, &subject, from, to),
    }
}

fn each(args: &Arguments) -> mlua::Result<mlua::Function> {
    let (subject, pattern) = (args.string(1)?, args.string(2)?);
    let mut at = start(args.integer_or(3, 1)?, subject.as_bytes().len());
    let mut last_end = None;
    args.lua.create_function_mut(move |lua, ()| {
        let args = call(lua, "string.gmatch", &[]);
        let (subject, pattern) = (subject.as_bytes(), pattern.as_bytes());
        let mut matcher = Matcher::new(&subject, &pattern, allowance(lua, subject.len()));
        let mut found = Ok(None);
        while at <= subject.len() {
            found = first(&mut matcher, at..=subject.len());
            match found {
                // An empty match that ends where the last one did was already returned.
                Ok(Some((from, to))) if Some(to) == last_end => at = from + 1,
                _ => break,
            }
            found = Ok(None);
        }
        Fuse::of(lua).spend(lua, matcher.steps())?;
        let Some((from, to)) = found.map_err(|fault| refuse(&args, fault))? else {
            at = subject.len() + 1;
            return Ok(none());
        };
        (at, last_end) = (to, Some(to));
        captured(&args, &matcher, &subject, from, to)
    })
}

/// The first match that begins in `starts`.
fn first(matcher: &mut Matcher, starts: std::ops::RangeInclusive<usize>) -> Result<Option<(usize, usize)>, Fault> {
    for from in starts {
        if let Some(to) = matcher.match_at(from)? {
            return Ok(Some((from, to)));
        }
    }
    Ok(None)
}

/// All values of the last match.
pub fn captured(
    args: &Arguments,
    matcher: &Matcher,
    subject: &[u8],
    from: usize,
    to: usize,
) -> mlua::Result<MultiValue> {
    (0..matcher.count()).map(|index| one_capture(args, matcher, subject, index, from, to)).collect()
}

/// One value of the last match, counted from 0.
pub fn one_capture(
    args: &Arguments,
    matcher: &Matcher,
    subject: &[u8],
    index: usize,
    from: usize,
    to: usize,
) -> mlua::Result<Value> {
    match matcher.capture(index, from..to).map_err(|fault| refuse(args, fault))? {
        Capture::Text(range) => Ok(Value::String(args.lua.create_string(&subject[range])?)),
        Capture::Position(position) => Ok(Value::Integer(position as i64)),
    }
}

/// Converts a pattern failure into an error of the recipe.
pub fn refuse(args: &Arguments, fault: Fault) -> mlua::Error {
    let error = match fault {
        Fault::Malformed(what) => Error::new(Kind::Recipe, what),
        Fault::Expensive => {
            Error::new(Kind::Timeout, format!("`{}` stopped: the pattern needs too many steps", args.function))
                .hint("use fewer of `-`, `*` and `+` in one pattern, or a shorter text")
        }
    };
    raise(args.lua, error)
}

/// A pattern without its `^`, and whether it had one.
pub fn unanchored(pattern: &[u8]) -> (bool, &[u8]) {
    match pattern {
        [b'^', rest @ ..] => (true, rest),
        _ => (false, pattern),
    }
}

fn is_plain(pattern: &[u8]) -> bool {
    !pattern.iter().any(|byte| b"^$*+?.([%-".contains(byte))
}

/// Lua's position, counted from 1 or back from the end, as an index from 0.
fn start(position: i64, length: usize) -> usize {
    match usize::try_from(position) {
        Ok(position) => position.saturating_sub(1),
        Err(_) => length.saturating_sub(usize::try_from(position.unsigned_abs()).unwrap_or(usize::MAX)),
    }
}

fn positions(from: usize, to: usize) -> MultiValue {
    MultiValue::from_vec(vec![Value::Integer(from as i64 + 1), Value::Integer(to as i64)])
}

fn none() -> MultiValue {
    MultiValue::from_vec(vec![Value::Nil])
}

fn truthy(value: &Value) -> bool {
    !matches!(value, Value::Nil | Value::Boolean(false))
}
