//! Remembers a proved backup, and checks later whether it is still the same.

use std::path::Path;

use crate::backup::target::Target;
use crate::catalog::manifest;
use crate::error::{Error, Kind, Result};
use crate::report::{Level, log};
use crate::stream::pump::{Tallier, Tally};
use crate::stream::{Piece, Stamp, Stamped};
use crate::world::objects::Store;
use crate::world::{Caller, EntryKind};

/// A backup in the state in which it was proved.
#[derive(Clone)]
pub struct Proved {
    pub target: Target,
    pub tally: Tally,
    /// Identifies the version of the file or object; `None` if it is only planned.
    pub stamp: Option<Stamped>,
    /// The tallies of the written manifest, and of an archive's list, if any.
    pub manifest: Tally,
    pub list: Option<Tally>,
}

/// When the backup is checked again.
#[derive(Clone, Copy)]
pub enum When {
    /// Old backups are about to be removed because of this proved backup.
    BeforeRemoval,
    AtTheEnd,
}

impl When {
    fn words(self) -> &'static str {
        match self {
            When::BeforeRemoval => "before old backups are removed",
            When::AtTheEnd => "at the end of the run",
        }
    }
}

/// The current state of a target.
struct Seen {
    size_bytes: u64,
    stamp: Stamp,
    is_plain: bool,
}

impl Proved {
    /// Whether this path is in the same folder, but not one of its own files.
    pub fn is_beside(&self, path: &Path) -> bool {
        match &self.target {
            Target::File(own) => {
                let of_its_own =
                    path == own || path == manifest::path_beside(own) || path == manifest::list_beside(own);
                own.parent() == path.parent() && !of_its_own
            }
            Target::Object(_) => false,
        }
    }

    /// Whether it is an object of this bucket.
    pub fn is_in_store(&self, store: &Store) -> bool {
        matches!(&self.target, Target::Object(put) if put.object.store.title() == store.title())
    }

    /// Checks the backup with its manifest and its list: every byte must still exist. With write-only access to a store,
    /// the store's own answer is the only proof.
    pub async fn must_exist(&self, caller: &Caller, when: When) -> Result<()> {
        match self.is_unchanged(caller, when).await {
            Err(error) if error.kind() == Kind::Denied && matches!(self.target, Target::Object(_)) => {
                let line = format!("{}: it was stored as the store says, and not looked at again", error.one_line());
                log(Level::Warn, &line, None);
                Ok(())
            }
            answer => answer,
        }
    }

    async fn is_unchanged(&self, caller: &Caller, when: When) -> Result<()> {
        self.must_be_the_same(caller, when).await?;
        let beside = self.target.beside()?;
        if self.stamp.is_none() {
            return match look(caller, &beside).await? {
                Some(_) => Ok(()),
                None => Err(gone(&beside, when)),
            };
        }
        same_bytes(caller, &beside, &self.manifest, when).await?;
        match &self.list {
            Some(list) => same_bytes(caller, &self.target.list()?, list, when).await,
            None => Ok(()),
        }
    }

    /// Checks the backup alone. It is read again only if its stamp has changed.
    pub async fn must_be_the_same(&self, caller: &Caller, when: When) -> Result<()> {
        let Some(seen) = look(caller, &self.target).await? else { return Err(gone(&self.target, when)) };
        if !seen.is_plain {
            return Err(another(&self.target, when, "it is no plain file any more"));
        }
        same_size(&self.target, &self.tally, seen.size_bytes, when)?;
        match &self.stamp {
            Some(stamp) if stamp.get() != Some(&seen.stamp) => {
                same_bytes(caller, &self.target, &self.tally, when).await
            }
            _ => Ok(()),
        }
    }
}

async fn look(caller: &Caller, target: &Target) -> Result<Option<Seen>> {
    Ok(match target {
        Target::File(path) => caller.stat(path).await?.map(|stat| Seen {
            size_bytes: stat.size_bytes,
            stamp: stat.stamp(),
            is_plain: stat.kind == EntryKind::File,
        }),
        Target::Object(put) => caller.stat_object(put.object.clone()).await?.map(|stat| Seen {
            size_bytes: stat.size_bytes,
            stamp: stat.stamp(),
            is_plain: true,
        }),
    })
}

async fn same_bytes(caller: &Caller, target: &Target, proved: &Tally, when: When) -> Result<()> {
    let opened = match target {
        Target::File(path) => caller.open(path).await,
        Target::Object(put) => caller.get(put.object.clone()).await,
    };
    let mut source = match opened {
        Err(error) if error.kind() == Kind::NotFound => return Err(gone(target, when)),
        opened => opened?,
    };
    let mut found = Tallier::default();
    while let Piece::Data(data) = source.next().await? {
        found.add(&data);
        if found.size_bytes() > proved.size_bytes {
            break;
        }
    }
    let found = found.finish();
    same_size(target, proved, found.size_bytes, when)?;
    match found.sha256 == proved.sha256 {
        true => Ok(()),
        false => Err(another(target, when, "the bytes there are not the ones that were proved")),
    }
}

fn same_size(target: &Target, proved: &Tally, size_bytes: u64, when: When) -> Result<()> {
    match size_bytes == proved.size_bytes {
        true => Ok(()),
        false => {
            let why = format!("it had {} bytes when it was proved, and has {size_bytes}", proved.size_bytes);
            Err(another(target, when, &why))
        }
    }
}

fn gone(target: &Target, when: When) -> Error {
    wrong(format!("`{target}` is gone {}", when.words()), "it was written and proved")
}

fn another(target: &Target, when: When, why: &str) -> Error {
    wrong(format!("`{target}` is another file {}", when.words()), why)
}

fn wrong(what: String, why: &str) -> Error {
    Error::new(Kind::Integrity, what)
        .because_text(why.to_owned())
        .hint("look for a step of the recipe, or another program, that removes or changes what is stored there")
}
