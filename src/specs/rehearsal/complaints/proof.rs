//! Checks that the backups of a rehearsal are in its world as they were proved, byte by byte.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::backup::series::series_of;
use crate::catalog::Status;
use crate::catalog::manifest;
use crate::catalog::manifest::Manifest;
use crate::error::{Error, Kind, Result, Site};
use crate::specs::rehearsal::Rehearsed;
use crate::specs::rehearsal::complaints::{Complaint, Sort};
use crate::stream::sha256::Sha256;
use crate::world::Effect;
use crate::world::faulty::{Fault, FaultKind};
use crate::world::journal::{Outcome, Record};
use crate::world::partial::{is_unpacked, unpacked_lock};
use crate::world::simulated::Snapshot;

/// The library's retention follows its own rules.
const RETENTION: &str = "hikae/retention.lua";

/// The problems with the backups of a run that reports success.
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
        whole.err().map(|error| error.within("the run says success, but its backup is not there"))
    });
    wrong.collect()
}

/// New files that look like backups but are not.
pub fn half_made(rehearsed: &Rehearsed) -> Vec<Complaint> {
    let Rehearsed { before, after, journal, kind, run, .. } = rehearsed;
    let mut found = Vec::new();
    for record in journal {
        let path = match &record.effect {
            Effect::Create { path, .. } => path.clone(),
            Effect::Put(put) if !put.object.key().ends_with(manifest::SUFFIX) => PathBuf::from(put.object.to_string()),
            _ => continue,
        };
        // The list of an archive is no backup, and comes before it as the manifest does.
        if path.as_os_str().as_encoded_bytes().ends_with(manifest::LIST_SUFFIX.as_bytes()) {
            continue;
        }
        let described = is_there(after, &manifest::path_beside(&path));
        let new = !is_there(before, &path) && is_there(after, &path);
        // A change by a child process that the run itself reports is not a lie of the run.
        if run.status != Status::Success && is_changed_on_purpose(rehearsed, &path) {
            continue;
        }
        if !new || (!described && *kind != "backup") || of_a_moment(after, &path) {
            continue;
        }
        if let Err(error) = whole(after, &path) {
            found.push(Complaint::new(Sort::Lie, error.within("a file passes for a backup").at(record.site.clone())));
        }
    }
    found
}

fn is_changed_on_purpose(rehearsed: &Rehearsed, path: &Path) -> bool {
    let changes =
        |fault: &Fault| matches!(&fault.what, FaultKind::Changed { paths } if paths.iter().any(|one| one == path));
    rehearsed.faults.iter().any(changes)
}

/// Whether the path is a temporary place where a killed run unpacked files: the next run removes it.
fn of_a_moment(world: &Snapshot, path: &Path) -> bool {
    path.ancestors().any(|folder| is_unpacked(folder) && world.at(unpacked_lock(folder)).is_some())
}

/// Earlier backups that are gone although no newer one of their kind replaces them.
pub fn lost(rehearsed: &Rehearsed) -> Vec<Complaint> {
    let Rehearsed { before, after, journal, kind, .. } = rehearsed;
    if *kind != "backup" {
        return Vec::new();
    }
    let removed = journal.iter().flat_map(|record| {
        let paths = match &record.effect {
            Effect::Remove { path } | Effect::Rename { from: path, .. } => vec![path.clone()],
            Effect::RemoveMany { paths } => paths.clone(),
            Effect::RemoveObject(object) => vec![PathBuf::from(object.to_string())],
            _ => Vec::new(),
        };
        paths.into_iter().map(|path| (path, &record.site))
    });
    removed
        .filter(|(path, _)| is_there(before, &manifest::path_beside(path)))
        .filter(|(path, _)| is_there(before, path) && !is_there(after, path) && !is_replaced(rehearsed, path))
        .map(|(path, site)| {
            let what = format!("`{}` was removed although no new backup of its kind was proved", path.display());
            Complaint::new(Sort::Loss, Error::new(Kind::Integrity, what).at(site.clone()))
        })
        .collect()
}

/// Generations that the recipe itself removed, if only those of this run are left: at least two, or the previous one.
pub fn emptied(rehearsed: &Rehearsed) -> Vec<Complaint> {
    let Rehearsed { before, after, journal, run, .. } = rehearsed;
    let by_recipe = |record: &&Record| {
        record.outcome == Outcome::Done && !record.site.as_ref().is_some_and(|site| site.file.ends_with(RETENTION))
    };
    let removed: Vec<(PathBuf, &Option<Site>)> = journal
        .iter()
        .filter(by_recipe)
        .flat_map(|record| match &record.effect {
            Effect::Remove { path } => vec![(path.clone(), &record.site)],
            Effect::RemoveMany { paths } => paths.iter().map(|path| (path.clone(), &record.site)).collect(),
            Effect::RemoveObject(object) => vec![(PathBuf::from(object.to_string()), &record.site)],
            _ => Vec::new(),
        })
        .collect();
    let kinds: BTreeSet<String> = run.backups.iter().map(|backup| series_of(&backup.path)).collect();
    let found = kinds.into_iter().filter_map(|kind| {
        let of_kind = |path: &&Path| series_of(&path.to_string_lossy()) == kind;
        let made = run.backups.iter().filter(|backup| of_kind(&Path::new(&backup.path))).count();
        let there = after.files.keys().map(PathBuf::as_path).chain(after.objects.keys().map(Path::new));
        let gone = || removed.iter().filter(|(path, _)| of_kind(&path.as_path()) && is_there(before, path));
        (gone().count() >= 2 && there.filter(of_kind).count() <= made).then(|| {
            let what = format!("none but the new one is left of the backups `{kind}`");
            let site = gone().find_map(|(_, site)| (*site).clone());
            Complaint::new(Sort::Loss, Error::new(Kind::Integrity, what).at(site))
        })
    });
    found.collect()
}

/// Whether it may be gone without a loss: the run has proved a backup, and a newer one of the same series exists, with every
/// byte that its manifest describes.
pub fn is_replaced(rehearsed: &Rehearsed, gone: &Path) -> bool {
    let Rehearsed { after, run, .. } = rehearsed;
    let kind = series_of(&gone.to_string_lossy());
    let there = after.files.keys().map(PathBuf::as_path).chain(after.objects.keys().map(Path::new));
    let mut newer = there.filter(|path| *path > gone && series_of(&path.to_string_lossy()) == kind);
    !run.backups.is_empty() && newer.any(|path| whole(after, path).is_ok())
}

/// Whether a file or an object exists.
fn is_there(world: &Snapshot, path: &Path) -> bool {
    world.size_of(path).is_some()
}

/// The manifest of a backup that still exists as it was proved.
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
