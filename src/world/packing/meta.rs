//! The file system's metadata of one file, as far as an archive keeps it or a change shows in it.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::stream::tar::TarKind;
use crate::stream::tar::writing::NewEntry;

/// A path in the form of an archive: a folder ends in `/`, and the base itself is `./`.
pub fn name_in_archive(path: &Path, is_dir: bool) -> Vec<u8> {
    let mut name = path.as_os_str().as_bytes().to_vec();
    if name.is_empty() {
        name.push(b'.');
    }
    if is_dir {
        name.push(b'/');
    }
    name
}

/// The metadata of a name; a link is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meta {
    pub kind: MetaKind,
    pub size_bytes: u64,
    pub mode: u32,
    pub owner: u32,
    pub group: u32,
    /// Seconds since 1970 and nanoseconds.
    pub modified: (i64, u32),
    /// The last change of its data, owner, mode or links.
    pub changed: (i64, u32),
    pub device: u64,
    pub inode: u64,
    /// The number of its names.
    pub links: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetaKind {
    File,
    Dir,
    Link,
    Socket,
    Fifo,
    Device,
}

impl Meta {
    /// The archive entry for it; `names` returns the names of its owner and its group.
    pub fn entry<'a>(
        &self,
        path: &'a [u8],
        kind: TarKind,
        (owner_name, group_name): (&'a str, &'a str),
        link: &'a [u8],
        records: &'a [(Vec<u8>, Vec<u8>)],
    ) -> NewEntry<'a> {
        NewEntry {
            path,
            kind,
            size_bytes: if kind == TarKind::File { self.size_bytes } else { 0 },
            mode: self.mode,
            owner: self.owner,
            group: self.group,
            owner_name,
            group_name,
            modified: self.modified,
            link,
            records,
        }
    }

    /// How it differs from its earlier state, in words; `None` if it does not.
    pub fn change_since(&self, before: &Meta) -> Option<&'static str> {
        if self.size_bytes > before.size_bytes {
            Some("it grew")
        } else if self.size_bytes < before.size_bytes {
            Some("it shrank")
        } else if self.modified != before.modified {
            Some("it was written to")
        } else {
            (self.changed != before.changed).then_some("its owner, mode or links were changed")
        }
    }
}
