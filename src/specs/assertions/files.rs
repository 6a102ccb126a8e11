//! Assertions on the files of a run: made, changed, removed, kept, or left half-made.

use std::path::{Path, PathBuf};

use mlua::Value;

use crate::catalog::manifest;
use crate::error::Result;
use crate::lua::exports::Call;
use crate::specs::assertions::again;
use crate::specs::assertions::written::Written;
use crate::specs::excluded::Lie;
use crate::specs::handle::{Method, give, one_text, some_texts};
use crate::specs::rehearsal::complaints::proof::is_replaced;
use crate::specs::trial::run_handle::Run;
use crate::units::show_size;
use crate::world::EntryKind;
use crate::world::pick::matcher;
use crate::world::simulated::{Seen, Snapshot};

pub const METHODS: &[Method<Run>] = &[
    ("run:wrote", wrote),
    ("run:wrote_nothing", |call, run, _| match made_or_changed(run).as_slice() {
        [] => again(call, run),
        made => run.fail(call, "no file to be written", listed(made), Vec::new()),
    }),
    ("run:put", put),
    ("run:removed", removed),
    ("run:kept", kept),
    ("run:unchanged", unchanged),
    ("run:left_nothing_partial", left_nothing_partial),
];

fn wrote(call: &Call, run: &Run, args: &[Value]) -> Result<Value> {
    let pattern = one_text(call, args)?;
    let made = made_or_changed(run);
    let fits = matcher(&pattern)?;
    // The exact name first: it may contain pattern characters.
    let fitting: Vec<&PathBuf> = match made.iter().find(|path| **path == Path::new(&pattern)) {
        Some(path) => vec![path],
        None => made.iter().filter(|path| fits.is_match(path)).collect(),
    };
    match fitting.as_slice() {
        [path] => give(call, Written { run: run.clone(), path: (*path).clone() }),
        [] if made.is_empty() => {
            run.fail(call, format!("`{pattern}` to be written"), "no file was written", Vec::new())
        }
        [] => run.fail(call, format!("`{pattern}` to be written"), listed(&made), Vec::new()),
        several => {
            let several: Vec<PathBuf> = several.iter().map(|path| (*path).clone()).collect();
            run.fail(call, format!("one file like `{pattern}` to be written"), listed(&several), Vec::new())
        }
    }
}

/// The one object that was put under an address like this one; a pattern never matches a manifest.
fn put(call: &Call, run: &Run, args: &[Value]) -> Result<Value> {
    let pattern = one_text(call, args)?;
    let (before, after) = (&run.rehearsed.before.objects, &run.rehearsed.after.objects);
    let made: Vec<&String> = after.keys().filter(|address| before.get(*address) != after.get(*address)).collect();
    let fits = matcher(&pattern)?;
    let like = |address: &&&String| fits.is_match(address.as_str()) && !address.ends_with(manifest::SUFFIX);
    let fitting: Vec<&&String> = match made.iter().find(|address| ***address == pattern) {
        Some(address) => vec![address],
        None => made.iter().filter(like).collect(),
    };
    match fitting.as_slice() {
        [address] => give(call, Written { run: run.clone(), path: PathBuf::from(address) }),
        [] if made.is_empty() => run.fail(call, format!("`{pattern}` to be put"), "no object was put", Vec::new()),
        _ => {
            let found: Vec<PathBuf> = made.iter().map(PathBuf::from).collect();
            run.fail(call, format!("one object like `{pattern}` to be put"), listed(&found), Vec::new())
        }
    }
}

fn removed(call: &Call, run: &Run, args: &[Value]) -> Result<Value> {
    run.trial.excludes(&run.rehearsed, &[Lie::LostGenerations]);
    for path in some_texts(call, args)? {
        let expected = format!("`{path}` to be removed");
        let size_in = |world: &Snapshot| world.size_of(Path::new(&path));
        match (size_in(&run.rehearsed.before), size_in(&run.rehearsed.after)) {
            (Some(_), None) => {}
            (None, _) => return run.fail(call, expected, "it was not there before the run", Vec::new()),
            (Some(_), Some(_)) => return run.fail(call, expected, "it is still there", Vec::new()),
        }
    }
    again(call, run)
}

/// With an injected fault, a file deleted for a newer backup of its kind also counts as kept: nothing is lost.
fn kept(call: &Call, run: &Run, args: &[Value]) -> Result<Value> {
    run.trial.excludes(&run.rehearsed, &[Lie::LostGenerations]);
    for path in some_texts(call, args)? {
        let expected = format!("`{path}` to be kept");
        let object_in = |world: &Snapshot| world.object(Path::new(&path)).cloned();
        let stored = object_in(&run.rehearsed.before);
        if stored.is_some() && stored == object_in(&run.rehearsed.after) {
            continue;
        }
        let (before, after) = (run.rehearsed.before.at(&path), run.rehearsed.after.at(&path));
        let release = || run.fault.is_some() && is_replaced(&run.rehearsed, Path::new(&path));
        let found = match (before, after) {
            (None, _) if stored.is_some() && object_in(&run.rehearsed.after).is_none() && release() => continue,
            (None, _) if stored.is_some() => "it is gone, or another".to_owned(),
            (None, _) => "it was not there before the run".to_owned(),
            (Some(before), Some(after)) if same(before, after) => continue,
            (Some(before), Some(after)) => format!("it was changed: {}", difference(before, after)),
            (Some(_), None) if release() => continue,
            (Some(_), None) => "it is gone".to_owned(),
        };
        return run.fail(call, expected, found, Vec::new());
    }
    again(call, run)
}

fn unchanged(call: &Call, run: &Run, args: &[Value]) -> Result<Value> {
    let below = if args.is_empty() { "/".to_owned() } else { one_text(call, args)? };
    let diff = differences(run, Path::new(&below));
    if diff.is_empty() {
        return again(call, run);
    }
    let expected =
        if args.is_empty() { "nothing to change".to_owned() } else { format!("nothing to change below `{below}`") };
    run.fail(call, expected, format!("{} differences", diff.len()), diff)
}

/// A killed process cannot clean up; its leftovers have no final name, and the next run sweeps them.
fn left_nothing_partial(call: &Call, run: &Run, _: &[Value]) -> Result<Value> {
    let before = &run.rehearsed.before.partials;
    let left: Vec<PathBuf> =
        run.rehearsed.after.partials.iter().filter(|path| !before.contains(path)).cloned().collect();
    if left.is_empty() || run.rehearsed.killed {
        return again(call, run);
    }
    run.fail(call, "nothing partial to be left", listed(&left), Vec::new())
}

fn made_or_changed(run: &Run) -> Vec<PathBuf> {
    let files = run.rehearsed.after.files.iter().filter(|(_, seen)| seen.stat.kind != EntryKind::Dir);
    let before = &run.rehearsed.before;
    files
        .filter(|(path, seen)| before.at(path).is_none_or(|old| !same(old, seen)))
        .map(|(path, _)| path.clone())
        .collect()
}

/// Whether both are the same file; other files that came and went in a folder do not matter.
fn same(before: &Seen, after: &Seen) -> bool {
    match (before.stat.kind, after.stat.kind) {
        (EntryKind::Dir, EntryKind::Dir) => {
            (before.stat.mode, before.stat.owner) == (after.stat.mode, after.stat.owner)
        }
        _ => before == after,
    }
}

/// The differences below a path, one per line.
fn differences(run: &Run, below: &Path) -> Vec<String> {
    let (before, after) = (&run.rehearsed.before, &run.rehearsed.after);
    let gone =
        run.rehearsed.before.files.iter().filter(|(path, _)| path.starts_with(below) && after.at(path).is_none());
    let gone = gone.map(|(path, seen)| format!("- {} ({})", path.display(), show_size(seen.stat.size_bytes)));
    let new =
        run.rehearsed.after.files.iter().filter(|(path, _)| path.starts_with(below)).filter_map(|(path, seen)| {
            match before.at(path) {
                None => Some(format!("+ {} ({})", path.display(), show_size(seen.stat.size_bytes))),
                Some(old) if !same(old, seen) => Some(format!("~ {}: {}", path.display(), difference(old, seen))),
                Some(_) => None,
            }
        });
    gone.chain(new).collect()
}

fn difference(before: &Seen, after: &Seen) -> String {
    let (old, new) = (&before.stat, &after.stat);
    if old.size_bytes != new.size_bytes {
        return format!("{} were {}", show_size(new.size_bytes), show_size(old.size_bytes));
    }
    if old.mode != new.mode {
        return format!("mode {:04o} was {:04o}", new.mode, old.mode);
    }
    if before.content != after.content { "other content".to_owned() } else { "touched".to_owned() }
}

fn listed(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| format!("`{}`", path.display())).collect::<Vec<_>>().join(", ")
}
