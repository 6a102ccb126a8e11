//! Describes an object store and its objects as plain data that shows no secret.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, FixedOffset};

use super::http::Address;
use crate::error::{Error, Kind, Result};
use crate::secret::Secret;
use crate::stream::Stamp;

pub mod ask;
pub mod declared;
pub mod examined;
pub mod kinds;
pub mod record;
pub mod url;
pub mod words;
pub use kinds::StoreKind;

/// The longest key that S3 accepts.
const LONGEST_KEY: usize = 1024;

/// The smallest and the largest part of an S3 upload, and the largest number of parts.
pub const PART_BYTES: std::ops::RangeInclusive<u64> = (5 << 20)..=(5 << 30);
pub const MOST_PARTS: usize = 10_000;

/// The default part size of an upload: enough for 160 GB.
pub const USUAL_PART_BYTES: u64 = 16 << 20;

/// A bucket of an object store, or a folder used as one, and the credentials.
///
/// What the recipe leaves out is read from the environment when the store is used, as the vendor's own tools do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    pub kind: StoreKind,
    /// The address of the store, if the recipe states it.
    pub endpoint: Option<Address>,
    pub region: Option<String>,
    /// The bucket or the container; for SFTP the host, for rclone the remote, empty for a folder.
    pub bucket: String,
    /// The folder that contains all keys, without a trailing slash; empty for a whole bucket.
    pub root: String,
    /// Whether the bucket is in the path of a URL, not in its host name.
    pub path_style: Option<bool>,
    pub keys: Option<Keys>,
    /// CA certificates trusted in addition to the system's, as PEM.
    pub roots: Option<Bytes>,
}

/// The keys that sign requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    pub access_key: String,
    pub secret_key: Secret,
    /// Accompanies a temporary key.
    pub session_token: Option<Secret>,
}

/// A name in a store, whether or not an object exists under it.
#[derive(Clone, PartialEq, Eq)]
pub struct Object {
    pub store: Arc<Store>,
    key: String,
}

impl ObjectStat {
    /// The stamp that identifies this version of the object.
    pub fn stamp(&self) -> Stamp {
        Stamp(self.etag.clone())
    }
}

/// An object to store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Put {
    pub object: Object,
    /// Whether it may replace another object.
    pub replace: bool,
    /// The storage class, such as `STANDARD_IA`; the store's default when absent.
    pub storage_class: Option<String>,
    /// A larger object is uploaded in parts of this size.
    pub part_bytes: u64,
    /// The expected size, if known.
    pub size_bytes: Option<u64>,
    /// Metadata stored with the object, by lower-case name: its `sha256`, the `mtime` of its file.
    pub metadata: BTreeMap<String, String>,
    /// Tags that lifecycle rules use to distinguish objects.
    pub tags: BTreeMap<String, String>,
    /// How the store encrypts the object; the bucket's default when absent.
    pub encryption: Option<ServerEncryption>,
    /// How long it is protected from deletion; the bucket's default when absent.
    pub lock: Option<Lock>,
}

/// Keeps an object from being deleted or replaced for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// `GOVERNANCE`, which privileged users can lift, or `COMPLIANCE`, which no one can.
    pub mode: &'static str,
    pub until: DateTime<FixedOffset>,
}

/// How a store encrypts an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerEncryption {
    /// `AES256` or `aws:kms`.
    pub algorithm: String,
    /// The key of the key service; its default key when absent.
    pub key: Option<String>,
}

/// What the store reports about a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectStat {
    pub size_bytes: u64,
    pub modified: DateTime<FixedOffset>,
    /// The store's own identifier for these bytes.
    pub etag: String,
    pub storage_class: Option<String>,
    /// The metadata stored with it, by lower-case name; empty in a listing, which does not include it.
    pub metadata: BTreeMap<String, String>,
}

/// One object of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectEntry {
    pub key: String,
    pub stat: ObjectStat,
}

impl Store {
    /// A whole bucket, with default settings.
    pub fn new(kind: StoreKind, bucket: impl Into<String>) -> Store {
        let (bucket, root) = (bucket.into(), String::new());
        Store { kind, endpoint: None, region: None, bucket, root, path_style: None, keys: None, roots: None }
    }

    /// What `objects.make_bucket` creates: the bucket, or the folder that contains all keys.
    pub fn container(&self) -> String {
        let bucket = format!("{}://{}", self.kind.scheme(), self.bucket);
        if self.kind.is_tree() { format!("{bucket}{}", self.below()) } else { bucket }
    }

    /// The bucket, the host or the remote alone: `sftp://nas`.
    pub fn container_host(&self) -> String {
        format!("{}://{}", self.kind.scheme(), self.bucket)
    }

    /// The store, for messages: `s3://backups`, `s3://backups/production`, `file:///mnt/nas`.
    pub fn title(&self) -> String {
        format!("{}://{}{}", self.kind.scheme(), self.bucket, self.below())
    }

    fn below(&self) -> String {
        match self.kind {
            StoreKind::Sftp | StoreKind::Folder => self.root.clone(),
            _ if self.root.is_empty() => String::new(),
            _ => format!("/{}", self.root),
        }
    }

    /// The keys that begin with `prefix`, for messages.
    pub fn title_of(&self, prefix: &str) -> String {
        let title = self.title();
        if title.ends_with('/') { format!("{title}{prefix}") } else { format!("{title}/{prefix}") }
    }

    /// The full key, as the store itself sees it.
    pub fn full(&self, key: &str) -> String {
        match self.root.is_empty() || self.root.ends_with('/') {
            true => format!("{}{key}", self.root),
            false => format!("{}/{key}", self.root),
        }
    }

    /// Refuses an invalid store before any access.
    pub fn check(&self) -> Result<()> {
        self.kind.check(self)
    }
}

impl Object {
    /// A key that is valid in every store of this kind; a key that only some accept is refused.
    pub fn new(store: Arc<Store>, key: impl Into<String>) -> Result<Object> {
        let key = key.into();
        store.check()?;
        let full = store.full(&key);
        let why = match () {
            () if key.is_empty() => "it is empty",
            () if full.len() > LONGEST_KEY && !store.kind.is_tree() => "it is longer than 1024 bytes",
            () if key.starts_with('/') => "it begins with a slash",
            () if key.chars().any(char::is_control) => "it holds a control character",
            () if key.split('/').any(|part| matches!(part, "." | "..")) => "a part of it is `.` or `..`",
            () if store.kind.is_tree() && key.split('/').any(str::is_empty) => {
                "a part of it is empty, and the store keeps files in folders"
            }
            () => return Ok(Object { store, key }),
        };
        let what = format!("`{}` cannot be the key of an object", key.escape_debug());
        Err(Error::new(Kind::Recipe, what).because_text(why).hint("write it as `daily/db.sql.gz`"))
    }

    /// Its key below the root of its store.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Its full key, as the store itself sees it.
    pub fn full_key(&self) -> String {
        self.store.full(&self.key)
    }

    /// The object whose key is this one plus `suffix`.
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
            lock: None,
        }
    }
}
