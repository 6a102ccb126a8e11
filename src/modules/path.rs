//! The module `path`: joins and takes apart paths as text, without looking at a disk.

use std::path::Path;

use mlua::Lua;

use crate::error::{Error, Kind, Result};
use crate::lua::exports::Module;

pub fn module(lua: &Lua) -> mlua::Result<Module> {
    Module::new(lua)?
        .call(
            "path.join",
            |_, (first, second, third, fourth): (String, Option<String>, Option<String>, Option<String>)| {
                join(&first, [second, third, fourth].into_iter().flatten())
            },
        )?
        .call("path.dir", |_, (path,): (String,)| Ok(part(Path::new(&path).parent().map(Path::as_os_str))))?
        .call("path.name", |_, (path,): (String,)| Ok(part(Path::new(&path).file_name())))?
        .call("path.stem", |_, (path,): (String,)| Ok(part(Path::new(&path).file_stem())))?
        .call("path.ext", |_, (path,): (String,)| Ok(part(Path::new(&path).extension())))?
        .call("path.is_absolute", |_, (path,): (String,)| Ok(Path::new(&path).is_absolute()))
}

/// Joins the parts with `/`; a later part that is absolute is an error, since it would discard the earlier ones.
fn join(first: &str, rest: impl Iterator<Item = String>) -> Result<String> {
    let mut joined = first.to_owned();
    for part in rest {
        if part.starts_with('/') {
            return Err(Error::new(Kind::Recipe, format!("cannot join the absolute path `{part}` to `{joined}`")));
        }
        if !joined.is_empty() && !joined.ends_with('/') {
            joined.push('/');
        }
        joined.push_str(&part);
    }
    Ok(joined)
}

fn part(part: Option<&std::ffi::OsStr>) -> Option<String> {
    part.map(|part| part.to_string_lossy().into_owned()).filter(|part| !part.is_empty())
}
