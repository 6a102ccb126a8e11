//! Holds the files of a simulated world: names, contents, owners, modes, times, and the space that they use.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use chrono::{DateTime, FixedOffset};
use rustix::io::Errno;

use crate::world::refusals::Around;
use crate::world::{EntryKind, Space, Stat};

pub const READ: u32 = 0o4;
pub const WRITE: u32 = 0o2;
pub const ENTER: u32 = 0o1;

/// The user of a run, and the default owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person {
    pub user: u32,
    pub group: u32,
}

/// One name in the tree.
#[derive(Clone, Debug)]
pub struct Node {
    pub what: What,
    pub mode: u32,
    pub owner: u32,
    pub group: u32,
    pub modified: DateTime<FixedOffset>,
    pub inode: u64,
    /// Increases with each change in the tree, as the clock of a file system does.
    pub changed: i64,
}

#[derive(Clone, Debug)]
pub enum What {
    Dir,
    Link(PathBuf),
    File(Content),
}

/// The content of a file; of a big one only the size, and it reads as zeroes.
#[derive(Clone, Debug)]
pub enum Content {
    Pieces(Vec<Bytes>),
    Sized(u64),
}

/// A file system; links are resolved in `ways.rs`.
pub struct Tree {
    nodes: BTreeMap<PathBuf, Node>,
    free: u64,
    total: u64,
    /// The number of changes so far.
    changes: i64,
    pub person: Person,
}

impl Content {
    pub fn size(&self) -> u64 {
        match self {
            Content::Pieces(pieces) => pieces.iter().map(|piece| piece.len() as u64).sum(),
            Content::Sized(size) => *size,
        }
    }
}

impl Node {
    pub fn is_dir(&self) -> bool {
        matches!(self.what, What::Dir)
    }

    pub fn size(&self) -> u64 {
        match &self.what {
            What::Dir => 0,
            What::Link(to) => to.as_os_str().len() as u64,
            What::File(content) => content.size(),
        }
    }

    pub fn stat(&self) -> Stat {
        let kind = match &self.what {
            What::Dir => EntryKind::Dir,
            What::Link(_) => EntryKind::Link,
            What::File(_) => EntryKind::File,
        };
        let Node { mode, owner, group, modified, inode, changed, .. } = *self;
        Stat { kind, size_bytes: self.size(), modified, mode, owner, group, inode, changed_ns: changed }
    }
}

impl Tree {
    /// An empty file system with this much free space.
    pub fn new(free: u64, person: Person, now: DateTime<FixedOffset>) -> Tree {
        let Person { user: owner, group } = person;
        let root = Node { what: What::Dir, mode: 0o755, owner, group, modified: now, inode: 0, changed: 0 };
        Tree { nodes: BTreeMap::from([(PathBuf::from("/"), root)]), free, total: free, changes: 0, person }
    }

    pub fn node(&self, path: &Path) -> Option<&Node> {
        self.nodes.get(path)
    }

    pub fn nodes(&self) -> impl Iterator<Item = (&PathBuf, &Node)> {
        self.nodes.iter()
    }

    /// Adds an initial entry: the disk grows by its size.
    pub fn found(&mut self, path: PathBuf, node: Node) {
        self.total += node.size();
        let node = self.new_inode(node);
        self.nodes.insert(path, node);
    }

    /// The moment of the next change.
    fn change(&mut self) -> i64 {
        self.changes += 1;
        self.changes
    }

    fn new_inode(&mut self, node: Node) -> Node {
        let changed = self.change();
        Node { inode: changed.unsigned_abs(), changed, ..node }
    }

    /// A new node owned by the run's user.
    pub fn ours(&self, what: What, mode: u32, now: DateTime<FixedOffset>) -> Node {
        let Person { user: owner, group } = self.person;
        Node { what, mode, owner, group, modified: now, inode: 0, changed: 0 }
    }

    /// Puts a node under a name in an existing folder, and replaces the old one.
    pub fn put(&mut self, path: &Path, node: Node) {
        let now = node.modified;
        self.free = self.free.saturating_sub(node.size());
        let node = self.new_inode(node);
        if let Some(old) = self.nodes.insert(path.to_owned(), node) {
            self.free += old.size();
        }
        self.touch_above(path, now);
    }

    /// A node, for a change.
    pub fn node_mut(&mut self, path: &Path) -> Option<&mut Node> {
        let changed = self.change();
        let node = self.nodes.get_mut(path)?;
        node.changed = changed;
        Some(node)
    }

    pub fn take(&mut self, path: &Path, now: DateTime<FixedOffset>) -> Option<Node> {
        let node = self.nodes.remove(path)?;
        self.free += node.size();
        self.touch_above(path, now);
        Some(node)
    }

    /// Appends to a file as much as fits; an error if that is not all.
    pub fn append(&mut self, path: &Path, data: &Bytes, now: DateTime<FixedOffset>) -> io::Result<()> {
        let fits = self.free.min(data.len() as u64);
        let changed = self.change();
        let node = self.nodes.get_mut(path).ok_or(Errno::NOENT)?;
        let What::File(content) = &mut node.what else { return Err(Errno::ISDIR.into()) };
        match content {
            Content::Pieces(pieces) if fits > 0 => pieces.push(data.slice(..fits as usize)),
            Content::Pieces(_) => {}
            Content::Sized(size) => *size += fits,
        }
        (node.modified, node.changed) = (now, changed);
        self.free -= fits;
        if fits < data.len() as u64 { Err(Errno::NOSPC.into()) } else { Ok(()) }
    }

    /// Everything below a folder.
    pub fn below<'a>(&'a self, dir: &'a Path) -> impl Iterator<Item = (&'a PathBuf, &'a Node)> {
        self.nodes.range(dir.to_owned()..).take_while(move |(path, _)| path.starts_with(dir)).skip(1)
    }

    /// Moves a name with everything below it.
    pub fn shift(&mut self, from: &Path, to: &Path, now: DateTime<FixedOffset>) {
        let paths: Vec<PathBuf> = self.below(from).map(|(path, _)| path.clone()).chain([from.to_owned()]).collect();
        for path in paths {
            if let (Some(mut node), Ok(rest)) = (self.nodes.remove(&path), path.strip_prefix(from)) {
                node.changed = self.change();
                let new = if rest.as_os_str().is_empty() { to.to_owned() } else { to.join(rest) };
                self.nodes.insert(new, node);
            }
        }
        self.touch_above(from, now);
        self.touch_above(to, now);
    }

    /// Whether the user may do to a node what these bits say; root may do everything.
    pub fn permit(&self, node: &Node, bits: u32) -> io::Result<()> {
        let Person { user, group } = self.person;
        let granted = match (node.owner == user, node.group == group) {
            (true, _) => node.mode >> 6,
            (false, true) => node.mode >> 3,
            (false, false) => node.mode,
        };
        if user == 0 || granted & bits == bits { Ok(()) } else { Err(Errno::ACCESS.into()) }
    }

    pub fn free_bytes(&self) -> Space {
        Space { free_bytes: self.free, total_bytes: self.total }
    }

    fn touch_above(&mut self, path: &Path, now: DateTime<FixedOffset>) {
        if let Some(above) = path.parent().and_then(|above| self.nodes.get_mut(above)) {
            above.modified = now;
        }
    }
}

impl Around for Tree {
    fn file_above(&self, path: &Path) -> Option<PathBuf> {
        let in_the_way = |above: &&Path| self.node(above).is_some_and(|node| !node.is_dir());
        path.ancestors().skip(1).find(in_the_way).map(Path::to_owned)
    }

    fn space(&self, path: &Path) -> Option<(PathBuf, Space)> {
        let place = path.ancestors().find(|place| self.node(place).is_some())?;
        Some((place.to_owned(), self.free_bytes()))
    }
}
