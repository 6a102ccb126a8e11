//! Reports at the end of a backup why it is doubtful although every byte was proved: a stand-in, another database, lost generations.

use std::collections::BTreeMap;
use std::path::Path;

use crate::backup::series::series_of;
use crate::backup::target::Target;
use crate::error::Result;
use crate::lua::session::Session;
use crate::report::remark::{Level, Remark};
use crate::world::shells;
use crate::world::{Caller, ListQuery};

/// The remarks before the recipe begins.
pub fn of_needs(programs: &[String]) -> Option<Remark> {
    let shells: Vec<&str> = programs.iter().map(String::as_str).filter(|name| shells::is_shell(name)).collect();
    let message = format!("the recipe may run `{}`: {}", shells.join("`, `"), shells::WHY);
    (!shells.is_empty()).then(|| Remark::new(Level::Note, "shell", message).hint(shells::HINT))
}

/// The remarks after the recipe has succeeded.
pub async fn say(session: &Session) -> Result<()> {
    // A run without a backup has already failed, with the cause.
    if session.identity.kind != "backup" || session.backups.borrow().is_empty() {
        return Ok(());
    }
    let said = [stand_in(session), another_database(session)].into_iter().flatten();
    for remark in said.chain(emptied(session, &session.caller).await?) {
        session.remark(remark, None);
    }
    Ok(())
}

fn stand_in(session: &Session) -> Option<Remark> {
    let backups = session.backups.borrow();
    let sources = session.sources.borrow();
    let (label, error) = sources.missing(|path| backups.iter().any(|backup| Path::new(&backup.path) == path))?;
    let message = format!("`{label}` failed, and what was backed up comes from something else: {}", error.one_line());
    let hint =
        "to accept a failure does not replace its source: let the run fail, or back up the same from another server";
    Some(Remark::new(Level::Incomplete, "stand_in", message).hint(hint))
}

fn another_database(session: &Session) -> Option<Remark> {
    let database = session.identity.database.as_ref()?;
    let dumped = session.sources.borrow().instead_of(database)?;
    let message = format!("the recipe is about the database `{database}`, and what was dumped is `{dumped}`");
    let hint = "let the dump take its database from the param `database`";
    Some(Remark::new(Level::Incomplete, "another_database", message).hint(hint))
}

/// Generations of a backup of this run that the recipe itself has removed, if only those of this run are left.
async fn emptied(session: &Session, caller: &Caller) -> Result<Option<Remark>> {
    let removed = session.removed.borrow().clone();
    let proved = session.proved.borrow().clone();
    let mut kinds: BTreeMap<(&Path, String), usize> = BTreeMap::new();
    for one in &proved {
        if let Target::File(path) = &one.target {
            *kinds.entry(kind(path)).or_default() += 1;
        }
    }
    for ((folder, series), made) in &kinds {
        let gone = removed.iter().filter(|path| kind(path) == (*folder, series.clone())).count();
        if gone < 2 {
            continue;
        }
        let entries = caller.list(ListQuery::of(*folder)).await?;
        if entries.iter().filter(|entry| kind(&entry.path) == (*folder, series.clone())).count() <= *made {
            let message = format!(
                "the recipe removed {gone} older backups, and none but that of this run is left in `{}`",
                folder.display()
            );
            let hint =
                "`hikae.retention` keeps generations by rules: a damage that is noticed late needs one from before it";
            return Ok(Some(Remark::new(Level::Incomplete, "emptied", message).hint(hint)));
        }
    }
    Ok(None)
}

fn kind(path: &Path) -> (&Path, String) {
    let name = path.file_name().map(|name| series_of(&name.to_string_lossy())).unwrap_or_default();
    (path.parent().unwrap_or(Path::new("/")), name)
}
