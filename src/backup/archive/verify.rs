//! Reads a whole archive and compares every entry with the list that was made when it was packed.

use std::path::{Path, PathBuf};

use bytes::{Buf, Bytes, BytesMut};
use serde::Deserialize;

use super::opened::{Opened, broken};
use crate::backup::decrypting::{Identity, decrypted};
use crate::backup::read_back::{SharedTally, Tallied};
use crate::catalog::manifest::{Manifest, list_beside};
use crate::error::{Error, Kind, Result};
use crate::stream::pump::Tally;
use crate::stream::tar::listing::{Counts, next_record};
use crate::stream::tar::record::Record;
use crate::stream::unzstd::unzstd;
use crate::stream::{Piece, Source};
use crate::world::Caller;

/// The result of the comparison.
pub struct Verified {
    pub counts: Counts,
    pub tally: Tally,
}

/// The list named by the manifest.
#[derive(Deserialize)]
struct Named {
    sha256: String,
}

/// Compares the archive at `path` with its list; `step` shows the progress.
pub async fn verify(caller: Caller, path: PathBuf, identity: Option<Identity>, step: u64) -> Result<Verified> {
    let mut archive = Opened::open(&caller, &path, identity.as_ref(), step).await?;
    let mut expected = Expected::of(&caller, &path, archive.manifest(), identity.as_ref()).await?;
    let mut counts = Counts::default();
    while let Some((record, kind)) = next_record(&mut archive.tar).await.map_err(broken(&path))? {
        counts.add(kind, record.size_bytes);
        let difference = match expected.next().await? {
            Some(expected) => record.difference(&expected),
            None => Some("it is not in the list"),
        };
        if let Some(difference) = difference {
            return Err(differs(&path, format!("`{}` in it is not what the list says: {difference}", record.path)));
        }
    }
    if let Some(missing) = expected.next().await? {
        return Err(differs(&path, format!("`{}` is missing in it", missing.path)));
    }
    expected.prove()?;
    Ok(Verified { counts, tally: archive.prove()? })
}

/// The expected entries, in order.
enum Expected {
    Few(std::vec::IntoIter<Record>),
    Many { lines: Lines, tally: SharedTally, named: Named, path: PathBuf },
}

impl Expected {
    async fn of(
        caller: &Caller,
        path: &Path,
        manifest: Option<&Manifest>,
        identity: Option<&Identity>,
    ) -> Result<Expected> {
        let cannot = |kind, why: &str| {
            Error::new(kind, format!("cannot verify `{}`", path.display())).because_text(why.to_owned())
        };
        let hint = "an archive of another program has no list: `archive.list` reads it to its end";
        let Some(manifest) = manifest else {
            return Err(cannot(Kind::NotFound, "it has no manifest").hint(hint));
        };
        let section = |name: &str| manifest.sections.get(name);
        if let Some(files) = section("files").filter(|_| section("databases").is_none()) {
            let records = Vec::deserialize(files).map_err(|cause| {
                cannot(Kind::Integrity, "its manifest does not list it as an archive").because(cause).hint(hint)
            })?;
            return Ok(Expected::Few(records.into_iter()));
        }
        let Some(Ok(named)) = section("files_list").map(Named::deserialize) else {
            return Err(cannot(Kind::NotFound, "its manifest lists no files").hint(hint));
        };
        let path = list_beside(path);
        let (file, tally) = Tallied::new(caller.open(&path).await?, 0, None);
        let file = decrypted(caller, Box::new(file), identity, &path).await?;
        let lines = Lines { source: unzstd(file), buffer: BytesMut::new(), ended: false };
        Ok(Expected::Many { lines, tally, named, path })
    }

    async fn next(&mut self) -> Result<Option<Record>> {
        match self {
            Expected::Few(records) => Ok(records.next()),
            Expected::Many { lines, path, .. } => {
                let Some(line) = lines.next().await.map_err(broken_list(path))? else { return Ok(None) };
                let record = serde_json::from_slice(&line);
                record.map(Some).map_err(|cause| damaged_list(path).because(cause))
            }
        }
    }

    /// Checks, at the end of the list, that it is the one that the manifest names.
    fn prove(self) -> Result<()> {
        match self {
            Expected::Few(_) => Ok(()),
            Expected::Many { lines, tally, named, path } => {
                drop(lines);
                match tally.finish().sha256 == named.sha256 {
                    true => Ok(()),
                    false => Err(damaged_list(&path).because_text("its SHA-256 is not the one in the manifest")),
                }
            }
        }
    }
}

/// The lines of the list, without line breaks.
struct Lines {
    source: Box<dyn Source>,
    buffer: BytesMut,
    ended: bool,
}

impl Lines {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        let mut looked = 0;
        loop {
            if let Some(at) = memchr::memchr(b'\n', &self.buffer[looked..]) {
                let line = self.buffer.split_to(looked + at).freeze();
                self.buffer.advance(1);
                return Ok(Some(line));
            }
            looked = self.buffer.len();
            if self.ended {
                return Ok((looked > 0).then(|| self.buffer.split().freeze()));
            }
            match self.source.next().await? {
                Piece::Data(data) => self.buffer.extend_from_slice(&data),
                Piece::End => self.ended = true,
            }
        }
    }
}

fn differs(path: &Path, why: String) -> Error {
    Error::new(Kind::Integrity, format!("`{}` is not the archive that was packed", path.display()))
        .because_text(why)
        .hint("it was changed or damaged after it was made: take another copy, or another backup")
}

fn damaged_list(path: &Path) -> Error {
    Error::new(Kind::Integrity, format!("cannot use the list `{}`", path.display())).hint(
        "copy it again from where it came; the archive itself may be whole: `manifest.verify` compares its SHA-256",
    )
}

fn broken_list(path: &Path) -> impl Fn(Error) -> Error {
    move |error| match error.kind() {
        Kind::Integrity => damaged_list(path).because(error),
        _ => error,
    }
}
