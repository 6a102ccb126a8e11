//! Reads the metadata of objects: from one page of a listing, or from the headers of one object.

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset, Local};

use super::ask::StoreReply;
use super::xml::{self, Element};
use crate::error::{Error, Kind, Result};
use crate::world::objects::{ObjectEntry, ObjectStat};

/// Some of the requested objects, and the token for the rest.
pub struct Page {
    pub entries: Vec<ObjectEntry>,
    pub next: Option<String>,
}

impl Page {
    pub fn read(bytes: &[u8], title: &str) -> Result<Page> {
        let wrong = || unreadable(title);
        let listing = xml::read(bytes).filter(|top| top.name == "ListBucketResult").ok_or_else(wrong)?;
        let entries = listing.all("Contents").map(|one| entry(one).ok_or_else(wrong)).collect::<Result<_>>()?;
        let next = Some(listing.text("NextContinuationToken").to_owned()).filter(|token| !token.is_empty());
        match (listing.text("IsTruncated"), next) {
            ("true", Some(next)) => Ok(Page { entries, next: Some(next) }),
            // With half a listing, a recipe could take the other objects for gone.
            ("true", None) => Err(wrong().because_text("it says that there is more, and not how to ask for it")),
            _ => Ok(Page { entries, next: None }),
        }
    }
}

fn entry(contents: &Element) -> Option<ObjectEntry> {
    let modified = DateTime::parse_from_rfc3339(contents.text("LastModified")).ok()?;
    let stat = ObjectStat {
        size_bytes: contents.text("Size").parse().ok()?,
        modified: here(modified),
        etag: plain_etag(contents.text("ETag")),
        storage_class: class(contents.text("StorageClass")),
        metadata: BTreeMap::new(),
    };
    Some(ObjectEntry { key: Some(contents.text("Key")).filter(|key| !key.is_empty())?.to_owned(), stat })
}

/// The metadata in the headers of an answer.
pub fn stat(answer: &StoreReply) -> Result<ObjectStat> {
    let header = |name| answer.header(name).unwrap_or_default();
    let modified = DateTime::parse_from_rfc2822(header("last-modified"));
    match (header("content-length").parse(), modified) {
        (Ok(size_bytes), Ok(modified)) => Ok(ObjectStat {
            size_bytes,
            modified: here(modified),
            etag: plain_etag(header("etag")),
            storage_class: class(header("x-amz-storage-class")),
            metadata: answer.metadata(),
        }),
        _ => Err(unreadable("an object")),
    }
}

fn here(moment: DateTime<FixedOffset>) -> DateTime<FixedOffset> {
    moment.with_timezone(&Local).fixed_offset()
}

pub fn plain_etag(text: &str) -> String {
    text.trim_matches('"').to_owned()
}

/// Not all stores report the default class.
fn class(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty() && text != "STANDARD")
}

/// Such a store would return the same objects forever.
pub fn in_a_circle(title: &str) -> Error {
    unreadable(title).because_text("it says a second time that the rest begins at the same place")
}

fn unreadable(title: &str) -> Error {
    Error::new(Kind::Other, format!("cannot read what the store says of `{title}`"))
        .hint("is this an object store that speaks S3? check the `endpoint`")
}
