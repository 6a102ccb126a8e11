//! Keeps a source being read while its owner waits for something else.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use super::{Piece, Source};
use crate::error::{Error, Kind, Result};

/// Pieces that wait on each side of a thread.
pub(super) const WAITING: usize = 4;

/// A read loop that its owner drives. It is not a separate task, so that dropping the owner drops the source
/// immediately: the program behind it must not outlive the pipeline.
pub struct Ahead {
    reading: Option<BoxFuture<'static, Result<()>>>,
}

impl Ahead {
    pub fn new(reading: impl Future<Output = Result<()>> + Send + 'static) -> Ahead {
        Ahead { reading: Some(Box::pin(reading)) }
    }

    /// Waits for the read loop to end.
    pub async fn finish(&mut self) -> Result<()> {
        match self.reading.take() {
            Some(reading) => reading.await,
            None => Ok(()),
        }
    }

    /// Waits for `work` while reading continues; an error of the reading takes precedence.
    pub async fn alongside<T>(&mut self, work: impl Future<Output = T>) -> Result<T> {
        let mut work = pin!(work);
        poll_fn(|context| {
            if let Some(reading) = &mut self.reading
                && let Poll::Ready(done) = reading.as_mut().poll(context)
            {
                self.reading = None;
                done?;
            }
            work.as_mut().poll(context).map(Ok)
        })
        .await
    }
}

/// The output of a separate thread that is fed with pieces.
pub(super) struct Worked {
    work: &'static str,
    feeding: Ahead,
    ready: mpsc::Receiver<Result<Piece>>,
    ended: bool,
}

impl Worked {
    /// `ready` returns the pieces, and finally the end or an error.
    pub(super) fn new(work: &'static str, feeding: Ahead, ready: mpsc::Receiver<Result<Piece>>) -> Worked {
        Worked { work, feeding, ready, ended: false }
    }

    async fn step(&mut self) -> Result<Piece> {
        if self.ended {
            return Ok(Piece::End);
        }
        let piece = self.feeding.alongside(self.ready.recv()).await?.ok_or_else(|| stopped(self.work))??;
        self.ended = piece == Piece::End;
        Ok(piece)
    }
}

impl Source for Worked {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(self.step())
    }
}

/// Starts a thread for `work` and hands it the pieces of `source`; returns the other end for the thread's output.
pub(super) async fn feed(
    mut source: Box<dyn Source>,
    work: &'static str,
    thread: impl FnOnce(mpsc::Receiver<Piece>) + Send + 'static,
) -> Result<()> {
    let (pieces, waiting) = mpsc::channel(WAITING);
    std::thread::Builder::new()
        .name(work.to_owned())
        .spawn(move || thread(waiting))
        .map_err(|cause| Error::io(format!("cannot start a thread of `{work}`"), cause))?;
    loop {
        let piece = source.next().await?;
        let ended = piece == Piece::End;
        // A thread that is gone has reported its error: show that one.
        if pieces.send(piece).await.is_err() || ended {
            return Ok(());
        }
    }
}

/// The threads behind `work` ended without an error: one of them panicked.
pub(super) fn stopped(work: &str) -> Error {
    Error::new(Kind::Other, format!("cannot go on with `{work}`: its worker stopped"))
        .hint("please report this as a bug in hikae")
}
