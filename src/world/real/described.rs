//! Converts the kernel's metadata of a file to hikae's types.

use chrono::{DateTime, Local};

use crate::world::{EntryKind, Stat};

pub fn described(kind: EntryKind, seen: &rustix::fs::Stat) -> Stat {
    let modified = DateTime::from_timestamp(seen.st_mtime, seen.st_mtime_nsec as u32).unwrap_or_default();
    Stat {
        kind,
        size_bytes: seen.st_size as u64,
        modified: modified.with_timezone(&Local).fixed_offset(),
        mode: seen.st_mode & 0o7777,
        owner: seen.st_uid,
        group: seen.st_gid,
        inode: seen.st_ino,
        changed_ns: seen.st_ctime.wrapping_mul(1_000_000_000).wrapping_add(seen.st_ctime_nsec as i64),
    }
}
