//! Keeps the objects of a simulated world: what is stored under which key, in which buckets, and what is being uploaded.

pub(super) mod stores;

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::{DateTime, FixedOffset};
use futures_util::future::{BoxFuture, ready};

use self::stores::{Bucket, StoreSetup, Stored, Stores};
use super::setup::SimulatedSetup;
use super::source::ContentSource;
use super::state::{Shared, State};
use super::tree::Content;
use crate::error::{Error, Kind, Result};
use crate::stream::sha256::Sha256;
use crate::stream::{Piece, Sink, Source};
use crate::world::objects::words::{Refusal, no_bucket, no_object, refused, taken};
use crate::world::objects::{Object, ObjectEntry, ObjectStat, Put, Store};

/// Whatever is there before anything has happened.
pub fn found(setup: &SimulatedSetup) -> Result<Stores> {
    let mut stores = Stores { setup: setup.store.clone(), ..Stores::default() };
    for (address, given) in &setup.objects {
        let wrong = |why: &str| {
            let what = format!("there cannot be an object `{address}` in this world");
            Error::new(Kind::Recipe, what).because_text(why).hint("write `s3://bucket/key`, or `s3://bucket` alone")
        };
        let rest = address.strip_prefix("s3://").ok_or_else(|| wrong("it is no address of an object"))?;
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(wrong("it names no bucket"));
        }
        let bucket = stores.buckets.entry(format!("s3://{bucket}")).or_default();
        let table = &given.0;
        if key.is_empty() {
            match table.content.is_none() && table.size.is_none() {
                true => continue,
                false => return Err(wrong("a bucket has no content")),
            }
        }
        let content = match (&table.content, table.size) {
            (Some(_), Some(_)) => return Err(wrong("it has both `content` and `size`")),
            (_, Some(size)) => Content::Sized(size),
            (content, None) => Content::Pieces(content.iter().cloned().collect()),
        };
        let modified = match (table.age, table.modified) {
            (Some(_), Some(_)) => return Err(wrong("it has both `age` and `modified`")),
            (Some(age), None) => setup.now.checked_sub_signed(age.0).ok_or_else(|| wrong("it is too old"))?,
            (None, modified) => modified.unwrap_or(setup.now),
        };
        bucket.insert(key.to_owned(), stored(content, modified, table.storage_class.clone(), table.metadata.clone()));
    }
    Ok(stores)
}

fn stored(
    content: Content,
    modified: DateTime<FixedOffset>,
    storage_class: Option<String>,
    metadata: BTreeMap<String, String>,
) -> Stored {
    let mark = match &content {
        Content::Pieces(_) => Sha256::of(content.whole()),
        Content::Sized(size) => Sha256::of(size.to_string()),
    };
    let stat =
        ObjectStat { size_bytes: content.size(), modified, etag: mark[..32].to_owned(), storage_class, metadata };
    Stored { content, stat }
}

impl Stores {
    /// Every object, by its address.
    pub fn all(&self) -> impl Iterator<Item = (String, &Stored)> {
        self.buckets
            .iter()
            .flat_map(|(bucket, objects)| objects.iter().map(move |(key, stored)| (format!("{bucket}/{key}"), stored)))
    }

    /// The bucket, for somebody who may `act` on it.
    fn bucket(&mut self, act: &str, title: &str, store: &Store) -> Result<&mut Bucket> {
        self.admits(act, title, store)?;
        self.buckets.get_mut(&store.title()).ok_or_else(|| no_bucket(act, title, store))
    }

    fn admits(&self, act: &str, title: &str, store: &Store) -> Result<()> {
        store.check()?;
        let refuse = |code: &str, message: &str| Err(refused(act, title, store, &Refusal::new(403, code, message)));
        let StoreSetup { access_key, secret_key, down } = &self.setup;
        if *down {
            return Err(Error::new(Kind::Network, format!("cannot {act} `{title}`"))
                .because_text("Connection refused")
                .hint("nothing listens there: is the store running?"));
        }
        if access_key.as_ref().is_some_and(|known| *known != store.access_key) {
            return refuse("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.");
        }
        if secret_key.as_ref().is_some_and(|known| *known != store.secret_key) {
            return refuse("SignatureDoesNotMatch", "The signature does not match the key.");
        }
        Ok(())
    }
}

pub fn get(shared: &Shared, object: &Object) -> Result<Box<dyn Source>> {
    let title = object.to_string();
    let mut state = shared.lock();
    let bucket = state.stores.bucket("get", &title, &object.store)?;
    let stored = bucket.get(object.key()).ok_or_else(|| no_object("get", object))?;
    let content = ContentSource::new(stored.content.clone());
    state.stores.reading.push(title.clone());
    drop(state);
    Ok(Box::new(ObjectSource { content, title, shared: shared.clone() }))
}

pub fn put(shared: &Shared, put: Put) -> Result<Box<dyn Sink>> {
    let title = put.object.to_string();
    let mut state = shared.lock();
    let bucket = state.stores.bucket("put", &title, &put.object.store)?;
    if bucket.contains_key(put.object.key()) && !put.replace {
        return Err(taken(&put.object));
    }
    state.stores.uploads.insert(title.clone());
    drop(state);
    Ok(Box::new(Upload { put, title, pieces: Vec::new(), shared: shared.clone() }))
}

pub fn list(state: &mut State, store: &Store, prefix: &str) -> Result<Vec<ObjectEntry>> {
    let bucket = state.stores.bucket("list", &store.title_of(prefix), store)?;
    let found = bucket.iter().filter(|(key, _)| key.starts_with(prefix));
    let entry = |(key, stored): (&String, &Stored)| {
        let stat = ObjectStat { metadata: BTreeMap::new(), ..stored.stat.clone() };
        ObjectEntry { key: key.clone(), stat }
    };
    Ok(found.map(entry).collect())
}

pub fn stat(state: &mut State, object: &Object) -> Result<Option<ObjectStat>> {
    let bucket = state.stores.bucket("look at", &object.to_string(), &object.store)?;
    Ok(bucket.get(object.key()).map(|stored| stored.stat.clone()))
}

pub fn remove(state: &mut State, object: &Object) -> Result<()> {
    let bucket = state.stores.bucket("remove", &object.to_string(), &object.store)?;
    bucket.remove(object.key()).map(drop).ok_or_else(|| no_object("remove", object))
}

pub fn make_bucket(state: &mut State, store: &Store) -> Result<bool> {
    let title = store.title();
    state.stores.admits("make", &title, store)?;
    let there = state.stores.buckets.contains_key(&title);
    state.stores.buckets.entry(title).or_default();
    Ok(!there)
}

/// An object that is not visible yet.
struct Upload {
    put: Put,
    title: String,
    pieces: Vec<Bytes>,
    shared: Shared,
}

impl Upload {
    fn publish(&mut self) -> Result<()> {
        let mut state = self.shared.lock();
        let now = state.now();
        let bucket = state.stores.bucket("put", &self.title, &self.put.object.store)?;
        if bucket.contains_key(self.put.object.key()) && !self.put.replace {
            return Err(taken(&self.put.object));
        }
        let content = Content::Pieces(std::mem::take(&mut self.pieces));
        let Put { object, storage_class, metadata, .. } = self.put.clone();
        bucket.insert(object.key().to_owned(), stored(content, now, storage_class, metadata));
        Ok(())
    }
}

impl Sink for Upload {
    fn write(&mut self, data: Bytes) -> BoxFuture<'_, Result<()>> {
        self.pieces.push(data);
        Box::pin(ready(Ok(())))
    }

    fn seal(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(ready(Ok(())))
    }

    fn commit(mut self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move { self.publish() })
    }

    fn abort(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        drop(self);
        Box::pin(ready(Ok(())))
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        self.shared.lock().stores.uploads.remove(&self.title);
    }
}

struct ObjectSource {
    content: ContentSource,
    title: String,
    shared: Shared,
}

impl Source for ObjectSource {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(ready(Ok(self.content.piece())))
    }
}

impl Drop for ObjectSource {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        if let Some(at) = state.stores.reading.iter().position(|title| *title == self.title) {
            state.stores.reading.swap_remove(at);
        }
    }
}
