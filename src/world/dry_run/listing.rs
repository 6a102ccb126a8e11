//! Lists folders as they would be, and checks planned changes against the planned state.

use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::DryRun;
use super::plan::{Change, Where};
use crate::error::{Kind, Result};
use crate::units::show_size;
use crate::world::partial::FOLDER_MODE;
use crate::world::pick::{Pick, put_in_order};
use crate::world::refusals::{Around, Kept, deepest_first, is_a_link, not_a_folder, refused, taken};
use crate::world::{Effect, Entry, EntryKind, ListQuery, Reply, Request, Space, World};

/// The entries of a folder of the world below, without planned removals, and with planned additions.
pub async fn list<W: World + 'static>(dry: &DryRun<W>, found: &ListQuery, request: &Request) -> Result<Vec<Entry>> {
    let pick = Pick::new(found, dry.now())?;
    let at = dry.plan.lock().locate(&found.dir);
    let fail = |errno: Errno| refused("list", &found.dir, errno.into(), &Nowhere);
    let mut entries = match at {
        Where::Below(dir) => below(dry, found, &dir, request).await?,
        Where::Planned(stat, _) if stat.kind == EntryKind::Dir => Vec::new(),
        Where::Planned(..) => return Err(fail(Errno::NOTDIR)),
        Where::Nothing => return Err(fail(Errno::NOENT)),
    };
    let changed: Vec<(PathBuf, Change)> =
        dry.plan.lock().changed.iter().map(|(path, change)| (path.clone(), change.clone())).collect();
    entries.retain(|entry| !changed.iter().any(|(path, _)| entry.path.starts_with(path)));
    for (path, change) in changed {
        let depth = path.strip_prefix(&found.dir).map_or(0, |rest| rest.components().count());
        if depth == 0 || (depth > 1 && !found.recursive) {
            continue;
        }
        if let Some(stat) = dry.stat(&path, request).await?
            && path.file_name().is_some_and(|name| pick.takes_name(name))
            && pick.takes(&stat)
        {
            entries.push(Entry { path: path.clone(), stat });
        }
        if let (Change::Moved(from), true) = (change, found.recursive)
            && Box::pin(dry.stat(&path, request)).await?.is_some_and(|stat| stat.kind == EntryKind::Dir)
        {
            let moved = ListQuery { dir: path, ..found.clone() };
            entries.extend(below(dry, &moved, &from, request).await?);
        }
    }
    put_in_order(&mut entries);
    Ok(entries)
}

/// The entries of `dir` in the world below, with their paths moved to the requested folder.
async fn below<W: World + 'static>(
    dry: &DryRun<W>,
    found: &ListQuery,
    dir: &Path,
    request: &Request,
) -> Result<Vec<Entry>> {
    let mut entries = dry.inner_list(ListQuery { dir: dir.to_owned(), ..found.clone() }, request).await?;
    for entry in &mut entries {
        if let Ok(rest) = entry.path.strip_prefix(dir) {
            entry.path = found.dir.join(rest);
        }
    }
    Ok(entries)
}

impl<W: World + 'static> DryRun<W> {
    /// The missing parent folders of `path`; a file among them is an error.
    async fn missing_above(&self, act: &str, path: &Path, request: &Request) -> Result<Vec<PathBuf>> {
        let mut missing = Vec::new();
        for above in path.ancestors().skip(1) {
            let seen = match self.stat(above, request).await {
                // The parents of the declared folders may not be examined.
                Err(error) if error.kind() == Kind::Denied && !missing.is_empty() => break,
                // A file may be declared without its folder: then the file itself can be examined, except through a link that leads out.
                Err(error) if error.kind() == Kind::Denied => {
                    self.stat(path, request).await.map_err(|_| error)?;
                    break;
                }
                other => other?,
            };
            match seen {
                None => missing.push(above.to_owned()),
                Some(stat) if stat.kind == EntryKind::File => {
                    return Err(refused(act, path, Errno::NOTDIR.into(), &File(above)));
                }
                Some(_) => break,
            }
        }
        Ok(missing)
    }

    pub(super) async fn may_create(&self, path: &Path, replace: bool, request: &Request) -> Result<()> {
        let missing = self.missing_above("create", path, request).await?;
        if !replace && self.stat(path, request).await?.is_some() {
            return Err(taken(path));
        }
        self.plan.lock().made(&missing, FOLDER_MODE, self.now());
        Ok(())
    }

    pub(super) async fn make_dir(&self, path: &Path, mode: u32, request: &Request) -> Result<Reply> {
        match self.stat(path, request).await?.map(|stat| stat.kind) {
            Some(EntryKind::Dir | EntryKind::Link) => return Ok(Reply::Done),
            Some(_) => return Err(not_a_folder(path)),
            None => {}
        }
        let mut missing = self.missing_above("make the folder", path, request).await?;
        missing.push(path.to_owned());
        let mut plan = self.plan.lock();
        plan.note(request, None);
        plan.made(&missing, mode, self.inner.now());
        Ok(Reply::Done)
    }

    pub(super) async fn rename(&self, from: &Path, to: &Path, request: &Request) -> Result<Reply> {
        let act = format!("rename `{}` to", from.display());
        let fail = |errno: Errno| refused(&act, to, errno.into(), &Nowhere);
        if self.stat(from, request).await?.is_none() {
            return Err(refused("rename", from, Errno::NOENT.into(), &Nowhere));
        }
        if !self.missing_above(&act, to, request).await?.is_empty() {
            return Err(fail(Errno::NOENT));
        }
        if self.stat(to, request).await?.is_some() {
            return Err(fail(Errno::EXIST));
        }
        let mut plan = self.plan.lock();
        plan.note(request, None);
        plan.moved(from, to);
        Ok(Reply::Done)
    }

    pub(super) async fn remove(&self, path: &Path, request: &Request) -> Result<Reply> {
        let fail = |errno: Errno| refused("remove", path, errno.into(), &Nowhere);
        let Some(stat) = self.stat(path, request).await? else { return Err(fail(Errno::NOENT)) };
        let detail = match stat.kind {
            EntryKind::Dir => {
                let all = ListQuery::of(path);
                if !list(self, &all, request).await?.is_empty() {
                    return Err(fail(Errno::NOTEMPTY));
                }
                None
            }
            _ => {
                let days = self.now().signed_duration_since(stat.modified).num_days();
                Some(format!("{}, {days} days old", show_size(stat.size_bytes)))
            }
        };
        let mut plan = self.plan.lock();
        plan.note(request, detail);
        plan.changed.insert(path.to_owned(), Change::Gone);
        Ok(Reply::Done)
    }
}

impl<W: World + 'static> DryRun<W> {
    /// Adds one line to the plan for each path.
    pub(super) async fn remove_many(&self, paths: &[PathBuf], request: &Request) -> Result<Reply> {
        let mut kept = Kept::of(paths);
        for path in deepest_first(paths.to_vec()) {
            let one = Request { effect: Effect::Remove { path: path.clone() }, ..request.clone() };
            if let Err(error) = self.remove(&path, &one).await {
                kept.add(error);
            }
        }
        kept.finish().map(|()| Reply::Done)
    }

    /// Plans a change of an attribute of an existing file or folder.
    pub(super) async fn set(&self, act: &str, path: &Path, detail: &str, request: &Request) -> Result<Reply> {
        match self.stat(path, request).await? {
            None => Err(refused(act, path, Errno::NOENT.into(), &Nowhere)),
            Some(stat) if stat.kind == EntryKind::Link => Err(is_a_link(act, path)),
            Some(_) => {
                self.plan.lock().note(request, Some(detail.to_owned()));
                Ok(Reply::Done)
            }
        }
    }
}

/// A plan has no further details for an error.
struct Nowhere;

impl Around for Nowhere {
    fn file_above(&self, _path: &Path) -> Option<PathBuf> {
        None
    }

    fn space(&self, _path: &Path) -> Option<(PathBuf, Space)> {
        None
    }
}

/// The file that blocks the path.
struct File<'a>(&'a Path);

impl Around for File<'_> {
    fn file_above(&self, _path: &Path) -> Option<PathBuf> {
        Some(self.0.to_owned())
    }

    fn space(&self, _path: &Path) -> Option<(PathBuf, Space)> {
        None
    }
}
