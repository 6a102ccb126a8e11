//! The options of the `fs` calls.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::lua::options::{Size, When};
use crate::world::EntryKind;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListOptions {
    pub dir: PathBuf,
    pub name: Option<String>,
    #[serde(default)]
    pub recursive: bool,
    pub older_than_days: Option<u64>,
    pub newer_than_days: Option<u64>,
    pub modified_before: Option<When>,
    pub modified_after: Option<When>,
    pub larger_than: Option<Size>,
    pub smaller_than: Option<Size>,
    pub kind: Option<KindFilter>,
    #[serde(default)]
    pub not_utf8: NotUtf8,
}

/// How to handle entries whose names are not UTF-8.
#[derive(Deserialize, PartialEq, Clone, Copy, Default)]
#[serde(rename_all = "snake_case")]
pub enum NotUtf8 {
    #[default]
    Error,
    Skip,
}

#[derive(Deserialize, PartialEq, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub enum KindFilter {
    File,
    Dir,
    Link,
    Other,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct WriteOptions {
    #[serde(default)]
    pub replace: bool,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct RemoveOptions {
    pub why: Option<String>,
    #[serde(default)]
    pub recursive: bool,
}

/// The paths to remove: a path, or a list of paths or of entries from `fs.list`.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a path, or a list of paths")]
pub enum Removed {
    One(PathBuf),
    Many(Vec<Listed>),
    /// An empty table.
    Nothing(Nothing),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a path, or an entry of `fs.list`")]
pub enum Listed {
    Path(PathBuf),
    Entry { path: PathBuf },
}

impl Listed {
    pub fn as_path(&self) -> &Path {
        match self {
            Listed::Path(path) | Listed::Entry { path } => path,
        }
    }

    pub fn path(self) -> PathBuf {
        match self {
            Listed::Path(path) | Listed::Entry { path } => path,
        }
    }
}

/// Permission bits: a number, or text as `chmod` takes it.
#[derive(Deserialize)]
#[serde(try_from = "GivenBits")]
pub struct Bits(pub u32);

#[derive(Deserialize)]
#[serde(untagged, expecting = "permission bits, such as `\"0640\"`")]
enum GivenBits {
    Number(u32),
    Text(String),
}

impl TryFrom<GivenBits> for Bits {
    type Error = String;

    fn try_from(given: GivenBits) -> std::result::Result<Bits, String> {
        let (bits, shown) = match given {
            GivenBits::Number(bits) => (Some(bits), bits.to_string()),
            GivenBits::Text(text) => (u32::from_str_radix(&text, 8).ok(), text),
        };
        let wrong = || format!("`{shown}` are no permission bits; write them as `chmod` takes them, such as \"0640\"");
        bits.filter(|bits| *bits <= 0o7777).map(Bits).ok_or_else(wrong)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnerOptions {
    pub user: Option<Owner>,
    pub group: Option<Owner>,
}

/// A user or a group, by number or by name.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a name or a number")]
pub enum Owner {
    Number(u32),
    Name(String),
}

impl From<Owner> for String {
    fn from(owner: Owner) -> String {
        match owner {
            Owner::Number(number) => number.to_string(),
            Owner::Name(name) => name,
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct CopyOptions {
    pub mode: Option<u32>,
}

impl From<EntryKind> for KindFilter {
    fn from(kind: EntryKind) -> KindFilter {
        match kind {
            EntryKind::File => KindFilter::File,
            EntryKind::Dir => KindFilter::Dir,
            EntryKind::Link => KindFilter::Link,
            EntryKind::Other => KindFilter::Other,
        }
    }
}

impl KindFilter {
    pub fn word(self) -> &'static str {
        match self {
            KindFilter::File => "file",
            KindFilter::Dir => "dir",
            KindFilter::Link => "link",
            KindFilter::Other => "other",
        }
    }
}
