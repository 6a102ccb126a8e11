//! Lets an address of an object, such as `s3://bucket/key`, replace a path: code that reads files then reads objects.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::caller::misfit;
use super::objects::{Object, ObjectEntry, ObjectStat, Store, StoreKind, url};
use super::pick::{Pick, put_in_order};
use super::refusals::too_large;
use super::{Caller, Effect, Entry, EntryKind, ListQuery, Reply, Stat};
use crate::error::{Error, Kind, Result};
use crate::stream::{Piece, Source};

/// Mode of an object when shown as a file: readable by its owner only.
const MODE: u32 = 0o600;

/// Whether a path is the address of something in a store.
pub fn is_address(path: &Path) -> bool {
    path.to_str().and_then(url::kind_of).is_some_and(|kind| kind != StoreKind::Folder)
}

/// The store of an address, and the key in it.
pub fn place(path: &Path) -> Result<(Arc<Store>, String)> {
    let text = path.to_str().unwrap_or_default();
    let (kind, bucket, key) = url::split(text)?;
    let mut store = Store::new(kind, bucket);
    if kind.is_tree() && kind != StoreKind::Rclone {
        store.root = "/".to_owned();
    }
    store.check()?;
    Ok((Arc::new(store), key.trim_matches('/').to_owned()))
}

fn object(path: &Path) -> Result<Object> {
    let (store, key) = place(path)?;
    Object::new(store, key)
}

impl Caller {
    /// Performs an effect on files whose path is an address; `None` when no path is an address.
    pub(super) async fn at_address(&self, effect: &Effect) -> Option<Result<Reply>> {
        Some(match effect {
            Effect::Open { path } if is_address(path) => self.open_object(path).await.map(Reply::Source),
            Effect::Read { path, max_bytes, head } if is_address(path) => {
                self.read_object(path, *max_bytes, *head).await.map(Reply::Bytes)
            }
            Effect::Stat { path } if is_address(path) => self.look_at(path).await.map(Reply::Stat),
            Effect::List(query) if is_address(&query.dir) => self.list_at(query).await.map(Reply::Entries),
            Effect::Remove { path } if is_address(path) => self.remove_at(path).await.map(|()| Reply::Done),
            Effect::Create { path, .. }
            | Effect::Write { path, .. }
            | Effect::MakeDir { path, .. }
            | Effect::Rename { to: path, .. }
            | Effect::DiskFree { path }
            | Effect::Lock { path }
                if is_address(path) =>
            {
                Err(only_read(path, effect.verb()))
            }
            _ => return None,
        })
    }

    async fn open_object(&self, path: &Path) -> Result<Box<dyn Source>> {
        match self.directly(Effect::Get(object(path)?)).await? {
            Reply::Source(source) => Ok(source),
            _ => Err(misfit("get")),
        }
    }

    async fn objects_below(&self, store: Arc<Store>, prefix: &str) -> Result<Vec<ObjectEntry>> {
        match self.directly(Effect::ListObjects { store, prefix: prefix.to_owned() }).await? {
            Reply::Objects(objects) => Ok(objects),
            _ => Err(misfit("list_objects")),
        }
    }

    async fn read_object(&self, path: &Path, max_bytes: u64, head: bool) -> Result<Bytes> {
        let mut source = self.open_object(path).await?;
        let mut all = Vec::new();
        while let Piece::Data(data) = source.next().await? {
            all.extend_from_slice(&data);
            if all.len() as u64 > max_bytes {
                if !head {
                    return Err(too_large(path, max_bytes));
                }
                all.truncate(max_bytes as usize);
                break;
            }
        }
        Ok(all.into())
    }

    async fn look_at(&self, path: &Path) -> Result<Option<Stat>> {
        let (store, key) = place(path)?;
        if !key.is_empty() {
            let object = Object::new(store.clone(), key.clone())?;
            if let Reply::ObjectStat(Some(stat)) = self.directly(Effect::StatObject(object)).await? {
                return Ok(Some(as_file(&stat)));
            }
        }
        let prefix = if key.is_empty() { key } else { format!("{key}/") };
        let below = match self.objects_below(store, &prefix).await {
            Ok(below) => below,
            Err(error) if error.kind() == Kind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(below.first().map(|entry| Stat { kind: EntryKind::Dir, mode: 0o700, ..as_file(&entry.stat) }))
    }

    async fn list_at(&self, query: &ListQuery) -> Result<Vec<Entry>> {
        let (store, key) = place(&query.dir)?;
        let prefix = if key.is_empty() { key } else { format!("{key}/") };
        let found = self.objects_below(store, &prefix).await?;
        let pick = Pick::new(query, self.world.now())?;
        let (mut entries, mut folders) = (Vec::new(), BTreeSet::new());
        let dir = query.dir.to_string_lossy();
        let dir = dir.trim_end_matches('/');
        for entry in found {
            let Some(rest) = entry.key.strip_prefix(&prefix).filter(|rest| !rest.is_empty()) else { continue };
            let stat = as_file(&entry.stat);
            if let Some((folder, _)) = rest.split_once('/').filter(|_| !query.recursive) {
                folders.insert(folder.to_owned());
                continue;
            }
            let path = PathBuf::from(format!("{dir}/{rest}"));
            if path.file_name().is_some_and(|name| pick.takes_name(name)) && pick.takes(&stat) {
                entries.push(Entry { path, stat });
            }
        }
        for folder in folders.into_iter().filter(|folder| pick.takes_name(folder.as_ref())) {
            let now = self.world.now();
            let stat = Stat::of_none(EntryKind::Dir, 0, now, 0o700);
            entries.push(Entry { path: PathBuf::from(format!("{dir}/{folder}")), stat });
        }
        put_in_order(&mut entries);
        Ok(entries)
    }

    async fn remove_at(&self, path: &Path) -> Result<()> {
        self.directly(Effect::RemoveObject(object(path)?)).await.map(drop)
    }
}

fn as_file(stat: &ObjectStat) -> Stat {
    Stat::of_none(EntryKind::File, stat.size_bytes, stat.modified, MODE)
}

fn only_read(path: &Path, verb: &str) -> Error {
    Error::new(Kind::Recipe, format!("cannot {verb} `{}` as a file", path.display()))
        .because_text("it is the address of an object, and those are read, listed and removed like files, no more")
        .hint("`stream:put(store, key)` stores an object; name a folder of this machine to write files")
}
