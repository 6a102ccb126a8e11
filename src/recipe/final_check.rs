//! Looks at the backups of a run once more before it is called a success: each must still be there, as it was proved.

use std::path::Path;

use super::ledger::Ledger;
use crate::catalog::{Backup, manifest};
use crate::error::{Error, Kind, Result};
use crate::world::Caller;
use crate::world::objects::Object;

/// How many of the backups are still there, and what is wrong with the first that is not.
pub async fn count(caller: &Caller, ledger: &Ledger) -> (usize, Option<Error>) {
    let (mut present, mut missing) = (0, None);
    let stored = ledger.stored();
    for backup in &ledger.backups() {
        let object = stored.iter().find(|object| object.to_string() == backup.path);
        match check(caller, backup, object).await {
            Ok(()) => present += 1,
            Err(error) => missing = missing.or(Some(error)),
        }
    }
    (present, missing)
}

async fn check(caller: &Caller, backup: &Backup, object: Option<&Object>) -> Result<()> {
    let path = &backup.path;
    let gone = |what: String, why: &str| {
        Err(Error::new(Kind::Integrity, what)
            .because_text(why.to_owned())
            .hint("look for a step of the recipe, or another program, that removes or changes what is stored there"))
    };
    let (size_bytes, described) = match object {
        Some(object) => object_sizes(caller, object).await?,
        None => file_sizes(caller, Path::new(path)).await?,
    };
    match (size_bytes, described) {
        (None, _) => gone(format!("`{path}` is gone at the end of the run"), "it was written and proved"),
        (_, None) => {
            gone(format!("`{path}{}` is gone at the end of the run", manifest::SUFFIX), "it was written and proved")
        }
        (Some(size_bytes), _) if size_bytes != backup.size_bytes => {
            let why = format!("it had {} bytes when it was proved, and has {size_bytes}", backup.size_bytes);
            gone(format!("`{path}` is another file at the end of the run"), &why)
        }
        _ => Ok(()),
    }
}

/// The sizes of a backup and of its manifest, as far as they are there.
async fn file_sizes(caller: &Caller, path: &Path) -> Result<(Option<u64>, Option<u64>)> {
    let (backup, beside) = (caller.stat(path).await?, caller.stat(&manifest::path_beside(path)).await?);
    Ok((backup.map(|stat| stat.size_bytes), beside.map(|stat| stat.size_bytes)))
}

async fn object_sizes(caller: &Caller, object: &Object) -> Result<(Option<u64>, Option<u64>)> {
    let backup = caller.stat_object(object.clone()).await?;
    let beside = caller.stat_object(object.beside(manifest::SUFFIX)?).await?;
    Ok((backup.map(|stat| stat.size_bytes), beside.map(|stat| stat.size_bytes)))
}
