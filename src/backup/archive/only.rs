//! Selects entries of an archive by patterns, and detects a pattern that matches none.

use std::path::{Component, Path, PathBuf};

use crate::error::{Error, Kind, Result};
use crate::stream::tar::{TarEntry, TarKind};
use crate::world::packing::patterns::Patterns;

/// The selected entries; without patterns, all of them.
pub struct Only {
    together: Patterns,
    /// The patterns that have not matched yet.
    unmet: Vec<(String, Patterns)>,
}

impl Only {
    pub fn new(patterns: &[String]) -> Result<Only> {
        let alone = patterns.iter().filter(|pattern| !pattern.starts_with('!'));
        let alone = alone.map(|pattern| Ok((pattern.clone(), Patterns::new(std::slice::from_ref(pattern))?)));
        Ok(Only { together: Patterns::new(patterns)?, unmet: alone.collect::<Result<_>>()? })
    }

    /// Whether the entry is selected.
    pub fn takes(&mut self, entry: &TarEntry) -> bool {
        if self.together.is_empty() {
            return true;
        }
        let parts = entry.path.components().filter(|part| matches!(part, Component::Normal(_)));
        let (path, is_dir) = (parts.collect::<PathBuf>(), entry.kind == TarKind::Dir);
        self.unmet.retain(|(_, pattern)| !pattern.matches_with_parents(&path, is_dir));
        self.together.matches_with_parents(&path, is_dir)
    }

    /// Checks, at the end of the archive, that every pattern has matched.
    pub fn all_met(&self, archive: &Path) -> Result<()> {
        let Some((pattern, _)) = self.unmet.first() else { return Ok(()) };
        Err(Error::new(Kind::NotFound, format!("nothing in `{}` fits `{pattern}`", archive.display()))
            .hint("names are as `archive.list` gives them; `*.conf` fits anywhere, `etc/nginx/` a folder"))
    }
}
