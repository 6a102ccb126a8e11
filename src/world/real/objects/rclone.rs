//! Accesses any remote of the program `rclone`: each operation is one call, and its exit code is the proof.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Local};
use futures_util::future::BoxFuture;
use serde_json::Value;

use self::streams::{CatSource, Upload};
use super::{Backend, Reach};
use crate::error::{Error, Kind, Result};
use crate::stream::{Sink, Source};
use crate::world::objects::words::{no_bucket, no_object, only_files, taken, unreadable};
use crate::world::objects::{Object, ObjectEntry, ObjectStat, Put, Store};
use crate::world::partial::is_partial;
use crate::world::program::failure;

mod streams;

/// The exit codes for a missing folder or file.
const ABSENT: [i32; 2] = [3, 4];

/// A remote, as configured in `rclone`.
#[derive(Clone)]
pub struct Rclone(pub Reach);

/// The metadata of a file.
pub struct Seen {
    pub stat: ObjectStat,
    pub md5: Option<String>,
    is_dir: bool,
}

/// The path of a key, in the form that `rclone` expects.
pub fn remote(store: &Store, full: &str) -> String {
    format!("{}:{full}", store.bucket)
}

impl Rclone {
    /// The output of a call; `None` if its subject does not exist.
    async fn call(&self, args: &[&str], act: &str, title: &str) -> Result<Option<Vec<u8>>> {
        let cannot = |error: Error| error.within(format!("cannot {act} `{title}`"));
        if !self.0.runs("rclone") {
            return Err(cannot(Error::new(Kind::Denied, "the recipe may not run `rclone`"))
                .or_hint("add the `rclone://…` address to `objects` in its needs"));
        }
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        let mut child = self.0.start("rclone", &args, false).await.map_err(cannot)?;
        let mut written = Vec::new();
        while let crate::stream::Piece::Data(data) = child.stdout.next().await.map_err(cannot)? {
            written.extend_from_slice(&data);
        }
        let exit = child.process.wait().await.map_err(cannot)?;
        match exit.code {
            Some(0) => Ok(Some(written)),
            Some(code) if ABSENT.contains(&code) => Ok(None),
            _ => Err(cannot(failure("rclone", &exit))),
        }
    }

    /// The metadata of a key, with its checksum if the remote has one at hand.
    pub async fn look(&self, store: &Store, full: &str, hash: bool, act: &str, title: &str) -> Result<Option<Seen>> {
        let path = remote(store, full);
        let mut args = vec!["lsjson", "--stat", &path];
        if hash {
            args.extend(["--hash", "--hash-type", "md5"]);
        }
        let Some(said) = self.call(&args, act, title).await? else { return Ok(None) };
        let item: Value = serde_json::from_slice(&said).map_err(|cause| unreadable(title).because(cause))?;
        if item.is_null() {
            return Ok(None);
        }
        seen(&item).ok_or_else(|| unreadable(title)).map(Some)
    }

    /// Fails if the store's folder does not exist. On remotes without folders, every folder exists.
    async fn must_be_there(&self, store: &Store, act: &str, title: &str) -> Result<()> {
        if self.look(store, &store.root, false, act, title).await?.is_some_and(|seen| seen.is_dir) {
            return Ok(());
        }
        let top = remote(store, "");
        let features = self.call(&["backend", "features", &top], act, title).await?.unwrap_or_default();
        let features: Value = serde_json::from_slice(&features).unwrap_or_default();
        match features["Features"]["CanHaveEmptyDirectories"].as_bool() {
            Some(false) => Ok(()),
            _ => Err(no_bucket(act, title, store)),
        }
    }

    async fn object(&self, object: &Object, act: &str) -> Result<Option<Seen>> {
        let title = object.to_string();
        let seen = self.look(&object.store, &object.full_key(), false, act, &title).await?;
        if seen.is_none() {
            self.must_be_there(&object.store, act, &title).await?;
        }
        Ok(seen.filter(|seen| !seen.is_dir))
    }

    async fn get(&self, object: Object) -> Result<Box<dyn Source>> {
        let title = object.to_string();
        self.object(&object, "get").await?.ok_or_else(|| no_object("get", &object))?;
        let seen = self.look(&object.store, &object.full_key(), true, "get", &title).await?;
        let seen = seen.ok_or_else(|| no_object("get", &object))?;
        let args = ["cat".to_owned(), remote(&object.store, &object.full_key())];
        let child = self.0.start("rclone", &args, false).await?;
        Ok(Box::new(CatSource::new(child, object, &seen)))
    }

    async fn put(&self, put: Put) -> Result<Box<dyn Sink>> {
        only_files(&put)?;
        if self.object(&put.object, "put").await?.is_some() && !put.replace {
            return Err(taken(&put.object));
        }
        Ok(Box::new(Upload::begin(self.clone(), put).await?))
    }

    async fn list(&self, store: Arc<Store>, prefix: String) -> Result<Vec<ObjectEntry>> {
        let title = store.title_of(&prefix);
        let (folder, below) = match prefix.rsplit_once('/') {
            Some((folder, _)) => (store.full(folder), format!("{folder}/")),
            None => (store.root.clone(), String::new()),
        };
        let path = remote(&store, &folder);
        let Some(said) = self.call(&["lsjson", "--recursive", "--files-only", &path], "list", &title).await? else {
            return self.must_be_there(&store, "list", &title).await.map(|()| Vec::new());
        };
        let items: Vec<Value> = serde_json::from_slice(&said).map_err(|cause| unreadable(&title).because(cause))?;
        let mut entries = Vec::new();
        for item in &items {
            let name = item["Path"].as_str().ok_or_else(|| unreadable(&title))?;
            let key = format!("{below}{name}");
            if key.starts_with(&prefix) && !Path::new(name).file_name().is_some_and(is_partial) {
                let stat = seen(item).ok_or_else(|| unreadable(&title))?.stat;
                entries.push(ObjectEntry { key, stat });
            }
        }
        entries.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        Ok(entries)
    }

    async fn remove(&self, object: Object) -> Result<()> {
        let title = object.to_string();
        self.object(&object, "remove").await?.ok_or_else(|| no_object("remove", &object))?;
        let path = remote(&object.store, &object.full_key());
        let done = self.call(&["deletefile", &path], "remove", &title).await?;
        done.map(drop).ok_or_else(|| no_object("remove", &object))
    }

    async fn make(&self, store: Arc<Store>) -> Result<bool> {
        let title = store.container();
        let there = self.look(&store, &store.root, false, "make", &title).await?.is_some();
        self.call(&["mkdir", &remote(&store, &store.root)], "make", &title).await?;
        Ok(!there)
    }
}

fn seen(item: &Value) -> Option<Seen> {
    let modified = DateTime::parse_from_rfc3339(item["ModTime"].as_str()?).ok()?;
    let size_bytes = u64::try_from(item["Size"].as_i64()?).unwrap_or(0);
    let md5 = item["Hashes"]["md5"].as_str().filter(|md5| !md5.is_empty()).map(str::to_owned);
    let stat = ObjectStat {
        size_bytes,
        modified: modified.with_timezone(&Local).fixed_offset(),
        etag: format!("{:x}-{size_bytes:x}", modified.timestamp_nanos_opt().unwrap_or_default()),
        metadata: BTreeMap::new(),
        storage_class: item["Tier"].as_str().filter(|tier| *tier != "STANDARD").map(str::to_owned),
    };
    Some(Seen { stat, md5, is_dir: item["IsDir"].as_bool().unwrap_or(false) })
}

impl Backend for Rclone {
    fn get(&self, object: Object) -> BoxFuture<'_, Result<Box<dyn Source>>> {
        Box::pin(self.get(object))
    }

    fn put(&self, put: Put) -> BoxFuture<'_, Result<Box<dyn Sink>>> {
        Box::pin(async move {
            streams::sweep(self, &put.object.store).await;
            self.put(put).await
        })
    }

    fn stat(&self, object: Object) -> BoxFuture<'_, Result<Option<ObjectStat>>> {
        Box::pin(async move { Ok(self.object(&object, "look at").await?.map(|seen| seen.stat)) })
    }

    fn list(&self, store: Arc<Store>, prefix: String) -> BoxFuture<'_, Result<Vec<ObjectEntry>>> {
        Box::pin(async move {
            streams::sweep(self, &store).await;
            self.list(store, prefix).await
        })
    }

    fn remove(&self, object: Object) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.remove(object))
    }

    fn make_bucket(&self, store: Arc<Store>) -> BoxFuture<'_, Result<bool>> {
        Box::pin(self.make(store))
    }
}
