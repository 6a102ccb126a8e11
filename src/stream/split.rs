//! Gives one reading of a source to several readers, each of which may end early without a loss for the others.

use bytes::Bytes;
use futures_util::future::{BoxFuture, join_all};
use tokio::sync::{mpsc, oneshot};

use super::{Facts, Piece, SharedFacts, Source};
use crate::error::{Error, Kind, Result};

/// Pieces that wait for each reader: a reader may be that much behind the fastest.
const WAITING: usize = 8;

/// What the readers are given.
enum SplitPiece {
    Data(Bytes),
    /// The end, with what the stages before the split have learnt.
    End(Box<Facts>),
}

/// The reading side of a split.
pub struct Splitter {
    readers: Vec<Reader>,
}

struct Reader {
    opened: Option<oneshot::Sender<(Facts, Result<()>)>>,
    pieces: mpsc::Sender<Result<SplitPiece>>,
}

/// One of the sources that a split gives. It has facts of its own, which begin as those of the shared stages.
pub struct Branch {
    opened: oneshot::Receiver<(Facts, Result<()>)>,
    pieces: mpsc::Receiver<Result<SplitPiece>>,
}

/// A split into this many branches.
pub fn split(count: usize) -> (Splitter, Vec<Branch>) {
    let both = (0..count).map(|_| {
        let ((sender, opened), (give, pieces)) = (oneshot::channel(), mpsc::channel(WAITING));
        (Reader { opened: Some(sender), pieces: give }, Branch { opened, pieces })
    });
    let (readers, branches) = both.unzip();
    (Splitter { readers }, branches)
}

impl Splitter {
    /// Reads the source to its end, and hands each piece to every reader that is left. A slow reader holds up the others until its
    /// own limits end it; when none is left, the source is dropped. Says whether the source has proved its end.
    pub async fn run(mut self, open: BoxFuture<'static, Result<Box<dyn Source>>>, facts: &SharedFacts) -> bool {
        let opened = open.await;
        for reader in &mut self.readers {
            let result = opened.as_ref().map(|_| ()).map_err(Clone::clone);
            if let Some(sender) = reader.opened.take() {
                // A reader that is gone already needs nothing.
                let _unheard = sender.send((facts.lock().clone(), result));
            }
        }
        let Ok(mut source) = opened else { return false };
        loop {
            let piece = source.next().await;
            let (ended, failed) = (matches!(piece, Ok(Piece::End)), piece.is_err());
            self.hand_out(piece, facts).await;
            if ended || failed || self.readers.is_empty() {
                return ended;
            }
        }
    }

    async fn hand_out(&mut self, piece: Result<Piece>, facts: &SharedFacts) {
        let given = |piece: &Result<Piece>| match piece {
            Ok(Piece::Data(data)) => Ok(SplitPiece::Data(data.clone())),
            Ok(Piece::End) => Ok(SplitPiece::End(Box::new(facts.lock().clone()))),
            Err(error) => Err(error.clone()),
        };
        let taken = join_all(self.readers.iter().map(|reader| reader.pieces.send(given(&piece)))).await;
        let mut taken = taken.into_iter();
        self.readers.retain(|_| taken.next().is_some_and(|sent| sent.is_ok()));
    }
}

impl Branch {
    /// Waits until the shared source is open; `facts` then are what its stages say of themselves.
    pub async fn open(self, facts: SharedFacts) -> Result<Box<dyn Source>> {
        let (shared, opened) = self.opened.await.map_err(|_| ended())?;
        *facts.lock() = shared;
        opened?;
        Ok(Box::new(BranchSource { pieces: self.pieces, facts, ended: false }))
    }
}

fn ended() -> Error {
    Error::new(Kind::Cancelled, "the reading that several copies share has ended")
}

struct BranchSource {
    pieces: mpsc::Receiver<Result<SplitPiece>>,
    facts: SharedFacts,
    ended: bool,
}

impl BranchSource {
    async fn step(&mut self) -> Result<Piece> {
        if self.ended {
            return Ok(Piece::End);
        }
        match self.pieces.recv().await.ok_or_else(ended)?? {
            SplitPiece::Data(data) => Ok(Piece::Data(data)),
            SplitPiece::End(shared) => {
                self.ended = true;
                self.facts.lock().learn(&shared);
                Ok(Piece::End)
            }
        }
    }
}

impl Source for BranchSource {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(self.step())
    }
}
