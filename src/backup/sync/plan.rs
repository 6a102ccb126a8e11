//! Plans a sync: what is uploaded, skipped and deleted, each with its reason, and the refusals. Changes nothing.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::{StreamExt, TryStreamExt, iter};

use super::compare::{First, Second, There, first, second};
use super::deletions;
use super::guards::{self, Refusal, Shown};
use super::index::Index;
use super::item::{Act, Item, LocalFile, Reason, Role, Rules};
use super::look::{self, Remote};
use super::marker::{self, Marker};
use super::names;
use super::open_questions::{Answer, Sides};
use crate::catalog::manifest::SUFFIX;
use crate::error::{Error, Result};
use crate::world::Caller;
use crate::world::objects::{Object, Store};

/// How many files and objects are examined at once.
const AT_ONCE: usize = 16;
/// How many examinations are prepared at once.
const CHUNK: usize = 256;

/// The input of a plan.
pub struct Ask {
    pub caller: Caller,
    pub dir: PathBuf,
    pub store: Arc<Store>,
    pub rules: Rules,
    pub run_id: String,
    /// The paths that recorded runs have removed.
    pub removed: BTreeSet<String>,
}

/// What a sync would do.
pub struct Plan {
    pub dir: PathBuf,
    pub store: Arc<Store>,
    pub rules: Rules,
    /// Sorted by name, byte by byte.
    pub items: Vec<Item>,
    pub refusals: Vec<Refusal>,
    /// The id of the source.
    pub id: String,
    pub marker: Option<Marker>,
    pub index: Option<Index>,
    /// The store's error if the bucket does not exist yet: the sync creates it.
    pub no_bucket: Option<Error>,
}

impl Plan {
    pub fn of(&self, act: Act) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(move |item| item.act == act)
    }

    /// The target, for messages and for the marker.
    pub fn target(&self) -> String {
        self.store.title_of(&self.rules.prefix)
    }

    pub fn key(&self, name: &str) -> String {
        format!("{}{name}", self.rules.prefix)
    }

    pub fn object(&self, name: &str) -> Result<Object> {
        Object::new(self.store.clone(), self.key(name))
    }
}

pub async fn plan(ask: Ask) -> Result<Plan> {
    let Ask { caller, dir, store, rules, run_id, removed } = ask;
    let folder = look::folder(&caller, &dir, &rules).await?;
    let marker = match rules.marker && folder.is_there {
        true => marker::read(&caller, &dir).await?,
        false => None,
    };
    let mut remote = look::remote(&caller, &store, &rules.prefix).await?;
    let id = id_of(&caller, &dir, &rules, marker.as_ref(), remote.index.as_ref(), &run_id);
    if remote.index.as_ref().is_some_and(|index| index.id != id) {
        disown(&mut remote);
    }
    let sides = Sides { caller: &caller, dir: &dir, store: &store, prefix: &rules.prefix, id: &id };
    let (items, others) = pair_up(&sides, &folder.files, &remote, &rules, &removed).await?;
    let (source, target) = (dir.display().to_string(), store.title_of(&rules.prefix));
    let refusals = guards::refusals(&Shown {
        source: &source,
        target: &target,
        rules: &rules,
        source_is_there: folder.is_there,
        items: &items,
        others: &others,
        marker: marker.as_ref(),
        index: remote.index.as_ref(),
        id: &id,
    });
    let Remote { index, no_bucket, .. } = remote;
    Ok(Plan { dir, store, rules, items, refusals, id, marker, index, no_bucket })
}

/// The id of the source: from its marker, or from its place if it is only read.
fn id_of(
    caller: &Caller,
    dir: &Path,
    rules: &Rules,
    marker: Option<&Marker>,
    index: Option<&Index>,
    run_id: &str,
) -> String {
    let host = caller.world.machine().host;
    match (marker, index) {
        _ if !rules.marker => marker::id_of_place(&host, dir),
        (Some(marker), _) => marker.id.clone(),
        // The takeover continues the sync of a source whose marker is lost.
        (None, Some(index)) if rules.takeover => index.id.clone(),
        _ => marker::new_id(run_id, &host, dir),
    }
}

/// Marks all objects as foreign: what another source uploaded does not belong to this one, even after a takeover.
fn disown(remote: &mut Remote) {
    for (_, there) in &mut remote.objects {
        there.pending = false;
        if let Some(record) = &mut there.record {
            record.own = false;
        }
    }
}

/// A file that needs a closer look, with its object.
struct Open<'a> {
    at: usize,
    file: &'a LocalFile,
    there: Option<&'a There>,
}

async fn pair_up(
    sides: &Sides<'_>,
    files: &[LocalFile],
    remote: &Remote,
    rules: &Rules,
    removed: &BTreeSet<String>,
) -> Result<(Vec<Item>, Vec<Box<str>>)> {
    let has = |name: &str| remote.objects.binary_search_by(|(known, _)| (**known).cmp(name)).is_ok();
    let (mut items, mut open) = (Vec::with_capacity(files.len().max(remote.objects.len())), Vec::new());
    let mut objects = remote.objects.iter().peekable();
    let gone = |name: &str, there: &There| {
        let role = names::role(name, has);
        rules.take(name).then(|| deletions::of_object(name, there, role, rules, sides.dir, removed))
    };
    for file in files {
        while let Some((name, there)) = objects.next_if(|(name, _)| *name < file.name) {
            items.extend(gone(name, there));
        }
        let there = objects.next_if(|(name, _)| *name == file.name).map(|(_, there)| there);
        let fits = Object::new(sides.store.clone(), format!("{}{}", sides.prefix, file.name)).is_ok();
        match first(file, there, rules) {
            First::Settled(Act::Upload, _) | First::Open if !fits => {
                items.push(item(file, there, (Act::Skip, Reason::Unfit), None));
            }
            First::Settled(act, reason) => items.push(item(file, there, (act, reason), None)),
            First::Open => {
                open.push(Open { at: items.len(), file, there });
                items.push(item(file, there, (Act::Skip, Reason::Unproved), None));
            }
        }
    }
    items.extend(objects.filter_map(|(name, there)| gone(name, there)));
    let others = look_closer(sides, open, &has, rules, &mut items).await?;
    leave_out_beside_damaged(&mut items);
    Ok((items, others))
}

/// Decides what sizes and times left open; returns the names of objects that are other backups.
async fn look_closer(
    sides: &Sides<'_>,
    open: Vec<Open<'_>>,
    has: &impl Fn(&str) -> bool,
    rules: &Rules,
    items: &mut [Item],
) -> Result<Vec<Box<str>>> {
    let mut answers = Vec::with_capacity(open.len());
    for some in open.chunks(CHUNK) {
        let mut looks: Vec<BoxFuture<'_, Result<Answer>>> = Vec::with_capacity(some.len());
        for Open { file, there, .. } in some {
            let manifest_there = there.is_some() && has(&format!("{}{SUFFIX}", file.name));
            looks.push(Box::pin(sides.find_out(file, *there, manifest_there)));
        }
        let found: Vec<Answer> = iter(looks).buffered(AT_ONCE).try_collect().await?;
        answers.extend(some.iter().zip(found));
    }
    let mut others = Vec::new();
    for (Open { at, file, there }, answer) in answers {
        let (at, there) = (*at, *there);
        items[at] = match second(file, there, &answer.known, rules) {
            Second::Settled(act, reason) => item(file, there, (act, reason), Some(&answer)),
            Second::Another => {
                others.push(file.name.clone());
                item(file, there, (Act::Skip, Reason::Checksum), Some(&answer))
            }
        };
    }
    others.sort_unstable();
    Ok(others)
}

fn item(file: &LocalFile, there: Option<&There>, (act, reason): (Act, Reason), answer: Option<&Answer>) -> Item {
    let record = there.and_then(|there| there.record.as_ref());
    let known = answer.map(|answer| &answer.known);
    let own = act == Act::Upload
        || answer.is_some_and(|answer| answer.own)
        || record.is_some_and(|record| record.own)
        || there.is_some_and(|there| there.pending);
    Item {
        name: file.name.clone(),
        act,
        reason,
        role: file.role,
        size_bytes: file.size_bytes,
        mtime: file.mtime,
        sha256: known.and_then(|known| known.file).or_else(|| record.and_then(|record| record.sha256)),
        created_at: known.and_then(|known| known.created_at).or_else(|| record.and_then(|record| record.created_at)),
        etag: there.map(|there| there.etag.clone()).unwrap_or_default(),
        there: there.is_some(),
        own,
    }
}

/// Skips the files beside a backup that is not copied: they would describe a missing object.
fn leave_out_beside_damaged(items: &mut [Item]) {
    let damaged: HashSet<Box<str>> = items
        .iter()
        .filter(|item| matches!(item.reason, Reason::Damaged | Reason::Unfit) && item.role == Role::Backup)
        .map(|item| item.name.clone())
        .collect();
    for item in items.iter_mut().filter(|item| item.act == Act::Upload && item.role == Role::Beside) {
        if names::described(&item.name).is_some_and(|backup| damaged.contains(backup)) {
            (item.act, item.reason) = (Act::Skip, Reason::Orphan);
        }
    }
}
