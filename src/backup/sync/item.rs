//! Defines the rules of a sync, and the plan for one object.

use std::fmt;

use globset::GlobMatcher;

use crate::stream::hex::unhex;
use crate::units::show_size;

/// The settings of a sync, from the recipe.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The prefix of each object name: empty, or a folder with a trailing `/`.
    pub prefix: String,
    /// Only these names; all when empty.
    pub include: Vec<GlobMatcher>,
    pub exclude: Vec<GlobMatcher>,
    /// Whether files without a manifest are included.
    pub include_unproved: bool,
    /// Whether objects without files are deleted.
    pub delete: bool,
    /// Whether objects that this sync did not upload are deleted as well.
    pub delete_foreign: bool,
    /// Whether the last proved backup of a kind may be deleted.
    pub delete_last: bool,
    /// The largest share of the stored objects that may be deleted, in percent.
    pub max_delete: f64,
    /// Whether a backup may replace another one of the same name.
    pub replace: bool,
    /// Whether this source may continue the sync of another.
    pub takeover: bool,
    pub allow_empty: bool,
    /// Whether the source has a marker; one that is only read has none.
    pub marker: bool,
}

impl Rules {
    /// Whether a name is part of the sync.
    pub fn take(&self, name: &str) -> bool {
        let last = name.rsplit('/').next().unwrap_or(name);
        let fits = |glob: &GlobMatcher| glob.is_match(name) || glob.is_match(last);
        (self.include.is_empty() || self.include.iter().any(fits)) && !self.exclude.iter().any(fits)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Upload,
    Skip,
    Delete,
}

impl Act {
    pub fn word(self) -> &'static str {
        match self {
            Act::Upload => "upload",
            Act::Skip => "skip",
            Act::Delete => "delete",
        }
    }
}

/// The reason for what is done, or not done, with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    New,
    Size { there: u64 },
    Checksum,
    Newer,
    SameSizeAndTime,
    SameChecksum,
    NotOlder,
    Unproved,
    Damaged,
    Orphan,
    Unfit,
    Foreign,
    NotDeleted,
    Gone,
    Retention,
    GoneForeign,
}

impl Reason {
    /// Its name in Lua.
    pub fn word(self) -> &'static str {
        match self {
            Reason::New => "new",
            Reason::Size { .. } => "size",
            Reason::Checksum => "checksum",
            Reason::Newer => "newer",
            Reason::SameSizeAndTime => "same_size_and_time",
            Reason::SameChecksum => "same_checksum",
            Reason::NotOlder => "not_older",
            Reason::Unproved => "unproved",
            Reason::Damaged => "damaged",
            Reason::Orphan => "orphan",
            Reason::Unfit => "unfit",
            Reason::Foreign => "foreign",
            Reason::NotDeleted => "not_deleted",
            Reason::Gone => "gone",
            Reason::Retention => "retention",
            Reason::GoneForeign => "gone_foreign",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::New => "it is new",
            Reason::Size { there } => return write!(f, "the object has {}", show_size(*there)),
            Reason::Checksum => "its checksum differs",
            Reason::Newer => "it is newer than the object",
            Reason::SameSizeAndTime => "same size and time",
            Reason::SameChecksum => "same checksum",
            Reason::NotOlder => "same size, and the object is not older",
            Reason::Unproved => "it has no manifest",
            Reason::Damaged => "it is not what its manifest describes",
            Reason::Orphan => "the backup that it describes is not there",
            Reason::Unfit => "its name cannot be a key",
            Reason::Foreign => "this sync has not put it there",
            Reason::NotDeleted => "the file is gone; nothing is deleted",
            Reason::Gone => "the file is gone",
            Reason::Retention => "the file is gone: retention removed it",
            Reason::GoneForeign => "there is no such file; this sync has not put it there",
        })
    }
}

/// The role of a file or an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A backup with its manifest beside it.
    Backup,
    /// The manifest or the list of a backup.
    Beside,
    /// The manifest or the list of a missing backup.
    Orphan,
    Unproved,
}

impl Role {
    /// Whether it counts as a backup, not as a file beside one.
    pub fn is_data(self) -> bool {
        matches!(self, Role::Backup | Role::Unproved)
    }
}

/// A file of the folder.
#[derive(Clone, Debug)]
pub struct LocalFile {
    pub name: Box<str>,
    pub size_bytes: u64,
    pub mtime: i64,
    pub role: Role,
}

/// A SHA-256 as its bytes.
pub type Hash = [u8; 32];

/// Parses a text of 64 hexadecimal digits.
pub fn hash_of(text: &str) -> Option<Hash> {
    unhex(text)?.try_into().ok()
}

/// One object and the plan for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its name relative to the folder and to the prefix.
    pub name: Box<str>,
    pub act: Act,
    pub reason: Reason,
    pub role: Role,
    pub size_bytes: u64,
    /// When the file was modified, in nanoseconds since 1970.
    pub mtime: i64,
    pub sha256: Option<Hash>,
    /// When the backup was made, in seconds since 1970, from its manifest.
    pub created_at: Option<i64>,
    /// The store's identifier of the existing object.
    pub etag: Box<str>,
    /// Whether an object exists.
    pub there: bool,
    /// Whether this sync has uploaded it, or is about to.
    pub own: bool,
}
