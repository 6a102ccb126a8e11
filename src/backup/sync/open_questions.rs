//! Looks closer if sizes and times are not enough: at the manifest or the bytes of a file, and at the object itself.

use std::path::Path;
use std::sync::Arc;

use chrono::DateTime;

use super::compare::{Known, There};
use super::item::{Hash, LocalFile, Role, hash_of};
use crate::catalog::described;
use crate::catalog::manifest::{Manifest, SUFFIX};
use crate::error::{Kind, Result};
use crate::stream::Piece;
use crate::stream::pump::{Tallier, Tally, collect};
use crate::world::Caller;
use crate::world::objects::{Object, Store};

/// Metadata that the sync stores with each object: its hash, the modification time of its file, and its source.
pub const SHA256: &str = "sha256";
pub const MTIME: &str = "mtime";
pub const SYNC: &str = "hikae-sync";

/// The size limit of a manifest: only a backup with a hundred thousand tables needs more.
const MAX_MANIFEST: usize = 64 << 20;

/// Both sides of a sync, and the caller.
pub struct Sides<'a> {
    pub caller: &'a Caller,
    pub dir: &'a Path,
    pub store: &'a Arc<Store>,
    pub prefix: &'a str,
    pub id: &'a str,
}

/// The facts about one file and its object.
#[derive(Default)]
pub struct Answer {
    pub known: Known,
    /// Whether the object's metadata says that this sync uploaded it.
    pub own: bool,
}

impl Sides<'_> {
    /// `manifest_there` says whether the store has a manifest of that name.
    pub async fn find_out(&self, file: &LocalFile, there: Option<&There>, manifest_there: bool) -> Result<Answer> {
        let mut answer = Answer { own: there.is_some_and(|there| there.pending), ..Answer::default() };
        if file.role == Role::Backup {
            self.read_manifest(file, &mut answer.known).await?;
        }
        let Some(there) = there else { return Ok(answer) };
        match &there.record {
            Some(record) => {
                answer.own = record.own;
                (answer.known.object, answer.known.object_created_at) = (record.sha256, record.created_at);
            }
            None => self.look_at_object(file, manifest_there, &mut answer).await?,
        }
        if file.role != Role::Backup && answer.known.object.is_some() && there.size_bytes == file.size_bytes {
            answer.known.file = hash_of(&hash_file(self.caller, &self.dir.join(&*file.name)).await?.sha256);
        }
        Ok(answer)
    }

    async fn read_manifest(&self, file: &LocalFile, known: &mut Known) -> Result<()> {
        let read = described::read(self.caller, &self.dir.join(&*file.name)).await;
        let manifest = match read {
            Ok(manifest) => manifest,
            // An invalid manifest proves nothing.
            Err(error) if error.kind() == Kind::Integrity => None,
            Err(error) => return Err(error),
        };
        let own_name = file.name.rsplit('/').next().unwrap_or_default();
        match manifest.filter(|manifest| manifest.name == own_name) {
            Some(manifest) => {
                (known.file, known.created_at) = said(&manifest);
                known.file_size = Some(manifest.size_bytes);
            }
            None => known.file_size = Some(u64::MAX),
        }
        Ok(())
    }

    async fn look_at_object(&self, file: &LocalFile, manifest_there: bool, answer: &mut Answer) -> Result<()> {
        let key = format!("{}{}", self.prefix, file.name);
        let stat = self.caller.stat_object(Object::new(self.store.clone(), key.clone())?).await?;
        if let Some(stat) = stat {
            answer.known.object = stat.metadata.get(SHA256).and_then(|text| hash_of(text));
            answer.own |= stat.metadata.get(SYNC).is_some_and(|id| id == self.id);
        }
        if file.role != Role::Backup || !manifest_there || answer.known.object.is_some() {
            return Ok(());
        }
        let beside = Object::new(self.store.clone(), format!("{key}{SUFFIX}"))?;
        let title = beside.to_string();
        let too_large = || crate::error::Error::new(Kind::Integrity, format!("cannot read the manifest `{title}`"));
        let mut source = self.caller.get(beside).await?;
        let bytes = collect(&mut *source, MAX_MANIFEST, too_large).await?;
        if let Ok(manifest) = described::parse(&bytes, &title) {
            (answer.known.object, answer.known.object_created_at) = said(&manifest);
        }
        Ok(())
    }
}

/// The hash and the creation time of a backup, from its manifest.
fn said(manifest: &Manifest) -> (Option<Hash>, Option<i64>) {
    let made = DateTime::parse_from_rfc3339(&manifest.created_at).ok().map(|moment| moment.timestamp());
    (hash_of(&manifest.sha256), made)
}

/// Reads a file to its end.
pub async fn hash_file(caller: &Caller, path: &Path) -> Result<Tally> {
    let mut source = caller.open(path).await?;
    let mut tally = Tallier::default();
    while let Piece::Data(data) = source.next().await? {
        tally.add(&data);
    }
    Ok(tally.finish())
}
