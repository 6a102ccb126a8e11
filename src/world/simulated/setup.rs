//! Describes a simulated world as plain data, as `simulate { … }` gives it.

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
    /// The time of the clock.
    #[serde(deserialize_with = "setup_values::moment")]
    pub now: DateTime<FixedOffset>,
    /// What is there by path. The folders above need not be named: they are the user's own.
    pub files: BTreeMap<PathBuf, FileSetup>,
    /// The programs by name. Any other is an error that lists these.
    pub programs: BTreeMap<String, Program>,
    /// What servers answer, by `METHOD url` or by url alone. Any other request is an error that lists these.
    pub http: BTreeMap<String, Route>,
    /// The one PostgreSQL server; without it, nothing listens.
    pub postgres: Option<PostgresServer>,
    pub env: BTreeMap<String, SecretOrText>,
    /// What object stores hold, by `s3://bucket/key`; `s3://bucket` alone is a bucket with nothing in it.
    pub objects: BTreeMap<String, ObjectSetup>,
    /// How object stores answer: by default to everybody.
    pub store: StoreSetup,
    /// The mail server: by default it takes every mail.
    pub smtp: SmtpSetup,
    /// What the record of runs has.
    pub catalog: CatalogSetup,
    /// Who to call, by the levels of `[contacts]`.
    pub contacts: BTreeMap<String, Vec<String>>,
    /// Free space of the one disk.
    #[serde(deserialize_with = "setup_values::size")]
    pub free_bytes: Option<u64>,
    /// What another process holds: the recipes that run in it, by name, or locks by path.
    pub locked: Vec<PathBuf>,
    pub host: String,
    /// The name of the person that the run belongs to; `root` may all.
    pub user: String,
    pub cores: usize,
    /// The declared paths beneath which files are reached; `None` reaches everything.
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

/// What the record of runs returns.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CatalogSetup {
    pub overdue: Vec<OverdueSetup>,
    /// The runs of the past, the newest first.
    pub runs: Vec<RunSetup>,
    /// The paths that runs have removed.
    pub removed: Vec<String>,
    /// It cannot be read, for this reason.
    pub unreadable: Option<String>,
}

/// One run of the past.
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

/// A backup that a run of the past has made.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupSetup {
    pub path: String,
    pub size_bytes: u64,
}

/// One thing that is wrong with a recipe.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverdueSetup {
    pub recipe: String,
    /// The recipe where none is named.
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

/// What is at a path: a file, or else a folder or a link.
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
    /// Where it leads, for a link.
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

/// What is stored under a key, or a bucket where the address has no key.
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
    /// What is kept with it, such as its `sha256`.
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
