//! Promises about empty content, whatever it is packed in.

use std::io::Write;

use hikae::stream::nothing::nothing;
use hikae::stream::sample::{HEAD_BYTES, Sample};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

#[test]
fn nothing_is_nothing_whatever_it_is_packed_in() {
    let packed = Some("it holds no byte when it is unpacked");
    let archive = Some("it is an archive without entries");
    let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 1).unwrap();
    let xz = b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4\x46\0\0\0\0\x1c\xdf\x44\x21\x1f\xb6\xf3\x7d\x01\0\0\0\0\x04YZ";
    let cpio = [b"070701".as_slice(), &[b'0'; 104], b"TRAILER!!!\0\0\0\0"].concat();
    for (bytes, why) in [
        (vec![], Some("it has no byte")),
        (gzip(b""), packed),
        (zstd(b""), packed),
        (gzip(&gzip(b"")), packed),
        (b"BZh9\x17\x72\x45\x38\x50\x90\0\0\0\0".to_vec(), packed),
        (xz.to_vec(), packed),
        (vec![0; 10240], archive),
        (gzip(&[0; 10240]), archive),
        (zstd(&vec![0; 1 << 20]), archive),
        ([b"PK\x05\x06".as_slice(), &[0; 18]].concat(), archive),
        (b"!<arch>\n".to_vec(), archive),
        (cpio, archive),
        (b"x".to_vec(), None),
        (gzip(b"x"), None),
        (zstd(b"x"), None),
        (vec![0; 100], None),
        (gzip(&vec![0; 3 << 20]), None),
    ] {
        let mut sample = Sample::default();
        bytes.chunks(7).for_each(|piece| sample.add(piece));
        assert_eq!(nothing(&sample), why, "{} bytes: {:?}", bytes.len(), &bytes[..bytes.len().min(12)]);
    }
}

#[test]
fn what_is_large_is_something() {
    let mut sample = Sample::default();
    (0..=HEAD_BYTES / 512).for_each(|_| sample.add(&[0; 512]));
    assert_eq!(nothing(&sample), None);
}
