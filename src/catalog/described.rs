//! Reads the manifest beside a backup of any size, and refuses one that it cannot understand.

use std::path::Path;

use serde::Deserialize;

use super::manifest::{Manifest, SUFFIX, VERSION, path_beside};
use crate::error::{Error, Kind, Result};
use crate::stream::pump::collect;
use crate::world::Caller;

/// The maximum size of a manifest: ten times that of a hundred thousand tables.
const MAX_BYTES: usize = 256 << 20;

/// The manifest of the backup at `path`, or the manifest at `path` itself; `None` if there is none.
pub async fn read(caller: &Caller, path: &Path) -> Result<Option<Manifest>> {
    let is_manifest = path.as_os_str().to_string_lossy().ends_with(SUFFIX);
    let beside = if is_manifest { path.to_owned() } else { path_beside(path) };
    if caller.stat(&beside).await?.is_none() {
        return Ok(None);
    }
    let mut source = caller.open(&beside).await?;
    let shown = beside.display();
    let too_large = || {
        Error::new(Kind::Integrity, format!("cannot read the manifest `{shown}`"))
            .because_text("it is far larger than any manifest")
            .hint("is it the right file? a manifest that was damaged can be left out: `pg.inspect` reads the backup itself")
    };
    let bytes = collect(&mut *source, MAX_BYTES, too_large).await?;
    parse(&bytes, &shown.to_string()).map(Some)
}

/// The manifest in a text; `shown` is the name of its file.
pub fn parse(bytes: &[u8], shown: &str) -> Result<Manifest> {
    #[derive(Deserialize)]
    struct Version {
        manifest: u64,
    }
    let broken = |cause: serde_json::Error| {
        Error::new(Kind::Integrity, format!("cannot read the manifest `{shown}`"))
            .because(cause)
            .hint("copy it again from where it came, or move it away: `pg.inspect` reads the backup itself")
    };
    // The version first: the rest of a later version is unknown.
    let version = serde_json::from_slice::<Version>(bytes).map_err(broken)?.manifest;
    if version != u64::from(VERSION) {
        let what = format!("cannot read the manifest `{shown}`");
        return Err(Error::new(Kind::Integrity, what)
            .because_text(format!("it is of version {version}, and this hikae knows version {VERSION}"))
            .hint(
                "a later hikae wrote it: update this one; its line `restore` restores the backup without any hikae",
            ));
    }
    serde_json::from_slice(bytes).map_err(broken)
}
