//! Compresses into one zstd frame with a checksum, by zstd's own workers.

use std::io::{self, Write};
use std::sync::Arc;

use ::zstd::Encoder;
use ::zstd::zstd_safe::CParameter;
use bytes::Bytes;
use tokio::sync::mpsc;

use super::ahead::{Ahead, WAITING, Worked, feed};
use super::unzstd::unzstd;
use super::{Piece, SharedFacts, Source};
use crate::error::{Error, Kind, Result};

/// The bytes that one worker takes at a time. zstd's own choice (four windows, 8 MiB at level 3) is no faster and makes dumps
/// no smaller, but takes 51 MB on two threads where this takes 17.
const JOB_BYTES: u32 = 2 * 1024 * 1024;

/// Compresses `source` with `level` 1 to 19 on `threads` threads; the bytes depend on the input and the level alone.
///
/// Memory grows with the level and the threads. Nothing is read before the first `next`.
pub fn zstd(source: Box<dyn Source>, level: i32, threads: usize, facts: &SharedFacts) -> Box<dyn Source> {
    facts.lock().undone_by("zstd -dc", Arc::new(unzstd));
    let (packed, ready) = mpsc::channel(WAITING);
    let feeding = feed(source, "zstd", move |plain| encode(level, threads, plain, packed));
    Box::new(Worked::new("zstd", Ahead::new(feeding), ready))
}

/// The output of the encoder: compressed bytes, or a note that the frame is complete.
type Packed = Result<Piece>;

fn encode(level: i32, threads: usize, waiting: mpsc::Receiver<Piece>, packed: mpsc::Sender<Packed>) {
    let output = packed.clone();
    let last = match write_frame(level, threads, waiting, packed) {
        Ok(true) => Ok(Piece::End),
        Ok(false) => return,
        Err(cause) => Err(Error::new(Kind::Other, "cannot compress with `zstd`").because(cause)),
    };
    if output.blocking_send(last).is_err() {
        // the pipeline was dropped meanwhile: there is no receiver
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
