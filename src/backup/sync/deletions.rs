//! Decides what to do with the objects whose files no longer exist.

use std::collections::BTreeSet;
use std::path::Path;

use super::compare::There;
use super::item::{Act, Item, Reason, Role, Rules};

/// Plans an object without a file. `role` is its role among the objects; `removed` holds the paths that recorded runs
/// have removed, and `dir` is the folder of the sync.
pub fn of_object(name: &str, there: &There, role: Role, rules: &Rules, dir: &Path, removed: &BTreeSet<String>) -> Item {
    let own = there.pending || there.record.as_ref().is_some_and(|record| record.own);
    let (act, reason) = match () {
        () if !own && rules.delete && rules.delete_foreign => (Act::Delete, Reason::GoneForeign),
        () if !own => (Act::Skip, Reason::Foreign),
        () if !rules.delete => (Act::Skip, Reason::NotDeleted),
        () if removed.contains(&*dir.join(name).to_string_lossy()) => (Act::Delete, Reason::Retention),
        () => (Act::Delete, Reason::Gone),
    };
    let record = there.record.as_ref();
    Item {
        name: name.into(),
        act,
        reason,
        role,
        size_bytes: there.size_bytes,
        mtime: record.map_or(0, |record| record.mtime),
        sha256: record.and_then(|record| record.sha256),
        created_at: record.and_then(|record| record.created_at),
        etag: there.etag.clone(),
        there: true,
        own,
    }
}
