//! Looks at the backups of a run once more before it is called a success: they must still stand as they were proved.

use std::path::Path;

use crate::catalog::{Backup, manifest};
use crate::error::{Error, Kind, Result};
use crate::world::Caller;

/// How many of the backups stand, and what is wrong with the first that does not.
pub async fn count(caller: &Caller, backups: &[Backup]) -> (usize, Option<Error>) {
    let (mut standing, mut missing) = (0, None);
    for backup in backups {
        match stands(caller, backup).await {
            Ok(()) => standing += 1,
            Err(error) => missing = missing.or(Some(error)),
        }
    }
    (standing, missing)
}

async fn stands(caller: &Caller, backup: &Backup) -> Result<()> {
    let path = Path::new(&backup.path);
    let gone = |what: String, why: &str| {
        Err(Error::new(Kind::Integrity, what)
            .because_text(why.to_owned())
            .hint("look for a step of the recipe, or another program, that removes or changes files in this folder"))
    };
    for file in [path.to_owned(), manifest::path_beside(path)] {
        if caller.stat(&file).await?.is_none() {
            return gone(format!("`{}` is gone at the end of the run", file.display()), "it was written and proved");
        }
    }
    match caller.stat(path).await? {
        Some(stat) if stat.size_bytes != backup.size_bytes => {
            let why = format!("it had {} bytes when it was proved, and has {}", backup.size_bytes, stat.size_bytes);
            gone(format!("`{}` is another file at the end of the run", path.display()), &why)
        }
        _ => Ok(()),
    }
}
