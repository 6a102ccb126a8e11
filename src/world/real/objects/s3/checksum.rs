//! Compares the checksum in a store's answer with that of the bytes sent.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use bytes::Bytes;
use md5::{Digest, Md5};
use ring::digest;

use super::ask::StoreReply;
use super::listing::plain_etag;
use crate::stream::hex::{hex, unhex};

/// Bytes of one request, with their checksum.
#[derive(Clone)]
pub struct Sent {
    pub bytes: Bytes,
    md5: [u8; 16],
}

impl Sent {
    pub fn new(bytes: Bytes) -> Sent {
        let md5 = Md5::digest(&bytes).into();
        Sent { bytes, md5 }
    }

    /// The header by which a store refuses a body with another checksum.
    pub fn header(&self) -> String {
        BASE64_STANDARD.encode(self.md5)
    }

    /// In the form of an etag.
    pub fn etag(&self) -> String {
        hex(self.md5)
    }

    /// Why the store does not have these bytes; `None` if its answer agrees, or has no checksum.
    pub fn differs(&self, answer: &StoreReply) -> Option<String> {
        if let Some(said) = whole_sum(answer, "x-amz-checksum-sha256") {
            let own = BASE64_STANDARD.encode(digest::digest(&digest::SHA256, &self.bytes).as_ref());
            if said != own {
                return Some(format!("its checksum (SHA-256) is `{said}`, that of what was sent is `{own}`"));
            }
        }
        if let Some(said) = whole_sum(answer, "x-amz-checksum-crc32") {
            let own = BASE64_STANDARD.encode(crc32fast::hash(&self.bytes).to_be_bytes());
            if said != own {
                return Some(format!("its checksum (CRC-32) is `{said}`, that of what was sent is `{own}`"));
            }
        }
        let (said, own) = (md5_etag(answer)?, self.etag());
        (said != own).then(|| format!("its checksum (MD5) is `{said}`, that of what was sent is `{own}`"))
    }

    /// Whether the answer proves that the store has these bytes.
    pub fn agrees(&self, answer: &StoreReply) -> bool {
        md5_etag(answer).is_some_and(|said| said == self.etag())
    }
}

/// The checksum of a whole object; that of an object with several parts has another type, which the answer names.
fn whole_sum<'a>(answer: &'a StoreReply, name: &str) -> Option<&'a str> {
    answer.header(name).filter(|said| !said.contains('-'))
}

/// The MD5 sum in an answer, if its etag is one.
fn md5_etag(answer: &StoreReply) -> Option<String> {
    let etag = answer.header("etag").map(plain_etag).filter(|etag| is_md5(etag) && !is_encrypted(answer))?;
    Some(etag.to_ascii_lowercase())
}

/// Whether an etag has the form of an MD5 sum; the etag of joined parts has another form.
pub fn is_md5(etag: &str) -> bool {
    etag.len() == 32 && etag.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The bytes of an etag that is an MD5 sum.
pub fn md5_of(etag: &str) -> Option<Vec<u8>> {
    let etag = plain_etag(etag);
    if is_md5(&etag) { unhex(&etag) } else { None }
}

/// With customer keys or a key service, the etag of a store is no checksum.
pub fn is_encrypted(answer: &StoreReply) -> bool {
    let by_service = answer.header("x-amz-server-side-encryption").is_some_and(|kind| kind.starts_with("aws:"));
    by_service || answer.header("x-amz-server-side-encryption-customer-algorithm").is_some()
}
