//! Writes the list of an archive beside it, or beside each of its copies: `X.files.jsonl.zst`; encrypted like the archive.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use crate::backup::target::Target;
use crate::error::{Error, Kind, Result};
use crate::stream::decompress::Peeked;
use crate::stream::encrypting::Sealer;
use crate::stream::pump::{Tallier, Tally};
use crate::stream::tar::listing::ListSource;
use crate::stream::{Piece, ReadBack, SharedFacts, Sink, Source};
use crate::world::Caller;

/// The section name in the manifest.
pub const SECTION: &str = "files_list";

/// The compression level: small and fast enough.
const LEVEL: i32 = 3;

/// A list on stable storage that is not committed yet.
pub struct ListFile {
    target: Target,
    sink: Box<dyn Sink>,
    pub tally: Tally,
}

/// Writes the list beside each target, in order; no list if the manifest holds the entries itself. `facts` are those
/// of the archive, which must be open when the list begins.
pub async fn write(
    list: Option<ListSource>,
    targets: Vec<Target>,
    caller: &Caller,
    facts: &SharedFacts,
) -> Result<Vec<ListFile>> {
    let Some(list) = list else { return Ok(Vec::new()) };
    let mut list = Peeked::new(Box::new(list));
    if list.peek(1).await?.is_empty() {
        return Ok(Vec::new());
    }
    let sealer = facts.lock().sealer.clone();
    store(Box::new(list), sealer.as_ref(), targets, caller).await
}

/// Writes a list of few entries, which would be in the manifest if the archive were not encrypted.
pub async fn of_records(records: &[Value], sealer: &Sealer, target: Target, caller: &Caller) -> Result<ListFile> {
    let lines: String = records.iter().map(|record| format!("{record}\n")).collect();
    let packed = zstd::encode_all(lines.as_bytes(), LEVEL)
        .map_err(|cause| Error::io("cannot write the list of the archive", cause))?;
    let list = Box::new(Once(Some(packed.into())));
    let mut files = store(list, Some(sealer), vec![target], caller).await?;
    files.pop().ok_or_else(|| Error::new(Kind::Other, "cannot write the list of the archive"))
}

/// Stores the list at every target, and proves it if it is encrypted.
async fn store(
    list: Box<dyn Source>,
    sealer: Option<&Sealer>,
    targets: Vec<Target>,
    caller: &Caller,
) -> Result<Vec<ListFile>> {
    let own = SharedFacts::default();
    let mut list = match sealer {
        Some(sealer) => (sealer.0)(list, &own),
        None => list,
    };
    let (mut sinks, mut tally) = (Vec::new(), Tallier::default());
    for target in &targets {
        sinks.push(target.create(caller).await?);
    }
    while let Piece::Data(data) = list.next().await? {
        tally.add(&data);
        for sink in &mut sinks {
            sink.write(data.clone()).await?;
        }
    }
    let (tally, way) = (tally.finish(), own.lock().way_back.clone());
    let mut files = Vec::new();
    for (mut sink, target) in sinks.into_iter().zip(targets) {
        sink.seal().await?;
        if let Some(way) = &way
            && let ReadBack::Now(stored) = sink.read_back().await?
        {
            way.prove(stored, &tally, &target.to_string()).await?;
        }
        files.push(ListFile { target, sink, tally: tally.clone() });
    }
    Ok(files)
}

impl ListFile {
    /// Its entry in the manifest.
    pub fn section(&self) -> Value {
        json!({ "name": self.target.name(), "size_bytes": self.tally.size_bytes, "sha256": self.tally.sha256 })
    }

    /// Makes it visible; returns its place.
    pub async fn commit(self) -> Result<Target> {
        self.sink.commit().await?;
        Ok(self.target)
    }
}

/// Removes what became visible before `error` occurred.
pub async fn remove_after(error: Error, made: &[Target], caller: &Caller) -> Error {
    for target in made {
        if let Err(left) = target.remove(caller).await {
            return error.hint(format!("remove `{target}` yourself: {}", left.one_line()));
        }
    }
    error
}

/// A byte buffer as a source.
struct Once(Option<Bytes>);

impl Source for Once {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(std::future::ready(Ok(self.0.take().map_or(Piece::End, Piece::Data))))
    }
}
