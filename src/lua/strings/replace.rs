//! Gives recipes `gsub`, with a string, a table or a function to replace by.

use mlua::{IntoLuaMulti, LuaString, MultiValue, Value};

use crate::lua::arguments::{Arguments, MAX_RESULT, type_name};
use crate::lua::fuse::Fuse;
use crate::lua::pattern::{Capture, Matcher};
use crate::lua::strings::{allowance, captured, one_capture, refuse, unanchored};

/// The replacement of a match.
enum Replacement {
    Template(LuaString),
    Table(mlua::Table),
    Function(mlua::Function),
}

/// `string.gsub(subject, pattern, replacement, max)`: the new string, and the number of replacements.
pub fn gsub(args: &Arguments) -> mlua::Result<MultiValue> {
    let (text, pattern) = (args.string(1)?, args.string(2)?);
    let replacement = match args.at(3) {
        Value::Table(table) => Replacement::Table(table.clone()),
        Value::Function(function) => Replacement::Function(function.clone()),
        Value::String(_) | Value::Integer(_) | Value::Number(_) => Replacement::Template(args.string(3)?),
        _ => return Err(args.wrong(3, "string/function/table")),
    };
    let subject = text.as_bytes();
    let max = args.integer_or(4, i64::MAX)?;
    let pattern = pattern.as_bytes();
    let (anchored, body) = unanchored(&pattern);
    let mut matcher = Matcher::new(&subject, body, allowance(args.lua, subject.len()));
    let (mut out, mut at, mut last_end, mut count, mut changed) = (Vec::new(), 0, None, 0, false);
    while count < max {
        match advance(args, &mut matcher, at)? {
            Some(end) if Some(end) != last_end => {
                count += 1;
                changed |= replacement.add(args, &matcher, &subject, (at, end), &mut out)?;
                (at, last_end) = (end, Some(end));
            }
            _ if at < subject.len() => {
                out.push(subject[at]);
                at += 1;
            }
            _ => break,
        }
        if out.len() > MAX_RESULT {
            return Err(args.too_large());
        }
        if anchored {
            break;
        }
    }
    if !changed {
        return (text.clone(), count).into_lua_multi(args.lua);
    }
    out.extend_from_slice(&subject[at..]);
    if out.len() > MAX_RESULT {
        return Err(args.too_large());
    }
    (args.lua.create_string(out)?, count).into_lua_multi(args.lua)
}

/// One more match, its steps counted at once: a callback may run for long between two of them.
fn advance(args: &Arguments, matcher: &mut Matcher, at: usize) -> mlua::Result<Option<usize>> {
    let before = matcher.steps();
    let matched = matcher.match_at(at);
    Fuse::of(args.lua).spend(args.lua, matcher.steps() - before)?;
    matched.map_err(|fault| refuse(args, fault))
}

impl Replacement {
    /// Adds the replacement of the match `from..to`; returns whether it differs from the match.
    fn add(
        &self,
        args: &Arguments,
        matcher: &Matcher,
        subject: &[u8],
        (from, to): (usize, usize),
        out: &mut Vec<u8>,
    ) -> mlua::Result<bool> {
        let value: Value = match self {
            Replacement::Template(template) => {
                fill(args, matcher, subject, (from, to), &template.as_bytes(), out)?;
                return Ok(true);
            }
            Replacement::Table(table) => table.get(one_capture(args, matcher, subject, 0, from, to)?)?,
            Replacement::Function(function) => function.call(captured(args, matcher, subject, from, to)?)?,
        };
        match value {
            Value::Nil | Value::Boolean(false) => {
                out.extend_from_slice(&subject[from..to]);
                Ok(false)
            }
            value => {
                let given = type_name(&value);
                let text = if matches!(value, Value::Boolean(_)) { None } else { args.lua.coerce_string(value)? };
                let text = text.ok_or_else(|| args.refuse(format!("invalid replacement value (a {given})")))?;
                out.extend_from_slice(&text.as_bytes());
                Ok(true)
            }
        }
    }
}

/// Fills `%0` to `%9` and `%%` of a template.
fn fill(
    args: &Arguments,
    matcher: &Matcher,
    subject: &[u8],
    (from, to): (usize, usize),
    template: &[u8],
    out: &mut Vec<u8>,
) -> mlua::Result<()> {
    let mut rest = template;
    while let Some(at) = memchr::memchr(b'%', rest) {
        out.extend_from_slice(&rest[..at]);
        match rest.get(at + 1) {
            Some(b'%') => out.push(b'%'),
            Some(b'0') => out.extend_from_slice(&subject[from..to]),
            Some(digit @ b'1'..=b'9') => {
                let index = usize::from(digit - b'1');
                match matcher.capture(index, from..to).map_err(|fault| refuse(args, fault))? {
                    Capture::Text(range) => out.extend_from_slice(&subject[range]),
                    Capture::Position(position) => out.extend_from_slice(position.to_string().as_bytes()),
                }
            }
            _ => return Err(args.refuse("invalid use of '%' in replacement string".to_owned())),
        }
        if out.len() > MAX_RESULT {
            return Err(args.too_large());
        }
        rest = &rest[at + 2..];
    }
    out.extend_from_slice(rest);
    Ok(())
}
