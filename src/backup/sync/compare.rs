//! Decides from sizes, times and checksums, if they are enough, what to do with a file and the object of the same name.

use super::index::Record;
use super::item::{Act, Hash, LocalFile, Reason, Role, Rules};

/// The object of a name, from a listing.
#[derive(Clone, Debug)]
pub struct There {
    pub size_bytes: u64,
    /// When it was stored, in nanoseconds since 1970.
    pub modified: i64,
    pub etag: Box<str>,
    /// The sync's record of exactly these bytes.
    pub record: Option<Record>,
    /// Whether the sync has begun to upload it without recording the result.
    pub pending: bool,
}

/// The result of a first look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    Settled(Act, Reason),
    /// The manifest of the file, or the object itself, must be looked at.
    Open,
}

/// The facts about a file and its object.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The hash of the file: from its manifest if it is a backup, otherwise from its bytes.
    pub file: Option<Hash>,
    pub file_size: Option<u64>,
    pub created_at: Option<i64>,
    /// The hash of the object, from its metadata or its manifest.
    pub object: Option<Hash>,
    pub object_created_at: Option<i64>,
}

/// The result of a second look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Second {
    Settled(Act, Reason),
    /// The object is another backup under the same name.
    Another,
}

/// Decides from sizes and times alone.
pub fn first(file: &LocalFile, there: Option<&There>, rules: &Rules) -> First {
    use Act::{Skip, Upload};
    match (file.role, there) {
        (Role::Unproved, _) if !rules.include_unproved => First::Settled(Skip, Reason::Unproved),
        (Role::Orphan, _) => First::Settled(Skip, Reason::Orphan),
        (Role::Backup, None) => First::Open,
        (_, None) => First::Settled(Upload, Reason::New),
        (_, Some(there)) => match &there.record {
            Some(record) if record.size_bytes == file.size_bytes && record.mtime == file.mtime => {
                First::Settled(Skip, Reason::SameSizeAndTime)
            }
            _ if file.role == Role::Unproved && there.size_bytes != file.size_bytes => {
                First::Settled(Upload, Reason::Size { there: there.size_bytes })
            }
            _ => First::Open,
        },
    }
}

/// Decides after the file and its object were examined.
pub fn second(file: &LocalFile, there: Option<&There>, known: &Known, rules: &Rules) -> Second {
    use Act::{Skip, Upload};
    if known.file_size.is_some_and(|size| size != file.size_bytes) {
        return Second::Settled(Skip, Reason::Damaged);
    }
    let Some(there) = there else { return Second::Settled(Upload, Reason::New) };
    let is_backup = file.role == Role::Backup;
    let differs = match (known.file, known.object) {
        (Some(file), Some(object)) if file == object => {
            let other_moment = is_backup
                && matches!((known.created_at, known.object_created_at), (Some(own), Some(other)) if own != other);
            match other_moment {
                true => Reason::Checksum,
                false => return Second::Settled(Skip, Reason::SameChecksum),
            }
        }
        _ if there.size_bytes != file.size_bytes => Reason::Size { there: there.size_bytes },
        (Some(_), Some(_)) => Reason::Checksum,
        // A hash is unknown: times decide, as in the vendors' tools.
        _ if there.modified >= file.mtime => return Second::Settled(Skip, Reason::NotOlder),
        _ => Reason::Newer,
    };
    match is_backup && !rules.replace {
        true => Second::Another,
        false => Second::Settled(Upload, differs),
    }
}
