//! zstd: one frame with a checksum that the standard tool reads, by bounded memory.

use std::sync::atomic::Ordering;
use std::time::Duration;

use hikae::error::Kind;
use hikae::stream::zstd::zstd;
use hikae::stream::{Piece, SharedFacts};

use super::samples::{Given, all, given, noise, ragged, rows, tool};

const MIB: usize = 1024 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn any_size_comes_back_by_zstd_itself() {
    let text = rows(9 * MIB + 12_345);
    for size in [0, 1, 10, 2 * MIB - 1, 2 * MIB, 2 * MIB + 1, text.len()] {
        let packed = all(zstd(given(&text[..size]), 3, 2, &SharedFacts::default())).await.unwrap();
        tool("zstd -t -q", &packed);
        assert!(tool("zstd -dc -q", &packed) == text[..size], "{size} bytes come back changed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn levels_and_noise_come_back() {
    for plain in [rows(3 * MIB), noise(3 * MIB)] {
        for level in [1, 3, 9, 19] {
            let packed = all(zstd(ragged(&plain, 29), level, 2, &SharedFacts::default())).await.unwrap();
            assert!(tool("zstd -dc -q", &packed) == plain, "level {level} comes back changed");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_one_frame_with_a_checksum() {
    let packed = all(zstd(given(&rows(5 * MIB)), 3, 2, &SharedFacts::default())).await.unwrap();
    assert_eq!(::zstd::zstd_safe::find_frame_compressed_size(&packed), Ok(packed.len()));
    assert_eq!(packed[4] & 0b100, 0b100, "the frame header names no checksum");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bytes_depend_on_the_input_and_the_level_alone() {
    let plain = rows(7 * MIB + 5);
    let expected = all(zstd(given(&plain), 3, 1, &SharedFacts::default())).await.unwrap();
    for (threads, seed) in [(1, 3), (2, 5), (8, 17), (0, 23)] {
        let again = all(zstd(ragged(&plain, seed), 3, threads, &SharedFacts::default())).await.unwrap();
        assert!(again == expected, "{threads} threads and other pieces make another file");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_of_the_source_is_the_answer_wherever_it_comes() {
    let text = rows(6 * MIB);
    for size in [0, 1, MIB, 6 * MIB] {
        let source = Given::new(text[..size].to_vec(), || 50_000).failing();
        let error = all(zstd(Box::new(source), 3, 2, &SharedFacts::default())).await.unwrap_err();
        assert_eq!((error.kind(), error.what()), (Kind::Command, "cannot run `pg_dump`"), "after {size} bytes");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_the_stream_drops_its_source_at_once() {
    for pieces in [0, 1, 3] {
        let source = Given::new(noise(20 * MIB), || 65536);
        let dropped = source.dropped.clone();
        let mut stream = zstd(Box::new(source), 3, 2, &SharedFacts::default());
        for _ in 0..pieces {
            assert_ne!(stream.next().await.unwrap(), Piece::End);
        }
        drop(stream);
        assert!(dropped.load(Ordering::SeqCst), "the source lives on after {pieces} pieces");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_stops_bounds_what_is_read() {
    let source = Given::new(noise(64 * MIB), || 65536);
    let pulled = source.pulled.clone();
    let facts = SharedFacts::default();
    let mut stream = zstd(Box::new(source), 3, 2, &facts);
    stream.next().await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let pulled = pulled.load(Ordering::SeqCst);
    assert!((1..=24 * MIB).contains(&pulled), "{pulled} bytes were read for one piece given");
    assert_eq!(facts.lock().undo, ["zstd -dc"]);
}
