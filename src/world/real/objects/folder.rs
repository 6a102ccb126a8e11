//! A folder used as a store, on a mounted disk or NFS: each object is a file below it, complete or absent.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::{Backend, Reach};
use crate::error::{Error, Kind, Result};
use crate::stream::{ReadBack, Sink, Source, Stamped};
use crate::world::objects::words::{no_bucket, no_object, only_files, taken};
use crate::world::objects::{Object, ObjectEntry, ObjectStat, Put, Store};
use crate::world::partial::{FOLDER_MODE, is_partial};
use crate::world::real::blocking::blocking;
use crate::world::real::fence::Fence;
use crate::world::real::part::Part;
use crate::world::real::sink::FileSink;
use crate::world::real::source::FileSource;
use crate::world::real::{clock, files, listing};
use crate::world::{EntryKind, ListQuery, Stat};

/// Mode of stored files, from the first byte.
const FILE_MODE: u32 = 0o600;

pub struct Folder(pub Reach);

impl Folder {
    /// Runs `work` with the metadata at the path of an object, after a check that the store's folder exists: a disk that is
    /// not mounted leaves no folder, or an empty one.
    async fn on<T: Send + 'static>(
        &self,
        act: &'static str,
        object: Object,
        work: impl FnOnce(&Fence, &Path, Option<Stat>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let fence = self.0.fence.clone();
        blocking(move || {
            must_be_there(&fence, act, &object.to_string(), &object.store)?;
            let path = PathBuf::from(object.full_key());
            let found = files::stat(&fence, &path)?.filter(|stat| stat.kind == EntryKind::File);
            work(&fence, &path, found).map_err(|error| about(error, act, &object))
        })
        .await
    }
}

/// The same messages for an object as in every store.
fn about(error: Error, act: &str, object: &Object) -> Error {
    let what = format!("cannot {act} `{object}`");
    match error.kind() {
        Kind::AlreadyExists if act == "put" => taken(object),
        _ if error.what() == what => error,
        _ => error.within(what),
    }
}

fn must_be_there(fence: &Fence, act: &str, title: &str, store: &Store) -> Result<()> {
    let root = Path::new(&store.root);
    match fence.folder(root) {
        Ok(_) => Ok(()),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Err(no_bucket(act, title, store)),
        Err(cause) => Err(fence.trouble(act, root, cause)),
    }
}

fn stat_of(stat: &Stat) -> ObjectStat {
    // The inode number and the change time, which no program can set.
    let etag = stat.stamp().0;
    ObjectStat { size_bytes: stat.size_bytes, modified: stat.modified, etag, ..ObjectStat::default() }
}

/// The folder that contains all keys with a prefix.
fn folder_of(store: &Store, prefix: &str) -> PathBuf {
    match prefix.rsplit_once('/') {
        Some((folder, _)) => PathBuf::from(store.full(folder)),
        None => PathBuf::from(&store.root),
    }
}

fn list(fence: &Fence, store: &Store, prefix: &str) -> Result<Vec<ObjectEntry>> {
    must_be_there(fence, "list", &store.title_of(prefix), store)?;
    let dir = folder_of(store, prefix);
    if matches!(fence.folder(&dir), Err(cause) if cause.kind() == io::ErrorKind::NotFound) {
        return Ok(Vec::new());
    }
    let found = listing::list(fence, &ListQuery { recursive: true, ..ListQuery::of(dir) }, clock::now())?;
    let all = store.full("");
    let mut entries: Vec<ObjectEntry> = found
        .iter()
        .filter(|entry| entry.stat.kind == EntryKind::File && !entry.path.file_name().is_some_and(is_partial))
        .filter_map(|entry| {
            let key = entry.path.to_str()?.strip_prefix(&all)?.to_owned();
            key.starts_with(prefix).then(|| ObjectEntry { key, stat: stat_of(&entry.stat) })
        })
        .collect();
    entries.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    Ok(entries)
}

/// An open file, whose errors name the object.
struct ObjectSink {
    sink: Box<FileSink>,
    object: Object,
}

impl Sink for ObjectSink {
    fn write(&mut self, data: Bytes) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { self.sink.write(data).await.map_err(|error| about(error, "put", &self.object)) })
    }

    fn seal(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { self.sink.seal().await.map_err(|error| about(error, "put", &self.object)) })
    }

    fn read_back(&mut self) -> BoxFuture<'_, Result<ReadBack>> {
        self.sink.read_back()
    }

    fn stamped(&self) -> Option<Stamped> {
        self.sink.stamped()
    }

    fn commit(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        let ObjectSink { sink, object } = *self;
        Box::pin(async move { sink.commit().await.map_err(|error| about(error, "put", &object)) })
    }

    fn abort(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        self.sink.abort()
    }
}

impl Backend for Folder {
    fn get(&self, object: Object) -> BoxFuture<'_, Result<Box<dyn Source>>> {
        let title = object.clone();
        Box::pin(self.on("get", object, move |fence, path, found| match found {
            Some(_) => Ok(Box::new(FileSource::open(fence, path)?) as Box<dyn Source>),
            None => Err(no_object("get", &title)),
        }))
    }

    fn put(&self, put: Put) -> BoxFuture<'_, Result<Box<dyn Sink>>> {
        let undo = self.0.undo.clone();
        Box::pin(async move {
            only_files(&put)?;
            let (object, replace) = (put.object.clone(), put.replace);
            let part = self.on("put", put.object.clone(), move |fence, path, found| {
                if found.is_some() && !replace {
                    return Err(taken(&object));
                }
                if let Some(folder) = path.parent() {
                    files::sweep(fence, folder)?;
                }
                Part::start(fence, path, FILE_MODE, replace)
            });
            let sink = FileSink::new(part.await?, undo).replacing(replace);
            Ok(Box::new(ObjectSink { sink: Box::new(sink), object: put.object }) as Box<dyn Sink>)
        })
    }

    fn stat(&self, object: Object) -> BoxFuture<'_, Result<Option<ObjectStat>>> {
        Box::pin(self.on("look at", object, |_, _, found| Ok(found.as_ref().map(stat_of))))
    }

    fn list(&self, store: Arc<Store>, prefix: String) -> BoxFuture<'_, Result<Vec<ObjectEntry>>> {
        let fence = self.0.fence.clone();
        Box::pin(blocking(move || list(&fence, &store, &prefix)))
    }

    fn remove(&self, object: Object) -> BoxFuture<'_, Result<()>> {
        let title = object.clone();
        Box::pin(self.on("remove", object, move |fence, path, found| match found {
            Some(_) => files::remove(fence, path),
            None => Err(no_object("remove", &title)),
        }))
    }

    fn make_bucket(&self, store: Arc<Store>) -> BoxFuture<'_, Result<bool>> {
        let fence = self.0.fence.clone();
        Box::pin(blocking(move || {
            let root = Path::new(&store.root);
            let there = fence.folder(root).is_ok();
            files::make_dir(&fence, root, FOLDER_MODE)?;
            Ok(!there)
        }))
    }
}
