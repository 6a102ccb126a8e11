//! Sources that give known bytes, fail, wait or note their drop; and the standard tools to check against.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hikae::error::{Error, Kind, Result};
use hikae::stream::{Piece, Source};

/// Numbers that look random and are the same in every run.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}

/// Rows as a dump has them: Japanese names, times, and enough chance that they do not all fold into one.
pub fn rows(size: usize) -> Vec<u8> {
    let (mut random, mut text) = (Random(7), Vec::with_capacity(size + 200));
    let names = ["佐藤 花子", "鈴木 一郎", "高橋 美咲", "田中 健太"];
    while text.len() < size {
        let (a, b) = (random.next(), random.next());
        let name = names[random.below(4)];
        let day = 1 + a % 28;
        writeln!(text, "{a:016x}\t{name}\tuser{}@example.jp\t2026-02-{day:02} 09:15:00+09\t\\N", b % 9999).unwrap();
    }
    text.truncate(size);
    text
}

pub fn noise(size: usize) -> Vec<u8> {
    let mut random = Random(11);
    (0..size).map(|_| random.next() as u8).collect()
}

/// Gives `data` in pieces of the sizes that `size` makes up, then ends, or fails.
pub struct Given<F> {
    data: Bytes,
    size: F,
    failure: Option<Error>,
    /// Bytes that were asked for so far.
    pub pulled: Arc<AtomicUsize>,
    /// Whether the source is gone.
    pub dropped: Arc<AtomicBool>,
}

impl<F: FnMut() -> usize + Send> Given<F> {
    pub fn new(data: impl Into<Bytes>, size: F) -> Given<F> {
        let (pulled, dropped) = Default::default();
        Given { data: data.into(), size, failure: None, pulled, dropped }
    }

    /// The same, but it fails where it would end.
    pub fn failing(mut self) -> Given<F> {
        self.failure = Some(Error::new(Kind::Command, "cannot run `pg_dump`"));
        self
    }
}

impl<F: FnMut() -> usize + Send> Source for Given<F> {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(async {
            if self.data.is_empty() {
                return self.failure.take().map_or(Ok(Piece::End), Err);
            }
            let size = (self.size)().min(self.data.len());
            self.pulled.fetch_add(size, Ordering::SeqCst);
            Ok(Piece::Data(self.data.split_to(size)))
        })
    }
}

impl<F> Drop for Given<F> {
    fn drop(&mut self) {
        self.dropped.store(true, Ordering::SeqCst);
    }
}

/// A source of `data` in pieces as a pipe gives them.
pub fn given(data: &[u8]) -> Box<dyn Source> {
    Box::new(Given::new(data.to_vec(), || 65536))
}

/// A source of `data` in pieces of any size, empty ones too.
pub fn ragged(data: &[u8], seed: u64) -> Box<dyn Source> {
    let mut random = Random(seed);
    Box::new(Given::new(data.to_vec(), move || {
        let top = [2, 300, 70_000, 700_000][random.below(4)];
        random.below(top)
    }))
}

/// Everything until the end is proved; a hang is a failure.
pub async fn all(source: Box<dyn Source>) -> Result<Vec<u8>> {
    tokio::time::timeout(Duration::from_secs(120), to_end(source)).await.expect("the stream hangs")
}

async fn to_end(mut source: Box<dyn Source>) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    loop {
        match source.next().await? {
            Piece::Data(data) => all.extend_from_slice(&data),
            Piece::End => return Ok(all),
        }
    }
}

/// What a standard tool makes of `input`; it must be satisfied with it.
pub fn tool(line: &str, input: &[u8]) -> Vec<u8> {
    let (program, args) = line.split_once(' ').unwrap();
    let mut child = Command::new(program)
        .args(args.split(' '))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|_| panic!("{program} is missing: apt-get install {program}"));
    let mut stdin = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(input).unwrap());
        child.wait_with_output().unwrap()
    });
    assert!(output.status.success(), "`{line}` refuses the file: {}", output.status);
    output.stdout
}
