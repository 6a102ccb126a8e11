//! Decides for one file and the object of its name what is to be done, from sizes, times and checksums, as far as they say it.

use super::index::Record;
use super::item::{Act, Hash, LocalFile, Reason, Role, Rules};

/// The object of a name, as a listing has it.
#[derive(Clone, Debug)]
pub struct There {
    pub size_bytes: u64,
    /// When it was stored, in nanoseconds since 1970.
    pub modified: i64,
    pub etag: Box<str>,
    /// What the sync has written down of these very bytes.
    pub record: Option<Record>,
    /// The sync has begun to put it there, and has not recorded the result.
    pub pending: bool,
}

/// The result of a first look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    Settled(Act, Reason),
    /// The manifest of the file, or the object itself, must be looked at.
    Open,
}

/// What was found out about a file and its object.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// What the file is: by its manifest if it is a backup, else by its bytes.
    pub file: Option<Hash>,
    pub file_size: Option<u64>,
    pub created_at: Option<i64>,
    /// What the object is, as it was stored with it, or as its manifest says.
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

/// What sizes and times alone say.
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

/// What is to be done once the file and its object were looked at.
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
        // Nobody says what the object is: the vendors' tools go by its time.
        _ if there.modified >= file.mtime => return Second::Settled(Skip, Reason::NotOlder),
        _ => Reason::Newer,
    };
    match is_backup && !rules.replace {
        true => Second::Another,
        false => Second::Settled(Upload, differs),
    }
}
