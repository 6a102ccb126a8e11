//! Lists a folder, and the folders below it, without following links.

use std::io;
use std::path::{Path, PathBuf};

use super::tree::{ENTER, READ};
use super::ways::View;
use crate::error::Result;
use crate::world::pick::{Pick, put_in_order};
use crate::world::{Entry, ListQuery};

pub fn list(view: &View<'_>, found: &ListQuery) -> Result<Vec<Entry>> {
    let pick = Pick::new(found, view.now)?;
    let top = view.folder(&found.dir).map_err(|cause| view.trouble("list", &found.dir, cause))?;
    let mut entries = Vec::new();
    let mut waiting = vec![PathBuf::new()];
    while let Some(below) = waiting.pop() {
        let listed = list_one(view, &top, &below, found, &pick, &mut entries, &mut waiting);
        listed.map_err(|cause| view.trouble("list", &found.dir.join(&below), cause))?;
    }
    put_in_order(&mut entries);
    Ok(entries)
}

/// Lists one folder; subfolders that must be listed too are added to `waiting`.
fn list_one(
    view: &View<'_>,
    top: &Path,
    below: &Path,
    found: &ListQuery,
    pick: &Pick,
    entries: &mut Vec<Entry>,
    waiting: &mut Vec<PathBuf>,
) -> io::Result<()> {
    let folder = if below.as_os_str().is_empty() { top.to_owned() } else { top.join(below) };
    view.tree.permit(view.at(&folder)?, READ | ENTER)?;
    for (path, node) in view.tree.below(&folder).filter(|(path, _)| path.parent() == Some(&folder)) {
        let Some(name) = path.file_name() else { continue };
        if found.recursive && node.is_dir() {
            waiting.push(below.join(name));
        }
        if pick.takes_name(name) && pick.takes(&node.stat()) {
            entries.push(Entry { path: found.dir.join(below).join(name), stat: node.stat() });
        }
    }
    Ok(())
}
