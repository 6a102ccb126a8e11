//! The module `archive`: packs files into a tar archive, lists one, and unpacks it into a folder.

mod packing;

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use mlua::{Lua, LuaString, Table};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use crate::backup::archive::only::Only;
use crate::backup::archive::opened::{Opened, broken};
use crate::backup::archive::unpack::{Links, Most, Unpacked, Unpacking};
use crate::backup::archive::verify::{Verified, verify as verify_archive};
use crate::backup::decrypting::{Identity, SecretKey};
use crate::backup::pool::{spawn_cancellable, spawn_uncancellable};
use crate::error::{Error, Kind, Result};
use crate::lua::exports::{Call, Module};
use crate::lua::traceback::from_lua;
use crate::lua::unknown::Unknown;
use crate::modules::archive::packing::{PackOptions, pack};
use crate::secret::Secret;
use crate::stream::tar::{TarEntry, TarKind};
use crate::units::duration;
use crate::world::Caller;
use crate::world::dry_run::is_withheld;

/// The most entries of an archive that a recipe holds as a table.
const MAX_LISTED: usize = 100_000;
/// The default limits for unpacking an archive.
const MOST: Most = Most { entries: 100_000, size_bytes: 10 << 30 };

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct ListOptions {
    identity: Option<SecretKey>,
    passphrase: Option<Secret>,
    #[serde(default)]
    only: Vec<String>,
    #[serde(default, deserialize_with = "duration")]
    timeout: Option<Duration>,
    #[serde(default, deserialize_with = "duration")]
    idle_timeout: Option<Duration>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UnpackOptions {
    identity: Option<SecretKey>,
    passphrase: Option<Secret>,
    source: PathBuf,
    into: PathBuf,
    #[serde(default)]
    links: Links,
    #[serde(default)]
    only: Vec<String>,
    max_entries: Option<u64>,
    max_bytes: Option<u64>,
    #[serde(default, deserialize_with = "duration")]
    timeout: Option<Duration>,
    #[serde(default, deserialize_with = "duration")]
    idle_timeout: Option<Duration>,
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
        .wait("archive.list", |call, (path, options): (PathBuf, Option<ListOptions>)| {
            list(call, path, options.unwrap_or_default())
        })?
        .wait("archive.unpack", |call, (options,): (UnpackOptions,)| unpack(call, options))?
        .wait("archive.verify", |call, (path, options): (PathBuf, Option<VerifyOptions>)| {
            verify(call, path, options.unwrap_or_default())
        })?
        .call("archive.pack", |call, (options,): (PackOptions,)| pack(call, options))
}

/// The content of an archive, read to its proved end.
async fn list(call: Rc<Call>, path: PathBuf, options: ListOptions) -> Result<Table> {
    let caller = call.world()?.limited(options.timeout, options.idle_timeout);
    let step = call.session.step(format!("list {}", path.display()), call.site());
    let identity = Identity::of(options.identity, options.passphrase);
    let work = entries(caller, path, options.only, identity, step.number);
    let answer = spawn_cancellable(call.session.pool.guard()?, work).await;
    let size = answer.as_ref().map_or(0, |(_, size)| *size);
    step.end(size, size, answer.as_ref().err());
    let list = call.lua.create_table().map_err(from_lua)?;
    for entry in answer?.0 {
        list.raw_push(describe(&call, &entry).map_err(from_lua)?).map_err(from_lua)?;
    }
    Ok(list)
}

async fn entries(
    caller: Caller,
    path: PathBuf,
    only: Vec<String>,
    identity: Option<Identity>,
    step: u64,
) -> Result<(Vec<TarEntry>, u64)> {
    let mut only = Only::new(&only)?;
    let mut archive = Opened::open(&caller, &path, identity.as_ref(), step).await?;
    let mut entries = Vec::new();
    while let Some(entry) = archive.tar.next_entry().await.map_err(broken(&path))? {
        if !only.takes(&entry) {
            continue;
        }
        if entries.len() == MAX_LISTED {
            return Err(Error::new(Kind::Space, format!("`{}` has too many entries for a recipe", path.display()))
                .hint("`archive.unpack` takes as many as its `max_entries` says"));
        }
        entries.push(entry);
    }
    only.all_met(&path)?;
    archive.prove().map(|tally| (entries, tally.size_bytes))
}

fn describe(call: &Call, entry: &TarEntry) -> mlua::Result<Table> {
    let table = call.lua.create_table()?;
    table.raw_set("path", lua_name(call, &entry.path)?)?;
    table.raw_set("kind", word(entry.kind))?;
    table.raw_set("size_bytes", entry.size_bytes)?;
    table.raw_set("mode", entry.mode)?;
    let link = entry.link.as_deref().map(|link| lua_name(call, link)).transpose()?;
    table.raw_set("link", link)?;
    Ok(table)
}

/// A name for Lua: its bytes, which need not be UTF-8.
fn lua_name(call: &Call, name: &Path) -> mlua::Result<LuaString> {
    call.lua.create_string(name.as_os_str().as_bytes())
}

fn word(kind: TarKind) -> &'static str {
    match kind {
        TarKind::File => "file",
        TarKind::Dir => "dir",
        TarKind::Link => "link",
        TarKind::HardLink => "hard_link",
        TarKind::Other => "other",
    }
}

/// Reads an archive to its end and compares every entry with its list.
async fn verify(call: Rc<Call>, path: PathBuf, options: VerifyOptions) -> Result<Table> {
    let caller = call.world()?.limited(options.timeout, options.idle_timeout);
    let step = call.session.step(format!("verify {}", path.display()), call.site());
    let identity = Identity::of(options.identity, options.passphrase);
    let work = verify_archive(caller, path.clone(), identity, step.number);
    let answer = spawn_cancellable(call.session.pool.guard()?, work).await;
    let size = answer.as_ref().map_or(0, |verified| verified.tally.size_bytes);
    step.end(size, size, answer.as_ref().err());
    let Verified { counts, tally } = answer?;
    let table = call.lua.create_table().map_err(from_lua)?;
    table.raw_set("path", path.display().to_string()).map_err(from_lua)?;
    table.raw_set("entries", counts.entries).map_err(from_lua)?;
    table.raw_set("files", counts.files).map_err(from_lua)?;
    table.raw_set("plain_bytes", counts.size_bytes).map_err(from_lua)?;
    table.raw_set("size_bytes", tally.size_bytes).map_err(from_lua)?;
    table.raw_set("sha256", tally.sha256).map_err(from_lua)?;
    Ok(table)
}

/// Unpacks an archive into a new folder: all of it, or nothing.
async fn unpack(call: Rc<Call>, options: UnpackOptions) -> Result<Table> {
    let caller = call.world()?.limited(options.timeout, options.idle_timeout);
    let UnpackOptions { source, into, links, only, max_entries, max_bytes, identity, passphrase, .. } = options;
    let identity = Identity::of(identity, passphrase);
    let step = call.session.step(format!("unpack {} into {}", source.display(), into.display()), call.site());
    let most = Most { entries: max_entries.unwrap_or(MOST.entries), size_bytes: max_bytes.unwrap_or(MOST.size_bytes) };
    let work = Unpacking { caller, source, identity, into, links, only, most, step: step.number };
    let cancel = CancellationToken::new();
    let cancel_on_drop = cancel.clone().drop_guard();
    // If cancelled, it must still remove the files that it made.
    let answer = spawn_uncancellable(call.session.pool.guard()?, work.run(cancel)).await;
    drop(cancel_on_drop);
    if let Err(error) = &answer
        && is_withheld(error)
    {
        step.end(0, 0, None);
        return unknown(&call).map_err(from_lua);
    }
    let (read, written) = answer.as_ref().map_or((0, 0), |unpacked| (unpacked.read_bytes, unpacked.size_bytes));
    step.end(read, written, answer.as_ref().err());
    table(&call, &answer?).map_err(from_lua)
}

fn table(call: &Call, unpacked: &Unpacked) -> mlua::Result<Table> {
    let table = call.lua.create_table()?;
    table.raw_set("files", unpacked.files)?;
    table.raw_set("size_bytes", unpacked.size_bytes)?;
    let skipped = unpacked.skipped.iter().map(|name| lua_name(call, name)).collect::<mlua::Result<Vec<_>>>()?;
    table.raw_set("skipped", skipped)?;
    Ok(table)
}

/// The placeholder in a plan for an archive that does not exist yet.
fn unknown(call: &Call) -> mlua::Result<Table> {
    let table = call.lua.create_table()?;
    for name in ["files", "size_bytes", "skipped"] {
        table.raw_set(name, Unknown::field(name).handle(&call.lua)?)?;
    }
    Ok(table)
}
