//! Looks whether the backups of a rehearsal stand in its world as they were proved, byte by byte.

use std::path::{Path, PathBuf};

use super::Rehearsed;
use super::complaints::{Complaint, Sort};
use crate::catalog::manifest::{self, Manifest};
use crate::error::{Error, Kind, Result};
use crate::stream::sha256::Sha256;
use crate::world::Effect;
use crate::world::partial::{is_unpacked, unpacked_lock};
use crate::world::simulated::Snapshot;

/// What is wrong with the backups of a run that says success.
pub fn unproved(rehearsed: &Rehearsed) -> Vec<Error> {
    let Rehearsed { run, after, kind, .. } = rehearsed;
    if *kind == "backup" && run.backups.is_empty() {
        return vec![Error::new(Kind::Integrity, "the run says success, but has no backup")];
    }
    let wrong = run.backups.iter().filter_map(|backup| {
        let path = Path::new(&backup.path);
        let whole = whole(after, path).and_then(|manifest| match manifest.sha256 == backup.sha256 {
            true => Ok(()),
            false => Err(differs(path, "its manifest is of other bytes than the record")),
        });
        whole.err().map(|error| error.within("the run says success, but its backup does not stand"))
    });
    wrong.collect()
}

/// New files that pass for backups and are none.
pub fn half_made(rehearsed: &Rehearsed) -> Vec<Complaint> {
    let Rehearsed { before, after, journal, kind, .. } = rehearsed;
    let mut found = Vec::new();
    for record in journal {
        let path = match &record.effect {
            Effect::Create { path, .. } => path.clone(),
            Effect::Put(put) if !put.object.key().ends_with(manifest::SUFFIX) => PathBuf::from(put.object.to_string()),
            _ => continue,
        };
        let described = is_there(after, &manifest::path_beside(&path));
        let new = !is_there(before, &path) && is_there(after, &path);
        if !new || (!described && *kind != "backup") || of_a_moment(after, &path) {
            continue;
        }
        if let Err(error) = whole(after, &path) {
            found.push(Complaint::new(Sort::Lie, error.within("a file passes for a backup").at(record.site.clone())));
        }
    }
    found
}

/// Whether it lies where a killed run has unpacked something for a moment: the next run removes it.
fn of_a_moment(world: &Snapshot, path: &Path) -> bool {
    path.ancestors().any(|folder| is_unpacked(folder) && world.at(unpacked_lock(folder)).is_some())
}

/// Backups of before that are gone although no new one was proved.
pub fn lost(rehearsed: &Rehearsed) -> Vec<Complaint> {
    let Rehearsed { before, after, journal, run, kind, .. } = rehearsed;
    if *kind != "backup" || !run.backups.is_empty() {
        return Vec::new();
    }
    let removed = journal.iter().filter_map(|record| match &record.effect {
        Effect::Remove { path } | Effect::Rename { from: path, .. } => Some((path.clone(), &record.site)),
        Effect::RemoveObject(object) => Some((PathBuf::from(object.to_string()), &record.site)),
        _ => None,
    });
    removed
        .filter(|(path, _)| is_there(before, &manifest::path_beside(path)))
        .filter(|(path, _)| is_there(before, path) && !is_there(after, path))
        .map(|(path, site)| {
            let what = format!("`{}` was let go although no new backup was proved", path.display());
            Complaint::new(Sort::Loss, Error::new(Kind::Integrity, what).at(site.clone()))
        })
        .collect()
}

/// Whether a file or an object is there.
fn is_there(world: &Snapshot, path: &Path) -> bool {
    world.size_of(path).is_some()
}

/// The manifest of a backup that stands with it as it was proved.
fn whole(world: &Snapshot, path: &Path) -> Result<Manifest> {
    let beside = manifest::path_beside(path);
    let Some(data) = world.content(path) else { return Err(differs(path, "it is not there")) };
    let Some(text) = world.content(&beside) else { return Err(differs(path, "it has no manifest")) };
    let manifest: Manifest = serde_json::from_slice(&text)
        .map_err(|error| Error::new(Kind::Integrity, format!("cannot read `{}`", beside.display())).because(error))?;
    if manifest.size_bytes != data.len() as u64 || manifest.sha256 != Sha256::of(&data) {
        return Err(differs(path, "its bytes are not those that its manifest describes"));
    }
    match path.file_name().is_some_and(|name| *name == *manifest.name) {
        true => Ok(manifest),
        false => Err(differs(path, "its manifest names another file")),
    }
}

fn differs(path: &Path, why: &str) -> Error {
    Error::new(Kind::Integrity, format!("`{}` is no backup", path.display())).because_text(why)
}
