//! Turns Lua's errors into ours, and is the one file that knows what mlua's frames look like.

use mlua::{Lua, Value};

use crate::error::{Error, Kind, Site};
use crate::lua::budget::show_binary;

/// Enough places to understand a failure; a deep recursion has thousands.
const MAX_SITES: usize = 20;

/// Lua's own words for the two errors that have no type of their own once Lua has caught them.
pub const STACK_OVERFLOW: &str = "stack overflow";
pub const OUT_OF_MEMORY: &str = "not enough memory";

/// The current places in the recipe, the innermost first. In an async function, call it before the `async` block.
pub fn sites(lua: &Lua) -> Vec<Site> {
    let mut sites = Vec::new();
    let mut level = 0;
    while sites.len() < MAX_SITES && level < 4 * MAX_SITES {
        let frame = lua.inspect_stack(level, |frame| {
            let source = frame.source();
            let name = source.source.as_deref().filter(|_| source.what != "C")?;
            let file = name.strip_prefix(['@', '=']).unwrap_or(name);
            let line = u32::try_from(frame.current_line()?).ok()?;
            Some(Site { file: file.to_owned(), line }).filter(|site| is_recipe(&site.file))
        });
        match frame {
            Some(site) => sites.extend(site),
            None => break,
        }
        level += 1;
    }
    sites
}

/// Wraps our error for Lua, with the places in the recipe where it is raised.
pub fn raise(lua: &Lua, error: Error) -> mlua::Error {
    mlua::Error::external(error.at(sites(lua)))
}

/// Converts an error from Lua. Our own errors are returned as they were raised.
pub fn from_lua(error: mlua::Error) -> Error {
    translate(error, None)
}

/// Converts a value that `pcall` caught: one of our errors, or Lua's own as text without a traceback.
pub fn caught(lua: &Lua, value: Value) -> Error {
    match value {
        Value::Error(error) => from_lua(*error).at(sites(lua)),
        Value::String(text) => {
            let (text, frames) = (text.to_string_lossy(), sites(lua));
            let placed = split_place(&text).filter(|(site, _)| site.file.ends_with(".lua"));
            let (message, place) = placed.map_or((text.as_str(), None), |(site, rest)| (rest, Some(site)));
            describe(message, None).at(place.into_iter().chain(frames))
        }
        other => {
            Error::new(Kind::Recipe, format!("the recipe raised a {} as its error", other.type_name())).at(sites(lua))
        }
    }
}

/// The same with a known memory limit, to report its number when Lua reaches it.
pub fn from_lua_within(error: mlua::Error, memory_bytes: usize) -> Error {
    translate(error, Some(memory_bytes))
}

fn translate(error: mlua::Error, memory_bytes: Option<usize>) -> Error {
    let (root, frames) = dig(&error);
    if let Some(own) = root.downcast_ref::<Error>() {
        return own.clone().at(frames);
    }
    let converted = match root {
        mlua::Error::SyntaxError { message, .. } => syntax(message),
        mlua::Error::RuntimeError(text) => runtime(text, memory_bytes),
        mlua::Error::MemoryError(text) => out_of_memory(memory_bytes).at(split_traceback(text).1),
        mlua::Error::BadArgument { to, pos, cause, .. } => bad_argument(to.as_deref(), *pos, cause),
        mlua::Error::FromLuaConversionError { from, to, .. } => {
            Error::new(Kind::Recipe, format!("a {to} was expected, and a {from} was given"))
        }
        mlua::Error::StackError => Error::new(Kind::Recipe, "too many values were passed at once"),
        other => Error::new(Kind::Other, plain(&other.to_string())),
    };
    converted.at(frames)
}

/// The error inside all of mlua's wrappers, and the frames of the innermost wrapper.
fn dig(error: &mlua::Error) -> (&mlua::Error, Vec<Site>) {
    let (mut error, mut frames) = (error, Vec::new());
    loop {
        match error {
            mlua::Error::CallbackError { traceback, cause } => {
                let known = parse_frames(traceback);
                if !known.is_empty() {
                    frames = known;
                }
                error = cause;
            }
            mlua::Error::WithContext { cause, .. } => error = cause,
            _ => return (error, frames),
        }
    }
}

fn syntax(message: &str) -> Error {
    let Some((site, rest)) = split_place(message) else {
        return Error::new(Kind::Recipe, "cannot parse Lua").because_text(plain(message));
    };
    let error = Error::new(Kind::Recipe, format!("cannot parse `{}`", site.file)).because_text(plain(rest)).at([site]);
    match rest {
        _ if rest.contains("'end' expected") => error.hint("is an `end` missing?"),
        _ if rest.starts_with("unfinished") => error.hint("is a closing quote or bracket missing?"),
        _ if rest.contains(" expected") || rest.starts_with("unexpected") => {
            error.hint("look just before this place: is a `,`, a bracket, a quote or an `end` missing?")
        }
        _ => error,
    }
}

/// An error that Lua raised itself, or that the recipe raised with `error(...)`.
fn runtime(text: &str, memory_bytes: Option<usize>) -> Error {
    let (message, frames) = split_traceback(text);
    // Only a place on the stack counts: a message may start with `at 10:30: `.
    let placed = split_place(message).filter(|(site, _)| frames.iter().any(|frame| frame.file == site.file));
    let (message, sites) = match placed {
        Some((site, rest)) => (rest, from_place(site, frames)),
        None => (message, frames),
    };
    describe(message, memory_bytes).at(sites)
}

/// The frames from `site` on outwards: `error(message, 2)` blames the caller.
fn from_place(site: Site, frames: Vec<Site>) -> Vec<Site> {
    match frames.iter().position(|frame| *frame == site) {
        Some(index) => frames[index..].to_vec(),
        None => std::iter::once(site).chain(frames).collect(),
    }
}

fn describe(message: &str, memory_bytes: Option<usize>) -> Error {
    if message.contains("attempt to yield across a C-call boundary")
        || message.contains("yield from outside a coroutine")
    {
        return Error::new(Kind::Recipe, "cannot wait inside a `table.sort` or `string.gsub` callback")
            .hint("do what waits before or after it, in a loop of your own");
    }
    if message.contains(STACK_OVERFLOW) || message == "error in error handling" {
        return too_deep();
    }
    if message.ends_with("(local '_')") {
        return Error::new(Kind::Recipe, message)
            .hint("a loop made `_` a variable of its own here; call that one `_i`, so that `_` stays the translation");
    }
    if let Some(hint) = advice(message) {
        return Error::new(Kind::Recipe, message).hint(hint);
    }
    if message == OUT_OF_MEMORY {
        return out_of_memory(memory_bytes);
    }
    if let Some(kind) = raised_value(message) {
        return Error::new(Kind::Recipe, format!("the recipe raised a {kind} as its error"))
            .hint("raise a message: `error(\"what went wrong\")`");
    }
    Error::new(Kind::Recipe, plain(message))
}

/// The hint for one of Lua's own errors.
fn advice(message: &str) -> Option<String> {
    if message.contains(" a secret value") {
        return Some(
            "a secret stays one only as a `password`, in the `env` of a program, or as its `stdin`".to_owned(),
        );
    }
    if message.contains("concatenate a failure value") {
        return Some("a failure is joined to a text by its words: `failure.message`".to_owned());
    }
    let name = message.contains(" a nil value (").then(|| message.split('\'').nth(1)).flatten()?;
    Some(format!("`{name}` is nil here: is it spelt right? test what may be absent with `if`"))
}

/// The error for an endless recursion.
pub fn too_deep() -> Error {
    Error::new(Kind::Recipe, "too many calls inside each other").hint("does a function call itself without end?")
}

/// The type of a raised value that has no message: mlua keeps only what `tostring` made of it.
fn raised_value(message: &str) -> Option<&str> {
    if matches!(message, "nil" | "true" | "false") {
        return Some(if message == "nil" { "nil" } else { "boolean" });
    }
    let (kind, address) = message.split_once(": 0x")?;
    let is_address = !address.is_empty() && address.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_address && !kind.contains(char::is_whitespace)).then_some(kind)
}

fn out_of_memory(memory_bytes: Option<usize>) -> Error {
    let what = match memory_bytes {
        Some(limit) => format!("the recipe used more than {} of Lua memory", show_binary(limit)),
        None => "the recipe used up its Lua memory".to_owned(),
    };
    Error::new(Kind::Space, what).hint("let a stream carry the bytes, instead of a Lua value")
}

fn bad_argument(to: Option<&str>, position: usize, cause: &mlua::Error) -> Error {
    let to = to.map(|name| format!(" to `{name}`")).unwrap_or_default();
    let what = format!("bad argument #{position}{to}");
    match dig(cause).0 {
        mlua::Error::FromLuaConversionError { from, to: expected, .. } => {
            let expected = expected.to_lowercase();
            Error::new(Kind::Recipe, format!("{what}: {expected} expected, got {from}"))
        }
        other => match other.downcast_ref::<Error>() {
            Some(own) => own.clone().within(what),
            None => Error::new(Kind::Recipe, what).because_text(plain(&other.to_string())),
        },
    }
}

/// mlua's own words without its prefix and traceback.
fn plain(text: &str) -> String {
    let text = split_traceback(text).0;
    text.strip_prefix("runtime error: ").unwrap_or(text).trim_end().to_owned()
}

/// A message and the frames of the traceback below it. The last traceback is Lua's; an earlier one is the recipe's own text.
fn split_traceback(text: &str) -> (&str, Vec<Site>) {
    match text.rfind("\nstack traceback:") {
        Some(at) => (&text[..at], parse_frames(&text[at..])),
        None => (text, Vec::new()),
    }
}

/// `recipes/shop.lua:3: in function 'dump'`, a line each; frames of C and of mlua's own Lua are left out.
fn parse_frames(traceback: &str) -> Vec<Site> {
    let places = traceback.lines().filter_map(|line| split_place(line.trim_start()));
    let frames = places.filter(|(site, rest)| rest.starts_with("in ") && is_recipe(&site.file));
    frames.map(|(site, _)| site).take(MAX_SITES).collect()
}

/// Splits `file:line: rest` at the first match.
fn split_place(text: &str) -> Option<(Site, &str)> {
    for (at, _) in text.match_indices(':') {
        let (digits, rest) = text[at + 1..].split_once(": ").unwrap_or_default();
        if let (false, Ok(line)) = (at == 0, digits.parse()) {
            return Some((Site { file: text[..at].to_owned(), line }, rest));
        }
    }
    None
}

/// Files in brackets are Lua inside hikae, or `[C]`.
fn is_recipe(file: &str) -> bool {
    !file.contains("__mlua") && !file.starts_with('[')
}
