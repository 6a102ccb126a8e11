//! Says what an object store and an object in it are, as plain data that shows no secret.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, FixedOffset};

use super::http::Address;
use crate::error::{Error, Kind, Result};
use crate::secret::Secret;

pub mod declared;
pub mod words;

/// The longest key that S3 takes.
const LONGEST_KEY: usize = 1024;

/// The smallest and the largest part of an upload that S3 takes, and how many of them.
pub const PART_BYTES: std::ops::RangeInclusive<u64> = (5 << 20)..=(5 << 30);
pub const MOST_PARTS: usize = 10_000;

/// The parts of an upload where nobody says: up to 160 GB, with one part in memory.
pub const USUAL_PART_BYTES: u64 = 16 << 20;

/// Which protocol a store speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StoreKind {
    /// Amazon's, and what speaks like it: also Google's, at the endpoint `https://storage.googleapis.com` with HMAC keys.
    #[default]
    S3,
}

/// A bucket of an object store, and who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    pub kind: StoreKind,
    /// Where it is, if not at Amazon.
    pub endpoint: Option<Address>,
    pub region: String,
    pub bucket: String,
    /// Whether the bucket stands in the path of a url, and not before its host.
    pub path_style: bool,
    pub access_key: String,
    pub secret_key: Secret,
    /// Beside a key that is only lent.
    pub session_token: Option<Secret>,
    /// Certificates of authorities that are trusted beside the system's, as PEM.
    pub roots: Option<Bytes>,
}

/// A name in a store, whether anything is stored under it or not.
#[derive(Clone, PartialEq, Eq)]
pub struct Object {
    pub store: Arc<Store>,
    key: String,
}

/// An object to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Put {
    pub object: Object,
    /// Whether it may take the place of another.
    pub replace: bool,
    /// What the store is to make of it, such as `STANDARD_IA`; its own default when absent.
    pub storage_class: Option<String>,
    /// A larger object is uploaded in parts of this size.
    pub part_bytes: u64,
    /// How large it will be, where that is known.
    pub size_bytes: Option<u64>,
    /// What is kept with the object, by lower-case name: its `sha256`, the `mtime` of its file.
    pub metadata: BTreeMap<String, String>,
    /// By what the rules of a lifecycle tell objects apart.
    pub tags: BTreeMap<String, String>,
    /// How the store encrypts the object; as the bucket says when absent.
    pub encryption: Option<ServerEncryption>,
}

/// How a store encrypts what it keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerEncryption {
    /// `AES256` or `aws:kms`.
    pub algorithm: String,
    /// The key of the key service; its default key when absent.
    pub key: Option<String>,
}

/// What is stored under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectStat {
    pub size_bytes: u64,
    pub modified: DateTime<FixedOffset>,
    /// The store's own mark of these bytes.
    pub etag: String,
    pub storage_class: Option<String>,
    /// What was stored with it, by lower-case name; empty in a listing, which does not say it.
    pub metadata: BTreeMap<String, String>,
}

/// One object of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectEntry {
    pub key: String,
    pub stat: ObjectStat,
}

impl Store {
    /// How the address of what is in it begins.
    pub fn scheme(&self) -> &'static str {
        match self.kind {
            StoreKind::S3 => "s3",
        }
    }

    /// The bucket, for people: `s3://backups`.
    pub fn title(&self) -> String {
        format!("{}://{}", self.scheme(), self.bucket)
    }

    /// The keys that begin with `prefix`, for people.
    pub fn title_of(&self, prefix: &str) -> String {
        format!("{}/{prefix}", self.title())
    }

    /// Refuses what can be no store, before anything is asked.
    pub fn check(&self) -> Result<()> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._".contains(c);
        let name = &self.bucket;
        if !(3..=222).contains(&name.len()) || !name.chars().all(plain) || name.contains("..") {
            let what = format!("`{}` cannot be the name of a bucket", name.escape_debug());
            return Err(Error::new(Kind::Recipe, what)
                .hint("three or more small letters, digits, dots and hyphens, such as `our-backups`"));
        }
        let word = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        match word(&self.region) {
            true => Ok(()),
            false => {
                let what = format!("`{}` cannot be a region", self.region.escape_debug());
                Err(Error::new(Kind::Recipe, what).hint("write it as the vendor does, such as `ap-northeast-1`"))
            }
        }
    }
}

impl Object {
    /// A key as it can be asked for in every store; what only some would take is refused.
    pub fn new(store: Arc<Store>, key: impl Into<String>) -> Result<Object> {
        let key = key.into();
        let wrong = |why: &str| {
            let what = format!("`{}` cannot be the key of an object", key.escape_debug());
            Err(Error::new(Kind::Recipe, what).because_text(why).hint("write it as `daily/db.sql.gz`"))
        };
        store.check()?;
        match () {
            () if key.is_empty() => wrong("it is empty"),
            () if key.len() > LONGEST_KEY => wrong("it is longer than 1024 bytes"),
            () if key.starts_with('/') => wrong("it begins with a slash"),
            () if key.chars().any(char::is_control) => wrong("it holds a control character"),
            () if key.split('/').any(|part| matches!(part, "." | "..")) => wrong("a part of it is `.` or `..`"),
            () => Ok(Object { store, key }),
        }
    }

    pub fn key(&self) -> &str {
        &self.key
    }

    /// The object beside this one whose key is longer by `suffix`.
    pub fn beside(&self, suffix: &str) -> Result<Object> {
        Object::new(self.store.clone(), format!("{}{suffix}", self.key))
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.store.title_of(&self.key))
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Put {
    pub fn new(object: Object) -> Put {
        Put {
            object,
            replace: false,
            storage_class: None,
            part_bytes: USUAL_PART_BYTES,
            size_bytes: None,
            metadata: BTreeMap::new(),
            tags: BTreeMap::new(),
            encryption: None,
        }
    }
}
