//! The module `manifest`: reads the manifest of a backup, and verifies the backup against it.

mod content;
pub(crate) mod list;
mod set;

use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use mlua::{Lua, Table, Value};
use serde::Deserialize;

use crate::backup::decrypting::{Identity, SecretKey};
use crate::backup::pool::spawn_cancellable;
use crate::backup::read_back::{ReadBackup, read_back};
use crate::catalog::described;
use crate::error::{Error, Kind, Result};
use crate::lua::exports::{Call, Module};
use crate::lua::traceback::from_lua;
use crate::secret::Secret;
use crate::units::duration;

/// The most entries in the lists of a manifest that a recipe holds as a table.
const MAX_LISTED: usize = 100_000;
/// The lists of a manifest, by section: one entry a table or file.
const LISTS: [(&str, &str); 2] = [("database", "tables"), ("database", "sequences")];

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct ReadOptions {
    lists: Option<bool>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct VerifyOptions {
    identity: Option<SecretKey>,
    passphrase: Option<Secret>,
    #[serde(default, deserialize_with = "duration")]
    timeout: Option<Duration>,
    #[serde(default, deserialize_with = "duration")]
    idle_timeout: Option<Duration>,
}

pub fn module(lua: &Lua) -> mlua::Result<Module> {
    Module::new(lua)?
        .wait("manifest.read", |call, (path, options): (PathBuf, Option<ReadOptions>)| {
            read(call, path, options.unwrap_or_default())
        })?
        .wait("manifest.content", |call, (path,): (PathBuf,)| content::content(call, path))?
        .wait("manifest.list", |call, (options,): (list::ListOptions,)| list::list(call, options))?
        .wait("manifest.verify", |call, (path, options): (PathBuf, Option<VerifyOptions>)| {
            verify(call, path, options.unwrap_or_default())
        })?
        .wait("manifest.save_set", |call, (path, options): (PathBuf, set::SetOptions)| set::save(call, path, options))
}

/// The manifest beside a backup as a table; nil if it does not exist.
async fn read(call: Rc<Call>, path: PathBuf, options: ReadOptions) -> Result<Value> {
    let Some(mut manifest) = described::read(&call.world()?, &path).await? else { return Ok(Value::Nil) };
    if options.lists == Some(false) {
        manifest.sections.remove("files");
        for (section, list) in LISTS {
            let section = manifest.sections.get_mut(section).and_then(serde_json::Value::as_object_mut);
            section.and_then(|section| section.remove(list));
        }
    }
    let lists = LISTS.iter().filter_map(|(section, list)| manifest.sections.get(*section)?.get(*list)?.as_array());
    let files = manifest.sections.get("files").and_then(serde_json::Value::as_array);
    if lists.chain(files).map(Vec::len).sum::<usize>() > MAX_LISTED {
        let what = format!("the manifest of `{}` lists too much for a recipe", path.display());
        return Err(Error::new(Kind::Space, what)
            .hint("read the rest of it: `manifest.read(path, { lists = false })`; `pg.verify` takes the path itself"));
    }
    let value = serde_json::to_value(&manifest)
        .map_err(|cause| Error::new(Kind::Other, "cannot read a manifest into a table").because(cause))?;
    crate::lua::json::to_lua(&call.lua, &value).map_err(from_lua)
}

/// Reads a backup to its end, unpacks it, and compares it with its manifest.
async fn verify(call: Rc<Call>, path: PathBuf, options: VerifyOptions) -> Result<Table> {
    let caller = call.world()?.limited(options.timeout, options.idle_timeout);
    let identity = Identity::of(options.identity, options.passphrase);
    let step = call.session.step(format!("verify {}", path.display()), call.site());
    let work = read_back(caller, path.clone(), identity, step.number);
    let answer = spawn_cancellable(call.session.pool.guard()?, work).await;
    let size = answer.as_ref().map_or(0, |read| read.tally.size_bytes);
    step.end(size, size, answer.as_ref().err());
    let ReadBackup { tally, encryption, opened } = answer?;
    let table = call.lua.create_table().map_err(from_lua)?;
    table.raw_set("path", path.display().to_string()).map_err(from_lua)?;
    table.raw_set("size_bytes", tally.size_bytes).map_err(from_lua)?;
    table.raw_set("sha256", tally.sha256).map_err(from_lua)?;
    table.raw_set("encryption", encryption).map_err(from_lua)?;
    table.raw_set("opened", opened).map_err(from_lua)?;
    Ok(table)
}
