//! Accesses S3-compatible stores: looks, lists, removes and creates buckets; objects are transferred as streams.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::answers::absent;
use super::learned::Condition;
use super::{Backend, Reach};
use crate::error::{Error, Kind, Result};
use crate::stream::{Sink, Source};
use crate::world::http::Method;
use crate::world::objects::ask::StoreAsk;
use crate::world::objects::examined::Seen;
use crate::world::objects::record::BegunUpload;
use crate::world::objects::words::{Refusal, no_object, not_exclusive, refused, taken};
use crate::world::objects::{Object, ObjectEntry, ObjectStat, Put, Store};
pub use account::VARIABLES;
use ask::{Ask, Refused, StoreReply};
use connection::Connection;
use listing::Page;
use upload::Upload;

mod account;
mod asking;
mod ask;
mod chain;
mod checksum;
mod connection;
mod described;
mod examine;
mod leftovers;
mod listing;
mod parts;
mod publish;
mod reading;
mod sign;
mod upload;
pub mod xml;

/// An S3-compatible store.
pub struct S3(pub Reach);

impl S3 {
    async fn connection(&self, store: &Arc<Store>) -> Result<Connection> {
        let connection = Connection::open(store, &self.0).await?;
        leftovers::sweep(&connection, &self.0).await;
        Ok(connection)
    }

    async fn get(&self, object: Object) -> Result<Box<dyn Source>> {
        let connection = self.connection(&object.store).await?;
        reading::open(connection, object).await
    }

    async fn put(&self, put: Put) -> Result<Box<dyn Sink>> {
        let connection = self.connection(&put.object.store).await?;
        // A small object needs no check in advance: the store itself refuses it if the key is taken.
        let is_small = put.size_bytes.is_some_and(|size| size <= put.part_bytes);
        let keeps = self.0.learned.condition(&put.object.store) == Condition::Kept;
        if !is_small || !(keeps || put.replace) {
            match look(&connection, &put.object, "put").await {
                Ok(Some(_)) if !put.replace => return Err(taken(&put.object)),
                // A key without read access may still store, and the store itself refuses to replace.
                Err(error) if !may_not_look(&error) => return Err(error),
                _ => {}
            }
        }
        if connection.is_google() && !put.replace {
            return Err(not_exclusive(&put.object));
        }
        Ok(Box::new(Upload::new(connection, put, &self.0)))
    }

    async fn stat(&self, object: Object) -> Result<Option<ObjectStat>> {
        let looked = look(&self.connection(&object.store).await?, &object, "look at").await?;
        looked.map(|answer| listing::stat(&answer)).transpose()
    }

    async fn remove(&self, object: Object) -> Result<()> {
        let connection = self.connection(&object.store).await?;
        if look(&connection, &object, "remove").await?.is_none() {
            return Err(no_object("remove", &object));
        }
        let title = object.to_string();
        connection.ask(&Ask::of(Method::Delete, "remove", &title).key(object.full_key())).await.map(drop)
    }

    async fn list(&self, store: Arc<Store>, prefix: String) -> Result<Vec<ObjectEntry>> {
        let connection = self.connection(&store).await?;
        let title = store.title_of(&prefix);
        let (mut entries, mut next, mut known) = (Vec::new(), None::<String>, BTreeSet::new());
        let (above, full) = (store.full(""), store.full(&prefix));
        loop {
            let mut ask = Ask::of(Method::Get, "list", &title).query("list-type", "2").query("prefix", &full);
            if let Some(token) = &next {
                ask = ask.query("continuation-token", token);
            }
            let page = Page::read(&connection.ask(&ask).await?, &title)?;
            entries.extend(page.entries.into_iter().filter_map(|entry| {
                let key = entry.key.strip_prefix(&above)?.to_owned();
                (!key.is_empty()).then_some(ObjectEntry { key, ..entry })
            }));
            match page.next {
                Some(token) if !known.insert(token.clone()) => return Err(listing::in_a_circle(&title)),
                Some(token) => next = Some(token),
                None => break,
            }
        }
        // Stores sort differently, and some not at all.
        entries.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        Ok(entries)
    }

    async fn make_bucket(&self, store: Arc<Store>) -> Result<bool> {
        let connection = self.connection(&store).await?;
        let (title, region) = (store.container(), connection.region());
        if bucket_is_there(&connection, "make", &title).await? {
            return Ok(false);
        }
        // Amazon's default region must not be named in the request.
        let elsewhere = region != "us-east-1" && region != "auto";
        let body = match elsewhere {
            true => {
                let region = xml::escaped(&region);
                format!(
                    "<CreateBucketConfiguration><LocationConstraint>{region}</LocationConstraint></CreateBucketConfiguration>"
                )
            }
            false => String::new(),
        };
        match connection.send(&Ask::of(Method::Put, "make", &title).body(body.into())).await {
            Err(refusal) if refusal.is("BucketAlreadyOwnedByYou") => Ok(false),
            answer => answer.map(|_| true).map_err(Into::into),
        }
    }
}

/// The metadata of an object; `None` if the bucket exists and the object does not.
async fn look(connection: &Connection, object: &Object, act: &str) -> Result<Option<StoreReply>> {
    let title = object.to_string();
    match connection.send(&Ask::of(Method::Head, act, &title).key(object.full_key())).await {
        Ok(answer) => Ok(Some(answer)),
        // An answer to HEAD has no error code: a second request must tell whether the bucket is missing.
        Err(refusal) if refusal.status() == Some(404) => {
            absent(act, &title, &connection.store, bucket_is_there(connection, act, &title)).await
        }
        Err(refusal) => Err(worded(connection, refusal, act, &title).await),
    }
}

/// Why the store denies the look, in its own words if it has some: an answer to HEAD has none.
async fn worded(connection: &Connection, refused: Refused, act: &str, title: &str) -> Error {
    let Some(status @ (401 | 403)) = refused.status() else { return refused.into() };
    let ask = Ask::of(Method::Get, act, title).query("list-type", "2").query("max-keys", "0");
    match connection.send(&ask).await {
        Ok(_) => error_of(&ask, &connection.store, &Refusal::new(status, "AccessDenied", "it may only be listed")),
        Err(refused) if refused.has_words() => refused.into(),
        Err(_) => refused.into(),
    }
}

/// Whether only the policy denies the look: the keys are valid, and may allow storing.
fn may_not_look(error: &Error) -> bool {
    error.kind() == Kind::Denied && error.causes().iter().any(|why| why.starts_with("AccessDenied"))
}

async fn bucket_is_there(connection: &Connection, act: &str, title: &str) -> Result<bool> {
    match connection.send(&Ask::of(Method::Head, act, title)).await {
        Ok(_) => Ok(true),
        Err(refusal) if refusal.status() == Some(404) => Ok(false),
        Err(refusal) => Err(worded(connection, refusal, act, title).await),
    }
}

/// The error for an unsuccessful answer.
fn error_of(ask: &Ask<'_>, store: &Store, refusal: &Refusal) -> Error {
    refused(ask.act, ask.title, store, refusal)
}

impl Backend for S3 {
    fn examine(&self, store: Arc<Store>, recorded: Vec<BegunUpload>) -> BoxFuture<'_, Result<Vec<Seen>>> {
        Box::pin(async move { examine::examine(self, store, &recorded).await })
    }

    fn ask(&self, ask: StoreAsk) -> BoxFuture<'_, Result<Option<String>>> {
        Box::pin(asking::ask(self, ask))
    }

    fn get(&self, object: Object) -> BoxFuture<'_, Result<Box<dyn Source>>> {
        Box::pin(self.get(object))
    }

    fn put(&self, put: Put) -> BoxFuture<'_, Result<Box<dyn Sink>>> {
        Box::pin(self.put(put))
    }

    fn stat(&self, object: Object) -> BoxFuture<'_, Result<Option<ObjectStat>>> {
        Box::pin(self.stat(object))
    }

    fn list(&self, store: Arc<Store>, prefix: String) -> BoxFuture<'_, Result<Vec<ObjectEntry>>> {
        Box::pin(self.list(store, prefix))
    }

    fn remove(&self, object: Object) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.remove(object))
    }

    fn make_bucket(&self, store: Arc<Store>) -> BoxFuture<'_, Result<bool>> {
        Box::pin(self.make_bucket(store))
    }
}
