//! Fetches a backup from a store into a folder: every byte is compared with its manifest before its name becomes visible.

use std::path::{Path, PathBuf};

use crate::backup::read_back::prove;
use crate::catalog::described;
use crate::catalog::manifest::{list_beside, path_beside};
use crate::error::{Error, Kind, Result};
use crate::report::event;
use crate::stream::abort_after;
use crate::stream::pump::pump;
use crate::world::{Caller, EntryKind};

/// Mode of fetched files, from the first byte.
const FILE_MODE: u32 = 0o600;

/// The size limits of a manifest and a list, which are copied whole.
const MAX_BESIDE: u64 = 256 << 20;

/// A fetched backup.
pub struct Fetched {
    pub path: PathBuf,
    pub size_bytes: u64,
    pub sha256: String,
    /// The restore command from its manifest.
    pub restore: String,
}

/// Fetches the backup at the address `from` into `dir`; progress is reported for the step `step`.
pub async fn fetch(caller: &Caller, from: &Path, dir: &Path, step: u64) -> Result<Fetched> {
    let stat = caller.stat(from).await?;
    let cannot = |kind| Error::new(kind, format!("cannot fetch `{}`", from.display()));
    match stat.map(|stat| stat.kind) {
        Some(EntryKind::File) => {}
        Some(_) => return Err(cannot(Kind::Recipe).because_text("it is a folder").hint("name one backup in it")),
        None => return Err(cannot(Kind::NotFound).because_text("nothing is stored there")),
    }
    let manifest = described::read(caller, from).await?.ok_or_else(|| {
        cannot(Kind::Integrity)
            .because_text("there is no manifest beside it, so that nobody can tell whether it is whole")
            .hint("the tools of the store's vendor fetch any object")
    })?;
    let name = from.file_name().unwrap_or_default();
    let to = dir.join(name);
    if caller.stat(&to).await?.is_some() {
        return Err(Error::new(Kind::AlreadyExists, format!("`{}` is there already", to.display()))
            .hint("a backup never replaces another: name another folder"));
    }
    caller.mkdir(dir, 0o700).await?;
    event::step_expects(step, manifest.size_bytes);
    let mut source = caller.open(from).await?;
    let mut sink = caller.create(&to, FILE_MODE).await?;
    let mut moved = 0;
    let poured = pump(&mut *source, &mut *sink, |bytes| {
        moved += bytes;
        event::step_progress(step, moved);
    });
    let proved = match poured.await {
        Ok(tally) => prove(from, &manifest, &tally, None),
        Err(error) => Err(error),
    };
    if let Err(error) = proved {
        return Err(abort_after(sink, error).await);
    }
    sink.seal().await?;
    for (beside, target) in [(list_beside(from), list_beside(&to)), (path_beside(from), path_beside(&to))] {
        if caller.stat(&beside).await?.is_some() && caller.stat(&target).await?.is_none() {
            let bytes = caller.read(&beside, MAX_BESIDE).await?;
            caller.write(&target, bytes.to_vec(), FILE_MODE, false).await?;
        }
    }
    sink.commit().await?;
    Ok(Fetched { path: to, size_bytes: manifest.size_bytes, sha256: manifest.sha256, restore: manifest.restore })
}
