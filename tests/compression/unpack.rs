//! Unpacking: whole files come back, and a file that is cut, changed or continued with something else is refused.

use hikae::error::{Kind, Result};
use hikae::stream::decompress::decompress;
use hikae::stream::gunzip::gunzip;
use hikae::stream::gzip::gzip;
use hikae::stream::unzstd::unzstd;
use hikae::stream::zstd::zstd;
use hikae::stream::{Piece, SharedFacts, Source};

use super::samples::{all, given, noise, ragged, rows, tool};

type Unpack = fn(Box<dyn Source>) -> Box<dyn Source>;

const FORMATS: [(&str, Unpack, &str); 2] = [("gzip", gunzip, "gzip -c"), ("zstd", unzstd, "zstd -c -q --check")];

/// What unpacking gives; if it refuses, it must say that the data is broken, and what to try.
async fn unpacked(unpack: Unpack, packed: &[u8]) -> Result<Vec<u8>> {
    let result = all(unpack(given(packed))).await;
    if let Err(error) = &result {
        assert_eq!(error.kind(), Kind::Integrity, "{error:?}");
        assert!(error.hint_text().is_some());
    }
    result
}

#[tokio::test]
async fn what_the_standard_tools_pack_comes_back() {
    for (format, unpack, pack) in FORMATS {
        for plain in [Vec::new(), b"x".to_vec(), rows(3_000_000), noise(700_000)] {
            let packed = tool(pack, &plain);
            assert!(unpacked(unpack, &packed).await.unwrap() == plain, "{format} comes back changed");
            assert!(all(unpack(ragged(&packed, 41))).await.unwrap() == plain, "{format} in odd pieces");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_hikae_packs_comes_back() {
    let (plain, facts) = (rows(3_000_000), SharedFacts::default());
    assert!(all(gunzip(gzip(ragged(&plain, 3), 6, 2, &facts))).await.unwrap() == plain);
    assert!(all(unzstd(zstd(ragged(&plain, 3), 3, 2, &facts))).await.unwrap() == plain);
}

#[tokio::test]
async fn all_members_and_all_frames_are_read() {
    for (format, unpack, pack) in FORMATS {
        let parts = [rows(300_000), Vec::new(), noise(1000), b"end".to_vec()];
        let packed: Vec<u8> = parts.iter().flat_map(|part| tool(pack, part)).collect();
        assert!(unpacked(unpack, &packed).await.unwrap() == parts.concat(), "{format}");
        assert!(all(unpack(ragged(&packed, 43))).await.unwrap() == parts.concat(), "{format} in odd pieces");
    }
}

#[tokio::test]
async fn every_cut_of_a_file_is_refused() {
    for (format, unpack, pack) in FORMATS {
        let packed = tool(pack, &rows(900));
        for length in 0..packed.len() {
            let error = unpacked(unpack, &packed[..length]).await.expect_err("a cut file passes");
            assert_eq!(error.causes()[0], format!("the {format} data ends too early, after {length} bytes"));
        }
        // One whole member, and a part of the next.
        for length in packed.len() + 1..2 * packed.len() {
            let twice = [&packed[..], &packed[..]].concat();
            assert!(unpacked(unpack, &twice[..length]).await.is_err(), "{format} cut after {length} bytes passes");
        }
    }
}

#[tokio::test]
async fn no_flipped_bit_lets_other_data_pass() {
    for (format, unpack, pack) in FORMATS {
        let plain = rows(700);
        let packed = tool(pack, &plain);
        let mut refused = 0;
        for bit in 0..packed.len() * 8 {
            let mut broken = packed.clone();
            broken[bit / 8] ^= 1 << (bit % 8);
            // A few bits mean nothing (the time, the system): then the data is still the same.
            match unpacked(unpack, &broken).await {
                Ok(got) => assert!(got == plain, "{format} with bit {bit} flipped gives other data"),
                Err(_) => refused += 1,
            }
        }
        assert!(refused > packed.len() * 7, "{format}: only {refused} of {} flips were refused", packed.len() * 8);
    }
}

#[tokio::test]
async fn zeros_may_follow_gzip_and_nothing_else_may() {
    let packed = tool("gzip -c", b"data");
    for tail in [vec![0; 1], vec![0; 100_000]] {
        assert_eq!(unpacked(gunzip, &[&packed[..], &tail].concat()).await.unwrap(), b"data");
    }
    for tail in [&b"x"[..], b"\0\0x", b"\0\x1f\x8b\x08", b"\x1f", b"\x1fx", b"-- PostgreSQL"] {
        unpacked(gunzip, &[&packed[..], tail].concat()).await.expect_err("garbage passes");
    }
    let error = unpacked(gunzip, &[&packed[..], b"garbage"].concat()).await.unwrap_err();
    assert_eq!(
        error.one_line(),
        "cannot unpack the `gzip` data: something that is not gzip follows the end of the data, near byte 24"
    );
    for tail in [&b"\0"[..], b"garbage"] {
        let packed = tool("zstd -c -q", b"data");
        unpacked(unzstd, &[&packed[..], tail].concat()).await.expect_err("garbage passes");
    }
}

#[tokio::test]
async fn a_bomb_comes_in_small_pieces() {
    let plain = vec![0; 64 * 1024 * 1024];
    for (format, unpack, pack) in FORMATS {
        let mut stream = unpack(given(&tool(pack, &plain)));
        let mut size = 0;
        while let Piece::Data(data) = stream.next().await.unwrap() {
            assert!(data.len() <= 128 * 1024, "{format} gives {} bytes at once", data.len());
            size += data.len();
        }
        assert_eq!(size, plain.len());
    }
}

#[tokio::test]
async fn a_window_beyond_the_memory_is_refused_with_the_way_out() {
    let mut encoder = ::zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.set_parameter(::zstd::zstd_safe::CParameter::WindowLog(30)).unwrap();
    std::io::Write::write_all(&mut encoder, &noise(10)).unwrap();
    std::io::Write::flush(&mut encoder).unwrap();
    let error = unpacked(unzstd, &encoder.finish().unwrap()).await.unwrap_err();
    assert!(error.hint_text().unwrap().contains("zstd -d --long=31"), "{error:?}");
}

#[tokio::test]
async fn the_first_bytes_tell_how_to_unpack() {
    let plain = rows(200_000);
    let (gzip, zstd) = (tool("gzip -c", &plain), tool("zstd -c -q", &plain));
    let skippable = [b"\x50\x2a\x4d\x18\x02\0\0\0hi", &zstd[..]].concat();
    let cases = [("a.sql.gz", &gzip), ("a", &gzip), ("a.sql.zst", &zstd), ("a.zst", &skippable), ("a.sql", &plain)];
    for (name, packed) in cases {
        assert!(all(decompress(given(packed), name)).await.unwrap() == plain, "{name}");
        assert!(all(decompress(ragged(packed, 5), name)).await.unwrap() == plain, "{name} in odd pieces");
    }
    for short in [&b""[..], b"x", b"\x1f", b"\x28\xb5\x2f"] {
        assert_eq!(all(decompress(given(short), "short.txt")).await.unwrap(), short);
    }
}

#[tokio::test]
async fn a_name_that_promises_more_than_the_data_is_refused() {
    for (name, data, cause) in [
        ("a.sql.gz", &b""[..], "`a.sql.gz` is empty"),
        ("a.sql.gz", b"-- PostgreSQL", "`a.sql.gz` does not begin as gzip data does"),
        ("logs.TGZ", b"\0\0\0\0\0", "`logs.TGZ` does not begin as gzip data does"),
        ("a.zst", b"\x28\xb5", "`a.zst` does not begin as zstd data does"),
    ] {
        let error = all(decompress(given(data), name)).await.unwrap_err();
        assert_eq!((error.kind(), error.causes()), (Kind::Integrity, vec![cause.to_owned()]));
    }
}
