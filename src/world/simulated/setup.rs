//! Describes a simulated world as plain data, as read from `simulate { … }`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, FixedOffset, NaiveDate};
use serde::Deserialize;

use super::mail::SmtpSetup;
use super::objects::stores::StoreSetup;
use super::postgres::PostgresServer;
use super::programs::Program;
use super::routes::Route;
use super::setup_values::{self, Age, table_or_text};
use crate::world::SecretOrText;

/// A world before anything has happened in it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SimulatedSetup {
    /// The start time of the clock.
    #[serde(deserialize_with = "setup_values::moment")]
    pub now: DateTime<FixedOffset>,
    /// The files, by path. Parent folders may be omitted: the user owns them.
    pub files: BTreeMap<PathBuf, FileSetup>,
    /// The programs by name. A call of any other is an error that lists these.
    pub programs: BTreeMap<String, Program>,
    /// The servers' answers, by `METHOD url` or by url alone. Any other request is an error that lists these.
    pub http: BTreeMap<String, Route>,
    /// The only PostgreSQL server; if not set, connections are refused.
    pub postgres: Option<PostgresServer>,
    pub env: BTreeMap<String, SecretOrText>,
    /// The contents of object stores, by `s3://bucket/key`; `s3://bucket` alone is an empty bucket.
    pub objects: BTreeMap<String, ObjectSetup>,
    /// How object stores answer: by default they accept everybody.
    pub store: StoreSetup,
    /// The mail server: by default it accepts every mail.
    pub smtp: SmtpSetup,
    /// The contents of the record of runs.
    pub catalog: CatalogSetup,
    /// The people to call, by the levels of `[contacts]`.
    pub contacts: BTreeMap<String, Vec<String>>,
    /// Free space of the one disk.
    #[serde(deserialize_with = "setup_values::size")]
    pub free_bytes: Option<u64>,
    /// The locks of another process: the recipes that run in it, by name, or locks by path.
    pub locked: Vec<PathBuf>,
    pub host: String,
    /// The name of the run's user; `root` may do everything.
    pub user: String,
    pub cores: usize,
    /// The declared paths that limit access to files; `None` allows every path.
    #[serde(skip)]
    pub roots: Option<Vec<PathBuf>>,
}

impl Default for SimulatedSetup {
    fn default() -> SimulatedSetup {
        let noon = NaiveDate::default().and_hms_opt(12, 0, 0).unwrap_or_default();
        SimulatedSetup {
            now: noon.and_utc().fixed_offset(),
            files: BTreeMap::new(),
            programs: BTreeMap::new(),
            http: BTreeMap::new(),
            postgres: None,
            env: BTreeMap::new(),
            objects: BTreeMap::new(),
            store: StoreSetup::default(),
            smtp: SmtpSetup::default(),
            catalog: CatalogSetup::default(),
            contacts: BTreeMap::new(),
            free_bytes: None,
            locked: Vec::new(),
            host: "simulated".to_owned(),
            user: "backup".to_owned(),
            cores: 2,
            roots: None,
        }
    }
}

/// The contents of the record of runs.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CatalogSetup {
    pub overdue: Vec<OverdueSetup>,
    /// The past runs, the newest first.
    pub runs: Vec<RunSetup>,
    /// The paths that past runs have removed.
    pub removed: Vec<String>,
    /// The record cannot be read, for this reason.
    pub unreadable: Option<String>,
}

/// One past run.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunSetup {
    pub recipe: String,
    /// Default: `success`.
    pub status: Option<String>,
    /// Default: `daily`.
    pub r#type: Option<String>,
    #[serde(deserialize_with = "setup_values::some_moment")]
    pub started_at: Option<DateTime<FixedOffset>>,
    #[serde(default, deserialize_with = "setup_values::some_duration")]
    pub took: Option<Duration>,
    pub error: Option<String>,
    #[serde(default)]
    pub backups: Vec<BackupSetup>,
}

/// A backup that a past run has made.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupSetup {
    pub path: String,
    pub size_bytes: u64,
}

/// One problem of a recipe.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverdueSetup {
    pub recipe: String,
    /// Default: the recipe.
    pub target: Option<String>,
    pub verdict: String,
    #[serde(default, deserialize_with = "setup_values::some_moment")]
    pub due: Option<DateTime<FixedOffset>>,
    #[serde(default, deserialize_with = "setup_values::some_moment")]
    pub since: Option<DateTime<FixedOffset>>,
    #[serde(default, deserialize_with = "setup_values::some_duration")]
    pub age: Option<Duration>,
    #[serde(default, deserialize_with = "setup_values::some_duration")]
    pub objective: Option<Duration>,
    pub why: Option<String>,
}

/// An entry of the tree: a file, or else a folder or a link.
#[derive(Clone, Debug, Default)]
pub struct FileSetup(pub FileTable);

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FileTable {
    #[serde(deserialize_with = "setup_values::some_bytes")]
    pub content: Option<Bytes>,
    /// For a big file: it takes this much space, and reads as zeroes.
    #[serde(deserialize_with = "setup_values::size")]
    pub size: Option<u64>,
    pub dir: bool,
    /// The target of a link.
    pub link: Option<PathBuf>,
    pub age: Option<Age>,
    #[serde(deserialize_with = "setup_values::some_moment")]
    pub modified: Option<DateTime<FixedOffset>>,
    #[serde(deserialize_with = "setup_values::mode")]
    pub mode: Option<u32>,
    /// `root`, the user of this world, or a number.
    pub owner: Option<String>,
}

impl From<FileTable> for FileSetup {
    fn from(table: FileTable) -> FileSetup {
        FileSetup(table)
    }
}

impl FileSetup {
    pub fn text(content: impl Into<Bytes>) -> FileSetup {
        FileSetup(FileTable { content: Some(content.into()), ..FileTable::default() })
    }
}

table_or_text!(FileSetup via FileTable, "the file's text, or a table such as { age = \"76d\", size = \"2 GiB\" }", FileSetup::text);

/// A stored object, or a bucket if the address has no key.
#[derive(Clone, Debug, Default)]
pub struct ObjectSetup(pub ObjectTable);

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ObjectTable {
    #[serde(deserialize_with = "setup_values::some_bytes")]
    pub content: Option<Bytes>,
    /// For a big object: it reads as zeroes.
    #[serde(deserialize_with = "setup_values::size")]
    pub size: Option<u64>,
    pub age: Option<Age>,
    #[serde(deserialize_with = "setup_values::some_moment")]
    pub modified: Option<DateTime<FixedOffset>>,
    pub storage_class: Option<String>,
    /// Its metadata, such as its `sha256`.
    pub metadata: BTreeMap<String, String>,
}

impl From<ObjectTable> for ObjectSetup {
    fn from(table: ObjectTable) -> ObjectSetup {
        ObjectSetup(table)
    }
}

table_or_text!(
    ObjectSetup via ObjectTable, "the object's text, or a table such as { age = \"76d\", size = \"2 GiB\" }",
    |content: Vec<u8>| ObjectSetup(ObjectTable { content: Some(content.into()), ..ObjectTable::default() })
);
