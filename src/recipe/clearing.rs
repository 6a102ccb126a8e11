//! Clears away what dead runs left behind: their partial files and their locks.

use std::path::{Path, PathBuf};

use crate::error::{Kind, Result};
use crate::report::{self, Level};
use crate::world::{Caller, EntryKind, Found};

/// Removes the partial files of runs that were killed, and says so.
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
            // The recipe will meet the same folder, and then it is an error with a place.
            Err(error) => report::log(Level::Warn, &error.one_line(), None),
        }
    }
}

/// Removes the locks of runs that were killed. They keep nobody away; they would only pile up.
pub async fn drop_dead_locks(own: &Caller, dir: &Path) -> Result<()> {
    let found = Found {
        dir: dir.to_owned(),
        name: Some("*.lock".to_owned()),
        recursive: false,
        older_than_days: None,
        newer_than_days: None,
    };
    for entry in own.list(found).await? {
        // Removed under its own lock, so that it is never taken from under a run that has just made it.
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
