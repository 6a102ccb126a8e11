//! Keeps the objects of a simulated world: the stored objects, their buckets, and unfinished uploads.

pub(super) mod stores;

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::{DateTime, FixedOffset};
use futures_util::future::{BoxFuture, ready};

use self::stores::{StoreSetup, Stored, Stores};
use super::setup::SimulatedSetup;
use super::source::ContentSource;
use super::state::{Shared, State};
use super::tree::Content;
use crate::error::{Error, Kind, Result};
use crate::stream::sha256::Sha256;
use crate::stream::{Piece, Sink, Source, Stamped};
use crate::world::objects::ask::StoreAsk;
use crate::world::objects::words::{Refusal, no_bucket, no_object, only_files, refused, taken};
use crate::world::objects::{Object, ObjectEntry, ObjectStat, Put, Store, url};

/// The stores of a setup, before anything has happened.
pub fn found(setup: &SimulatedSetup) -> Result<Stores> {
    let mut stores = Stores { setup: setup.store.clone(), ..Stores::default() };
    for (address, given) in &setup.objects {
        let wrong = |why: &str| {
            let what = format!("there cannot be an object `{address}` in this world");
            Error::new(Kind::Recipe, what).because_text(why).hint("write `s3://bucket/key`, or `s3://bucket` alone")
        };
        let store = url::store(address).map_err(|error| wrong("it is no address of an object").because(error))?;
        let bucket = Store { root: String::new(), ..store.clone() };
        let table = &given.0;
        let empty = table.content.is_none() && table.size.is_none();
        match store.kind.is_tree() {
            // An empty folder.
            true if address.ends_with('/') && empty => {
                stores.buckets.insert(store.container());
                continue;
            }
            true => {}
            false => drop(stores.buckets.insert(bucket.container())),
        }
        if store.root.is_empty() {
            match empty {
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
        let stored = stored(content, modified, table.storage_class.clone(), table.metadata.clone());
        stores.objects.insert(address.clone(), stored);
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
    Stored { content, stat, locked_until: None }
}

impl Stores {
    /// Every object, by its address.
    pub fn all(&self) -> impl Iterator<Item = (String, &Stored)> {
        self.objects.iter().map(|(address, stored)| (address.clone(), stored))
    }

    /// Refuses the operation `act` if the bucket does not exist, or the keys are wrong.
    fn bucket(&self, act: &str, title: &str, store: &Store) -> Result<()> {
        self.admits(act, title, store)?;
        if self.has(store) { Ok(()) } else { Err(no_bucket(act, title, store)) }
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
        let Some(keys) = &store.keys else { return Ok(()) };
        if access_key.as_ref().is_some_and(|known| *known != keys.access_key) {
            return refuse("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.");
        }
        if secret_key.as_ref().is_some_and(|known| *known != keys.secret_key) {
            return refuse("SignatureDoesNotMatch", "The signature does not match the key.");
        }
        Ok(())
    }
}

pub fn get(shared: &Shared, object: &Object) -> Result<Box<dyn Source>> {
    let title = object.to_string();
    let mut state = shared.lock();
    state.stores.bucket("get", &title, &object.store)?;
    let stored = state.stores.objects.get(&title).ok_or_else(|| no_object("get", object))?;
    let content = ContentSource::new(stored.content.clone());
    state.stores.reading.push(title.clone());
    drop(state);
    Ok(Box::new(ObjectSource { content, title, shared: shared.clone() }))
}

pub fn put(shared: &Shared, put: Put) -> Result<Box<dyn Sink>> {
    let title = put.object.to_string();
    let mut state = shared.lock();
    state.stores.bucket("put", &title, &put.object.store)?;
    if put.object.store.kind.is_tree() {
        only_files(&put)?;
    }
    if state.stores.objects.contains_key(&title) && !put.replace {
        return Err(taken(&put.object));
    }
    state.stores.uploads.insert(title.clone());
    drop(state);
    Ok(Box::new(Upload { put, title, pieces: Vec::new(), shared: shared.clone(), stamp: Stamped::default() }))
}

pub fn list(state: &mut State, store: &Store, prefix: &str) -> Result<Vec<ObjectEntry>> {
    let (all, begin) = (store.title_of(""), store.title_of(prefix));
    state.stores.bucket("list", &begin, store)?;
    let found = state.stores.below(&begin).filter_map(|(address, stored)| {
        let key = address.strip_prefix(&all)?.to_owned();
        let stat = ObjectStat { metadata: BTreeMap::new(), ..stored.stat.clone() };
        Some(ObjectEntry { key, stat })
    });
    Ok(found.collect())
}

pub fn stat(state: &mut State, object: &Object) -> Result<Option<ObjectStat>> {
    let title = object.to_string();
    state.stores.bucket("look at", &title, &object.store)?;
    Ok(state.stores.objects.get(&title).map(|stored| stored.stat.clone()))
}

pub fn remove(state: &mut State, object: &Object) -> Result<()> {
    let title = object.to_string();
    state.stores.bucket("remove", &title, &object.store)?;
    let now = state.now();
    if state.stores.objects.get(&title).is_some_and(|stored| stored.locked_until.is_some_and(|until| now < until)) {
        let refusal = Refusal::new(403, "ObjectLocked", "a lock keeps the object");
        return Err(refused("remove", &title, &object.store, &refusal));
    }
    let left = state.stores.objects.remove(&title);
    // A folder stays when its last file is removed.
    if object.store.kind.is_tree() {
        state.stores.buckets.insert(object.store.container());
    }
    left.map(drop).ok_or_else(|| no_object("remove", object))
}

pub fn make_bucket(state: &mut State, store: &Store) -> Result<bool> {
    let title = store.container();
    state.stores.admits("make", &title, store)?;
    let there = state.stores.has(store);
    state.stores.buckets.insert(title);
    Ok(!there)
}

/// Answers requests to a store beyond its objects.
pub fn ask(state: &mut State, ask: &StoreAsk) -> Result<Option<String>> {
    let container = ask.store().container();
    state.stores.bucket(ask.verb(), &ask.title(), ask.store())?;
    Ok(match ask {
        StoreAsk::Lifecycle(_) => state.stores.lifecycles.get(&container).cloned(),
        StoreAsk::SetLifecycle { text, .. } => {
            state.stores.lifecycles.insert(container, text.clone());
            None
        }
        StoreAsk::Thaw { .. } => None,
    })
}

/// An object that is not visible yet.
struct Upload {
    put: Put,
    title: String,
    pieces: Vec<Bytes>,
    shared: Shared,
    stamp: Stamped,
}

impl Upload {
    fn publish(&mut self) -> Result<()> {
        let mut state = self.shared.lock();
        let now = state.now();
        state.stores.bucket("put", &self.title, &self.put.object.store)?;
        if state.stores.objects.contains_key(&self.title) && !self.put.replace {
            return Err(taken(&self.put.object));
        }
        let content = Content::Pieces(std::mem::take(&mut self.pieces));
        let Put { object, storage_class, mut metadata, .. } = self.put.clone();
        if object.store.kind.is_tree() {
            metadata.clear(); // a file keeps none
        }
        let stored = stored(content, now, storage_class, metadata);
        self.stamp.get_or_init(|| stored.stat.stamp());
        let locked_until = self.put.lock.as_ref().map(|lock| lock.until);
        state.stores.objects.insert(self.title.clone(), Stored { locked_until, ..stored });
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

    fn stamped(&self) -> Option<Stamped> {
        Some(self.stamp.clone())
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
