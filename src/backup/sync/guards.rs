//! Refuses a plan that would empty a store, overwrite a backup, or mix two sources; explains how to override each refusal.

use std::collections::BTreeMap;

use super::index::Index;
use super::item::{Act, Item, Reason, Rules};
use super::marker::{MARKER, Marker};
use crate::backup::series::series_of;
use crate::error::{Error, Kind};

/// Fewer deletions than this never count as emptying a store, whatever their share.
const FEW: usize = 3;

/// How many names a refusal lists.
const LISTED: usize = 3;

/// The reason why a plan is not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its name in Lua.
    pub guard: &'static str,
    pub kind: Kind,
    pub what: String,
    pub why: String,
    pub hint: String,
}

impl Refusal {
    pub fn error(&self) -> Error {
        Error::new(self.kind, self.what.clone()).because_text(self.why.clone()).hint(self.hint.clone())
    }
}

/// The input of the guards.
pub struct Shown<'a> {
    pub source: &'a str,
    pub target: &'a str,
    pub rules: &'a Rules,
    pub source_is_there: bool,
    pub items: &'a [Item],
    /// The names of objects that hold a different backup than the file of the same name.
    pub others: &'a [Box<str>],
    pub marker: Option<&'a Marker>,
    pub index: Option<&'a Index>,
    /// The id of the source.
    pub id: &'a str,
}

/// All refusals; none when the plan may be carried out.
pub fn refusals(shown: &Shown) -> Vec<Refusal> {
    let guards: [fn(&Shown) -> Option<Refusal>; 6] =
        [source_missing, no_marker, other_sync, source_empty, too_many_deletions, last_copy];
    guards.iter().filter_map(|guard| guard(shown)).chain(other_backup(shown)).collect()
}

fn refusal(guard: &'static str, kind: Kind, shown: &Shown, why: String, hint: &str) -> Refusal {
    let what = format!("refused to sync `{}` to `{}`", shown.source, shown.target);
    Refusal { guard, kind, what, why, hint: hint.to_owned() }
}

fn source_missing(shown: &Shown) -> Option<Refusal> {
    let why = format!("there is no folder `{}`", shown.source);
    (!shown.source_is_there).then(|| refusal("source_missing", Kind::NotFound, shown, why, "is the disk mounted?"))
}

/// The marker decides: a folder without it is not the folder of the earlier syncs.
fn no_marker(shown: &Shown) -> Option<Refusal> {
    let Shown { rules, index, marker, .. } = shown;
    if !shown.source_is_there || !rules.marker || rules.takeover || marker.is_some() || index.is_none() {
        return None;
    }
    let why = format!("`{}/{MARKER}` is not there, which the first sync put there", shown.source);
    let hint = "is the disk mounted? if this is the right folder, say once `takeover = true`; a source that is only \
                read takes `marker = false`";
    Some(refusal("no_marker", Kind::NotFound, shown, why, hint))
}

fn other_sync(shown: &Shown) -> Option<Refusal> {
    let index = shown.index?;
    if shown.rules.takeover || (shown.rules.marker && shown.marker.is_none()) {
        return None;
    }
    let is_other = index.id != shown.id;
    // A copy of the source has the same id, but does not know what the other one has done since.
    let knows = |marker: &Marker| marker.targets.get(shown.target).is_some_and(|line| line.knows(&index.written_by));
    let is_behind = !is_other && shown.marker.is_some_and(|marker| !knows(marker));
    if !is_other && !is_behind {
        return None;
    }
    let Index { host, source, written_by, .. } = index;
    let why = format!("`{source}` of the host `{host}` was synced there last, by the run {written_by}");
    let hint = "two sources in one prefix would delete each other's backups: give each a `prefix` of its own, or say \
                once `takeover = true`";
    Some(refusal("other_sync", Kind::Locked, shown, why, hint))
}

fn source_empty(shown: &Shown) -> Option<Refusal> {
    let copied = |item: &&Item| item.role.is_data() && item.act != Act::Delete && !is_left_out(item);
    if shown.rules.allow_empty || !shown.source_is_there || shown.items.iter().any(|item| copied(&item)) {
        return None;
    }
    let files = shown.items.iter().filter(|item| item.reason == Reason::Unproved).count();
    let (why, hint) = match files {
        0 => (
            format!("`{}` is empty", shown.source),
            "is the disk mounted? if it may be empty, say `allow_empty = true`",
        ),
        _ => (
            format!("none of the {files} files in `{}` is a proved backup: they have no manifests", shown.source),
            "say `include_unproved = true` to copy them anyway",
        ),
    };
    Some(refusal("source_empty", Kind::NotFound, shown, why, hint))
}

/// Whether a file is not copied, and has no object either.
fn is_left_out(item: &Item) -> bool {
    matches!(
        item.reason,
        Reason::Unproved | Reason::Orphan | Reason::Damaged | Reason::Unfit | Reason::Foreign | Reason::NotDeleted
    )
}

fn too_many_deletions(shown: &Shown) -> Option<Refusal> {
    let own = |item: &&Item| item.there && item.role.is_data() && (item.own || item.act == Act::Delete);
    let there = shown.items.iter().filter(own).count();
    // What retention removed on record is meant to be deleted.
    let gone = |item: &&Item| item.act == Act::Delete && item.role.is_data() && item.reason != Reason::Retention;
    let deleted: Vec<&Item> = shown.items.iter().filter(gone).collect();
    let share = deleted.len() as f64 * 100.0 / there.max(1) as f64;
    if deleted.len() < FEW || share <= shown.rules.max_delete {
        return None;
    }
    let why = format!(
        "it would delete {} of {there} ({share:.0} %), such as {}; at most {} % may go, besides what retention removed",
        deleted.len(),
        listed(deleted.iter().map(|item| &*item.name)),
        shown.rules.max_delete
    );
    let hint = "is everything there that should be? if so, say how much may go, such as `max_delete = 100`";
    Some(refusal("max_delete", Kind::Other, shown, why, hint))
}

/// A backup may be deleted if a newer proved one of its kind exists, or is about to be uploaded.
fn last_copy(shown: &Shown) -> Option<Refusal> {
    if shown.rules.delete_last {
        return None;
    }
    let is_backup = |item: &&Item| item.created_at.is_some() && item.role.is_data();
    let mut newest: BTreeMap<String, i64> = BTreeMap::new();
    for item in shown.items.iter().filter(is_backup).filter(|item| item.act != Act::Delete && !is_left_out(item)) {
        let made = newest.entry(series_of(&item.name)).or_insert(i64::MIN);
        *made = (*made).max(item.created_at.unwrap_or(i64::MIN));
    }
    let is_last = |item: &&Item| {
        item.act == Act::Delete && newest.get(&series_of(&item.name)).is_none_or(|made| Some(*made) <= item.created_at)
    };
    let last: Vec<&str> = shown.items.iter().filter(is_backup).filter(is_last).map(|item| &*item.name).collect();
    if last.is_empty() {
        return None;
    }
    let why = format!("no newer proved backup would be there of {}", listed(last.into_iter()));
    let hint = "is the newest backup there? if this kind of backup is not made any more, say once `delete_last = true`";
    Some(refusal("last_copy", Kind::Other, shown, why, hint))
}

fn other_backup(shown: &Shown) -> Option<Refusal> {
    if shown.others.is_empty() {
        return None;
    }
    let why = format!("another backup of the same name is there: {}", listed(shown.others.iter().map(|name| &**name)));
    let hint = "a backup never takes the place of another: rename one of them, or say `replace = true`";
    Some(refusal("other_backup", Kind::AlreadyExists, shown, why, hint))
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let all: Vec<&str> = names.collect();
    let shown: Vec<String> = all.iter().take(LISTED).map(|name| format!("`{name}`")).collect();
    match all.len().checked_sub(LISTED) {
        Some(more @ 1..) => format!("{} and {more} more", shown.join(", ")),
        _ => shown.join(", "),
    }
}
