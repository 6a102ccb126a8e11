//! Reads a backup back and compares it with its manifest.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use futures_util::future::BoxFuture;

use crate::backup::decrypting::{HEAD_BYTES, Identity, decrypted, decrypted_name, encryption_of};
use crate::backup::list_file::SECTION;
use crate::catalog::described;
use crate::catalog::manifest::Manifest;
use crate::error::{Error, Kind, Result};
use crate::report::event;
use crate::stream::decompress::{Peeked, decompress};
use crate::stream::pump::{Tallier, Tally};
use crate::stream::{Piece, Source};
use crate::units::show_size;
use crate::world::Caller;

/// The result for a backup that matches its manifest.
pub struct ReadBackup {
    pub tally: Tally,
    /// How it is encrypted, if it is.
    pub encryption: Option<&'static str>,
    /// Whether it was decrypted and unpacked: without its key, only its stored bytes can be compared.
    pub opened: bool,
}

/// Reads a backup to its end, decrypts and unpacks it if possible, and compares it with its manifest.
pub async fn read_back(caller: Caller, path: PathBuf, identity: Option<Identity>, step: u64) -> Result<ReadBackup> {
    let Some(manifest) = described::read(&caller, &path).await? else {
        let what = format!("cannot verify `{}`", path.display());
        return Err(Error::new(Kind::NotFound, what)
            .because_text("it has no manifest")
            .hint("a dump without one is proved by `pg.inspect(path)`"));
    };
    refuse_another(&path, &manifest)?;
    let (file, tally) = Tallied::new(caller.open(&path).await?, step, Some(manifest.size_bytes));
    let mut file = Peeked::new(Box::new(file));
    let encryption = encryption_of(file.peek(HEAD_BYTES).await?);
    let opened = encryption.is_none() || identity.is_some();
    let mut plain: Box<dyn Source> = Box::new(file);
    if opened {
        plain = decrypted(&caller, plain, identity.as_ref(), &path).await?;
        plain = decompress(plain, decrypted_name(&manifest.name));
    }
    while let Piece::Data(_) = plain.next().await? {}
    drop(plain);
    let tally = tally.finish();
    // Data packed in another way is not unpacked here: its plain size is not known.
    prove(&path, &manifest, &tally, None)?;
    prove_list(&caller, &path, &manifest).await?;
    Ok(ReadBackup { tally, encryption, opened })
}

/// Checks that the list beside an archive is the one that its manifest names.
async fn prove_list(caller: &Caller, path: &Path, manifest: &Manifest) -> Result<()> {
    let Some(section) = manifest.sections.get(SECTION) else { return Ok(()) };
    let listed: ListSection = serde_json::from_value(section.clone()).map_err(|cause| {
        Error::new(Kind::Integrity, format!("cannot read the manifest of `{}`", path.display())).because(cause)
    })?;
    let list = path.with_file_name(Path::new(&listed.name).file_name().unwrap_or_default());
    let damaged = |why: String| {
        Error::new(Kind::Integrity, format!("`{}` is not what the manifest of the archive describes", list.display()))
            .because_text(why)
            .hint("the archive itself is whole: it can be restored; make another one, for its list is not to be relied on")
    };
    if caller.stat(&list).await?.is_none() {
        return Err(damaged("it is not there".to_owned()));
    }
    let (mut source, mut tally) = (caller.open(&list).await?, Tallier::default());
    while let Piece::Data(data) = source.next().await? {
        tally.add(&data);
    }
    match tally.finish() {
        found if found.size_bytes != listed.size_bytes => {
            Err(damaged(format!("it has {}, and had {}", show_size(found.size_bytes), show_size(listed.size_bytes))))
        }
        found if found.sha256 != listed.sha256 => Err(damaged("its SHA-256 is another".to_owned())),
        _ => Ok(()),
    }
}

/// The entry for the list of an archive in a manifest.
#[derive(serde::Deserialize)]
struct ListSection {
    name: String,
    size_bytes: u64,
    sha256: String,
}

/// A manifest of another file proves nothing about this one, even if the bytes are the same.
fn refuse_another(path: &Path, manifest: &Manifest) -> Result<()> {
    match path.file_name().is_some_and(|name| name == manifest.name.as_str()) {
        true => Ok(()),
        false => Err(Error::new(Kind::Integrity, format!("cannot verify `{}`", path.display()))
            .because_text(format!("its manifest is that of `{}`", manifest.name))
            .hint("put the manifest back beside the backup that it describes; a backup that is renamed keeps its manifest's name")),
    }
}

/// Checks that the bytes that were read match the manifest.
pub fn prove(path: &Path, manifest: &Manifest, tally: &Tally, plain_bytes: Option<u64>) -> Result<()> {
    let wrong = if manifest.size_bytes != tally.size_bytes {
        format!("it has {}, and had {}", show_size(tally.size_bytes), show_size(manifest.size_bytes))
    } else if manifest.sha256 != tally.sha256 {
        "its SHA-256 is another".to_owned()
    } else if plain_bytes.is_some_and(|bytes| bytes != manifest.plain_bytes) {
        "it unpacks to another size".to_owned()
    } else {
        return Ok(());
    };
    Err(Error::new(Kind::Integrity, format!("`{}` is not what its manifest describes", path.display()))
        .because_text(wrong)
        .hint("it was changed or damaged after it was made: take another copy, or another backup"))
}

/// A source that tallies its bytes, for a reader that needs the tally at the end.
pub struct Tallied {
    source: Box<dyn Source>,
    tally: SharedTally,
    step: u64,
}

/// Shares the tally of a source that is read elsewhere.
#[derive(Clone, Default)]
pub struct SharedTally(Arc<Mutex<Tallier>>);

impl SharedTally {
    fn lock(&self) -> MutexGuard<'_, Tallier> {
        self.0.lock().unwrap_or_else(|broken| broken.into_inner())
    }

    /// The tally of the bytes that were read.
    pub fn finish(self) -> Tally {
        std::mem::take(&mut *self.lock()).finish()
    }
}

impl Tallied {
    /// Shows the bytes read so far as progress of `step`, with the total if known.
    pub fn new(source: Box<dyn Source>, step: u64, total_bytes: Option<u64>) -> (Tallied, SharedTally) {
        if let Some(total_bytes) = total_bytes {
            event::step_expects(step, total_bytes);
        }
        let tally = SharedTally::default();
        (Tallied { source, tally: tally.clone(), step }, tally)
    }
}

impl Source for Tallied {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(async {
            let piece = self.source.next().await?;
            if let Piece::Data(data) = &piece {
                let mut tally = self.tally.lock();
                tally.add(data);
                event::step_progress(self.step, tally.size_bytes());
            }
            Ok(piece)
        })
    }
}
