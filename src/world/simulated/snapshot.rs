//! Shows the state of a simulated world: its files, the programs that ran, and what was left open.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::objects::stores::Stored;
use super::seen::{Posted, Ran, Requested};
use super::state::State;
use super::tree::{Content, Node, What};
use crate::world::Stat;
use crate::world::objects::ObjectStat;
use crate::world::partial::is_partial;

/// A world at one point in time.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// All files except partial ones.
    pub files: BTreeMap<PathBuf, Seen>,
    /// Partial files, with or without a living writer.
    pub partials: Vec<PathBuf>,
    /// Objects by their address, such as `s3://bucket/key`.
    pub objects: BTreeMap<String, SeenObject>,
    /// Objects that were begun, but neither committed nor aborted.
    pub uploads: Vec<String>,
    /// Files that are still open for reading.
    pub open: Vec<PathBuf>,
    /// Locks held by any process.
    pub locks: Vec<PathBuf>,
    /// The started programs, in order.
    pub ran: Vec<Ran>,
    /// The http requests that were sent, in order.
    pub requested: Vec<Requested>,
    /// Calls of programs, and requests, that this world does not declare.
    pub undeclared: Vec<String>,
    /// The mailbox: the mails that the server accepted, in order.
    pub mails: Vec<Posted>,
}

/// A file, folder or link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub stat: Stat,
    /// The bytes of a file, unless only its size is known.
    pub content: Option<Bytes>,
    /// The target of a link.
    pub link: Option<PathBuf>,
}

/// A stored object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenObject {
    pub stat: ObjectStat,
    /// The bytes, unless only the size is known.
    pub content: Option<Bytes>,
}

impl Snapshot {
    pub fn of(state: &State) -> Snapshot {
        let mut snapshot = Snapshot {
            open: state.reading.iter().cloned().chain(state.stores.reading.iter().map(PathBuf::from)).collect(),
            objects: state.stores.all().map(|(address, stored)| (address, SeenObject::of(stored))).collect(),
            uploads: state.stores.uploads.iter().cloned().collect(),
            locks: state.locks.keys().cloned().collect(),
            ran: state.ran.clone(),
            requested: state.heard.requested.clone(),
            undeclared: state.undeclared.clone(),
            mails: state.posted.clone(),
            ..Snapshot::default()
        };
        for (path, node) in state.tree.nodes() {
            match path.file_name().is_some_and(is_partial) {
                true => snapshot.partials.push(path.clone()),
                false => drop(snapshot.files.insert(path.clone(), Seen::of(node))),
            }
        }
        snapshot
    }

    /// The file, folder or link at a path.
    pub fn at(&self, path: impl AsRef<Path>) -> Option<&Seen> {
        self.files.get(path.as_ref())
    }

    /// The bytes of a file, or of the object with this address, unless only the size is known.
    pub fn content(&self, path: &Path) -> Option<Bytes> {
        match self.at(path) {
            Some(seen) => seen.content.clone(),
            None => self.object(path)?.content.clone(),
        }
    }

    /// The size of a file, or of the object with this address; `None` if neither exists.
    pub fn size_of(&self, path: &Path) -> Option<u64> {
        match self.at(path) {
            Some(seen) => Some(seen.stat.size_bytes),
            None => self.object(path).map(|seen| seen.stat.size_bytes),
        }
    }

    /// The object with this address, such as `s3://bucket/key`.
    pub fn object(&self, address: &Path) -> Option<&SeenObject> {
        self.objects.get(address.to_str()?)
    }
}

impl SeenObject {
    fn of(stored: &Stored) -> SeenObject {
        let content = match &stored.content {
            content @ Content::Pieces(_) => Some(content.whole()),
            Content::Sized(_) => None,
        };
        SeenObject { stat: stored.stat.clone(), content }
    }
}

impl Seen {
    fn of(node: &Node) -> Seen {
        let (content, link) = match &node.what {
            What::File(content @ Content::Pieces(_)) => (Some(content.whole()), None),
            What::Link(to) => (None, Some(to.clone())),
            What::File(Content::Sized(_)) | What::Dir => (None, None),
        };
        // A file that was moved away and back counts as unchanged.
        Seen { stat: Stat { inode: 0, changed_ns: 0, ..node.stat() }, content, link }
    }
}
