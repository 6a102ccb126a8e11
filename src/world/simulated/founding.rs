//! Builds the tree of a simulated world from its setup, and refuses impossible ones.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, FixedOffset};

use super::seen::Holder;
use super::setup::{FileSetup, FileTable, SimulatedSetup};
use super::tree::{Content, Node, Person, Tree, What};
use crate::error::{Error, Kind, Result};
use crate::world::paths::plain;
use crate::world::refusals::SINCE;

type Moment = DateTime<FixedOffset>;

/// The disk's free space if not set.
const FREE_BYTES: u64 = 100 << 30;

/// The id of the run's user and group.
const OURSELVES: u32 = 1000;

/// The process that holds the initial locks.
const ANOTHER: u32 = 4242;

pub fn person(setup: &SimulatedSetup) -> Person {
    let number = if setup.user == "root" { 0 } else { OURSELVES };
    Person { user: number, group: number }
}

pub fn tree(setup: &SimulatedSetup) -> Result<Tree> {
    let mut tree = Tree::new(setup.free_bytes.unwrap_or(FREE_BYTES), person(setup), setup.now);
    // In path order, so that a folder comes before its contents.
    setup.files.iter().try_for_each(|(path, file)| found(&mut tree, setup, setup.now, path, file))?;
    Ok(tree)
}

/// Adds an entry at the moment `now`, with its parent folders.
pub fn found(tree: &mut Tree, setup: &SimulatedSetup, now: Moment, path: &Path, file: &FileSetup) -> Result<()> {
    let path = plain(path)?;
    found_above(tree, &path, now)?;
    let node = node(setup, now, &path, file)?;
    if tree.node(&path).is_some_and(|old| !old.is_dir() || !node.is_dir()) {
        return Err(wrong(&path, "something exists there already"));
    }
    tree.found(path, node);
    Ok(())
}

fn found_above(tree: &mut Tree, path: &Path, now: Moment) -> Result<()> {
    let above: Vec<&Path> = path.ancestors().skip(1).collect();
    for folder in above.into_iter().rev() {
        match tree.node(folder) {
            None => {
                let node = tree.ours(What::Dir, 0o755, now);
                tree.found(folder.to_owned(), node);
            }
            Some(node) if node.is_dir() => {}
            Some(_) => return Err(wrong(path, &format!("`{}` is not a folder", folder.display()))),
        }
    }
    Ok(())
}

fn node(setup: &SimulatedSetup, now: Moment, path: &Path, FileSetup(file): &FileSetup) -> Result<Node> {
    let FileTable { content, size, dir, link, age, modified, mode, owner } = file;
    let (what, usual_mode) = match (dir, link, content, size) {
        (true, None, None, None) => (What::Dir, 0o755),
        (false, Some(to), None, None) => (What::Link(to.clone()), 0o777),
        (false, None, content, None) => (What::File(Content::Pieces(content.iter().cloned().collect())), 0o600),
        (false, None, None, Some(size)) => (What::File(Content::Sized(*size)), 0o600),
        _ => return Err(wrong(path, "it can be one of `content`, `size`, `dir` and `link`")),
    };
    let modified = match (age, modified) {
        (Some(_), Some(_)) => return Err(wrong(path, "it has both `age` and `modified`")),
        (Some(age), None) => now.checked_sub_signed(age.0).ok_or_else(|| wrong(path, "it is too old"))?,
        (None, modified) => modified.unwrap_or(now),
    };
    let owner = match owner {
        None => person(setup).user,
        Some(name) => number(setup, name).ok_or_else(|| wrong(path, &format!("nobody here is called `{name}`")))?,
    };
    Ok(Node { what, mode: mode.unwrap_or(usual_mode), owner, group: owner, modified, inode: 0, changed: 0 })
}

/// The id of a user or a group of this world.
pub fn number(setup: &SimulatedSetup, name: &str) -> Option<u32> {
    match name {
        "root" => Some(0),
        name if name == setup.user => Some(person(setup).user),
        name => name.parse().ok(),
    }
}

fn wrong(path: &Path, why: &str) -> Error {
    Error::new(Kind::Recipe, format!("there cannot be a file `{}` in this world", path.display())).because_text(why)
}

/// The declared paths, normalized for comparison.
pub fn roots(setup: &SimulatedSetup) -> Result<Option<Vec<PathBuf>>> {
    setup.roots.as_ref().map(|roots| roots.iter().map(|root| plain(root)).collect()).transpose()
}

/// The initial locks of other processes. A bare name means a recipe, whose lock only its run can find.
pub fn locks(setup: &SimulatedSetup) -> Result<BTreeMap<PathBuf, Holder>> {
    let paths = setup.locked.iter().filter(|lock| lock.is_absolute());
    paths.map(|path| Ok((plain(path)?, holder(setup.now)))).collect()
}

/// Another process, which has held a lock since then.
pub fn holder(since: Moment) -> Holder {
    (ANOTHER, since.format(SINCE).to_string())
}
