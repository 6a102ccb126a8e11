//! Lists a folder and the folders below it, and never follows a link.

use std::io;
use std::path::{Path, PathBuf};

use cap_std::fs::Dir;
use chrono::{DateTime, FixedOffset};

use super::fence::Fence;
use super::files::stat_at;
use crate::error::Result;
use crate::world::pick::{Pick, put_in_order};
use crate::world::{Entry, ListQuery};

pub fn list(fence: &Fence, found: &ListQuery, now: DateTime<FixedOffset>) -> Result<Vec<Entry>> {
    let pick = Pick::new(found, now)?;
    let top = fence.folder(&found.dir).map_err(|cause| fence.trouble("list", &found.dir, cause))?;
    let mut entries = Vec::new();
    let mut waiting = vec![PathBuf::new()];
    while let Some(below) = waiting.pop() {
        let fail = |cause| fence.trouble("list", &found.dir.join(&below), cause);
        let Some(folder) = present(open_below(&top, &below)).map_err(fail)? else { continue };
        list_one(&folder, &below, found, &pick, &mut entries, &mut waiting).map_err(fail)?;
    }
    put_in_order(&mut entries);
    Ok(entries)
}

fn open_below(top: &Dir, below: &Path) -> io::Result<Dir> {
    if below.as_os_str().is_empty() { top.try_clone() } else { top.open_dir(below) }
}

/// Lists one folder; its subfolders that must also be listed are added to `waiting`.
fn list_one(
    folder: &Dir,
    below: &Path,
    found: &ListQuery,
    pick: &Pick,
    entries: &mut Vec<Entry>,
    waiting: &mut Vec<PathBuf>,
) -> io::Result<()> {
    for entry in folder.entries()? {
        let entry = entry?;
        let name = entry.file_name();
        if found.recursive && entry.file_type()?.is_dir() {
            waiting.push(below.join(&name));
        }
        if !pick.takes_name(&name) {
            continue;
        }
        let Some(stat) = present(stat_at(folder, &name))? else { continue };
        if pick.takes(&stat) {
            entries.push(Entry { path: found.dir.join(below).join(&name), stat });
        }
    }
    Ok(())
}

/// An entry that has vanished since its name was read is not part of the listing.
fn present<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}
