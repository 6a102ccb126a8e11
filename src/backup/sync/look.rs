//! Lists both sides of a sync: the files of the folder, and the objects of the store with the sync's records about them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::compare::There;
use super::index::{self, INDEX, Index};
use super::item::{LocalFile, Role, Rules};
use super::marker::MARKER;
use super::names;
use crate::error::{Error, Kind, Result};
use crate::world::objects::{ObjectEntry, Store};
use crate::world::{Caller, Entry, EntryKind, ListQuery};

/// The current state of the folder.
pub struct Folder {
    /// Whether it exists.
    pub is_there: bool,
    /// Sorted by name, byte by byte.
    pub files: Vec<LocalFile>,
}

/// The current state of the store.
pub struct Remote {
    /// Sorted by name, byte by byte.
    pub objects: Vec<(Box<str>, There)>,
    /// The records of the last sync; `None` before the first.
    pub index: Option<Index>,
    /// The store's error if the bucket does not exist yet.
    pub no_bucket: Option<Error>,
}

pub async fn folder(caller: &Caller, dir: &Path, rules: &Rules) -> Result<Folder> {
    let is_there = caller.stat(dir).await?.is_some_and(|stat| stat.kind == EntryKind::Dir);
    if !is_there {
        return Ok(Folder { is_there, files: Vec::new() });
    }
    let query = ListQuery { recursive: true, ..ListQuery::of(dir) };
    let entries = caller.list(query).await?;
    let mut files = Vec::with_capacity(entries.len());
    for entry in entries.into_iter().filter(|entry| entry.stat.kind == EntryKind::File) {
        let name = name_of(&entry, dir)?;
        if &*name != MARKER && rules.take(&name) {
            let Entry { stat, .. } = entry;
            let mtime = stat.modified.timestamp_nanos_opt().unwrap_or_default();
            files.push(LocalFile { name, size_bytes: stat.size_bytes, mtime, role: Role::Unproved });
        }
    }
    files.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    let has = |name: &str| files.binary_search_by(|file| (*file.name).cmp(name)).is_ok();
    let roles: Vec<Role> = files.iter().map(|file| names::role(&file.name, has)).collect();
    for (file, role) in files.iter_mut().zip(roles) {
        file.role = role;
    }
    Ok(Folder { is_there, files })
}

fn name_of(entry: &Entry, dir: &Path) -> Result<Box<str>> {
    let below = entry.path.strip_prefix(dir).unwrap_or(&entry.path);
    below.to_str().map(Into::into).ok_or_else(|| {
        Error::new(Kind::Other, format!("the name of `{}` is not UTF-8", entry.path.display()))
            .hint("rename the file, or leave it out with `exclude`")
    })
}

pub async fn remote(caller: &Caller, store: &Arc<Store>, prefix: &str) -> Result<Remote> {
    let entries = match caller.list_objects(store.clone(), prefix).await {
        Ok(entries) => entries,
        Err(error) if error.kind() == Kind::NotFound => {
            return Ok(Remote { objects: Vec::new(), index: None, no_bucket: Some(error) });
        }
        Err(error) => return Err(error),
    };
    let written = format!("{prefix}{INDEX}");
    let index = match entries.iter().any(|entry| entry.key == written) {
        true => Some(index::read(caller, store, &written).await?),
        false => None,
    };
    let (index, records) = match index {
        Some((index, records)) => (Some(index), records),
        None => (None, BTreeMap::new()),
    };
    let objects = entries.into_iter().filter(|entry| entry.key != written);
    Ok(Remote { objects: with_records(objects, records, prefix), index, no_bucket: None })
}

/// The objects by name, each with its record if the record still matches the object.
fn with_records(
    entries: impl Iterator<Item = ObjectEntry>,
    mut records: BTreeMap<Box<str>, index::Record>,
    prefix: &str,
) -> Vec<(Box<str>, There)> {
    let mut objects: Vec<(Box<str>, There)> = Vec::new();
    for ObjectEntry { key, stat } in entries {
        let Some(name) = key.strip_prefix(prefix).filter(|name| !name.is_empty()) else { continue };
        let record = records.remove(name);
        let pending = record.as_ref().is_some_and(|record| record.pending);
        let holds = |record: &index::Record| *record.etag == *stat.etag && record.size_bytes == stat.size_bytes;
        let there = There {
            size_bytes: stat.size_bytes,
            modified: stat.modified.timestamp_nanos_opt().unwrap_or_default(),
            etag: stat.etag.as_str().into(),
            record: record.filter(|record| !record.pending && holds(record)),
            pending,
        };
        objects.push((name.into(), there));
    }
    objects.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    objects
}
