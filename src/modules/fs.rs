//! The module `fs`: files and folders below the declared paths.

mod options;

use std::path::{Path, PathBuf};
use std::rc::Rc;

use mlua::{AnyUserData, Lua, MultiValue, Table, Value};
use serde::de::IgnoredAny;

use self::options::{
    Bits, CopyOptions, KindFilter, ListOptions, Listed, NotUtf8, Owner, OwnerOptions, RemoveOptions, Removed,
    WriteOptions,
};
use crate::backup::expected;
use crate::backup::pipeline::Pipeline;
use crate::backup::pool::spawn_cancellable;
use crate::backup::unchanged::When;
use crate::error::{Error, Kind, Result};
use crate::lua::exports::{Call, Module};
use crate::lua::traceback::from_lua;
use crate::modules::stream::Stream;
use crate::stream::pump::pump;
use crate::stream::stage::Staged;
use crate::stream::taps::Count;
use crate::stream::{SharedFacts, abort_after};
use crate::units::show_size;
use crate::world::{Caller, Effect, EntryKind, ListQuery, Stat};

/// The largest file that `fs.read` returns as a string.
const MAX_READ_BYTES: u64 = 8 << 20;
/// The library's retention removes files by its own rules.
const RETENTION: &str = "hikae/retention.lua";
/// Mode of files and folders that a recipe makes (guide §9.2).
const FILE_MODE: u32 = 0o600;
const DIR_MODE: u32 = 0o700;

pub fn module(lua: &Lua) -> mlua::Result<Module> {
    Module::new(lua)?
        .wait("fs.list", |call, (options,): (ListOptions,)| list(call, options))?
        .wait("fs.usage", |call, (dir,): (PathBuf,)| usage(call, dir))?
        .wait("fs.stat", |call, (path,): (PathBuf,)| stat(call, path))?
        .wait("fs.read", |call, (path,): (PathBuf,)| async move {
            let bytes = call.world()?.read(&path, MAX_READ_BYTES).await?;
            call.lua.create_string(&bytes).map_err(from_lua)
        })?
        .wait("fs.write", |call, (path, text, options): (PathBuf, String, Option<WriteOptions>)| async move {
            let replace = options.unwrap_or_default().replace;
            call.world()?.write(&path, text.into_bytes(), FILE_MODE, replace).await
        })?
        .wait("fs.mkdir", |call, (path,): (PathBuf,)| async move { call.world()?.mkdir(&path, DIR_MODE).await })?
        .wait(
            "fs.rename",
            |call, (from, to): (PathBuf, PathBuf)| async move { call.world()?.rename(&from, &to).await },
        )?
        .raw_wait("fs.remove", |call, (what, options): (Value, Value)| async move {
            let (what, options) = removed(&call, what, options)?;
            remove(call, what, options.unwrap_or_default()).await
        })?
        .wait("fs.set_mode", |call, (path, mode): (PathBuf, Bits)| async move {
            call.world()?.set_mode(&path, mode.0).await
        })?
        .wait("fs.set_owner", |call, (path, owner): (PathBuf, OwnerOptions)| async move {
            let OwnerOptions { user, group } = owner;
            if user.is_none() && group.is_none() {
                return Err(Error::new(Kind::Recipe, format!("`{}` is given to nobody", path.display()))
                    .hint("name a `user`, a `group`, or both"));
            }
            let name = |owner: Option<Owner>| owner.map(String::from);
            call.world()?.set_owner(&path, name(user), name(group)).await
        })?
        .wait("fs.copy", |call, (from, to, options): (PathBuf, PathBuf, Option<CopyOptions>)| {
            copy(call, from, to, options.unwrap_or_default().mode.unwrap_or(FILE_MODE))
        })?
        .wait("fs.disk_free", |call, (path,): (PathBuf,)| async move {
            let space = call.world()?.disk_free(&path).await?;
            let table = call.lua.create_table().map_err(from_lua)?;
            table.raw_set("free_bytes", space.free_bytes).map_err(from_lua)?;
            table.raw_set("total_bytes", space.total_bytes).map_err(from_lua)?;
            table.raw_set("free", show_size(space.free_bytes)).map_err(from_lua)?;
            Ok(table)
        })?
        .call("fs.open", open)
}

/// The entries; if names that are not UTF-8 are skipped, also their number.
async fn list(call: Rc<Call>, options: ListOptions) -> Result<MultiValue> {
    let (kind, skips, caller) = (options.kind, options.not_utf8 == NotUtf8::Skip, call.world()?);
    let mut skipped = 0_i64;
    let now = caller.world.now();
    let found = ListQuery {
        dir: options.dir,
        name: options.name,
        recursive: options.recursive,
        older_than_days: options.older_than_days,
        newer_than_days: options.newer_than_days,
        modified_before: options.modified_before.map(|when| when.moment(now)),
        modified_after: options.modified_after.map(|when| when.moment(now)),
        larger_than: options.larger_than.map(|size| size.0),
        smaller_than: options.smaller_than.map(|size| size.0),
    };
    let entries = caller.list(found).await?;
    let list = call.lua.create_table().map_err(from_lua)?;
    for entry in entries {
        if kind.is_some_and(|kind| kind != KindFilter::from(entry.stat.kind)) {
            continue;
        }
        let Some(path) = entry.path.to_str() else {
            if skips {
                skipped += 1;
                continue;
            }
            return Err(Error::new(Kind::Other, format!("the name of `{}` is not UTF-8", entry.path.display()))
                .hint("rename the file, or narrow the list with `name`"));
        };
        let table = describe(&call, &entry.stat).map_err(from_lua)?;
        table.raw_set("path", path).map_err(from_lua)?;
        table.raw_set("name", path.rsplit('/').next()).map_err(from_lua)?;
        list.raw_push(table).map_err(from_lua)?;
    }
    let skipped = skips.then_some(Value::Integer(skipped));
    Ok([Value::Table(list)].into_iter().chain(skipped).collect())
}

/// The total size of the files below a folder, whatever their names; links are not followed.
async fn usage(call: Rc<Call>, dir: PathBuf) -> Result<Table> {
    let found = ListQuery { recursive: true, ..ListQuery::of(&dir) };
    let entries = call.world()?.list(found).await?;
    let files = entries.iter().filter(|entry| entry.stat.kind == EntryKind::File);
    let (count, size_bytes) =
        files.fold((0_u64, 0_u64), |(count, size), file| (count + 1, size + file.stat.size_bytes));
    let table = call.lua.create_table().map_err(from_lua)?;
    table.raw_set("files", count).map_err(from_lua)?;
    table.raw_set("size_bytes", size_bytes).map_err(from_lua)?;
    Ok(table)
}

async fn stat(call: Rc<Call>, path: PathBuf) -> Result<Option<Table>> {
    match call.world()?.stat(&path).await? {
        Some(stat) => describe(&call, &stat).map(Some).map_err(from_lua),
        None => Ok(None),
    }
}

fn describe(call: &Call, stat: &Stat) -> mlua::Result<Table> {
    let age = call.session.caller.world.now().signed_duration_since(stat.modified);
    let table = call.lua.create_table()?;
    table.raw_set("kind", KindFilter::from(stat.kind).word())?;
    table.raw_set("size_bytes", stat.size_bytes)?;
    table.raw_set("modified", stat.modified.timestamp())?;
    table.raw_set("age_secs", age.num_seconds())?;
    table.raw_set("mode", stat.mode)?;
    table.raw_set("owner", stat.owner)?;
    table.raw_set("group", stat.group)?;
    Ok(table)
}

/// The paths to remove. Of a long list, only the paths leave Lua: it may exceed the usual limit of a call.
fn removed(call: &Call, what: Value, options: Value) -> Result<(Removed, Option<RemoveOptions>)> {
    match what.as_table().and_then(paths_in).filter(|paths| !paths.is_empty()) {
        Some(paths) => {
            let (_, options): (IgnoredAny, _) = call.args(MultiValue::from_iter([Value::Nil, options]))?;
            Ok((Removed::Many(paths), options))
        }
        None => call.args(MultiValue::from_iter([what, options])),
    }
}

/// The paths of a list of paths, or of entries from `fs.list`; `None` for anything else.
fn paths_in(list: &Table) -> Option<Vec<Listed>> {
    let path = |value: Value| match value {
        Value::String(path) => Some(Listed::Path(path.to_str().ok()?.to_owned().into())),
        Value::Table(entry) => {
            Some(Listed::Path(entry.raw_get::<mlua::LuaString>("path").ok()?.to_str().ok()?.to_owned().into()))
        }
        _ => None,
    };
    list.sequence_values::<Value>().map(|value| path(value.ok()?)).collect()
}

/// Removes one path, or many in one go.
async fn remove(call: Rc<Call>, what: Removed, options: RemoveOptions) -> Result<()> {
    let RemoveOptions { why, recursive } = options;
    let caller = Caller { why, ..call.world()? };
    Box::pin(must_exist(&call, &caller, &what)).await?;
    let paths = match what {
        Removed::One(path) if recursive => {
            caller.permits(Effect::Remove { path: path.clone() })?;
            empty(&caller, &path).await?;
            return caller.remove(&path).await;
        }
        Removed::One(path) => {
            caller.remove(&path).await?;
            vec![path]
        }
        // An empty list, such as from a search without results, removes nothing.
        Removed::Nothing(_) => return Ok(()),
        Removed::Many(_) if recursive => {
            return Err(Error::new(Kind::Recipe, "`recursive` removes one folder, not a list of paths")
                .hint("call `fs.remove` for each folder, or list what is in it"));
        }
        Removed::Many(paths) => {
            let paths: Vec<PathBuf> = paths.into_iter().map(Listed::path).collect();
            caller.remove_many(paths.clone()).await?;
            paths
        }
    };
    if !call.site().is_some_and(|site| site.file.ends_with(RETENTION)) {
        call.session.removed.borrow_mut().extend(paths);
    }
    Ok(())
}

/// Other files may be removed because of a backup of this run, so the backup must still be as it was proved.
async fn must_exist(call: &Call, caller: &Caller, what: &Removed) -> Result<()> {
    let paths: Vec<&Path> = match what {
        Removed::One(path) => vec![path],
        Removed::Many(paths) => paths.iter().map(Listed::as_path).collect(),
        Removed::Nothing(_) => return Ok(()),
    };
    let proved = call.session.proved.borrow().clone();
    for one in proved.iter().filter(|one| paths.iter().any(|path| one.is_beside(path))) {
        one.must_be_the_same(caller, When::BeforeRemoval).await?;
    }
    Ok(())
}

/// Removes everything below a folder, including partial files of dead runs.
async fn empty(caller: &Caller, dir: &Path) -> Result<()> {
    let found = ListQuery { recursive: true, ..ListQuery::of(dir) };
    caller.sweep(dir).await?;
    // The deepest first: the list has a folder before its content.
    for entry in caller.list(found).await?.into_iter().rev() {
        if entry.stat.kind == EntryKind::Dir {
            caller.sweep(&entry.path).await?;
        }
        caller.remove(&entry.path).await?;
    }
    Ok(())
}

/// Copies a file to a new name; the copy exists whole or not at all.
async fn copy(call: Rc<Call>, from: PathBuf, to: PathBuf, mode: u32) -> Result<()> {
    let caller = call.world()?;
    spawn_cancellable(call.session.pool.guard()?, async move {
        let mut source = caller.open(&from).await?;
        let mut sink = caller.create(&to, mode & 0o777).await?;
        let poured = async {
            pump(&mut *source, &mut *sink, |_| {}).await?;
            sink.seal().await
        };
        match poured.await {
            Ok(()) => sink.commit().await,
            Err(error) => Err(abort_after(sink, error).await),
        }
    })
    .await
}

/// A stream of the bytes of a file.
fn open(call: &Call, (path,): (PathBuf,)) -> Result<AnyUserData> {
    let caller = call.world()?;
    let facts = SharedFacts::default();
    let count = Count::new(&facts);
    let label = path.display().to_string();
    let noted = facts.clone();
    let pipeline = Pipeline::new(label, caller.limits, facts, move || async move {
        expected::of_file(&caller, &path, &noted).await;
        Ok(Box::new(Staged::new(caller.open(&path).await?, count)) as _)
    });
    Stream::create(call, pipeline, Vec::new())
}
