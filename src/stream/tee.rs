//! Writes a copy of everything that passes into a second sink.

use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

use super::pump::{Tallier, Tally};
use super::{Piece, Sink, Source};
use crate::error::{Error, Kind, Result};

/// A source that copies the passing bytes into a second sink.
///
/// When the source has proved its end, the sink is sealed and returned with its tally: the holder of the receiver
/// commits it once the main sink is proved too. Until then, and on any error, dropping the tee aborts the copy.
pub struct Tee {
    source: Box<dyn Source>,
    copy: Option<CopySink>,
}

struct CopySink {
    sink: Box<dyn Sink>,
    tally: Tallier,
    handed: oneshot::Sender<Sealed>,
}

/// A copy on stable storage that waits for its commit.
pub struct Sealed {
    pub sink: Box<dyn Sink>,
    pub tally: Tally,
}

impl Tee {
    pub fn new(source: Box<dyn Source>, sink: Box<dyn Sink>) -> (Tee, oneshot::Receiver<Sealed>) {
        let (handed, sealed) = oneshot::channel();
        (Tee { source, copy: Some(CopySink { sink, tally: Tallier::default(), handed }) }, sealed)
    }

    async fn step(&mut self) -> Result<Piece> {
        let piece = self.source.next().await?;
        match (&piece, &mut self.copy) {
            (Piece::Data(data), Some(copy)) => {
                copy.tally.add(data);
                copy.sink.write(data.clone()).await?;
            }
            (Piece::End, Some(copy)) => {
                copy.sink.seal().await?;
                self.copy.take().map_or(Ok(()), CopySink::hand_back)?;
            }
            (_, None) => return Err(Error::new(Kind::Other, "cannot go on with `tee` after its copy failed")),
        }
        Ok(piece)
    }
}

impl CopySink {
    fn hand_back(self) -> Result<()> {
        let sealed = Sealed { sink: self.sink, tally: self.tally.finish() };
        self.handed.send(sealed).map_err(|_dropped| {
            Error::new(Kind::Cancelled, "cannot finish the copy of `tee`: nobody waits for it any more")
        })
    }
}

impl Source for Tee {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(async {
            let piece = self.step().await;
            if piece.is_err() {
                self.copy = None; // aborts it now, not when the pipeline is dropped
            }
            piece
        })
    }
}
