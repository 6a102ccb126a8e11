//! Records how a stream is encrypted, and proves the stored bytes: decrypts them and compares the result with the input.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use futures_util::future::BoxFuture;

use super::pump::{Tallier, Tally};
use super::{Piece, SharedFacts, Source};
use crate::error::{Error, Kind, Result};
use crate::units::show_size;

/// How a backup is encrypted, for its manifest.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Encryption {
    pub kind: String,
    /// The recipients, whose keys can decrypt it.
    pub recipients: Vec<String>,
    /// Whether a passphrase decrypts it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub passphrase: bool,
    /// The recipient that the run added to prove the stored bytes. Its key is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throwaway: Option<String>,
}

/// Wraps a source so that one stage is undone.
pub type Undo = Arc<dyn Fn(Box<dyn Source>) -> Box<dyn Source> + Send + Sync>;

/// Encrypts another file of the same backup in the same way, with its own throwaway recipient, which its facts then hold.
#[derive(Clone)]
pub struct Sealer(pub Arc<Seal>);

/// The function of a `Sealer`.
pub type Seal = dyn Fn(Box<dyn Source>, &SharedFacts) -> Box<dyn Source> + Send + Sync;

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer")
    }
}

/// How to get from the stored bytes back to the bytes before encryption.
#[derive(Clone)]
pub struct WayBack {
    plain: PlainTally,
    undo: Vec<Undo>,
    /// A stage after the encryption that hikae cannot undo.
    blocked: Option<String>,
}

impl fmt::Debug for WayBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WayBack").field("stages", &self.undo.len()).field("blocked", &self.blocked).finish()
    }
}

impl WayBack {
    pub fn add(&mut self, undo: Undo) {
        self.undo.push(undo);
    }

    pub fn block(&mut self, by: String) {
        self.blocked.get_or_insert(by);
    }

    /// Refuses a stream that could not be proved, before moving any byte.
    pub fn must_be_open(&self) -> Result<()> {
        match &self.blocked {
            None => Ok(()),
            Some(by) => Err(Error::new(Kind::Recipe, format!("cannot prove what `{by}` makes of an encrypted stream"))
                .hint("put `:age` or `:gpg` behind it, as the last stage")),
        }
    }

    /// Reads the stored bytes to their end: they must be those that were written, and decrypt to those that were encrypted.
    pub async fn prove(&self, stored: Box<dyn Source>, written: &Tally, shown: &str) -> Result<()> {
        let (stored, tally) = TallyOf::new(stored);
        let mut source: Box<dyn Source> = Box::new(stored);
        for undo in self.undo.iter().rev() {
            source = undo(source);
        }
        let mut plain = Tallier::default();
        while let Piece::Data(data) = source.next().await? {
            plain.add(&data);
        }
        drop(source);
        let (stored, plain, expected) = (tally.take(), plain.finish(), self.plain.get());
        let wrong = if stored.as_ref() != Some(written) {
            "what was read back is not what was written".to_owned()
        } else if expected.as_ref() != Some(&plain) {
            format!("it decrypts to other {} than were encrypted", show_size(plain.size_bytes))
        } else {
            return Ok(());
        };
        Err(Error::new(Kind::Integrity, format!("the encrypted `{shown}` is not proved"))
            .because_text(wrong)
            .hint("nothing was kept of it; run it again, and look at the disk and the memory of the machine if it happens twice"))
    }
}

/// The tally of the encrypted bytes, known once all have passed.
#[derive(Clone, Default)]
pub struct PlainTally(Arc<Mutex<Option<Tally>>>);

impl PlainTally {
    fn lock(&self) -> MutexGuard<'_, Option<Tally>> {
        self.0.lock().unwrap_or_else(|broken| broken.into_inner())
    }

    fn get(&self) -> Option<Tally> {
        self.lock().clone()
    }

    fn take(&self) -> Option<Tally> {
        self.lock().take()
    }
}

/// Notes that the stream is encrypted from here on; returns the source with a tally of the plain bytes, or a source that fails.
pub fn encrypted(
    source: Box<dyn Source>,
    encryption: Encryption,
    undo_line: &str,
    undo: Undo,
    sealer: Sealer,
    facts: &SharedFacts,
) -> Result<Box<dyn Source>, Box<dyn Source>> {
    let mut facts = facts.lock();
    if facts.encryption.is_some() {
        let twice = Error::new(
            Kind::Recipe,
            format!("the stream is encrypted twice, the second time with `{}`", encryption.kind),
        )
        .hint("encrypt once, to all recipients: one of them suffices to decrypt");
        return Err(Box::new(Failing(Some(twice))));
    }
    let (source, plain) = TallyOf::new(source);
    facts.encryption = Some(encryption);
    facts.undo.push(undo_line.to_owned());
    facts.sealer = Some(sealer);
    facts.way_back = Some(WayBack { plain, undo: vec![undo], blocked: None });
    Ok(Box::new(source))
}

/// Passes everything on, and stores its tally at the end.
struct TallyOf {
    source: Box<dyn Source>,
    tally: Option<Tallier>,
    at_end: PlainTally,
}

impl TallyOf {
    fn new(source: Box<dyn Source>) -> (TallyOf, PlainTally) {
        let at_end = PlainTally::default();
        (TallyOf { source, tally: Some(Tallier::default()), at_end: at_end.clone() }, at_end)
    }

    async fn step(&mut self) -> Result<Piece> {
        let piece = self.source.next().await?;
        match &piece {
            Piece::Data(data) => {
                if let Some(tally) = &mut self.tally {
                    tally.add(data);
                }
            }
            Piece::End => {
                if let Some(tally) = self.tally.take() {
                    *self.at_end.lock() = Some(tally.finish());
                }
            }
        }
        Ok(piece)
    }
}

impl Source for TallyOf {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(self.step())
    }
}

/// A source that always fails with the given error.
pub struct Failing(pub Option<Error>);

impl Source for Failing {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        let error = self.0.take().unwrap_or_else(|| Error::new(Kind::Other, "cannot read on after an error"));
        Box::pin(std::future::ready(Err(error)))
    }
}
