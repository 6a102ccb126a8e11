//! Passes one reading of a source to several readers, each of which may end early without affecting the others.

use bytes::Bytes;
use futures_util::future::{BoxFuture, join_all};
use tokio::sync::{mpsc, oneshot};

use super::{Facts, Piece, SharedFacts, Source};
use crate::error::{Error, Kind, Result};

/// The pieces that may wait for each reader: a reader may be this far behind the fastest.
const WAITING: usize = 8;

/// The items that the readers receive.
enum SplitPiece {
    Data(Bytes),
    /// The end, with the facts from the stages before the split.
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

/// One of the sources of a split. It has its own facts, which begin as those of the shared stages.
pub struct Branch {
    opened: oneshot::Receiver<(Facts, Result<()>)>,
    pieces: mpsc::Receiver<Result<SplitPiece>>,
}

/// Makes a split into this many branches.
pub fn split(count: usize) -> (Splitter, Vec<Branch>) {
    let both = (0..count).map(|_| {
        let ((sender, opened), (give, pieces)) = (oneshot::channel(), mpsc::channel(WAITING));
        (Reader { opened: Some(sender), pieces: give }, Branch { opened, pieces })
    });
    let (readers, branches) = both.unzip();
    (Splitter { readers }, branches)
}

impl Splitter {
    /// Reads the source to its end, and passes each piece to every remaining reader. A slow reader delays the others until its
    /// own limits end it; if none is left, the source is dropped. Returns whether the source has proved its end.
    pub async fn run(mut self, open: BoxFuture<'static, Result<Box<dyn Source>>>, facts: &SharedFacts) -> bool {
        let opened = open.await;
        for reader in &mut self.readers {
            let result = opened.as_ref().map(|_| ()).map_err(Clone::clone);
            if let Some(sender) = reader.opened.take() {
                // A reader that is already gone needs nothing.
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
    /// Waits until the shared source is open; `facts` then hold what its stages reported.
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
