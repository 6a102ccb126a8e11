//! Estimates how much data a source will return, for people who watch a first backup.

use std::path::Path;
use std::time::Duration;

use crate::report::event;
use crate::stream::{Expected, SharedFacts};
use crate::world::objects::Object;
use crate::world::packing::Packing;
use crate::world::{Caller, EntryKind, ListQuery};

/// The longest delay that this query may cause before a backup starts.
const LONGEST: Duration = Duration::from_secs(3);

/// The block size of an archive, and the space before each file: its header, and an extended one with exact times.
const BLOCK_BYTES: u64 = 512;
const HEAD_BYTES: u64 = 3 * BLOCK_BYTES;

/// The caller for an estimate, which may take only a moment; `None` if nobody watches.
pub fn asking(caller: &Caller) -> Option<Caller> {
    event::is_watched().then(|| caller.clone().limited(Some(LONGEST), Some(LONGEST)))
}

/// Notes the size of a file. It is only for display: errors are ignored.
pub async fn of_file(caller: &Caller, path: &Path, facts: &SharedFacts) {
    let Some(caller) = asking(caller) else { return };
    if let Ok(Some(stat)) = caller.stat(path).await {
        facts.lock().expected = Some(Expected { bytes: stat.size_bytes, about: false });
    }
}

/// Notes the size of an object.
pub async fn of_object(caller: &Caller, object: &Object, facts: &SharedFacts) {
    let Some(caller) = asking(caller) else { return };
    if let Ok(Some(stat)) = caller.stat_object(object.clone()).await {
        facts.lock().expected = Some(Expected { bytes: stat.size_bytes, about: false });
    }
}

/// Notes the size of the folders that are packed; patterns are ignored.
pub async fn of_folders(caller: &Caller, packing: &Packing, facts: &SharedFacts) {
    let Some(caller) = asking(caller) else { return };
    // Space for the top folder and the end of the archive.
    let mut bytes = HEAD_BYTES + 2 * BLOCK_BYTES;
    for root in &packing.roots {
        match caller.stat(&root.path).await {
            Ok(Some(stat)) if stat.kind == EntryKind::File => bytes += HEAD_BYTES + stat.size_bytes,
            Ok(Some(_)) => {
                let all = ListQuery { recursive: true, ..ListQuery::of(&root.path) };
                let Ok(entries) = caller.list(all).await else { return };
                let sizes = entries.iter().map(|entry| match entry.stat.kind {
                    EntryKind::File => entry.stat.size_bytes,
                    _ => 0,
                });
                bytes += sizes.map(|size| HEAD_BYTES + size.next_multiple_of(BLOCK_BYTES)).sum::<u64>();
            }
            _ => {}
        }
    }
    facts.lock().expected = Some(Expected { bytes, about: true });
}
