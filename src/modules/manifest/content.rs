//! `manifest.content`: what a file holds, by its first bytes, and by its manifest where they do not say; never by its name.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use bytes::Bytes;

use crate::backup::decrypting::encryption_of;
use crate::catalog::described;
use crate::error::Result;
use crate::lua::exports::Call;
use crate::postgres::dump::envelope::begins_as_dump;
use crate::postgres::restore::archive::begins_as_archive;
use crate::postgres::restore::read::HEAD_BYTES;
use crate::postgres::restore::read::directory::begins_as_tar;
use crate::stream::at_hand::AtHand;
use crate::stream::decompress::{Peeked, decompress};
use crate::world::Caller;

/// This much of a packed file unpacks to `HEAD_BYTES` at least.
const PACKED_BYTES: u64 = 64 << 10;

const DUMP: &str = "dump";
const ARCHIVE: &str = "archive";
const ENCRYPTED: &str = "encrypted";

pub async fn content(call: Rc<Call>, path: PathBuf) -> Result<Option<&'static str>> {
    let caller = call.world()?;
    let head = caller.head(&path, PACKED_BYTES).await?;
    if encryption_of(&head).is_some() {
        return Ok(Some(ENCRYPTED));
    }
    match of_plain(head).await {
        // A dump in a tar file begins as any other archive does: only the manifest knows.
        found @ (None | Some(ARCHIVE)) => Ok(of_manifest(&caller, &path).await?.or(found)),
        found => Ok(found),
    }
}

/// What unpacked content begins as. One that cannot be unpacked begins as nothing that is known.
async fn of_plain(head: Bytes) -> Option<&'static str> {
    let mut plain = Peeked::new(decompress(Box::new(AtHand::new(head)), ""));
    let head = plain.peek(HEAD_BYTES).await.ok()?;
    match head {
        [] => None,
        _ if begins_as_dump(head) || begins_as_archive(head) => Some(DUMP),
        _ if begins_as_tar(head) => Some(ARCHIVE),
        _ => None,
    }
}

async fn of_manifest(caller: &Caller, path: &Path) -> Result<Option<&'static str>> {
    let Some(manifest) = described::read(caller, path).await? else { return Ok(None) };
    let has = |section: &str| manifest.sections.contains_key(section);
    Ok(match () {
        () if has("encryption") => Some(ENCRYPTED),
        () if has("database") => Some(DUMP),
        // A set has both: it is a list of backups.
        () if has("files") && !has("databases") => Some(ARCHIVE),
        () => None,
    })
}
