//! Keeps a source being read while its owner waits for something else.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use futures_util::future::BoxFuture;

use crate::error::{Error, Kind, Result};

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

    /// Waits for `wanted` while the reading goes on; what the reading fails with comes first.
    pub async fn alongside<T>(&mut self, wanted: impl Future<Output = T>) -> Result<T> {
        let mut wanted = pin!(wanted);
        poll_fn(|context| {
            if let Some(reading) = &mut self.reading
                && let Poll::Ready(done) = reading.as_mut().poll(context)
            {
                self.reading = None;
                done?;
            }
            wanted.as_mut().poll(context).map(Ok)
        })
        .await
    }
}

/// The threads behind `work` ended without saying why: one of them panicked.
pub(super) fn stopped(work: &str) -> Error {
    Error::new(Kind::Other, format!("cannot go on with `{work}`: its worker stopped"))
        .hint("please report this as a bug in hikae")
}
