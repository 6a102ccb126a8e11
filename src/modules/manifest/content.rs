//! `manifest.content`: the kind of a file, by its first bytes, or else by its manifest; never by its name.

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

/// This much of a packed file unpacks to at least `HEAD_BYTES`.
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
        // A dump in a tar file begins like any other archive: only the manifest can say.
        found @ (None | Some(ARCHIVE)) => Ok(of_manifest(&caller, &path).await?.or(found)),
        found => Ok(found),
    }
}

/// The kind that the beginning of unpacked content shows; unknown if it cannot be unpacked.
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
