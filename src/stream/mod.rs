//! Defines the parts of a byte stream: a source that ends only when its end is proved, and a sink that shows nothing before its commit.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::error::Result;

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

/// Where bytes come from. `End` is a statement: a program has exited 0, a decoder has met its trailer.
///
/// After `End` or an error a source is not asked again. Dropping a source abandons it, with everything that it started.
pub trait Source: Send {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>>;
}

/// How what a sink has sealed can be read back.
pub enum ReadBack {
    Now(Box<dyn Source>),
    /// Only under its final name.
    AfterCommit,
    /// Nothing was stored: it is only planned.
    Nothing,
}

/// By what a stored thing is known again: as long as it is the same, nobody has written to it. Anything else means that its
/// bytes must be read to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp(pub String);

/// The stamp of what a sink stores, known once it is committed.
pub type Stamped = Arc<OnceLock<Stamp>>;

/// Where bytes go. Nothing is visible under the final name before `commit`; dropping a sink aborts it.
pub trait Sink: Send {
    fn write(&mut self, data: Bytes) -> BoxFuture<'_, Result<()>>;

    /// Everything is on stable storage, still under no final name.
    fn seal(&mut self) -> BoxFuture<'_, Result<()>>;

    /// Reads back what was sealed, from where it is stored, where that can be done before the commit.
    fn read_back(&mut self) -> BoxFuture<'_, Result<ReadBack>> {
        Box::pin(std::future::ready(Ok(ReadBack::AfterCommit)))
    }

    /// Where the stamp of what is committed will be found; nothing where none is known.
    fn stamped(&self) -> Option<Stamped> {
        None
    }

    /// Makes what was sealed visible under its final name, lastingly.
    fn commit(self: Box<Self>) -> BoxFuture<'static, Result<()>>;

    /// Leaves nothing behind.
    fn abort(self: Box<Self>) -> BoxFuture<'static, Result<()>>;
}

/// What the stages of one stream have learnt, shared by all of them and read by the sink.
#[derive(Clone, Default)]
pub struct SharedFacts(Arc<Mutex<Facts>>);

impl SharedFacts {
    /// Facts that begin as these.
    pub fn of(facts: Facts) -> SharedFacts {
        SharedFacts(Arc::new(Mutex::new(facts)))
    }

    pub fn lock(&self) -> MutexGuard<'_, Facts> {
        self.0.lock().unwrap_or_else(|broken| broken.into_inner())
    }
}
