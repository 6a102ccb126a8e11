//! Reaches object stores: looks, lists, removes and makes buckets; objects themselves go through as streams.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::http::Http;
use super::undo::Undo;
use crate::error::{Error, Kind, Result};
use crate::stream::{Piece, Sink, Source};
use crate::world::http::Method;
use crate::world::http::coding::packed;
use crate::world::objects::words::{
    Refusal, is_packed, no_bucket, no_length, no_object, only_a_part, refused, taken, wrong_length,
};
use crate::world::objects::{Object, ObjectEntry, ObjectStat, Put, Store};
use connection::{Ask, Connection, Refused, StoreReply};
use listing::Page;
use upload::Upload;

mod checksum;
mod connection;
mod listing;
mod sign;
mod upload;
mod xml;

/// The network, as far as object stores go.
pub struct Objects<'a> {
    pub http: &'a Http,
    pub environment: &'a Arc<BTreeMap<String, String>>,
    pub undo: &'a Undo,
}

impl Objects<'_> {
    fn connection(&self, store: &Arc<Store>) -> Result<Connection> {
        store.check()?;
        Ok(Connection { store: store.clone(), http: self.http.clone(), environment: self.environment.clone() })
    }

    /// An object as a stream, whose end is where the store said that it is.
    pub async fn get(&self, object: Object) -> Result<Box<dyn Source>> {
        let connection = self.connection(&object.store)?;
        let title = object.to_string();
        let ask = Ask::of(Method::Get, "get", &title).key(object.key());
        let answer = match connection.send(&ask).await {
            Err(refusal) if refusal.is("NoSuchKey") => return Err(no_object("get", &object)),
            answer => answer?,
        };
        if answer.status != 200 || answer.header("content-range").is_some() {
            return Err(only_a_part(&object, answer.status));
        }
        if let Some(coding) = answer.header("content-encoding").and_then(|coding| packed(coding, object.key())) {
            return Err(is_packed(&object, &coding));
        }
        let length = answer.header("content-length").and_then(|length| length.parse().ok());
        let of = length.ok_or_else(|| no_length(&object))?;
        Ok(Box::new(ObjectSource { object, body: answer.body, got: 0, of }))
    }

    /// The store is asked before the first byte is sent whether the object can be stored there.
    pub async fn put(&self, put: Put) -> Result<Box<dyn Sink>> {
        let connection = self.connection(&put.object.store)?;
        let there = look(&connection, &put.object, "put").await?;
        if there.is_some() && !put.replace {
            return Err(taken(&put.object));
        }
        Ok(Box::new(Upload::new(connection, put, self.undo.clone())))
    }

    pub async fn stat(&self, object: Object) -> Result<Option<ObjectStat>> {
        let looked = look(&self.connection(&object.store)?, &object, "look at").await?;
        looked.map(|answer| listing::stat(&answer)).transpose()
    }

    pub async fn remove(&self, object: Object) -> Result<()> {
        let connection = self.connection(&object.store)?;
        if look(&connection, &object, "remove").await?.is_none() {
            return Err(no_object("remove", &object));
        }
        let title = object.to_string();
        connection.ask(&Ask::of(Method::Delete, "remove", &title).key(object.key())).await.map(drop)
    }

    pub async fn list(&self, store: Arc<Store>, prefix: String) -> Result<Vec<ObjectEntry>> {
        let connection = self.connection(&store)?;
        let title = store.title_of(&prefix);
        let (mut entries, mut next, mut known) = (Vec::new(), None::<String>, BTreeSet::new());
        loop {
            let mut ask = Ask::of(Method::Get, "list", &title).query("list-type", "2").query("prefix", &prefix);
            if let Some(token) = &next {
                ask = ask.query("continuation-token", token);
            }
            let page = Page::read(&connection.ask(&ask).await?, &title)?;
            entries.extend(page.entries);
            match page.next {
                Some(token) if !known.insert(token.clone()) => return Err(listing::in_a_circle(&title)),
                Some(token) => next = Some(token),
                None => break,
            }
        }
        // Stores differ in the order that they keep, and some in whether they keep one.
        entries.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        Ok(entries)
    }

    pub async fn make_bucket(&self, store: Arc<Store>) -> Result<bool> {
        let connection = self.connection(&store)?;
        let title = store.title();
        if bucket_stands(&connection, "make", &title).await? {
            return Ok(false);
        }
        // Amazon's first region is the one that must not be named.
        let elsewhere = store.region != "us-east-1" && store.region != "auto";
        let body = match elsewhere {
            true => {
                let region = xml::escaped(&store.region);
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

/// What the store says of an object; nothing when the bucket stands and the object is not there.
async fn look(connection: &Connection, object: &Object, act: &str) -> Result<Option<StoreReply>> {
    let title = object.to_string();
    match connection.send(&Ask::of(Method::Head, act, &title).key(object.key())).await {
        Ok(answer) => Ok(Some(answer)),
        // An answer to HEAD has no words: whether it is the bucket that is missing has to be asked.
        Err(refusal) if refusal.status() == Some(404) => match bucket_stands(connection, act, &title).await {
            Ok(true) => Ok(None),
            Ok(false) => Err(no_bucket(act, &title, &connection.store)),
            // Who may not look at the bucket may still be let at the object.
            Err(error) if error.kind() == Kind::Denied => Ok(None),
            Err(error) => Err(error),
        },
        Err(refusal) => Err(worded(connection, refusal, act, &title).await),
    }
}

/// Why the store does not let one look, in its own words where it has some: an answer to HEAD has none.
async fn worded(connection: &Connection, refused: Refused, act: &str, title: &str) -> Error {
    let Some(status @ (401 | 403)) = refused.status() else { return refused.into() };
    let ask = Ask::of(Method::Get, act, title).query("list-type", "2").query("max-keys", "0");
    match connection.send(&ask).await {
        Ok(_) => error_of(&ask, &connection.store, &Refusal::new(status, "AccessDenied", "it may only be listed")),
        Err(told) if told.has_words() => told.into(),
        Err(_) => refused.into(),
    }
}

async fn bucket_stands(connection: &Connection, act: &str, title: &str) -> Result<bool> {
    match connection.send(&Ask::of(Method::Head, act, title)).await {
        Ok(_) => Ok(true),
        Err(refusal) if refusal.status() == Some(404) => Ok(false),
        Err(refusal) => Err(worded(connection, refusal, act, title).await),
    }
}

/// The error of an answer that is no good one.
fn error_of(ask: &Ask<'_>, store: &Store, refusal: &Refusal) -> Error {
    refused(ask.act, ask.title, store, refusal)
}

/// The bytes of an object, as they come.
struct ObjectSource {
    object: Object,
    body: Box<dyn Source>,
    got: u64,
    of: u64,
}

impl Source for ObjectSource {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(async {
            let cannot = format!("cannot read `{}` to its end", self.object);
            match self.body.next().await.map_err(|error| error.within(cannot))? {
                Piece::Data(data) => {
                    self.got += data.len() as u64;
                    Ok(Piece::Data(data))
                }
                Piece::End if self.of == self.got => Ok(Piece::End),
                Piece::End => Err(wrong_length(&self.object, self.got, self.of)),
            }
        })
    }
}
