//! Reads the files of the tree into an archive, by the same walk as the real world.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::future::{BoxFuture, ready};
use rustix::io::Errno;

use super::setup::SimulatedSetup;
use super::source::ContentSource;
use super::state::{Shared, State};
use super::tree::{Content, ENTER, Node, READ, What as NodeContent};
use crate::error::{Error, Result};
use crate::stream::tar::TarKind;
use crate::stream::tar::writing::{END, padding};
use crate::stream::{Piece, Source};
use crate::world::packing::folder::{Folder, Item, What};
use crate::world::packing::meta::{Meta, MetaKind, name_in_archive};
use crate::world::packing::names::Names;
use crate::world::packing::walk::walk;
use crate::world::packing::{Findings, Packed, Packing};

/// Reads everything at once: nothing changes meanwhile, and the archive shares the bytes of the tree.
pub fn pack(shared: &Shared, setup: &SimulatedSetup, packing: &Packing) -> Result<Packed> {
    let findings = Findings::default();
    let mut parts = VecDeque::new();
    let mut take = |item: Item<SimulatedFolder>| {
        if !packing.contents {
            return Ok(());
        }
        let full = packing.base.join(&item.path);
        match add(shared, setup, &item, &mut parts) {
            Ok(()) => Ok(()),
            Err(cause) => packing.note_unreadable(&findings, &full, |path| item.folder.trouble("read", path, cause)),
        }
    };
    let fail = |act: &str, path: &Path, cause| shared.lock().view().trouble(act, path, cause);
    walk(packing, &findings, |path| open(shared, path), fail, &mut take)?;
    if packing.contents {
        parts.push_back(Part::Bytes(Bytes::from_static(&END)));
    }
    Ok(Packed { source: Box::new(PackSource { parts, content: None }), findings })
}

/// The parent folder of a root, and the name of the root in it.
fn open(shared: &Shared, path: &Path) -> io::Result<(SimulatedFolder, OsString)> {
    let mut state = shared.lock();
    let (place, name) = match (path.file_name(), state.view().spot(path, None)) {
        (Some(name), spot) => (spot?.parent().map(Path::to_owned).unwrap_or_default(), name.to_owned()),
        (None, _) => (path.to_owned(), ".".into()),
    };
    Ok((SimulatedFolder { shared: shared.clone(), place }, name))
}

struct SimulatedFolder {
    shared: Shared,
    place: PathBuf,
}

impl SimulatedFolder {
    fn with<T>(&self, name: &OsStr, work: impl FnOnce(&State, &Node) -> io::Result<T>) -> io::Result<T> {
        let state = self.shared.lock();
        let path = if name == "." { self.place.clone() } else { self.place.join(name) };
        work(&state, state.tree.node(&path).ok_or(Errno::NOENT)?)
    }

    fn read(&self, name: &OsStr) -> io::Result<Node> {
        self.with(name, |state, node| {
            state.tree.permit(node, READ)?;
            Ok(node.clone())
        })
    }
}

fn meta(node: &Node) -> Meta {
    let kind = match &node.what {
        NodeContent::Dir => MetaKind::Dir,
        NodeContent::Link(_) => MetaKind::Link,
        NodeContent::File(_) => MetaKind::File,
    };
    let modified = (node.modified.timestamp(), node.modified.timestamp_subsec_nanos());
    let Node { mode, owner, group, .. } = *node;
    let size_bytes = if kind == MetaKind::Dir { 0 } else { node.size() };
    Meta { kind, size_bytes, mode, owner, group, modified, changed: modified, device: 0, inode: 0, links: 1 }
}

impl Folder for SimulatedFolder {
    type Held = ();

    fn names(&self) -> io::Result<Names> {
        let state = self.shared.lock();
        let folder = state.tree.node(&self.place).ok_or(Errno::NOENT)?;
        state.tree.permit(folder, READ | ENTER)?;
        let mut names = Names::default();
        let inside = state.tree.below(&self.place).filter(|(path, _)| path.parent() == Some(&self.place));
        for name in inside.filter_map(|(path, _)| path.file_name()) {
            names.add(name.as_bytes());
        }
        names.sort();
        Ok(names)
    }

    fn look(&self, name: &OsStr) -> io::Result<Meta> {
        self.with(name, |_, node| Ok(meta(node)))
    }

    fn enter(&self, name: &OsStr) -> io::Result<(SimulatedFolder, Meta)> {
        let meta = self.look(name)?;
        let place = if name == "." { self.place.clone() } else { self.place.join(name) };
        match meta.kind {
            MetaKind::Dir => Ok((SimulatedFolder { shared: self.shared.clone(), place }, meta)),
            _ => Err(Errno::NOTDIR.into()),
        }
    }

    fn hold(&self, name: &OsStr) -> io::Result<((), Meta)> {
        self.read(name).map(|node| ((), meta(&node)))
    }

    fn try_read(&self, name: &OsStr) -> io::Result<()> {
        self.read(name).map(drop)
    }

    fn trouble(&self, act: &str, path: &Path, cause: io::Error) -> Error {
        self.shared.lock().view().trouble(act, path, cause)
    }
}

/// A piece of the archive's future bytes.
enum Part {
    Bytes(Bytes),
    Content(Content),
}

/// Adds one entry.
fn add(
    shared: &Shared,
    setup: &SimulatedSetup,
    item: &Item<SimulatedFolder>,
    parts: &mut VecDeque<Part>,
) -> io::Result<()> {
    let name = |number: u32| match number {
        0 => "root".to_owned(),
        _ if number == shared.lock().tree.person.user => setup.user.clone(),
        _ => String::new(),
    };
    let (owner, group) = (name(item.meta.owner), name(item.meta.group));
    let (kind, link, content) = match &item.what {
        What::Dir => (TarKind::Dir, Vec::new(), None),
        _ => match item.folder.read(&item.name)?.what {
            NodeContent::Link(to) => (TarKind::Link, to.as_os_str().as_bytes().to_vec(), None),
            NodeContent::File(content) => (TarKind::File, Vec::new(), Some(content)),
            NodeContent::Dir => return Err(Errno::ISDIR.into()),
        },
    };
    let mut header = Vec::new();
    let path = name_in_archive(&item.path, kind == TarKind::Dir);
    item.meta.entry(&path, kind, (&owner, &group), &link, &[]).write(&mut header);
    parts.push_back(Part::Bytes(header.into()));
    if let Some(content) = content {
        parts.push_back(Part::Content(content));
        parts.push_back(Part::Bytes(vec![0; padding(item.meta.size_bytes)].into()));
    }
    Ok(())
}

/// The bytes of the archive.
struct PackSource {
    parts: VecDeque<Part>,
    content: Option<ContentSource>,
}

impl PackSource {
    fn step(&mut self) -> Result<Piece> {
        loop {
            if let Some(content) = &mut self.content {
                match content.piece() {
                    Piece::Data(data) => return Ok(Piece::Data(data)),
                    Piece::End => self.content = None,
                }
            }
            match self.parts.pop_front() {
                Some(Part::Bytes(bytes)) if bytes.is_empty() => {}
                Some(Part::Bytes(bytes)) => return Ok(Piece::Data(bytes)),
                Some(Part::Content(content)) => self.content = Some(ContentSource::new(content)),
                None => return Ok(Piece::End),
            }
        }
    }
}

impl Source for PackSource {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        let step = self.step();
        Box::pin(ready(step))
    }
}
