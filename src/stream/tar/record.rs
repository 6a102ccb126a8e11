//! One line of the list of an archive: the name of an entry, its content, and how to compare it.

use crate::stream::hex::hex;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{TarEntry, TarKind};

/// An entry of an archive in its list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The name of the entry; lossy if it is not UTF-8.
    pub path: String,
    /// The bytes of a name that is not UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_hex: Option<String>,
    #[serde(default, skip_serializing_if = "RecordKind::is_file")]
    pub kind: RecordKind,
    pub size_bytes: u64,
    /// The SHA-256 of a file's content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// As `chmod` takes it: `0644`.
    pub mode: String,
    /// Seconds since 1970, with nine digits after the point.
    pub mtime: String,
    /// The target of a link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    #[default]
    File,
    Dir,
    Link,
    HardLink,
    Other,
}

impl RecordKind {
    fn is_file(&self) -> bool {
        *self == RecordKind::File
    }
}

impl From<TarKind> for RecordKind {
    fn from(kind: TarKind) -> RecordKind {
        match kind {
            TarKind::File => RecordKind::File,
            TarKind::Dir => RecordKind::Dir,
            TarKind::Link => RecordKind::Link,
            TarKind::HardLink => RecordKind::HardLink,
            TarKind::Other => RecordKind::Other,
        }
    }
}

impl Record {
    /// The record of an entry; `sha256` is that of the data of a file.
    pub fn of(entry: &TarEntry, sha256: Option<String>) -> Record {
        let (path, path_hex) = readable(&entry.path);
        let (secs, nanos) = entry.modified;
        Record {
            path,
            path_hex,
            kind: entry.kind.into(),
            size_bytes: entry.size_bytes,
            sha256,
            mode: format!("{:04o}", entry.mode),
            mtime: format!("{secs}.{nanos:09}"),
            link: entry.link.as_deref().map(|link| readable(link).0),
        }
    }

    /// Describes how it differs from `other`.
    pub fn difference(&self, other: &Record) -> Option<&'static str> {
        if (&self.path, &self.path_hex) != (&other.path, &other.path_hex) {
            Some("its name is another")
        } else if (self.kind, &self.link) != (other.kind, &other.link) {
            Some("it is another kind of entry")
        } else if self.size_bytes != other.size_bytes {
            Some("its size is another")
        } else if self.sha256 != other.sha256 {
            Some("its SHA-256 is another")
        } else {
            ((&self.mode, &self.mtime) != (&other.mode, &other.mtime)).then_some("its mode or time is another")
        }
    }
}

/// A name as text, and its bytes if the text is lossy.
fn readable(path: &Path) -> (String, Option<String>) {
    let bytes = path.as_os_str().as_bytes();
    match std::str::from_utf8(bytes) {
        Ok(text) => (text.to_owned(), None),
        Err(_) => (String::from_utf8_lossy(bytes).into_owned(), Some(hex(bytes))),
    }
}
