//! Creates a private folder for temporary unpacking, and always removes it; leftovers of killed runs are removed as well.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::backup::pool::{WeakTaskGuard, clean_up_later};
use crate::error::{Error, Kind, Result};
use crate::world::partial::{UNPACKED_LOCKS, unpacked_lock, unpacked_name};
use crate::world::{Caller, Entry, EntryKind, ListQuery, LockGuard};

/// How often the removal of a non-empty folder is retried, and the pause between tries.
const TRIES: u32 = 10;
const MOMENT: Duration = Duration::from_millis(50);

/// Only the owner has access.
const MODE: u32 = 0o700;

/// The folder in which a run may create its scratch folders.
#[derive(Clone)]
pub struct ScratchRoot {
    folder: PathBuf,
    /// The scratch folder of this call.
    own: PathBuf,
    weak_guard: WeakTaskGuard,
}

/// A scratch folder of this run. It is removed with everything in it: by `remove`, or after it is dropped.
pub struct ScratchDir {
    dir: Option<LockedDir>,
    weak_guard: WeakTaskGuard,
}

struct LockedDir {
    caller: Caller,
    folder: PathBuf,
    lock: PathBuf,
    held: Box<dyn LockGuard>,
}

impl ScratchRoot {
    /// Scratch folders of this run in `folder`; `number` is unique within the run.
    pub fn new(folder: PathBuf, run_id: &str, number: u64, weak_guard: WeakTaskGuard) -> ScratchRoot {
        let own = folder.join(unpacked_name(run_id, number));
        ScratchRoot { folder, own, weak_guard }
    }

    /// Creates a new, empty folder, after removing those of killed runs.
    pub async fn make(&self, caller: &Caller) -> Result<ScratchDir> {
        caller.mkdir(&self.folder, MODE).await?;
        self.sweep(caller).await?;
        let lock = unpacked_lock(&self.own);
        let held = caller.lock(&lock).await?;
        let dir = LockedDir { caller: caller.clone(), folder: self.own.clone(), lock, held };
        let scratch = ScratchDir { dir: Some(dir), weak_guard: self.weak_guard.clone() };
        match caller.mkdir(&self.own, MODE).await {
            Ok(()) => Ok(scratch),
            Err(error) => Err(scratch.remove_after(error).await),
        }
    }

    async fn sweep(&self, caller: &Caller) -> Result<()> {
        for entry in caller.list(found(&self.folder, Some(UNPACKED_LOCKS))).await? {
            match caller.lock(&entry.path).await {
                Ok(held) => {
                    let dir = LockedDir {
                        caller: caller.clone(),
                        folder: entry.path.with_extension(""),
                        lock: entry.path.clone(),
                        held,
                    };
                    dir.remove().await?;
                }
                Err(error) if error.kind() == Kind::Locked => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl ScratchDir {
    pub fn folder(&self) -> &Path {
        self.dir.as_ref().map_or(Path::new(""), |dir| &dir.folder)
    }

    /// The files in it.
    pub async fn files(&self, caller: &Caller) -> Result<Vec<Entry>> {
        let entries = caller.list(ListQuery { recursive: true, ..found(self.folder(), None) }).await?;
        Ok(entries.into_iter().filter(|entry| entry.stat.kind == EntryKind::File).collect())
    }

    pub async fn remove(mut self) -> Result<()> {
        match self.dir.take() {
            Some(dir) => dir.remove().await,
            None => Ok(()),
        }
    }

    /// Removes it because of `error`, which is returned even if the removal fails.
    pub async fn remove_after(self, error: Error) -> Error {
        let folder = self.folder().to_owned();
        match self.remove().await {
            Ok(()) => error,
            Err(left) => error.hint(format!("remove `{}` yourself: {}", folder.display(), left.one_line())),
        }
    }
}

impl Drop for ScratchDir {
    fn drop(&mut self) {
        if let Some(dir) = self.dir.take() {
            clean_up_later(&self.weak_guard, dir.remove());
        }
    }
}

impl LockedDir {
    /// The lock is removed last: until then, no other run treats the folder as a leftover, or forgets it.
    async fn remove(self) -> Result<()> {
        let LockedDir { caller, folder, lock, held } = self;
        if caller.stat(&folder).await?.is_some() {
            remove_all(&caller, &folder).await?;
        }
        caller.remove(&lock).await?;
        drop(held);
        Ok(())
    }
}

/// Removes a folder with everything in it. After a cancellation, an unfinished file may still exist there for a moment.
async fn remove_all(caller: &Caller, folder: &Path) -> Result<()> {
    for _ in 1..TRIES {
        clear(caller, folder).await?;
        match caller.remove(folder).await {
            // A file was added, or still exists.
            Err(error) if error.kind() == Kind::Other => caller.sleep(MOMENT).await?,
            removed => return removed,
        }
    }
    clear(caller, folder).await?;
    caller.remove(folder).await
}

/// Removes everything in a folder, including half-written files of dead runs.
async fn clear(caller: &Caller, folder: &Path) -> Result<()> {
    caller.sweep(folder).await?;
    let mut entries = caller.list(ListQuery { recursive: true, ..found(folder, None) }).await?;
    for below in entries.iter().filter(|entry| entry.stat.kind == EntryKind::Dir) {
        caller.sweep(&below.path).await?;
    }
    // A folder is removed after its content.
    entries.reverse();
    for entry in entries {
        caller.remove(&entry.path).await?;
    }
    Ok(())
}

fn found(dir: &Path, name: Option<&str>) -> ListQuery {
    ListQuery { name: name.map(str::to_owned), ..ListQuery::of(dir) }
}
