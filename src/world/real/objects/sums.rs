//! Computes the checksum of the bytes that pass, in the form that the store reports.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use md5::{Digest, Md5};

use crate::stream::hex::hex;

/// The store's checksum of a whole object, and the running checksum of the bytes so far.
pub enum Check {
    /// The etag of one part.
    Md5 { said: String, own: Md5 },
    /// The etag of an object that was joined from parts of this size.
    Parts { said: String, part_bytes: u64, part: Md5, in_part: u64, whole: Md5, count: u64 },
    /// In base64, big-endian.
    Crc32c { said: String, own: u32 },
}

impl Check {
    /// The checksum in an etag, if it is one.
    pub fn of_etag(etag: &str, part_bytes: Option<u64>) -> Option<Check> {
        let sum = |text: &str| text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let said = etag.to_ascii_lowercase();
        match (said.split_once('-'), part_bytes) {
            (None, _) if sum(&said) => Some(Check::Md5 { said, own: Md5::new() }),
            (Some((whole, _)), Some(part_bytes)) if sum(whole) && part_bytes > 0 => {
                Some(Check::Parts { said, part_bytes, part: Md5::new(), in_part: 0, whole: Md5::new(), count: 0 })
            }
            _ => None,
        }
    }

    pub fn update(&mut self, data: &[u8]) {
        match self {
            Check::Md5 { own, .. } => own.update(data),
            Check::Crc32c { own, .. } => *own = crc32c::crc32c_append(*own, data),
            Check::Parts { part_bytes, part, in_part, whole, count, .. } => {
                let mut rest = data;
                while !rest.is_empty() {
                    let room = (*part_bytes - *in_part).min(rest.len() as u64) as usize;
                    part.update(&rest[..room]);
                    *in_part += room as u64;
                    rest = &rest[room..];
                    if in_part == part_bytes {
                        whole.update(std::mem::take(part).finalize());
                        (*in_part, *count) = (0, *count + 1);
                    }
                }
            }
        }
    }

    /// Why the received bytes do not match the store's checksum.
    pub fn differs(self) -> Option<String> {
        let (kind, said, own) = match self {
            Check::Md5 { said, own } => ("MD5", said, hex(own.finalize())),
            Check::Crc32c { said, own } => ("CRC-32C", said, crc32c_text(own)),
            Check::Parts { said, part, in_part, mut whole, mut count, .. } => {
                if in_part > 0 {
                    whole.update(part.finalize());
                    count += 1;
                }
                ("MD5 of its parts", said, format!("{}-{count}", hex(whole.finalize())))
            }
        };
        (said != own).then(|| format!("its checksum ({kind}) is `{said}`, that of what came is `{own}`"))
    }
}

/// The checksum in Google's format.
pub fn crc32c_text(sum: u32) -> String {
    BASE64_STANDARD.encode(sum.to_be_bytes())
}
