//! Sets the headers of a new object: its owner, its metadata and its lock.

use chrono::SecondsFormat;

use super::ask::{Ask, META};
use super::connection::form;
use crate::world::objects::{Lock, Put, ServerEncryption};

/// The header that identifies the owner of an object, so that it can be looked up after a lost answer.
pub const MARK: &str = "x-amz-meta-hikae-upload";

/// The header with the lock mode of an object.
pub const LOCK_MODE: &str = "x-amz-object-lock-mode";

/// The header with the part size, from which the etag of the whole can be computed again.
pub const PART_BYTES: &str = "x-amz-meta-hikae-part-bytes";

/// The headers for an object's metadata, each with its name.
pub fn kept(put: &Put) -> Vec<(String, String)> {
    put.metadata.keys().map(|name| (format!("{META}{name}"), name.clone())).collect()
}

/// The request that begins an object: in one request, or with its first part.
pub fn described<'a>(ask: Ask<'a>, put: &'a Put, kept: &'a [(String, String)], mark: &str, in_parts: bool) -> Ask<'a> {
    let ask = if in_parts { ask.header(PART_BYTES, put.part_bytes.to_string()) } else { ask };
    let mut ask = ask.header(MARK, mark).header("content-type", "application/octet-stream");
    let Put { storage_class, metadata, tags, encryption, lock, .. } = put;
    for (name, value) in kept {
        ask = ask.header(name, metadata.get(value).map_or("", String::as_str));
    }
    if let Some(class) = storage_class {
        ask = ask.header("x-amz-storage-class", class);
    }
    if !tags.is_empty() {
        ask = ask.header("x-amz-tagging", form(tags));
    }
    if let Some(Lock { mode, until }) = lock {
        let until = until.to_utc().to_rfc3339_opts(SecondsFormat::Secs, true);
        ask = ask.header(LOCK_MODE, *mode).header("x-amz-object-lock-retain-until-date", until);
    }
    let Some(ServerEncryption { algorithm, key }) = encryption else { return ask };
    ask = ask.header("x-amz-server-side-encryption", algorithm);
    match key {
        Some(key) => ask.header("x-amz-server-side-encryption-aws-kms-key-id", key),
        None => ask,
    }
}
