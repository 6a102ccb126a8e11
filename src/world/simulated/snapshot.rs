//! Shows the state of a simulated world: its files, what ran, and what was left open.

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

/// A world at one moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Everything but partial files.
    pub files: BTreeMap<PathBuf, Seen>,
    /// Partial files, whether their writers live or not.
    pub partials: Vec<PathBuf>,
    /// Objects by their address, such as `s3://bucket/key`.
    pub objects: BTreeMap<String, SeenObject>,
    /// Objects that were begun, and neither committed nor aborted.
    pub uploads: Vec<String>,
    /// Files that are still open to be read.
    pub open: Vec<PathBuf>,
    /// Locks that are held, by any process.
    pub locks: Vec<PathBuf>,
    /// What was started, in order.
    pub ran: Vec<Ran>,
    /// The http requests that were sent, in order.
    pub requested: Vec<Requested>,
    /// Programs that were called, and requests that were sent, that this world does not have.
    pub undeclared: Vec<String>,
    /// The mail box: what the mail server took, in order.
    pub mails: Vec<Posted>,
}

/// What is at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub stat: Stat,
    /// The bytes of a file, unless only its size is known.
    pub content: Option<Bytes>,
    /// Where a link leads.
    pub link: Option<PathBuf>,
}

/// What is stored under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenObject {
    pub stat: ObjectStat,
    /// The bytes, unless only their number is known.
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

    /// What is at a path.
    pub fn at(&self, path: impl AsRef<Path>) -> Option<&Seen> {
        self.files.get(path.as_ref())
    }

    /// The bytes of a file, or of the object that has this address, unless only their number is known.
    pub fn content(&self, path: &Path) -> Option<Bytes> {
        match self.at(path) {
            Some(seen) => seen.content.clone(),
            None => self.object(path)?.content.clone(),
        }
    }

    /// The size of what is at a path, or of the object that has this address; nothing when nothing does.
    pub fn size_of(&self, path: &Path) -> Option<u64> {
        match self.at(path) {
            Some(seen) => Some(seen.stat.size_bytes),
            None => self.object(path).map(|seen| seen.stat.size_bytes),
        }
    }

    /// The object that has this address, such as `s3://bucket/key`.
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
        // A file that was put aside and back is the same to who looks at it.
        Seen { stat: Stat { inode: 0, changed_ns: 0, ..node.stat() }, content, link }
    }
}
