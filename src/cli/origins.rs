//! Records from which built-in recipe a recipe was copied, and the original text.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::context::Context;
use super::files::{TextFile, write_all};
use crate::error::{Error, Kind, Result};
use crate::stream::sha256::Sha256;
use crate::world::real::config_files;

/// What a recipe was taken from.
#[derive(Serialize, Deserialize)]
pub struct Origin {
    /// The built-in recipe.
    pub from: String,
    /// The version of hikae that had it.
    pub hikae: String,
    pub sha256: String,
    pub text: String,
}

impl Origin {
    pub fn of(from: &str, text: &str) -> Origin {
        let (from, text) = (from.to_owned(), text.to_owned());
        Origin { from, hikae: env!("CARGO_PKG_VERSION").to_owned(), sha256: Sha256::of(&text), text }
    }

    /// Writes it down for the recipe `name`.
    pub fn keep(&self, context: &Context, name: &str) -> Result<()> {
        let cannot = |cause| Error::new(Kind::Other, "cannot write down where the recipe is from").because(cause);
        let text = serde_json::to_string_pretty(self).map_err(cannot)?;
        write_all(&context.config.dir, &[TextFile::new(format!(".hikae/origins/{name}.json"), text + "\n")])
    }

    /// Where the recipe `name` is from, if that was written down.
    pub fn read(context: &Context, name: &str) -> Result<Option<Origin>> {
        let path: PathBuf = context.config.dir.join(".hikae/origins").join(format!("{name}.json"));
        let Some(text) = config_files::read(&path)? else { return Ok(None) };
        let broken = |cause| Error::new(Kind::Other, format!("cannot read `{}`", path.display())).because(cause);
        serde_json::from_str(&text).map(Some).map_err(broken)
    }
}
