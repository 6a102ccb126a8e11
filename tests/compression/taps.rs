//! Taps: what they see is what passes, and what passes is unchanged.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hikae::error::{Error, Kind, Result};
use hikae::stream::lines::{Line, LineReader, Lines, MAX_LINE_BYTES};
use hikae::stream::stage::Staged;
use hikae::stream::taps::{Count, Hash};
use hikae::stream::tee::Tee;
use hikae::stream::{SharedFacts, Sink, Source};

use super::samples::{Given, all, given, ragged, rows};

#[tokio::test]
async fn hash_and_count_note_what_passes() {
    let facts = SharedFacts::default();
    let counted = Box::new(Staged::new(ragged(b"abc", 9), Count::new(&facts)));
    let hashed = Box::new(Staged::new(counted, Hash::new("plain", &facts)));
    assert_eq!(all(hashed).await.unwrap(), b"abc");
    let facts = facts.lock();
    assert_eq!(facts.plain_bytes, 3);
    assert_eq!(facts.hashes["plain"], "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

#[tokio::test]
async fn a_hash_of_a_broken_stream_is_not_noted() {
    let facts = SharedFacts::default();
    let source = Box::new(Given::new(b"abc".to_vec(), || 2).failing());
    all(Box::new(Staged::new(source, Hash::new("plain", &facts)))).await.unwrap_err();
    assert!(facts.lock().hashes.is_empty());
}

/// A sink that notes what is done with it.
#[derive(Clone, Default)]
struct Noted {
    data: Arc<Mutex<Vec<u8>>>,
    acts: Arc<Mutex<Vec<&'static str>>>,
    fails_at: Option<usize>,
}

impl Noted {
    fn act(&self, act: &'static str) -> BoxFuture<'static, Result<()>> {
        self.acts.lock().unwrap().push(act);
        Box::pin(async { Ok(()) })
    }
}

struct NotedSink(Noted);

impl Drop for NotedSink {
    fn drop(&mut self) {
        self.0.acts.lock().unwrap().push("drop");
    }
}

impl Sink for NotedSink {
    fn write(&mut self, data: Bytes) -> BoxFuture<'_, Result<()>> {
        let mut all = self.0.data.lock().unwrap();
        all.extend_from_slice(&data);
        let failed = self.0.fails_at.is_some_and(|at| all.len() >= at);
        Box::pin(async move { if failed { Err(Error::new(Kind::Space, "cannot write `copy`")) } else { Ok(()) } })
    }

    fn seal(&mut self) -> BoxFuture<'_, Result<()>> {
        self.0.act("seal")
    }

    fn commit(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        self.0.act("commit")
    }

    fn abort(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        self.0.act("abort")
    }
}

#[tokio::test]
async fn a_tee_writes_the_same_bytes_and_hands_back_the_sealed_copy() {
    let (plain, noted) = (rows(500_000), Noted::default());
    let (tee, sealed) = Tee::new(ragged(&plain, 5), Box::new(NotedSink(noted.clone())));
    assert!(all(Box::new(tee)).await.unwrap() == plain);
    assert!(*noted.data.lock().unwrap() == plain);
    assert_eq!(*noted.acts.lock().unwrap(), ["seal"], "the commit is up to whoever holds the copy");
    let sealed = sealed.await.unwrap();
    assert_eq!(sealed.tally.size_bytes, plain.len() as u64);
    sealed.sink.commit().await.unwrap();
    assert_eq!(*noted.acts.lock().unwrap(), ["seal", "commit", "drop"]);
}

#[tokio::test]
async fn a_tee_of_a_broken_stream_drops_its_copy() {
    let noted = Noted::default();
    let source = Box::new(Given::new(rows(1000), || 100).failing());
    let (mut tee, sealed) = Tee::new(source, Box::new(NotedSink(noted.clone())));
    while tee.next().await.is_ok() {}
    assert_eq!(*noted.acts.lock().unwrap(), ["drop"], "at once, not when the tee is dropped");
    assert!(sealed.await.is_err());
}

#[tokio::test]
async fn a_copy_that_fails_or_that_nobody_waits_for_fails_the_stream() {
    let noted = Noted { fails_at: Some(500), ..Noted::default() };
    let (tee, _sealed) = Tee::new(given(&rows(1000)), Box::new(NotedSink(noted.clone())));
    assert_eq!(all(Box::new(tee)).await.unwrap_err().kind(), Kind::Space);

    let (tee, sealed) = Tee::new(given(&rows(1000)), Box::new(NotedSink(Noted::default())));
    drop(sealed);
    assert_eq!(all(Box::new(tee)).await.unwrap_err().kind(), Kind::Cancelled);
}

async fn read_all(mut reader: LineReader) -> Vec<Line> {
    let mut lines = Vec::new();
    while let Some(line) = reader.next().await {
        lines.push(line);
    }
    assert_eq!(reader.next().await, None, "after the last line there is none");
    lines
}

/// The lines of `data` as they are read beside the stream, in the pieces that `source` makes.
async fn lines_of(source: Box<dyn Source>, data: &[u8]) -> Vec<Line> {
    let (lines, reader) = Lines::new(source);
    let (passed, read) = tokio::join!(all(Box::new(lines)), read_all(reader));
    assert!(passed.unwrap() == data, "the stream is changed");
    read
}

#[tokio::test]
async fn lines_are_whole_wherever_the_pieces_end() {
    for text in ["", "\n", "a", "a\n", "a\n\nb", "\n\n", "田中\r\n佐藤\nend"] {
        let expected: Vec<&str> = text.split_terminator('\n').collect();
        for size in 1..=text.len() + 1 {
            let source = Box::new(Given::new(text.as_bytes().to_vec(), move || size));
            let lines = lines_of(source, text.as_bytes()).await;
            let got: Vec<&str> = lines.iter().map(|line| str::from_utf8(&line.text).unwrap()).collect();
            assert_eq!(got, expected, "{text:?} in pieces of {size}");
            assert!(lines.iter().all(|line| !line.cut));
        }
    }
    let text = rows(2_000_000);
    let expected: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    let lines = lines_of(ragged(&text, 77), &text).await;
    assert!(lines.iter().map(|line| &line.text[..]).eq(expected));
}

#[tokio::test]
async fn a_line_that_is_too_long_is_handed_cut() {
    let (full, long) = (vec![b'f'; MAX_LINE_BYTES], vec![b'l'; MAX_LINE_BYTES + 1]);
    for ending in [&b"\n"[..], b""] {
        let text =
            [b"a\n", &full[..], b"\n", &long[..], b"\n", &long[..], &long[..], b"\nb\n", &long[..], ending].concat();
        for size in [1000, 700_000, text.len()] {
            let lines = lines_of(Box::new(Given::new(text.clone(), move || size)), &text).await;
            let seen: Vec<(usize, bool)> = lines.iter().map(|line| (line.text.len(), line.cut)).collect();
            let (most, cut) = (MAX_LINE_BYTES, true);
            assert_eq!(seen, [(1, !cut), (most, !cut), (most, cut), (most, cut), (1, !cut), (most, cut)]);
        }
    }
}

#[tokio::test]
async fn a_stream_goes_no_faster_than_its_lines_are_read() {
    let source = Given::new(rows(5_000_000), || 65536);
    let pulled = source.pulled.clone();
    let (lines, mut reader) = Lines::new(Box::new(source));
    let passing = tokio::spawn(all(Box::new(lines)));
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(pulled.load(Ordering::SeqCst) <= 4 * 65536);
    while reader.next().await.is_some() {}
    assert_eq!(passing.await.unwrap().unwrap().len(), 5_000_000);
}

#[tokio::test]
async fn a_stream_fails_when_the_reader_of_its_lines_has_gone() {
    let (lines, mut reader) = Lines::new(given(&rows(5_000_000)));
    let passing = tokio::spawn(all(Box::new(lines)));
    assert!(reader.next().await.is_some());
    drop(reader);
    assert_eq!(passing.await.unwrap().unwrap_err().kind(), Kind::Cancelled);
}

#[tokio::test]
async fn a_line_in_which_the_stream_breaks_is_not_shown() {
    let (lines, reader) = Lines::new(Box::new(Given::new(b"whole\nbrok".to_vec(), || 3).failing()));
    let (passed, read) = tokio::join!(all(Box::new(lines)), read_all(reader));
    assert_eq!(passed.unwrap_err().kind(), Kind::Command);
    assert_eq!(read, [Line { text: Bytes::from_static(b"whole"), cut: false }]);
}
