//! Keeps the planned changes, and where a path would then lead.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use chrono::{DateTime, FixedOffset};
use rustix::io::Errno;

use super::{Planned, Withheld};
use crate::error::{Error, Kind, Result};
use crate::units::show_size;
use crate::world::objects::ObjectStat;
use crate::world::refusals::{SINCE, held, not_plain};
use crate::world::{EntryKind, LockGuard, Request, Stat};

/// The planned changes, and the resulting state of the files.
#[derive(Default)]
pub struct Plan {
    planned: Vec<Entered>,
    pub changed: BTreeMap<PathBuf, Change>,
    locks: BTreeMap<PathBuf, String>,
    /// The objects that would be stored, by addresses such as `s3://bucket/key`; `None` for those that would be removed.
    pub objects: BTreeMap<String, Option<ObjectStat>>,
    /// Buckets that would exist.
    pub buckets: BTreeSet<String>,
}

/// An entry of the plan, and whether it is still valid: a file that was not committed would not exist.
struct Entered {
    planned: Planned,
    holds: bool,
}

/// The change at a path.
#[derive(Clone)]
pub enum Change {
    /// Something new, with its bytes if known.
    New(Stat, Option<Bytes>),
    /// The entry that is at another path now.
    Moved(PathBuf),
    Gone,
}

/// The target of a path.
pub enum Where {
    /// A path in the world below, perhaps under another name.
    Below(PathBuf),
    Planned(Stat, Option<Bytes>),
    Nothing,
}

impl Plan {
    /// Records a change; returns its index.
    pub fn note(&mut self, request: &Request, detail: Option<String>) -> usize {
        let effect = &request.effect;
        let (verb, object) = (effect.verb(), effect.object());
        let planned = Planned { verb, object, detail, why: request.why.clone(), site: request.site.clone() };
        self.planned.push(Entered { planned, holds: true });
        self.planned.len() - 1
    }

    /// The valid entries of the plan, in order.
    pub fn planned(&self) -> Vec<Planned> {
        self.planned.iter().filter(|entry| entry.holds).map(|entry| entry.planned.clone()).collect()
    }

    /// Removes the entry `number`: its file was aborted.
    pub fn withdraw(&mut self, number: usize) {
        self.planned[number].holds = false;
    }

    /// Sets the details of the entry `number`, in words.
    pub fn detail(&mut self, number: usize, detail: impl Into<String>) {
        self.planned[number].planned.detail = Some(detail.into());
    }

    /// Adds a file that would exist, as the plan's entry `number` says.
    pub fn written(
        &mut self,
        path: &Path,
        size_bytes: u64,
        data: Option<Bytes>,
        mode: u32,
        number: usize,
        now: DateTime<FixedOffset>,
    ) {
        self.detail(number, show_size(size_bytes));
        let stat = Stat::of_none(EntryKind::File, size_bytes, now, mode);
        self.changed.insert(path.to_owned(), Change::New(stat, data));
    }

    /// Adds folders that would exist.
    pub fn made(&mut self, missing: &[PathBuf], mode: u32, now: DateTime<FixedOffset>) {
        for path in missing {
            let stat = Stat::of_none(EntryKind::Dir, 0, now, mode);
            self.changed.insert(path.clone(), Change::New(stat, None));
        }
    }

    /// Applies a rename, with everything below the name.
    pub fn moved(&mut self, from: &Path, to: &Path) {
        let change = match self.locate(from) {
            Where::Below(place) => Change::Moved(place),
            Where::Planned(stat, data) => Change::New(stat, data),
            Where::Nothing => return,
        };
        let below: Vec<PathBuf> = self.changed.keys().filter(|path| path.starts_with(from)).cloned().collect();
        for path in below {
            if let (Some(change), Ok(rest)) = (self.changed.remove(&path), path.strip_prefix(from))
                && !rest.as_os_str().is_empty()
            {
                self.changed.insert(to.join(rest), change);
            }
        }
        self.changed.insert(from.to_owned(), Change::Gone);
        self.changed.insert(to.to_owned(), change);
    }

    pub fn locate(&self, path: &Path) -> Where {
        for above in path.ancestors() {
            match self.changed.get(above) {
                None => {}
                Some(Change::Gone) => return Where::Nothing,
                Some(Change::New(stat, data)) if above == path => return Where::Planned(stat.clone(), data.clone()),
                // A folder that is only planned contains only planned entries.
                Some(Change::New(..)) => return Where::Nothing,
                Some(Change::Moved(from)) => {
                    let rest = path.strip_prefix(above).unwrap_or(path);
                    return Where::Below(if rest.as_os_str().is_empty() { from.clone() } else { from.join(rest) });
                }
            }
        }
        Where::Below(path.to_owned())
    }
}

/// The plan, shared by the world and its open files.
#[derive(Clone, Default)]
pub struct Shared(Arc<Mutex<Plan>>);

impl Shared {
    pub fn lock(&self) -> MutexGuard<'_, Plan> {
        self.0.lock().unwrap_or_else(|broken| broken.into_inner())
    }
}

/// The error of a read of something that does not exist, or is only planned.
pub fn unreadable(path: &Path, at: &Where) -> Error {
    match at {
        Where::Planned(stat, _) if stat.kind == EntryKind::Dir => not_plain(path, true),
        Where::Planned(..) => only_planned(path),
        _ => Error::io(format!("cannot read `{}`", path.display()), Errno::NOENT.into()),
    }
}

/// The error of a read of a file whose bytes are unknown before a run.
pub fn only_planned(path: &Path) -> Error {
    Error::new(Kind::Other, format!("cannot read `{}`", path.display())).because(Withheld::File)
}

/// A lock that exists only in this run.
struct PlannedLock {
    path: PathBuf,
    plan: Shared,
}

impl LockGuard for PlannedLock {}

impl Drop for PlannedLock {
    fn drop(&mut self) {
        self.plan.lock().locks.remove(&self.path);
    }
}

/// Takes a lock only for this run; locks of other processes are not tried, because that would leave a lock file.
pub fn hold(plan: &Shared, path: &Path, process: u32, now: DateTime<FixedOffset>) -> Result<Box<dyn LockGuard>> {
    let mut state = plan.lock();
    if let Some(since) = state.locks.get(path) {
        return Err(held(path, Some((&process.to_string(), since))));
    }
    state.locks.insert(path.to_owned(), now.format(SINCE).to_string());
    Ok(Box::new(PlannedLock { path: path.to_owned(), plan: plan.clone() }))
}
