//! Removes what dead runs left: their partial files and their locks.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;

use crate::error::{Kind, Result};
use crate::report::{self, Level};
use crate::world::{Caller, Effect, EntryKind, ListQuery, Reply, Request, World};

/// A world in which each folder is swept before the first file is made in it.
///
/// The declared folders are swept at the start. Walking through their subfolders takes too long, and a recipe mostly
/// writes where it wrote before.
pub struct Sweeping {
    inner: Arc<dyn World>,
    swept: Mutex<BTreeSet<PathBuf>>,
}

impl Sweeping {
    /// With these folders already swept.
    pub fn new(inner: Arc<dyn World>, swept: &[PathBuf]) -> Sweeping {
        Sweeping { inner, swept: Mutex::new(swept.iter().cloned().collect()) }
    }

    /// The folder of this effect, if it makes the first file there.
    fn folder_to_sweep(&self, effect: &Effect) -> Option<PathBuf> {
        let (Effect::Create { path, .. } | Effect::Write { path, .. }) = effect else { return None };
        let folder = path.parent()?.to_owned();
        let mut swept = self.swept.lock().unwrap_or_else(|broken| broken.into_inner());
        // A path in no declared folder is refused anyway, with an error for the recipe.
        let declared = swept.iter().any(|root| folder.starts_with(root));
        (declared && swept.insert(folder.clone())).then_some(folder)
    }
}

impl World for Sweeping {
    fn perform(&self, request: Request) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(async move {
            if let Some(folder) = self.folder_to_sweep(&request.effect) {
                sweep(&Caller::new(self.inner.clone(), request.limits), &[folder]).await;
            }
            self.inner.perform(request).await
        })
    }

    crate::world::rest_from!(self => self.inner);
}

/// Removes the partial files of killed runs, and reports it.
pub async fn sweep(caller: &Caller, folders: &[PathBuf]) {
    for dir in folders {
        let swept = match caller.stat(dir).await {
            Ok(Some(stat)) if stat.kind == EntryKind::Dir => caller.sweep(dir).await,
            Ok(_) => continue,
            Err(error) => Err(error),
        };
        match swept {
            Ok(entries) => entries.iter().for_each(|entry| {
                let message = format!("removed `{}`, which an interrupted run left", entry.path.display());
                report::log(Level::Warn, &message, None);
            }),
            // The recipe will use the same folder, and then gets an error with its place.
            Err(error) => report::log(Level::Warn, &error.one_line(), None),
        }
    }
}

/// Removes the locks of killed runs. They block no run; they would only pile up.
pub async fn drop_dead_locks(own: &Caller, dir: &Path) -> Result<()> {
    let found = ListQuery { name: Some("*.lock".to_owned()), ..ListQuery::of(dir) };
    for entry in own.list(found).await? {
        // Removed while locked, so that a run that has just made the file never loses it.
        match own.lock(&entry.path).await {
            Ok(held) => {
                own.remove(&entry.path).await?;
                drop(held);
            }
            Err(error) if error.kind() == Kind::Locked => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
