//! Unpacks an archive into a new folder; after a failure or a cancellation, nothing is left of it.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use crate::backup::archive::names::{Names, inside, refused};
use crate::backup::archive::only::Only;
use crate::backup::archive::opened::{Opened, broken};
use crate::backup::decrypting::Identity;
use crate::backup::pool::or_cancelled;
use crate::error::{Error, Kind, Result};
use crate::stream::tar::{Tar, TarEntry, TarKind};
use crate::stream::{Sink, abort_after};
use crate::units::show_size;
use crate::world::dry_run::is_withheld;
use crate::world::partial::FOLDER_MODE;
use crate::world::{Caller, EntryKind, ListQuery};

/// Mode of unpacked files; only the owner's execute bit is kept.
const FILE_MODE: u32 = 0o600;
const RUN_MODE: u32 = 0o100;

const WORK: &str = "unpacking";

/// How links are handled, which are never created: they could lead out of the folder.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Links {
    #[default]
    Refuse,
    Skip,
}

/// The limits of an archive.
#[derive(Clone, Copy, Debug)]
pub struct Most {
    pub entries: u64,
    pub size_bytes: u64,
}

/// The result of unpacking.
#[derive(Debug, Default)]
pub struct Unpacked {
    pub files: u64,
    pub size_bytes: u64,
    /// The links that were left out.
    pub skipped: Vec<PathBuf>,
    /// The size of the archive.
    pub read_bytes: u64,
}

/// One archive that is being unpacked into a folder, outside of Lua.
pub struct Unpacking {
    pub caller: Caller,
    pub source: PathBuf,
    /// The decryption key, if it is encrypted.
    pub identity: Option<Identity>,
    pub into: PathBuf,
    pub links: Links,
    /// Patterns of the entries to unpack; without patterns, all of them.
    pub only: Vec<String>,
    pub most: Most,
    pub step: u64,
}

/// The state of the work: what was created so far, and the cancellation token.
struct Under<'a> {
    unpacking: &'a Unpacking,
    cancelled: CancellationToken,
    names: Names,
    /// In the order of creation.
    made: Vec<PathBuf>,
}

impl Unpacking {
    /// Runs to its end, or until it is cancelled.
    pub async fn run(self, cancelled: CancellationToken) -> Result<Unpacked> {
        let mut under = Under { unpacking: &self, cancelled, names: Names::default(), made: Vec::new() };
        match under.fill().await {
            Err(error) if !is_withheld(&error) => {
                let error = error.within(format!("cannot unpack `{}`", self.source.display()));
                Err(self.remove_again(&under.made, error).await)
            }
            answer => answer,
        }
    }

    fn refuse_too_much(&self, entries: u64, size_bytes: u64) -> Result<()> {
        let most = &self.most;
        let what = if entries > most.entries {
            format!("it has more than {} entries", most.entries)
        } else if size_bytes > most.size_bytes {
            format!("it unpacks to more than {}", show_size(most.size_bytes))
        } else {
            return Ok(());
        };
        Err(Error::new(Kind::Space, what).hint("if that is right, raise `max_entries` or `max_bytes`"))
    }

    /// Removes everything that was created.
    async fn remove_again(&self, made: &[PathBuf], error: Error) -> Error {
        for path in made.iter().rev() {
            match self.caller.remove(path).await {
                Err(left) if left.kind() != Kind::NotFound => {
                    return error.hint(format!("remove `{}` yourself: {}", self.into.display(), left.one_line()));
                }
                _ => {}
            }
        }
        error
    }
}

impl Under<'_> {
    async fn fill(&mut self) -> Result<Unpacked> {
        let Unpacking { caller, source, .. } = self.unpacking;
        let mut only = Only::new(&self.unpacking.only)?;
        let mut archive = Opened::open(caller, source, self.unpacking.identity.as_ref(), self.unpacking.step).await?;
        self.begin().await?;
        let (mut unpacked, mut entries) = (Unpacked::default(), 0);
        while let Some(entry) = self.next(&mut archive.tar).await? {
            if !only.takes(&entry) {
                continue;
            }
            entries += 1;
            unpacked.size_bytes = unpacked.size_bytes.saturating_add(entry.size_bytes);
            self.unpacking.refuse_too_much(entries, unpacked.size_bytes)?;
            let path = inside(&entry.path)?;
            match entry.kind {
                TarKind::File => {
                    self.file(&mut archive.tar, &entry, &path).await?;
                    unpacked.files += 1;
                }
                TarKind::Dir => self.folder(&path).await?,
                TarKind::Link | TarKind::HardLink if self.unpacking.links == Links::Skip => {
                    unpacked.skipped.push(entry.path);
                }
                _ => return Err(refused(&entry)),
            }
        }
        only.all_met(source)?;
        unpacked.read_bytes = archive.prove()?.size_bytes;
        Ok(unpacked)
    }

    async fn next(&mut self, tar: &mut Tar) -> Result<Option<TarEntry>> {
        or_cancelled(&self.cancelled, WORK, tar.next_entry()).await.map_err(broken(&self.unpacking.source))
    }

    /// Creates the folder, which must be new or empty: its content must not mix with the content of the archive.
    async fn begin(&mut self) -> Result<()> {
        let Unpacking { caller, into, .. } = self.unpacking;
        let taken = |what: String| {
            Error::new(Kind::AlreadyExists, what)
                .hint("unpack into a new folder, such as one with `clock.stamp()` in its name")
        };
        match caller.stat(into).await? {
            None => self.make(into).await,
            Some(stat) if stat.kind != EntryKind::Dir => Err(taken(format!("`{}` is not a folder", into.display()))),
            Some(_) => match caller.list(ListQuery::of(into)).await?.is_empty() {
                true => Ok(()),
                false => Err(taken(format!("the folder `{}` is not empty", into.display()))),
            },
        }
    }

    /// Creates a folder and its missing parents, and remembers each.
    async fn make(&mut self, dir: &Path) -> Result<()> {
        let caller = &self.unpacking.caller;
        let mut missing = vec![dir.to_owned()];
        for above in dir.ancestors().skip(1) {
            if caller.stat(above).await?.is_some() {
                break;
            }
            missing.push(above.to_owned());
        }
        self.made.extend(missing.into_iter().rev());
        caller.mkdir(dir, FOLDER_MODE).await
    }

    async fn folder(&mut self, path: &Path) -> Result<()> {
        for dir in self.names.folder(path)? {
            let target = self.unpacking.into.join(dir);
            self.made.push(target.clone());
            self.unpacking.caller.mkdir(&target, FOLDER_MODE).await?;
        }
        Ok(())
    }

    async fn file(&mut self, tar: &mut Tar, entry: &TarEntry, path: &Path) -> Result<()> {
        if let Some(above) = path.parent() {
            self.folder(above).await?;
        }
        self.names.file(path)?;
        let target = self.unpacking.into.join(path);
        let mut sink = self.unpacking.caller.create(&target, FILE_MODE | (entry.mode & RUN_MODE)).await?;
        if let Err(error) = self.pour(tar, &mut *sink).await {
            return Err(abort_after(sink, error).await);
        }
        self.made.push(target);
        sink.commit().await
    }

    async fn pour(&mut self, tar: &mut Tar, sink: &mut dyn Sink) -> Result<()> {
        let source = &self.unpacking.source;
        while let Some(data) = or_cancelled(&self.cancelled, WORK, tar.data()).await.map_err(broken(source))? {
            sink.write(data).await?;
        }
        sink.seal().await
    }
}
