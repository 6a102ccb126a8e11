//! Compares the checksum with which a store answers with that of the bytes that were sent.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use md5::{Digest, Md5};
use ring::digest;

use super::ask::StoreReply;
use super::listing::plain_etag;
use crate::stream::hex::{hex, unhex};

/// Why the store does not have the bytes that were sent; none where its answer agrees, or says nothing.
pub fn differs(sent: &[u8], answer: &StoreReply) -> Option<String> {
    if let Some(said) = answer.header("x-amz-checksum-sha256") {
        let own = BASE64_STANDARD.encode(digest::digest(&digest::SHA256, sent).as_ref());
        // That of an object of several parts is of another kind, and says so.
        if !said.contains('-') && said != own {
            return Some(format!("its checksum (SHA-256) is `{said}`, that of what was sent is `{own}`"));
        }
    }
    if let Some(said) = answer.header("x-amz-checksum-crc32") {
        let own = BASE64_STANDARD.encode(crc32fast::hash(sent).to_be_bytes());
        if !said.contains('-') && said != own {
            return Some(format!("its checksum (CRC-32) is `{said}`, that of what was sent is `{own}`"));
        }
    }
    let said = answer.header("etag").map(plain_etag).filter(|etag| is_md5(etag) && !is_encrypted(answer))?;
    let own = hex(Md5::digest(sent));
    (!said.eq_ignore_ascii_case(&own))
        .then(|| format!("its checksum (MD5) is `{said}`, that of what was sent is `{own}`"))
}

/// Whether an etag has the form of an MD5 sum; what was put together of parts has another.
pub fn is_md5(etag: &str) -> bool {
    etag.len() == 32 && etag.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The bytes of an etag that is an MD5 sum.
pub fn md5_of(etag: &str) -> Option<Vec<u8>> {
    let etag = plain_etag(etag);
    if is_md5(&etag) { unhex(&etag) } else { None }
}

/// With keys of its own, or of a key service, a store gives an etag that is no checksum.
pub fn is_encrypted(answer: &StoreReply) -> bool {
    let by_service = answer.header("x-amz-server-side-encryption").is_some_and(|kind| kind.starts_with("aws:"));
    by_service || answer.header("x-amz-server-side-encryption-customer-algorithm").is_some()
}
