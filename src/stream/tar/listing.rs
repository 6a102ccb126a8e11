//! Lists the entries of a passing archive: it reads the same bytes that are stored, counts and hashes every entry, and writes the list.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};
use zstd::Encoder;

use super::record::Record;
use super::{Tar, TarKind};
use crate::error::{Error, Kind, Result};
use crate::stream::sha256::Sha256;
use crate::stream::{Piece, SharedFacts, Source};

/// The most entries that a manifest itself holds; more go into a list beside it.
pub const MOST_IN_MANIFEST: usize = 1000;

/// The most pieces of the archive that may wait for the list.
const WAITING: usize = 4;
/// The list is read by people and by `archive.verify`: it is small and quick to write at this level.
const LEVEL: i32 = 3;
/// The piece size in which the list is sent.
const PIECE_BYTES: usize = 64 << 10;

/// The counts and sizes of an archive.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub entries: u64,
    pub files: u64,
    pub dirs: u64,
    pub links: u64,
    pub hard_links: u64,
    /// The bytes in its files.
    pub size_bytes: u64,
}

impl Counts {
    pub fn add(&mut self, kind: TarKind, size_bytes: u64) {
        self.entries += 1;
        self.size_bytes += size_bytes;
        match kind {
            TarKind::File => self.files += 1,
            TarKind::Dir => self.dirs += 1,
            TarKind::Link => self.links += 1,
            TarKind::HardLink => self.hard_links += 1,
            TarKind::Other => {}
        }
    }
}

/// The list of an archive on its way into a separate file: JSON, one entry per line, packed with zstd. It is empty if the
/// manifest holds the entries itself.
pub struct ListSource {
    pieces: mpsc::Receiver<Piece>,
    asked_for: Arc<AtomicBool>,
}

impl ListSource {
    /// Promises to read it to its end. An unclaimed list is not written.
    pub fn claim(self) -> ListSource {
        self.asked_for.store(true, Ordering::SeqCst);
        self
    }
}

/// Gives one list to several archives of the same bytes; dropped with the list.
pub async fn share(mut list: ListSource, outlets: Vec<mpsc::Sender<Piece>>) -> Result<()> {
    let mut outlets = outlets;
    loop {
        let piece = list.next().await?;
        let mut left = Vec::new();
        for outlet in outlets {
            let copy = match &piece {
                Piece::Data(data) => Piece::Data(data.clone()),
                Piece::End => Piece::End,
            };
            // A reader is gone if its archive was abandoned or needs no list.
            if outlet.send(copy).await.is_ok() {
                left.push(outlet);
            }
        }
        outlets = left;
        if piece == Piece::End {
            return Ok(());
        }
    }
}

/// A list that comes out of `share`.
pub fn shared() -> (mpsc::Sender<Piece>, ListSource) {
    let (sender, pieces) = mpsc::channel(WAITING);
    (sender, ListSource { pieces, asked_for: Arc::default() })
}

/// The output for the list; made before the archive is opened.
pub struct ListOutlet {
    pieces: mpsc::Sender<Piece>,
    asked_for: Arc<AtomicBool>,
}

/// Both ends of a list.
pub fn list() -> (ListOutlet, ListSource) {
    let (sender, pieces) = mpsc::channel(WAITING);
    let asked_for = Arc::<AtomicBool>::default();
    (ListOutlet { pieces: sender, asked_for: asked_for.clone() }, ListSource { pieces, asked_for })
}

impl Source for ListSource {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(async {
            match self.pieces.recv().await {
                Some(piece) => Ok(piece),
                // Its archive has failed, and reports the error itself.
                None => std::future::pending().await,
            }
        })
    }
}

/// An archive that is listed as it passes.
pub struct Listing {
    source: Box<dyn Source>,
    listed: mpsc::Sender<Piece>,
    answer: oneshot::Receiver<Result<Listed>>,
    facts: SharedFacts,
}

struct Listed {
    counts: Counts,
    /// All entries, if they are few.
    records: Option<Vec<Record>>,
}

impl Listing {
    /// Notes the counts under `archive` and the entries, if they are few, under `files`.
    pub fn new(source: Box<dyn Source>, outlet: ListOutlet, facts: &SharedFacts) -> Result<Listing> {
        let (listed, pieces) = mpsc::channel(WAITING);
        let (sender, answer) = oneshot::channel();
        let work = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build();
            let cannot = |cause| Error::io("cannot start a thread that lists an archive", cause);
            let listed = runtime.map_err(cannot).and_then(|runtime| runtime.block_on(read(Fed { pieces }, outlet)));
            if sender.send(listed).is_err() {
                // the stream was dropped meanwhile: there is no receiver
            }
        };
        let started = std::thread::Builder::new().name("hikae-list".to_owned()).spawn(work);
        started.map_err(|cause| Error::io("cannot start a thread that lists an archive", cause))?;
        Ok(Listing { source, listed, answer, facts: facts.clone() })
    }

    async fn step(&mut self) -> Result<Piece> {
        let piece = self.source.next().await?;
        let seen = match &piece {
            Piece::Data(data) => Piece::Data(data.clone()),
            Piece::End => Piece::End,
        };
        if self.listed.send(seen).await.is_err() || piece == Piece::End {
            let stopped = || {
                Error::new(Kind::Other, "cannot list the archive: what reads it stopped")
                    .hint("please report this as a bug in hikae")
            };
            let listed = (&mut self.answer).await.map_err(|_| stopped())??;
            if piece != Piece::End {
                return Err(stopped());
            }
            self.note(&listed)?;
        }
        Ok(piece)
    }

    fn note(&self, listed: &Listed) -> Result<()> {
        let cannot = |cause| Error::new(Kind::Other, "cannot describe the archive").because(cause);
        let mut facts = self.facts.lock();
        facts.sections.insert("archive".to_owned(), serde_json::to_value(&listed.counts).map_err(cannot)?);
        if let Some(records) = &listed.records {
            facts.sections.insert("files".to_owned(), serde_json::to_value(records).map_err(cannot)?);
        }
        Ok(())
    }
}

impl Source for Listing {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(self.step())
    }
}

/// The pieces that pass, as a source for the reader.
struct Fed {
    pieces: mpsc::Receiver<Piece>,
}

impl Source for Fed {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(async {
            let gone = || Error::new(Kind::Cancelled, "the archive was abandoned");
            self.pieces.recv().await.ok_or_else(gone)
        })
    }
}

/// The next entry of an archive, read to its end.
pub async fn next_record(tar: &mut Tar) -> Result<Option<(Record, TarKind)>> {
    let Some(entry) = tar.next_entry().await? else { return Ok(None) };
    let mut sha256 = None;
    if entry.kind == TarKind::File {
        let mut hash = Sha256::default();
        while let Some(data) = tar.data().await? {
            hash.update(&data);
        }
        sha256 = Some(hash.hex());
    }
    Ok(Some((Record::of(&entry, sha256), entry.kind)))
}

async fn read(source: Fed, outlet: ListOutlet) -> Result<Listed> {
    let mut tar = Tar::new(Box::new(source));
    let outlet = Some(outlet).filter(|outlet| outlet.asked_for.load(Ordering::SeqCst));
    let (mut counts, mut list) = (Counts::default(), List { few: Vec::new(), many: None, outlet });
    while let Some((record, kind)) = next_record(&mut tar).await? {
        counts.add(kind, record.size_bytes);
        list.add(record).await?;
    }
    Ok(Listed { counts, records: list.finish().await? })
}

/// The entries while they are few; after that, the encoder of the list.
struct List {
    few: Vec<Record>,
    many: Option<Encoder<'static, Vec<u8>>>,
    /// `None` if the list is not claimed.
    outlet: Option<ListOutlet>,
}

impl List {
    async fn add(&mut self, record: Record) -> Result<()> {
        if let Some(encoder) = &mut self.many {
            write_line(encoder, &record)?;
            return self.send_if(PIECE_BYTES).await;
        }
        self.few.push(record);
        if self.few.len() > MOST_IN_MANIFEST {
            let mut encoder = Encoder::new(Vec::new(), LEVEL).map_err(no_list)?;
            encoder.include_checksum(true).map_err(no_list)?;
            std::mem::take(&mut self.few).iter().try_for_each(|record| write_line(&mut encoder, record))?;
            self.many = Some(encoder);
        }
        Ok(())
    }

    /// Sends the packed bytes, if there are at least this many.
    async fn send_if(&mut self, least: usize) -> Result<()> {
        let packed = self.many.as_mut().map(Encoder::get_mut).filter(|packed| packed.len() >= least);
        if let (Some(packed), Some(outlet)) = (packed, &self.outlet)
            && outlet.pieces.send(Piece::Data(Bytes::from(std::mem::take(packed)))).await.is_err()
        {
            self.outlet = None;
        }
        if let (Some(encoder), None) = (&mut self.many, &self.outlet) {
            encoder.get_mut().clear();
        }
        Ok(())
    }

    async fn finish(mut self) -> Result<Option<Vec<Record>>> {
        let few = match self.many.take() {
            None => Some(self.few),
            Some(encoder) => {
                let rest = encoder.finish().map_err(no_list)?;
                if let Some(outlet) = &self.outlet
                    && outlet.pieces.send(Piece::Data(rest.into())).await.is_err()
                {
                    return Ok(None);
                }
                None
            }
        };
        if let Some(outlet) = &self.outlet
            && outlet.pieces.send(Piece::End).await.is_err()
        {
            // the list has no reader, such as for a stream that is only counted
        }
        Ok(few)
    }
}

fn write_line(encoder: &mut Encoder<'static, Vec<u8>>, record: &Record) -> Result<()> {
    serde_json::to_writer(&mut *encoder, record).map_err(|cause| no_list(cause.into()))?;
    encoder.write_all(b"\n").map_err(no_list)
}

fn no_list(cause: std::io::Error) -> Error {
    Error::io("cannot write the list of the archive", cause)
}
