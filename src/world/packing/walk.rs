//! Walks the roots of an archive in order and selects the entries; links are never followed.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::io::Errno;

use super::findings::Findings;
use super::folder::{Folder, Item, What};
use super::meta::{Meta, MetaKind};
use super::names::Names;
use super::patterns::Patterns;
use super::refusals as say;
use super::{Packing, Root};
use crate::error::{Error, Result};
use crate::world::partial::is_partial;

/// Passes every entry to `take`, folders before their contents. `open` returns the folder of a root and its name there.
pub fn walk<F: Folder>(
    packing: &Packing,
    findings: &Findings,
    open: impl Fn(&Path) -> io::Result<(F, OsString)>,
    trouble: impl Fn(&str, &Path, io::Error) -> Error,
    take: &mut dyn FnMut(Item<F>) -> Result<()>,
) -> Result<()> {
    let (include, exclude) = (Patterns::new(&packing.include)?, Patterns::new(&packing.exclude)?);
    let mut walk = Walk {
        packing,
        findings,
        include,
        exclude,
        take,
        frames: Vec::new(),
        links: HashMap::new(),
        top: PathBuf::new(),
        device: 0,
        files: 0,
        outputs: outputs(packing, &open),
    };
    let mut files = 0;
    for root in &packing.roots {
        let looked = open(&root.path).and_then(|(folder, name)| Ok((folder.look(&name)?, folder, name)));
        match looked {
            Ok((meta, folder, name)) => walk.root(root, Arc::new(folder), name, meta)?,
            Err(error) if is_absent(&error) && root.optional => {
                findings.lock().absent.add(root.path.display().to_string());
            }
            Err(error) if is_absent(&error) => return Err(say::missing(&root.path, error)),
            Err(error) => walk.unreadable(&root.path, |path| trouble("read", path, error))?,
        }
        files += std::mem::take(&mut walk.files);
    }
    match files == 0 && !packing.allow_empty {
        true => Err(say::nothing_at_all(packing, &findings.lock())),
        false => Ok(()),
    }
}

struct Walk<'a, F: Folder> {
    packing: &'a Packing,
    findings: &'a Findings,
    include: Patterns,
    exclude: Patterns,
    take: &'a mut dyn FnMut(Item<F>) -> Result<()>,
    /// The open folders, the current one last.
    frames: Vec<Frame<F>>,
    /// Files with several names: their first entry, and how many names may still follow.
    links: HashMap<(u64, u64), (PathBuf, u64)>,
    /// The current root's name in the archive, or the folder of a root that is a file.
    top: PathBuf,
    /// The file system of the current root.
    device: u64,
    /// The number of entries taken from the current root, without folders.
    files: u64,
    /// The folders of the archive's output files, also if reached by links, each with the output path and file name.
    outputs: Vec<((u64, u64), PathBuf, OsString)>,
}

/// Finds the folders of the output files. One that cannot be opened now is reported when it is written to.
fn outputs<F: Folder>(
    packing: &Packing,
    open: &impl Fn(&Path) -> io::Result<(F, OsString)>,
) -> Vec<((u64, u64), PathBuf, OsString)> {
    let place = |target: PathBuf| {
        let (folder, name) = open(&target).ok()?;
        let meta = folder.look(OsStr::new(".")).ok()?;
        // A simulated folder has no inode number, and no link leads to it.
        (meta.inode != 0).then_some(((meta.device, meta.inode), target, name))
    };
    packing.outputs.all().into_iter().filter_map(place).collect()
}

struct Frame<F> {
    folder: Arc<F>,
    names: Names,
    next: usize,
    path: PathBuf,
    meta: Meta,
    /// Whether it is already in the archive.
    written: bool,
    /// Whether `include` matches it, or one of its parents.
    included: bool,
}

impl<F: Folder> Walk<'_, F> {
    fn root(&mut self, root: &Root, folder: Arc<F>, name: OsString, meta: Meta) -> Result<()> {
        let path = self.packing.name_of(&root.path)?;
        self.device = meta.device;
        let excluded = self.findings.lock().excluded;
        match meta.kind {
            MetaKind::Dir => {
                self.top.clone_from(&path);
                self.enter(&folder, &name, path, false)?;
            }
            MetaKind::File => {
                self.top = path.parent().map(Path::to_owned).unwrap_or_default();
                self.visit(&folder, name, path, false)?;
            }
            _ => return Err(say::no_root(&root.path, meta.kind)),
        }
        while let Some(frame) = self.frames.last_mut() {
            let Some(name) = frame.names.get(frame.next).map(OsStr::to_owned) else {
                self.frames.pop();
                continue;
            };
            frame.next += 1;
            let (folder, path, included) = (frame.folder.clone(), frame.path.join(&name), frame.included);
            self.visit(&folder, name, path, included)?;
        }
        let excluded = self.findings.lock().excluded - excluded;
        match self.files == 0 && excluded > 0 && self.include.is_empty() && !self.packing.allow_empty {
            true => Err(say::nothing_of(&root.path)),
            false => Ok(()),
        }
    }

    fn visit(&mut self, folder: &Arc<F>, name: OsString, path: PathBuf, included: bool) -> Result<()> {
        if is_partial(&name) {
            self.findings.lock().unfinished += 1;
            return Ok(());
        }
        let meta = match folder.look(&name) {
            Ok(meta) => meta,
            Err(error) => return self.failed(folder, &path, error),
        };
        let is_dir = meta.kind == MetaKind::Dir;
        let below = path.strip_prefix(&self.top).unwrap_or(&path);
        if self.exclude.matches(below, is_dir) {
            self.findings.lock().excluded += 1;
            return Ok(());
        }
        let included = included || self.include.matches(below, is_dir);
        match meta.kind {
            MetaKind::Dir => self.enter(folder, &name, path, included),
            MetaKind::File | MetaKind::Link if !included && !self.include.is_empty() => {
                self.findings.lock().excluded += 1;
                Ok(())
            }
            MetaKind::File | MetaKind::Link if !self.is_of_age(&meta) => {
                self.findings.lock().out_of_age += 1;
                Ok(())
            }
            MetaKind::File => self.file(folder, name, path, meta),
            MetaKind::Link => self.take(Item { folder: folder.clone(), name, path, meta, what: What::Link }),
            kind => {
                self.findings.left_out(kind);
                Ok(())
            }
        }
    }

    fn enter(&mut self, above: &Arc<F>, name: &OsStr, path: PathBuf, included: bool) -> Result<()> {
        let (folder, meta) = match above.enter(name) {
            Ok(entered) => entered,
            Err(error) => return self.failed(above, &path, error),
        };
        self.refuse_output(&path, &meta)?;
        let foreign = self.packing.one_file_system && meta.device != self.device;
        let names = match foreign {
            true => Ok(Names::default()),
            false => folder.names(),
        };
        let names = match names {
            Ok(names) => names,
            Err(error) => return self.failed(above, &path, error),
        };
        if foreign {
            self.findings.lock().other_file_systems.add(self.packing.base.join(&path).display().to_string());
        }
        self.frames.push(Frame { folder: Arc::new(folder), names, next: 0, path, meta, written: false, included });
        // If only some files are selected, a folder is added with the first of them.
        let all = self.include.is_empty() || included;
        match all && self.packing.newer_than.is_none() && self.packing.older_than.is_none() {
            true => self.write_folders(),
            false => Ok(()),
        }
    }

    /// Refuses to pack the archive's own folder, unless the patterns exclude the archive.
    fn refuse_output(&self, path: &Path, meta: &Meta) -> Result<()> {
        for (_, target, name) in self.outputs.iter().filter(|(place, ..)| *place == (meta.device, meta.inode)) {
            let inside = path.join(name);
            let below = inside.strip_prefix(&self.top).unwrap_or(&inside);
            if !self.exclude.matches(below, false) {
                return Err(say::itself(target, &self.packing.base.join(path), below));
            }
        }
        Ok(())
    }

    fn file(&mut self, folder: &Arc<F>, name: OsString, path: PathBuf, meta: Meta) -> Result<()> {
        let mut item = Item { folder: folder.clone(), name, path, meta, what: What::File(None) };
        if meta.links > 1 {
            if let Some(first) = self.seen(&meta) {
                item.what = What::HardLink(first);
                return self.take(item);
            }
            // Held open from here on, so that the entry to which other links point cannot be missing.
            match folder.hold(&item.name) {
                Ok((held, meta)) if meta.kind == MetaKind::File => {
                    (item.meta, item.what) = (meta, What::File(Some(held)));
                    self.links.insert((meta.device, meta.inode), (item.path.clone(), meta.links - 1));
                }
                Ok(_) => return self.failed(folder, &item.path, Errno::LOOP.into()),
                Err(error) => return self.failed(folder, &item.path, error),
            }
        } else if !self.packing.contents
            && let Err(error) = folder.try_read(&item.name)
        {
            return self.failed(folder, &item.path, error);
        }
        self.take(item)
    }

    /// The first entry of a file that was already seen under another name.
    fn seen(&mut self, meta: &Meta) -> Option<PathBuf> {
        let key = (meta.device, meta.inode);
        let (first, left) = self.links.get_mut(&key)?;
        let first = first.clone();
        *left = left.saturating_sub(1);
        if *left == 0 {
            self.links.remove(&key);
        }
        Some(first)
    }

    fn take(&mut self, item: Item<F>) -> Result<()> {
        self.write_folders()?;
        self.files += 1;
        (self.take)(item)
    }

    /// Passes on the open folders that are not in the archive yet, the topmost first.
    fn write_folders(&mut self) -> Result<()> {
        for frame in self.frames.iter_mut().filter(|frame| !frame.written) {
            frame.written = true;
            let (folder, path, meta) = (frame.folder.clone(), frame.path.clone(), frame.meta);
            (self.take)(Item { folder, name: OsString::new(), path, meta, what: What::Dir })?;
        }
        Ok(())
    }

    fn is_of_age(&self, meta: &Meta) -> bool {
        let at = |(secs, nanos): (i64, u32)| (secs, nanos);
        let limit = |moment: &chrono::DateTime<_>| (moment.timestamp(), moment.timestamp_subsec_nanos());
        // A moved file keeps its modification time, but not its change time.
        let newest = at(meta.modified).max(at(meta.changed));
        self.packing.newer_than.as_ref().is_none_or(|moment| newest >= limit(moment))
            && self.packing.older_than.as_ref().is_none_or(|moment| at(meta.modified) < limit(moment))
    }

    /// Handles an entry that cannot be opened: it vanished, was replaced, or is not readable.
    fn failed(&self, folder: &Arc<F>, path: &Path, error: io::Error) -> Result<()> {
        let full = self.packing.base.join(path);
        match what_happened(&error) {
            Some(how) => self.packing.note_change(self.findings, &full, how),
            None => self.unreadable(&full, |path| folder.trouble("read", path, error)),
        }
    }

    fn unreadable(&self, path: &Path, error: impl FnOnce(&Path) -> Error) -> Result<()> {
        self.packing.note_unreadable(self.findings, path, error)
    }
}

/// What the error means if the tree changed since it was examined; `None` for other errors.
pub fn what_happened(error: &io::Error) -> Option<&'static str> {
    match Errno::from_io_error(error) {
        Some(Errno::NOENT) => Some("it vanished"),
        Some(Errno::LOOP | Errno::NOTDIR | Errno::NXIO) => Some("it was replaced by something else"),
        _ => None,
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
