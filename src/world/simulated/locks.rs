//! Takes locks that are released when their holder ends.

use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::state::{Shared, State};
use super::tree::{Content, What};
use crate::error::Result;
use crate::world::LockGuard;
use crate::world::partial::FOLDER_MODE;
use crate::world::refusals::{SINCE, held};

struct Lock {
    spot: PathBuf,
    shared: Shared,
}

impl LockGuard for Lock {}

impl Drop for Lock {
    fn drop(&mut self) {
        self.shared.lock().locks.remove(&self.spot);
    }
}

pub fn lock(shared: &Shared, path: &Path) -> Result<Box<dyn LockGuard>> {
    let spot = take(&mut shared.lock(), path)?;
    Ok(Box::new(Lock { spot, shared: shared.clone() }))
}

fn take(state: &mut State, path: &Path) -> Result<PathBuf> {
    let spot = match state.view().spot(path, Some(FOLDER_MODE)) {
        Ok(spot) => spot,
        Err(cause) => return Err(state.view().trouble("lock", path, cause)),
    };
    if let Some((process, since)) = state.locks.get(&spot) {
        return Err(held(path, Some((&process.to_string(), since))));
    }
    let (now, process) = (state.now(), state.process_id);
    let since = now.format(SINCE).to_string();
    let words = Bytes::from(format!("{process} {since}\n"));
    if state.tree.node(&spot).is_none() {
        let allowed = state.view().may_change(&spot);
        allowed.map_err(|cause| state.view().trouble("lock", path, cause))?;
    }
    let node = state.tree.ours(What::File(Content::Pieces(vec![words])), 0o600, now);
    state.tree.put(&spot, node);
    state.locks.insert(spot.clone(), (process, since));
    Ok(spot)
}
