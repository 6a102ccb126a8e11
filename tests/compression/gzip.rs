//! Parallel gzip: one member that every gzip reads, the same for any number of threads, with bounded memory.

use std::io::Read;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hikae::error::{Kind, Result};
use hikae::stream::gzip::gzip;
use hikae::stream::{Piece, SharedFacts, Source};

use super::samples::{Given, all, given, noise, ragged, rows, tool};

const BLOCK: usize = 512 * 1024;

/// What a recipe gets that does not say a level; it is one of those whose search hikae sets itself.
const DEFAULT_LEVEL: u32 = 5;

async fn packed(data: &[u8], level: u32, threads: usize) -> Vec<u8> {
    all(gzip(given(data), level, threads, &SharedFacts::default())).await.unwrap()
}

/// What a decoder finds that knows only one member, and whether anything follows it.
fn first_member(packed: &[u8]) -> (Vec<u8>, usize) {
    let mut decoder = flate2::bufread::GzDecoder::new(packed);
    let mut plain = Vec::new();
    decoder.read_to_end(&mut plain).unwrap();
    (plain, decoder.into_inner().len())
}

#[tokio::test(flavor = "multi_thread")]
async fn any_size_comes_back_by_gzip_itself_and_from_one_member() {
    let text = rows(9 * BLOCK + 12_345);
    for size in [0, 1, 10, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, text.len()] {
        let plain = &text[..size];
        let packed = packed(plain, DEFAULT_LEVEL, 2).await;
        tool("gzip -t", &packed);
        assert!(tool("gzip -dc", &packed) == plain, "{size} bytes come back changed");
        assert!(first_member(&packed) == (plain.to_vec(), 0), "{size} bytes are not one member");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_level_and_noise_come_back() {
    let (text, noise) = (rows(2 * BLOCK + 99), noise(3 * BLOCK + 7));
    for level in 0..=9 {
        for plain in [&text, &noise] {
            let packed = packed(plain, level, 2).await;
            assert!(&tool("gzip -dc", &packed) == plain, "level {level} comes back changed");
        }
    }
    assert!(packed(&noise, DEFAULT_LEVEL, 2).await.len() < noise.len() + noise.len() / 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bytes_depend_on_the_input_and_the_level_alone() {
    // Few letters make every byte count that a worker would remember from the block before.
    let letters: Vec<u8> = noise(12 * BLOCK).iter().map(|byte| b"acgt"[usize::from(byte % 4)]).collect();
    for plain in [rows(5 * BLOCK + 1), noise(2 * BLOCK), letters] {
        let expected = packed(&plain, DEFAULT_LEVEL, 1).await;
        for (threads, seed) in [(1, 3), (2, 5), (8, 17), (0, 23), (usize::MAX, 31)] {
            let again = all(gzip(ragged(&plain, seed), DEFAULT_LEVEL, threads, &SharedFacts::default())).await.unwrap();
            assert!(again == expected, "{threads} threads and other pieces make another file");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_no_larger_than_that_of_gzip() {
    let plain = rows(8 * 1024 * 1024);
    let (ours, theirs) = (packed(&plain, DEFAULT_LEVEL, 2).await.len(), tool("gzip -6 -c", &plain).len());
    assert!(ours <= theirs, "ours has {ours} bytes, that of gzip {theirs}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_higher_level_makes_a_smaller_file() {
    let plain = rows(4 * 1024 * 1024);
    let mut sizes = Vec::new();
    // From 7 on, the search is zlib-rs's own; with rows like these, its 9 is worse than its 8.
    for level in 0..=7 {
        sizes.push(packed(&plain, level, 2).await.len());
    }
    assert!(sizes.is_sorted_by(|lower, higher| lower > higher), "sizes by level: {sizes:?}");
}

#[tokio::test]
async fn one_thread_of_the_runtime_is_enough() {
    let plain = rows(6 * BLOCK);
    assert!(first_member(&packed(&plain, DEFAULT_LEVEL, 2).await).0 == plain);
}

#[tokio::test]
async fn the_facts_tell_how_to_undo_it() {
    let facts = SharedFacts::default();
    drop(gzip(given(b"x"), 6, 1, &facts));
    assert_eq!(facts.lock().undo, ["gzip -dc"]);
}

/// Reads until the error, and on: nothing may claim an end.
async fn error_of(mut source: Box<dyn Source>) -> hikae::error::Error {
    let error = loop {
        match tokio::time::timeout(Duration::from_secs(60), source.next()).await.expect("hangs") {
            Ok(Piece::Data(_)) => {}
            Ok(Piece::End) => panic!("a failed stream claims its end"),
            Err(error) => break error,
        }
    };
    for _ in 0..20 {
        let again: Result<Piece> = tokio::time::timeout(Duration::from_secs(60), source.next()).await.expect("hangs");
        assert!(!matches!(again, Ok(Piece::End)), "a failed stream claims its end when asked again");
    }
    error
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_of_the_source_is_the_answer_wherever_it_comes() {
    let text = rows(6 * BLOCK);
    for size in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 6 * BLOCK] {
        let source = Given::new(text[..size].to_vec(), || 50_000).failing();
        let error = error_of(gzip(Box::new(source), 6, 2, &SharedFacts::default())).await;
        assert_eq!((error.kind(), error.what()), (Kind::Command, "cannot run `pg_dump`"), "after {size} bytes");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_the_stream_drops_its_source_at_once() {
    for pieces in [0, 1, 2, 5] {
        let source = Given::new(rows(20 * BLOCK), || 65536);
        let dropped = source.dropped.clone();
        let mut stream = gzip(Box::new(source), 6, 2, &SharedFacts::default());
        for _ in 0..pieces {
            stream.next().await.unwrap();
        }
        assert!(!dropped.load(Ordering::SeqCst));
        drop(stream);
        assert!(dropped.load(Ordering::SeqCst), "the source lives on after {pieces} pieces");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_stops_bounds_what_is_read() {
    let source = Given::new(rows(64 * BLOCK), || 65536);
    let pulled = source.pulled.clone();
    let mut stream = gzip(Box::new(source), 1, 2, &SharedFacts::default());
    assert_eq!(pulled.load(Ordering::SeqCst), 0, "nothing is read before the first piece is asked for");
    for given in 0..8 {
        stream.next().await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
        // The first piece is the header; of the others, threads + 3 blocks may be on their way.
        let bound = (given + 5) * BLOCK + 65536;
        let pulled = pulled.load(Ordering::SeqCst);
        assert!(pulled <= bound, "{pulled} bytes were read for {given} blocks given");
    }
}

#[tokio::test]
async fn a_wait_that_is_cut_off_loses_nothing() {
    let plain = rows(5 * BLOCK + 3);
    let mut stream = gzip(given(&plain), 6, 2, &SharedFacts::default());
    let mut packed = Vec::new();
    loop {
        // No time at all: every piece that is not ready yet is asked for again.
        match tokio::time::timeout(Duration::ZERO, stream.next()).await {
            Ok(Ok(Piece::Data(data))) => packed.extend_from_slice(&data),
            Ok(Ok(Piece::End)) => break,
            Ok(Err(error)) => panic!("{error:?}"),
            Err(_) => tokio::task::yield_now().await,
        }
    }
    assert!(first_member(&packed) == (plain, 0));
}
