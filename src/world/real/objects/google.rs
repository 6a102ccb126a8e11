//! Accesses Google Cloud Storage by its own JSON API.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Local};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use self::reading::Generation;
use self::token::Token;
use self::upload::Upload;
use super::answers::absent;
use super::pages::{Page, list};
use super::reading::Reading;
use super::rest::{Ask, Rest, percent};
use super::sums::Check;
use super::{Backend, Reach};
use crate::error::{Error, Result};
use crate::stream::{Sink, Source};
use crate::world::http::Method;
use crate::world::objects::examined::Seen;
use crate::world::objects::record::BegunUpload;
use crate::world::objects::words::{no_object, only_files, taken, unreadable};
use crate::world::objects::{Object, ObjectEntry, ObjectStat, Put, Store};

mod examine;
mod reading;
mod token;
mod upload;

/// The environment variables that configure access to Google.
pub const VARIABLES: [&str; 6] = [
    "GOOGLE_APPLICATION_CREDENTIALS",
    "STORAGE_EMULATOR_HOST",
    "GOOGLE_CLOUD_PROJECT",
    "CLOUDSDK_CONFIG",
    "GCE_METADATA_HOST",
    "NO_GCE_CHECK",
];

const USUAL: &str = "https://storage.googleapis.com";

pub struct Google(pub Reach);

/// A bucket, its address, and the credentials.
#[derive(Clone)]
pub struct Bucket {
    pub rest: Rest,
    base: String,
    is_emulated: bool,
}

impl Bucket {
    fn open(store: &Arc<Store>, reach: &Reach) -> Bucket {
        let emulator = reach.variable(&["STORAGE_EMULATOR_HOST"]).filter(|_| store.endpoint.is_none());
        let base = match (&store.endpoint, emulator) {
            (Some(endpoint), _) => endpoint.url().as_str().trim_end_matches('/').to_owned(),
            (None, Some(host)) if host.contains("://") => host.trim_end_matches('/').to_owned(),
            (None, Some(host)) => format!("http://{host}"),
            (None, None) => USUAL.to_owned(),
        };
        // An emulator needs no token, and must not get one.
        let is_emulated = emulator.is_some();
        let signer = Arc::new(Token { reach: reach.clone(), nobody: is_emulated });
        Bucket { rest: Rest { store: store.clone(), reach: reach.clone(), signer }, base, is_emulated }
    }

    /// The url of the bucket, below `/storage/v1` or `/upload/storage/v1`.
    fn url(&self, above: &str) -> String {
        format!("{}{above}/storage/v1/b/{}", self.base, percent(&self.rest.store.bucket, false))
    }

    fn object_url(&self, object: &Object) -> String {
        format!("{}/o/{}", self.url(""), percent(&object.full_key(), false))
    }

    /// The metadata of an object; `None` if the bucket exists and the object does not.
    async fn look(&self, object: &Object, act: &'static str) -> Result<Option<Value>> {
        let title = object.to_string();
        match self.rest.ask(&Ask::new(Method::Get, act, &title, self.object_url(object))).await {
            Ok(said) => Ok(Some(read(&said, &title)?)),
            Err(refused) if refused.status == Some(404) => {
                absent(act, &title, &self.rest.store, self.is_there(act, &title)).await
            }
            Err(refused) => Err(refused.into()),
        }
    }

    async fn is_there(&self, act: &'static str, title: &str) -> Result<bool> {
        self.rest.is_there(act, title, self.url("")).await
    }

    async fn get(self, object: Object) -> Result<Box<dyn Source>> {
        let seen = self.look(&object, "get").await?.ok_or_else(|| no_object("get", &object))?;
        let stat = stat(&seen).ok_or_else(|| unreadable(&object.to_string()))?;
        let check = seen["crc32c"].as_str().map(|said| Check::Crc32c { said: said.to_owned(), own: 0 });
        let generation = seen["generation"].as_str().unwrap_or_default().to_owned();
        let same = Generation { bucket: self, object: object.clone(), generation, of: stat.size_bytes };
        let body = same.open(0).await?;
        Ok(Box::new(Reading::new(object, body, stat.size_bytes, Box::new(same), check)))
    }

    async fn put(self, put: Put) -> Result<Box<dyn Sink>> {
        // Google always encrypts, and has no option for it.
        only_files(&Put { storage_class: None, ..put.clone() })?;
        if self.look(&put.object, "put").await?.is_some() && !put.replace {
            return Err(taken(&put.object));
        }
        Ok(Box::new(Upload::new(self, put)))
    }

    async fn list(&self, prefix: &str) -> Result<Vec<ObjectEntry>> {
        let full = percent(&self.rest.store.full(prefix), false);
        let first = format!("{}/o?maxResults=1000&prefix={full}", self.url(""));
        let url = |token: Option<&str>| match token {
            None => first.clone(),
            Some(token) => format!("{first}&pageToken={}", percent(token, false)),
        };
        list(&self.rest, prefix, url, page).await
    }

    async fn remove(&self, object: &Object) -> Result<()> {
        if self.look(object, "remove").await?.is_none() {
            return Err(no_object("remove", object));
        }
        let ask = Ask::new(Method::Delete, "remove", object.to_string(), self.object_url(object));
        match self.rest.ask(&ask).await {
            // The first of two attempts had succeeded.
            Err(refused) if refused.status == Some(404) => Ok(()),
            done => done.map(drop).map_err(Error::from),
        }
    }

    async fn make(&self) -> Result<bool> {
        let store = &self.rest.store;
        let title = store.container();
        if self.is_there("make", &title).await? {
            return Ok(false);
        }
        let project = self.rest.reach.variable(&["GOOGLE_CLOUD_PROJECT"]).unwrap_or_default();
        let url = format!("{}/storage/v1/b?project={}", self.base, percent(project, false));
        let body = json!({ "name": store.bucket }).to_string();
        let ask = Ask::new(Method::Post, "make", &title, url).header("content-type", "application/json").body(body);
        match self.rest.ask(&ask).await {
            Err(refused) if refused.status == Some(409) && self.is_there("make", &title).await? => Ok(false),
            Err(refused) if project.is_empty() => {
                Err(Error::from(refused).or_hint("`GOOGLE_CLOUD_PROJECT` must name the project"))
            }
            done => done.map(|_| true).map_err(Error::from),
        }
    }
}

/// Parses an answer as JSON.
pub fn read(said: &Bytes, title: &str) -> Result<Value> {
    serde_json::from_slice(said).map_err(|cause| unreadable(title).because(cause))
}

/// One page of a listing.
fn page(said: &Bytes, title: &str) -> Result<Page> {
    let page = read(said, title)?;
    // Another kind of answer would look like an empty listing, as if all objects were gone.
    if page["kind"] != "storage#objects" {
        return Err(unreadable(title));
    }
    let object = |item: &Value| {
        let stat = ObjectStat { metadata: BTreeMap::new(), ..stat(item)? };
        Some((item["name"].as_str()?.to_owned(), stat))
    };
    let objects = page["items"].as_array().into_iter().flatten().map(object).collect::<Option<Vec<_>>>();
    let next = page["nextPageToken"].as_str().filter(|token| !token.is_empty()).map(str::to_owned);
    Ok(Page { objects: objects.ok_or_else(|| unreadable(title))?, next })
}

/// A number; Google writes it as a string.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// The metadata of an object.
fn stat(item: &Value) -> Option<ObjectStat> {
    let text = |name: &str| item[name].as_str();
    let modified = DateTime::parse_from_rfc3339(text("updated").or_else(|| text("timeCreated"))?).ok()?;
    Some(ObjectStat {
        size_bytes: number(&item["size"]).or(Some(0).filter(|_| item.get("size").is_none()))?,
        modified: modified.with_timezone(&Local).fixed_offset(),
        etag: text("etag").filter(|etag| !etag.is_empty()).or_else(|| text("generation"))?.trim_matches('"').to_owned(),
        metadata: metadata(item),
        storage_class: text("storageClass")
            .filter(|class| !class.is_empty() && *class != "STANDARD")
            .map(str::to_owned),
    })
}

fn metadata(item: &Value) -> BTreeMap<String, String> {
    let pairs = item["metadata"].as_object().into_iter().flatten();
    pairs.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}

impl Google {
    fn bucket(&self, store: &Arc<Store>) -> Bucket {
        Bucket::open(store, &self.0)
    }
}

impl Backend for Google {
    fn examine(&self, store: Arc<Store>, _recorded: Vec<BegunUpload>) -> BoxFuture<'_, Result<Vec<Seen>>> {
        Box::pin(async move { examine::examine(&self.bucket(&store)).await })
    }

    fn get(&self, object: Object) -> BoxFuture<'_, Result<Box<dyn Source>>> {
        Box::pin(self.bucket(&object.store).get(object))
    }

    fn put(&self, put: Put) -> BoxFuture<'_, Result<Box<dyn Sink>>> {
        Box::pin(self.bucket(&put.object.store).put(put))
    }

    fn stat(&self, object: Object) -> BoxFuture<'_, Result<Option<ObjectStat>>> {
        Box::pin(async move {
            let seen = self.bucket(&object.store).look(&object, "look at").await?;
            seen.map(|seen| stat(&seen).ok_or_else(|| unreadable(&object.to_string()))).transpose()
        })
    }

    fn list(&self, store: Arc<Store>, prefix: String) -> BoxFuture<'_, Result<Vec<ObjectEntry>>> {
        Box::pin(async move { self.bucket(&store).list(&prefix).await })
    }

    fn remove(&self, object: Object) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move { self.bucket(&object.store).remove(&object).await })
    }

    fn make_bucket(&self, store: Arc<Store>) -> BoxFuture<'_, Result<bool>> {
        Box::pin(async move { self.bucket(&store).make().await })
    }
}
