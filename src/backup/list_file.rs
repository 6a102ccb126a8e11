//! Writes the list of an archive beside it, or beside each of its copies: `X.files.jsonl.zst`.

use serde_json::json;

use crate::backup::target::Target;
use crate::error::{Error, Result};
use crate::stream::pump::{Tallier, Tally};
use crate::stream::tar::listing::ListSource;
use crate::stream::{Piece, Sink, Source};
use crate::world::Caller;

/// A list on stable storage that waits for its commit.
pub struct ListFile {
    target: Target,
    sink: Box<dyn Sink>,
    tally: Tally,
}

/// Writes the list beside each of the targets, in their order; none where the manifest holds the entries itself.
pub async fn write(list: Option<ListSource>, targets: Vec<Target>, caller: &Caller) -> Result<Vec<ListFile>> {
    let Some(mut list) = list else { return Ok(Vec::new()) };
    let (mut sinks, mut tally) = (Vec::new(), Tallier::default());
    while let Piece::Data(data) = list.next().await? {
        if sinks.is_empty() {
            for target in &targets {
                sinks.push(target.create(caller).await?);
            }
        }
        tally.add(&data);
        for sink in &mut sinks {
            sink.write(data.clone()).await?;
        }
    }
    let tally = tally.finish();
    let mut files = Vec::new();
    for (mut sink, target) in sinks.into_iter().zip(targets) {
        sink.seal().await?;
        files.push(ListFile { target, sink, tally: tally.clone() });
    }
    Ok(files)
}

impl ListFile {
    /// How the manifest names it.
    pub fn section(&self) -> serde_json::Value {
        json!({ "name": self.target.name(), "size_bytes": self.tally.size_bytes, "sha256": self.tally.sha256 })
    }

    /// Makes it visible; gives where it lies.
    pub async fn commit(self) -> Result<Target> {
        self.sink.commit().await?;
        Ok(self.target)
    }
}

/// Removes what was made visible before `error` came.
pub async fn remove_after(error: Error, made: &[Target], caller: &Caller) -> Error {
    for target in made {
        if let Err(left) = target.remove(caller).await {
            return error.hint(format!("remove `{target}` yourself: {}", left.one_line()));
        }
    }
    error
}
