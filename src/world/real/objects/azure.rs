//! Accesses Azure Blob Storage: block blobs in a container.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use bytes::Bytes;
use chrono::{DateTime, Local};
use futures_util::future::BoxFuture;

use self::account::Account;
use self::upload::Upload;
use super::answers::{absent, whole_length};
use super::pages::{Page, list};
use super::reading::{Again, Reading};
use super::rest::{Ask, Rest, percent};
use super::s3::xml::{self, Element};
use super::sums::Check;
use super::{Backend, Reach};
use crate::error::{Error, Result};
use crate::stream::hex::hex;
use crate::stream::{Sink, Source};
use crate::world::http::{HttpResponse, Method};
use crate::world::objects::examined::Seen;
use crate::world::objects::record::BegunUpload;
use crate::world::objects::words::{no_object, no_version, only_a_part, only_files, replaced, taken, unreadable};
use crate::world::objects::{Object, ObjectEntry, ObjectStat, Put, Store};

mod account;
mod examine;
mod upload;

pub use account::VARIABLES;

/// The prefix of the headers for a blob's metadata.
pub const META: &str = "x-ms-meta-";

pub struct Azure(pub Reach);

/// A container, its address, and the credentials.
#[derive(Clone)]
pub struct Container {
    pub rest: Rest,
    base: String,
    /// The kind of credentials, in words.
    who: String,
}

impl Container {
    fn open(store: &Arc<Store>, reach: &Reach) -> Result<Container> {
        let account = Account::of(store, reach)?;
        let (base, who) = (format!("{}/{}", account.endpoint, store.bucket), account.who());
        Ok(Container {
            rest: Rest { store: store.clone(), reach: reach.clone(), signer: Arc::new(account) },
            base,
            who,
        })
    }

    fn object_url(&self, object: &Object) -> String {
        format!("{}/{}", self.base, percent(&object.full_key(), true))
    }

    /// The metadata of a blob; `None` if the container exists and the blob does not.
    async fn look(&self, object: &Object, act: &'static str) -> Result<Option<HttpResponse>> {
        let title = object.to_string();
        match self.rest.send(&Ask::new(Method::Head, act, &title, self.object_url(object))).await {
            Ok(answer) => Ok(Some(answer)),
            Err(refused) if refused.status == Some(404) => {
                absent(act, &title, &self.rest.store, self.is_there(act, &title)).await
            }
            Err(refused) => Err(refused.into()),
        }
    }

    async fn is_there(&self, act: &'static str, title: &str) -> Result<bool> {
        self.rest.is_there(act, title, format!("{}?restype=container", self.base)).await
    }

    async fn get(self, object: Object) -> Result<Box<dyn Source>> {
        let title = object.to_string();
        let answer = match self.rest.send(&Ask::new(Method::Get, "get", &title, self.object_url(&object))).await {
            Err(refused) if refused.status == Some(404) => {
                self.look(&object, "get").await?;
                return Err(no_object("get", &object));
            }
            answer => answer?,
        };
        let of = whole_length(&object, answer.status, |name| answer.header(name))?;
        let check =
            answer.header("content-md5").and_then(|text| BASE64_STANDARD.decode(text).ok()).map(|md5| hex(&md5));
        let check = check.and_then(|md5| Check::of_etag(&md5, None));
        // An error with status 200 has no etag, and every blob has one.
        let etag = answer.header("etag").ok_or_else(|| no_version(&object))?.to_owned();
        let again = SameBlob { container: self, object: object.clone(), etag, of };
        Ok(Box::new(Reading::new(object, answer.body, of, Box::new(again), check)))
    }

    async fn put(self, put: Put) -> Result<Box<dyn Sink>> {
        // Azure always encrypts, and has no option for it.
        only_files(&Put { storage_class: None, ..put.clone() })?;
        if self.look(&put.object, "put").await?.is_some() && !put.replace {
            return Err(taken(&put.object));
        }
        Ok(Box::new(Upload::new(self, put)))
    }

    async fn list(&self, prefix: &str) -> Result<Vec<ObjectEntry>> {
        let full = percent(&self.rest.store.full(prefix), false);
        let first = format!("{}?restype=container&comp=list&prefix={full}", self.base);
        let url = |marker: Option<&str>| match marker {
            None => first.clone(),
            Some(marker) => format!("{first}&marker={}", percent(marker, false)),
        };
        list(&self.rest, prefix, url, page).await
    }

    async fn remove(&self, object: &Object) -> Result<()> {
        if self.look(object, "remove").await?.is_none() {
            return Err(no_object("remove", object));
        }
        match self.rest.ask(&Ask::new(Method::Delete, "remove", object.to_string(), self.object_url(object))).await {
            // The first of two attempts had succeeded.
            Err(refused) if refused.status == Some(404) => Ok(()),
            done => done.map(drop).map_err(Error::from),
        }
    }

    async fn make(&self) -> Result<bool> {
        let title = self.rest.store.container();
        let url = format!("{}?restype=container", self.base);
        match self.rest.ask(&Ask::new(Method::Put, "make", &title, url)).await {
            Err(refused) if refused.status == Some(409) && self.is_there("make", &title).await? => Ok(false),
            done => done.map(|_| true).map_err(Error::from),
        }
    }
}

/// The metadata of a blob in a listing.
fn listed(blob: &Element) -> Option<ObjectStat> {
    let said = blob.all("Properties").next()?;
    let tier = Some(said.text("AccessTier")).filter(|_| said.text("AccessTierInferred") != "true");
    stat_of(said.text("Content-Length"), said.text("Last-Modified"), said.text("Etag"), tier)
}

/// The metadata of a blob in the headers of an answer.
fn stat(answer: &HttpResponse) -> Option<ObjectStat> {
    let header = |name| answer.header(name).unwrap_or_default();
    let inferred = header("x-ms-access-tier-inferred") == "true";
    let tier = answer.header("x-ms-access-tier").filter(|_| !inferred);
    let named = |(name, value): &(String, String)| Some((name.strip_prefix(META)?.to_owned(), value.clone()));
    let metadata = answer.headers.iter().filter_map(named).collect();
    let stat = stat_of(header("content-length"), header("last-modified"), header("etag"), tier)?;
    Some(ObjectStat { metadata, ..stat })
}

fn stat_of(size: &str, modified: &str, etag: &str, tier: Option<&str>) -> Option<ObjectStat> {
    let modified = DateTime::parse_from_rfc2822(modified).ok()?.with_timezone(&Local).fixed_offset();
    let storage_class = tier.filter(|tier| !tier.is_empty() && *tier != "Hot").map(str::to_owned);
    let etag = etag.trim_matches('"').to_owned();
    Some(ObjectStat { size_bytes: size.parse().ok()?, modified, etag, storage_class, metadata: BTreeMap::new() })
}

/// The same blob, from any offset on.
struct SameBlob {
    container: Container,
    object: Object,
    etag: String,
    of: u64,
}

impl Again for SameBlob {
    fn from(&self, at: u64) -> BoxFuture<'_, Result<Box<dyn Source>>> {
        Box::pin(async move {
            let (title, last) = (self.object.to_string(), self.of.saturating_sub(1));
            let ask = Ask::new(Method::Get, "get", &title, self.container.object_url(&self.object))
                .header("x-ms-range", format!("bytes={at}-{last}"))
                .header("if-match", &*self.etag)
                .body(Bytes::new());
            let answer = match self.container.rest.send(&ask).await {
                Err(refused) if refused.status == Some(412) => return Err(replaced(&self.object)),
                answer => answer?,
            };
            let range = format!("bytes {at}-{last}/{}", self.of);
            match answer.status == 206 && answer.header("content-range") == Some(&range) {
                true => Ok(answer.body),
                false => Err(only_a_part(&self.object, answer.status)),
            }
        })
    }
}

/// One page of a listing.
fn page(said: &Bytes, title: &str) -> Result<Page> {
    let top = xml::read(said).filter(|top| top.name == "EnumerationResults").ok_or_else(|| unreadable(title))?;
    let blobs = top.all("Blobs").flat_map(|blobs| blobs.all("Blob"));
    let objects = blobs.map(|blob| Some((blob.text("Name").to_owned(), listed(blob)?))).collect::<Option<Vec<_>>>();
    let next = Some(top.text("NextMarker")).filter(|marker| !marker.is_empty()).map(str::to_owned);
    Ok(Page { objects: objects.ok_or_else(|| unreadable(title))?, next })
}

impl Backend for Azure {
    fn examine(&self, store: Arc<Store>, _recorded: Vec<BegunUpload>) -> BoxFuture<'_, Result<Vec<Seen>>> {
        Box::pin(async move { examine::examine(&Container::open(&store, &self.0)?).await })
    }

    fn get(&self, object: Object) -> BoxFuture<'_, Result<Box<dyn Source>>> {
        Box::pin(async move { Container::open(&object.store, &self.0)?.get(object).await })
    }

    fn put(&self, put: Put) -> BoxFuture<'_, Result<Box<dyn Sink>>> {
        Box::pin(async move { Container::open(&put.object.store, &self.0)?.put(put).await })
    }

    fn stat(&self, object: Object) -> BoxFuture<'_, Result<Option<ObjectStat>>> {
        Box::pin(async move {
            let seen = Container::open(&object.store, &self.0)?.look(&object, "look at").await?;
            seen.map(|seen| stat(&seen).ok_or_else(|| unreadable(&object.to_string()))).transpose()
        })
    }

    fn list(&self, store: Arc<Store>, prefix: String) -> BoxFuture<'_, Result<Vec<ObjectEntry>>> {
        Box::pin(async move { Container::open(&store, &self.0)?.list(&prefix).await })
    }

    fn remove(&self, object: Object) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move { Container::open(&object.store, &self.0)?.remove(&object).await })
    }

    fn make_bucket(&self, store: Arc<Store>) -> BoxFuture<'_, Result<bool>> {
        Box::pin(async move { Container::open(&store, &self.0)?.make().await })
    }
}
