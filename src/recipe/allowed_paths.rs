//! Refuses paths among the needs that no run may have.

use std::path::{Path, PathBuf};

use super::declaration::Declaration;
use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::world::guarded::Needs;
use crate::world::real::write_folders;

/// Refuses to write in system folders without `write_shared`: a param that expands to `/` is a mistake.
pub fn refuse_shared(config: &Config, declaration: &Declaration, needs: &Needs) -> Result<()> {
    let said = |path: &PathBuf| {
        let in_words = declaration.needs.write.iter().any(|template| Path::new(template) == path);
        in_words || config.settings.write_shared.contains(path)
    };
    match needs.write.iter().find(|path| write_folders::is_shared(path) && !said(path)) {
        None => Ok(()),
        Some(path) => Err(Error::new(Kind::Recipe, format!("a run may not write everywhere in `{}`", path.display()))
            .hint(format!(
                "name a folder below it, or say so in `hikae.toml`: `write_shared = [{:?}]`",
                path.display().to_string()
            ))),
    }
}

/// A path in the needs must be absolute.
pub fn absolute(path: &Path) -> Result<PathBuf> {
    if path.is_absolute() {
        return Ok(path.to_owned());
    }
    Err(Error::new(Kind::Recipe, format!("the path `{}` among the recipe's needs is not absolute", path.display())))
}
