//! Examines, reads, writes, renames and removes single files and folders of the tree.

use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use rustix::io::Errno;

use super::part::Part;
use super::state::State;
use super::tree::{Content, Node, READ, What};
use super::ways::View;
use crate::error::{Error, Result};
use crate::world::partial::is_partial;
use crate::world::pick::put_in_order;
use crate::world::refusals::{Around, Kept, deepest_first, not_a_folder, not_plain, too_large};
use crate::world::{Entry, Space, Stat};

/// A plain file that the user may read.
pub fn open(view: &View<'_>, path: &Path) -> Result<Content> {
    let fail = |cause| view.trouble("read", path, cause);
    let (_, node) = view.open(path).map_err(fail)?;
    view.tree.permit(node, READ).map_err(fail)?;
    match &node.what {
        What::File(content) => Ok(content.clone()),
        _ => Err(not_plain(path, node.is_dir())),
    }
}

pub fn read(view: &View<'_>, path: &Path, max_bytes: u64, head: bool) -> Result<Bytes> {
    let content = open(view, path)?;
    match content.size() > max_bytes {
        true if head => Ok(content.whole().slice(..max_bytes as usize)),
        true => Err(too_large(path, max_bytes)),
        false => Ok(content.whole()),
    }
}

/// Writes the file completely or not at all.
pub fn write(state: &mut State, path: &Path, data: Vec<u8>, mode: u32, replace: bool) -> Result<()> {
    let part = Part::start(state, path, mode, replace)?;
    let written = part.write(state, &data.into());
    let ended = written.and_then(|()| part.publish(state, replace).map(drop));
    part.discard(state);
    ended
}

pub fn stat(view: &mut View<'_>, path: &Path) -> Result<Option<Stat>> {
    let found = match view.spot(path, None) {
        Ok(spot) => view.at(&spot).map(Node::stat),
        Err(error) if error.kind() == io::ErrorKind::IsADirectory => view.open(path).map(|(_, node)| node.stat()),
        Err(error) => Err(error),
    };
    match found {
        Ok(stat) => Ok(Some(stat)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(view.trouble("look at", path, error)),
    }
}

pub fn disk_free(view: &View<'_>, path: &Path) -> Result<Space> {
    let words = || format!("cannot ask for the free space of `{}`", path.display());
    view.tree.space(path).map(|(_, space)| space).ok_or_else(|| Error::io(words(), Errno::NOENT.into()))
}

pub fn make_dir(view: &mut View<'_>, path: &Path, mode: u32) -> Result<()> {
    if view.folder(path).is_ok() {
        return Ok(());
    }
    let spot = match view.spot(path, Some(mode)) {
        Ok(spot) => spot,
        Err(cause) => return Err(view.trouble("make the folder", path, cause)),
    };
    match view.make_folder(&spot, mode) {
        Ok(made) if made || view.folder(path).is_ok() => Ok(()),
        Ok(_) => Err(not_a_folder(path)),
        Err(cause) => Err(view.trouble("make the folder", path, cause)),
    }
}

pub fn rename(view: &mut View<'_>, from: &Path, to: &Path) -> Result<()> {
    let old = view.spot(from, None).map_err(|cause| view.trouble("rename", from, cause))?;
    let act = format!("rename `{}` to", from.display());
    rename_new(view, &old, to).map_err(|cause| view.trouble(&act, to, cause))
}

fn rename_new(view: &mut View<'_>, old: &Path, to: &Path) -> io::Result<()> {
    let new = view.spot(to, None)?;
    view.at(old)?;
    view.may_change(old)?;
    view.may_change(&new)?;
    if view.tree.node(&new).is_some() {
        return Err(Errno::EXIST.into());
    }
    if new.starts_with(old) {
        return Err(Errno::INVAL.into());
    }
    view.tree.shift(old, &new, view.now);
    Ok(())
}

/// Removes a file, a link itself, or an empty folder.
pub fn remove(view: &mut View<'_>, path: &Path) -> Result<()> {
    remove_name(view, path).map_err(|cause| view.trouble("remove", path, cause))
}

/// Removes as many as possible, the deepest first.
pub fn remove_many(view: &mut View<'_>, paths: Vec<PathBuf>) -> Result<()> {
    let mut kept = Kept::of(&paths);
    for path in deepest_first(paths) {
        if let Err(cause) = remove_name(view, &path) {
            kept.add(view.trouble("remove", &path, cause));
        }
    }
    kept.finish()
}

fn remove_name(view: &mut View<'_>, path: &Path) -> io::Result<()> {
    let spot = view.spot(path, None)?;
    view.at(&spot)?;
    view.may_change(&spot)?;
    if view.tree.below(&spot).next().is_some() {
        return Err(Errno::NOTEMPTY.into());
    }
    view.tree.take(&spot, view.now);
    Ok(())
}

/// Removes the partial files of dead writers.
pub fn sweep(state: &mut State, dir: &Path) -> Result<Vec<Entry>> {
    let view = state.view();
    let fail = |cause| view.trouble("sweep", dir, cause);
    let folder = match view.folder(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(fail)?,
    };
    view.at(&folder).and_then(|node| view.tree.permit(node, READ)).map_err(fail)?;
    let partial = |path: &Path| path.parent() == Some(&folder) && path.file_name().is_some_and(is_partial);
    let parts: Vec<PathBuf> =
        view.tree.below(&folder).map(|(path, _)| path.clone()).filter(|path| partial(path)).collect();
    let dead: Vec<PathBuf> = parts.into_iter().filter(|part| !state.writing.contains(part)).collect();
    let mut removed = Vec::new();
    for part in dead {
        let view = state.view();
        view.may_change(&part).map_err(|cause| view.trouble("sweep", dir, cause))?;
        if let (Some(node), Some(name)) = (view.tree.take(&part, view.now), part.file_name()) {
            removed.push(Entry { path: dir.join(name), stat: node.stat() });
        }
    }
    put_in_order(&mut removed);
    Ok(removed)
}

impl Content {
    pub fn whole(&self) -> Bytes {
        match self {
            Content::Pieces(pieces) if pieces.len() == 1 => pieces[0].clone(),
            Content::Pieces(pieces) => pieces.concat().into(),
            Content::Sized(size) => vec![0; *size as usize].into(),
        }
    }
}
