//! Defines the parts of a byte stream: a source that ends only when its end is proved, and a sink that shows nothing before its commit.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::error::{Error, Result};

pub mod age;
pub mod ahead;
pub mod at_hand;
pub mod decompress;
pub mod deferred;
pub mod discard;
pub mod ended;
mod deflate;
pub mod encrypting;
pub mod endings;
pub mod facts;
pub mod gunzip;
pub mod gzip;
pub mod lines;
pub mod nothing;
pub mod pump;
pub mod sample;
pub mod hex;
pub mod sha256;
pub mod split;
pub mod stage;
pub mod taps;
pub mod tar;
pub mod tee;
mod unfinished;
mod unpack;
pub mod unpacking;
pub mod unzstd;
mod zlib;
pub mod zstd;

pub use facts::{Expected, Facts};

/// One step of a source: some bytes, or the end. An error is neither.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    Data(Bytes),
    /// The source has ended, and everything that can prove it complete has been checked.
    End,
}

/// The origin of bytes. `End` is a proof: a program has exited with 0, a decoder has read its trailer.
///
/// After `End` or an error, a source is not read again. Dropping a source abandons it, with everything that it started.
pub trait Source: Send {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>>;
}

/// How the sealed data of a sink can be read back.
pub enum ReadBack {
    Now(Box<dyn Source>),
    /// Only under its final name.
    AfterCommit,
    /// Nothing was stored: it is only planned.
    Nothing,
}

/// Identifies the version of a stored file or object: if it is the same, the content is unchanged. Otherwise, the
/// bytes must be read to check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp(pub String);

/// The stamp of what a sink stores, known once it is committed.
pub type Stamped = Arc<OnceLock<Stamp>>;

/// The destination of bytes. Nothing is visible under the final name before `commit`; dropping a sink aborts it.
pub trait Sink: Send {
    fn write(&mut self, data: Bytes) -> BoxFuture<'_, Result<()>>;

    /// Puts everything on stable storage, without the final name yet.
    fn seal(&mut self) -> BoxFuture<'_, Result<()>>;

    /// Reads the sealed data back from its storage, if that is possible before the commit.
    fn read_back(&mut self) -> BoxFuture<'_, Result<ReadBack>> {
        Box::pin(std::future::ready(Ok(ReadBack::AfterCommit)))
    }

    /// Where the stamp of the committed data will be stored; `None` if there is no stamp.
    fn stamped(&self) -> Option<Stamped> {
        None
    }

    /// Makes the sealed data visible under its final name, durably.
    fn commit(self: Box<Self>) -> BoxFuture<'static, Result<()>>;

    /// Aborts and leaves nothing behind.
    fn abort(self: Box<Self>) -> BoxFuture<'static, Result<()>>;
}

/// Aborts a sink after an error; returns the error to report.
pub async fn abort_after(sink: Box<dyn Sink>, error: Error) -> Error {
    match sink.abort().await {
        Ok(()) => error,
        Err(left) => left.within(format!("cannot clean up after: {}", error.one_line())),
    }
}

/// The facts from the stages of one stream, shared by all of them and read by the sink.
#[derive(Clone, Default)]
pub struct SharedFacts(Arc<Mutex<Facts>>);

impl SharedFacts {
    /// Shared facts that start with these values.
    pub fn of(facts: Facts) -> SharedFacts {
        SharedFacts(Arc::new(Mutex::new(facts)))
    }

    pub fn lock(&self) -> MutexGuard<'_, Facts> {
        self.0.lock().unwrap_or_else(|broken| broken.into_inner())
    }
}
