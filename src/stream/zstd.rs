//! Compresses into one zstd frame with a checksum, by zstd's own workers.

use std::io::{self, Write};

use ::zstd::Encoder;
use ::zstd::zstd_safe::CParameter;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use super::ahead::{Ahead, stopped};
use super::{Piece, SharedFacts, Source};
use crate::error::{Error, Kind, Result};

/// How much one worker takes at a time. zstd's own choice (four windows, 8 MiB at level 3) is no faster and makes dumps
/// no smaller, but takes 51 MB on two threads where this takes 17.
const JOB_BYTES: u32 = 2 * 1024 * 1024;

/// Pieces that wait on each side of the encoder.
const WAITING: usize = 4;

/// Compresses `source` with `level` 1 to 19 on `threads` threads; the bytes depend on the input and the level alone.
///
/// Memory grows with the level and the threads. Nothing is read before the first `next`.
pub fn zstd(source: Box<dyn Source>, level: i32, threads: usize, facts: &SharedFacts) -> Box<dyn Source> {
    facts.lock().undo.push("zstd -dc".to_owned());
    let (packed, ready) = mpsc::channel(WAITING);
    Box::new(Zstd { ahead: Ahead::new(feed(source, level, threads, packed)), ready, ended: false })
}

/// Starts the encoder on a thread of its own and feeds it.
async fn feed(mut source: Box<dyn Source>, level: i32, threads: usize, packed: mpsc::Sender<Packed>) -> Result<()> {
    let (plain, waiting) = mpsc::channel(WAITING);
    std::thread::Builder::new()
        .name("zstd".to_owned())
        .spawn(move || encode(level, threads, waiting, packed))
        .map_err(|cause| Error::io("cannot start a thread of `zstd`", cause))?;
    loop {
        let piece = source.next().await?;
        let ended = piece == Piece::End;
        // An encoder that has gone has told why on its way out: that is the error to show.
        if plain.send(piece).await.is_err() || ended {
            return Ok(());
        }
    }
}

/// What the encoder gives: compressed bytes, or the statement that the frame is complete.
type Packed = Result<Piece>;

fn encode(level: i32, threads: usize, waiting: mpsc::Receiver<Piece>, packed: mpsc::Sender<Packed>) {
    let told = packed.clone();
    let last = match write_frame(level, threads, waiting, packed) {
        Ok(true) => Ok(Piece::End),
        Ok(false) => return,
        Err(cause) => Err(Error::new(Kind::Other, "cannot compress with `zstd`").because(cause)),
    };
    if told.blocking_send(last).is_err() {
        // the pipeline was dropped meanwhile: nobody is left to hear it
    }
}

/// Writes the whole frame; `false` when the input was abandoned before its end.
fn write_frame(
    level: i32,
    threads: usize,
    mut waiting: mpsc::Receiver<Piece>,
    packed: mpsc::Sender<Packed>,
) -> io::Result<bool> {
    let mut encoder = Encoder::new(Outlet(packed), level.clamp(1, 19))?;
    encoder.set_parameter(CParameter::NbWorkers(threads.clamp(1, 64) as u32))?;
    encoder.set_parameter(CParameter::JobSize(JOB_BYTES))?;
    encoder.set_parameter(CParameter::ChecksumFlag(true))?;
    while let Some(piece) = waiting.blocking_recv() {
        match piece {
            Piece::Data(data) => encoder.write_all(&data)?,
            Piece::End => return encoder.finish().map(|_outlet| true),
        }
    }
    Ok(false)
}

/// Sends what the encoder writes to the reader of the stream.
struct Outlet(mpsc::Sender<Packed>);

impl Write for Outlet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = Piece::Data(Bytes::copy_from_slice(bytes));
        self.0.blocking_send(Ok(piece)).map_err(|_gone| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Zstd {
    ahead: Ahead,
    ready: mpsc::Receiver<Packed>,
    ended: bool,
}

impl Zstd {
    async fn step(&mut self) -> Result<Piece> {
        if self.ended {
            return Ok(Piece::End);
        }
        let piece = self.ahead.alongside(self.ready.recv()).await?.ok_or_else(|| stopped("zstd"))??;
        self.ended = piece == Piece::End;
        Ok(piece)
    }
}

impl Source for Zstd {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(self.step())
    }
}
