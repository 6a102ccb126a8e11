//! Checks whether some bytes are empty: no byte, an archive without entries, or either of them packed.

use std::io::Read;

use super::sample::Sample;

/// The most that is unpacked for the check: GNU tar may write a mebibyte of zeros for no file.
const MAX_PLAIN_BYTES: u64 = 2 << 20;

/// Why a stream is empty, once all of it has passed. A stream larger than its sample is never empty.
pub fn nothing(sample: &Sample) -> Option<&'static str> {
    if sample.is_whole() { of_nothing(sample.head()) } else { None }
}

/// Why these bytes are empty.
fn of_nothing(bytes: &[u8]) -> Option<&'static str> {
    const NO_ENTRY: &str = "it is an archive without entries";
    const PACKED: &str = "it holds no byte when it is unpacked";
    if bytes.is_empty() {
        return Some("it has no byte");
    }
    if let Some(plain) = unpacked(bytes) {
        return of_nothing(&plain).map(|why| if plain.is_empty() { PACKED } else { why });
    }
    let is_empty_tar = bytes.len().is_multiple_of(512) && bytes.iter().all(|byte| *byte == 0);
    let is_empty_7z = bytes.len() == 32 && bytes.starts_with(b"7z\xbc\xaf\x27\x1c") && bytes[12..28] == [0; 16];
    let is_empty_cpio = bytes.starts_with(b"0707") && bytes.get(110..121) == Some(b"TRAILER!!!\0".as_slice());
    let is_empty_zip = bytes.starts_with(b"PK\x05\x06");
    if is_empty_tar || is_empty_7z || is_empty_cpio || is_empty_zip || bytes == b"!<arch>\n" {
        return Some(NO_ENTRY);
    }
    // xz and bzip2 without a block: the end mark is where a block would begin.
    let is_empty_xz = bytes.starts_with(b"\xfd7zXZ\0") && bytes.len() == 32;
    let is_empty_bzip2 = bytes.starts_with(b"BZh") && bytes.get(4..10) == Some(b"\x17\x72\x45\x38\x50\x90".as_slice());
    (is_empty_xz || is_empty_bzip2).then_some(PACKED)
}

/// The content of gzip or zstd data; `None` if it is neither, is damaged, or is too large to be empty.
fn unpacked(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    let unpacked = match bytes {
        [0x1f, 0x8b, ..] => flate2::read::MultiGzDecoder::new(bytes).take(MAX_PLAIN_BYTES + 1).read_to_end(&mut plain),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            zstd::stream::read::Decoder::new(bytes).ok()?.take(MAX_PLAIN_BYTES + 1).read_to_end(&mut plain)
        }
        _ => return None,
    };
    unpacked.ok().filter(|read| *read as u64 <= MAX_PLAIN_BYTES).map(|_| plain)
}
