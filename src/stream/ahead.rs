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

/// A reading that its owner drives. It is no task of its own, so that dropping the owner drops the source
/// in the same moment: the program behind it must not outlive the pipeline.
pub struct Ahead {
    reading: Option<BoxFuture<'static, Result<()>>>,
}

impl Ahead {
    pub fn new(reading: impl Future<Output = Result<()>> + Send + 'static) -> Ahead {
        Ahead { reading: Some(Box::pin(reading)) }
    }

    /// Waits for the end of the reading.
    pub async fn finish(&mut self) -> Result<()> {
        match self.reading.take() {
            Some(reading) => reading.await,
            None => Ok(()),
        }
    }

    /// Waits for `work` while the reading goes on; what the reading fails with comes first.
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

/// What a thread of its own makes of the pieces that it is fed.
pub(super) struct Worked {
    work: &'static str,
    feeding: Ahead,
    ready: mpsc::Receiver<Result<Piece>>,
    ended: bool,
}

impl Worked {
    /// `ready` gives the pieces, and at last the end or what kept it from coming.
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

/// Starts a thread for `work` and hands it the pieces of `source`; what comes back is for the other end.
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
        // A thread that has gone has said why on its way out: that is the error to show.
        if pieces.send(piece).await.is_err() || ended {
            return Ok(());
        }
    }
}

/// The threads behind `work` ended without saying why: one of them panicked.
pub(super) fn stopped(work: &str) -> Error {
    Error::new(Kind::Other, format!("cannot go on with `{work}`: its worker stopped"))
        .hint("please report this as a bug in hikae")
}
