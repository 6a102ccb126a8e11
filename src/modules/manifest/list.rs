//! `manifest.list`: the backups in a folder with the known facts of each, in one pass.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use futures_util::StreamExt;
use mlua::{Lua, Table};
use serde::Deserialize;

use crate::catalog::manifest::SUFFIX;
use crate::error::{Error, Kind, Result};
use crate::lua::exports::Call;
use crate::lua::traceback::from_lua;
use crate::postgres::dump::header::{HEADER_BYTES, database_of};
use crate::stream::at_hand::AtHand;
use crate::stream::decompress::{Peeked, decompress};
use crate::world::{Caller, EntryKind, ListQuery, Stat, pick};

/// The suffix of an archive's list after the name of the archive.
const LIST: &str = ".files.jsonl.zst";
/// The largest manifest that is read.
const MAX_BYTES: u64 = 256 << 20;
/// How many manifests are read at once.
const AT_ONCE: usize = 4;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListOptions {
    dir: PathBuf,
    name: String,
}

/// The fields that are read from a manifest here.
#[derive(Deserialize)]
struct Said {
    name: String,
    size_bytes: u64,
    database: Option<Database>,
}

#[derive(Deserialize)]
struct Database {
    name: Option<String>,
    restorable: Option<bool>,
    tables: Option<Vec<Counted>>,
}

#[derive(Deserialize)]
struct Counted {
    rows: Option<u64>,
}

/// A backup, or a manifest without one.
struct Listed {
    name: String,
    backup: Option<Stat>,
    has_manifest: bool,
    /// Whether the archive's list exists beside it.
    has_list: bool,
    proved: bool,
    /// Whether hikae can restore it, according to its manifest.
    restorable: Option<bool>,
    rows: Option<u64>,
    databases: Option<Vec<String>>,
    /// Why it, or its manifest, cannot be read.
    problem: Option<Error>,
}

pub async fn list(call: Rc<Call>, options: ListOptions) -> Result<Table> {
    let caller = call.world()?;
    let found = found(&caller, &options).await?;
    let described = found.into_iter().map(|(name, NamedFiles { backup, has_manifest, has_list })| {
        let listed = Listed {
            name,
            backup,
            has_manifest,
            has_list,
            proved: false,
            restorable: None,
            rows: None,
            databases: None,
            problem: None,
        };
        describe(&caller, &options.dir, listed)
    });
    let all: Vec<Listed> = futures_util::stream::iter(described).buffered(AT_ONCE).collect().await;
    for error in all.iter().filter_map(|listed| listed.problem.as_ref()) {
        call.session.accept(error, "a backup of which nothing can be read counts as not proved", call.site().as_ref());
    }
    let tables = all.iter().map(|listed| table(&call.lua, &options.dir, listed)).collect::<mlua::Result<Vec<_>>>();
    tables.and_then(|tables| call.lua.create_sequence_from(tables)).map_err(from_lua)
}

/// The files that exist for the name of a backup.
#[derive(Default)]
struct NamedFiles {
    backup: Option<Stat>,
    has_manifest: bool,
    has_list: bool,
}

/// The matching names in the folder, each with its existing files.
async fn found(caller: &Caller, options: &ListOptions) -> Result<BTreeMap<String, NamedFiles>> {
    let matcher = pick::matcher(&options.name)?;
    // A manifest's name begins like its backup's name.
    let query = ListQuery { name: Some(format!("{}*", options.name)), ..ListQuery::of(&options.dir) };
    let mut found: BTreeMap<String, NamedFiles> = BTreeMap::new();
    for entry in caller.list(query).await?.into_iter().filter(|entry| entry.stat.kind == EntryKind::File) {
        let name = entry.path.file_name().and_then(|name| name.to_str()).ok_or_else(|| {
            Error::new(Kind::Other, format!("the name of `{}` is not UTF-8", entry.path.display()))
                .hint("rename the file, or narrow the list with `name`")
        })?;
        match (name.strip_suffix(SUFFIX), name.strip_suffix(LIST)) {
            (Some(backup), _) if matcher.is_match(backup) => {
                found.entry(backup.to_owned()).or_default().has_manifest = true;
            }
            (_, Some(backup)) if matcher.is_match(backup) => {
                found.entry(backup.to_owned()).or_default().has_list = true
            }
            (None, None) if matcher.is_match(name) => {
                found.entry(name.to_owned()).or_default().backup = Some(entry.stat);
            }
            _ => {}
        }
    }
    Ok(found)
}

async fn describe(caller: &Caller, dir: &Path, mut listed: Listed) -> Listed {
    let Some(stat) = &listed.backup else { return listed };
    let path = dir.join(&listed.name);
    if !listed.has_manifest {
        match header(caller, &path, &listed.name).await {
            Ok(database) => listed.databases = database.map(|name| vec![name]),
            Err(error) => listed.problem = Some(error),
        }
        return listed;
    }
    match said(caller, &path).await {
        Ok(said) => {
            let is_its = said.name == listed.name;
            listed.restorable = said.database.as_ref().and_then(|database| database.restorable);
            listed.proved = is_its && said.size_bytes == stat.size_bytes && listed.restorable != Some(false);
            listed.rows = listed.proved.then(|| rows(said.database.as_ref()?)).flatten();
            listed.databases = is_its.then(|| said.database.and_then(|database| database.name).into_iter().collect());
        }
        Err(error) => listed.problem = Some(error),
    }
    listed
}

async fn said(caller: &Caller, backup: &Path) -> Result<Said> {
    let beside = crate::catalog::manifest::path_beside(backup);
    let bytes = caller.read(&beside, MAX_BYTES).await?;
    serde_json::from_slice(&bytes).map_err(|cause| {
        Error::new(Kind::Integrity, format!("cannot read the manifest `{}`", beside.display())).because(cause)
    })
}

/// The rows of all tables; `None` if one was not counted.
fn rows(database: &Database) -> Option<u64> {
    database.tables.as_ref()?.iter().map(|table| table.rows).sum()
}

/// The database that a file without a manifest names; `None` if it cannot be unpacked.
async fn header(caller: &Caller, path: &Path, name: &str) -> Result<Option<String>> {
    let head = AtHand::new(caller.head(path, HEADER_BYTES as u64).await?);
    let mut plain = Peeked::new(decompress(Box::new(head), name));
    Ok(plain.peek(HEADER_BYTES).await.ok().and_then(database_of))
}

fn table(lua: &Lua, dir: &Path, listed: &Listed) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    table.raw_set("name", listed.name.as_str())?;
    table.raw_set("path", dir.join(&listed.name).to_string_lossy().as_ref())?;
    table.raw_set("has_manifest", listed.has_manifest)?;
    table.raw_set("has_list", listed.has_list)?;
    table.raw_set("restorable", listed.restorable)?;
    table.raw_set("proved", listed.proved)?;
    table.raw_set("rows", listed.rows)?;
    table.raw_set("databases", listed.databases.clone())?;
    table.raw_set("problem", listed.problem.as_ref().map(Error::one_line))?;
    if let Some(stat) = &listed.backup {
        table.raw_set("size_bytes", stat.size_bytes)?;
        table.raw_set("modified", stat.modified.timestamp())?;
    }
    Ok(table)
}
