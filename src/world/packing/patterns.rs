//! Matches names against rules as in `.gitignore`, in the same way wherever a recipe selects files.

use std::path::Path;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::error::{Error, Kind, Result};

/// A list of rules; the last one that matches decides.
pub struct Patterns(Option<Gitignore>);

impl Patterns {
    pub fn new(rules: &[String]) -> Result<Patterns> {
        if rules.is_empty() {
            return Ok(Patterns(None));
        }
        let mut builder = GitignoreBuilder::new("");
        builder.allow_unclosed_class(false);
        for rule in rules {
            let wrong = || {
                Error::new(Kind::Recipe, format!("`{rule}` is not a pattern")).hint(
                    "write it as in a .gitignore: `*.log` for files anywhere, `/cache/` for one folder at the top",
                )
            };
            // A rule file may have comments, a list in a recipe may not.
            if rule.trim().is_empty() || rule.starts_with('#') || rule.contains('\n') {
                return Err(wrong());
            }
            builder.add_line(None, rule).map_err(|cause| wrong().because(cause))?;
        }
        let built = builder.build().map_err(|cause| {
            Error::new(Kind::Recipe, "these patterns cannot be used together").because(cause).hint("use fewer of them")
        })?;
        Ok(Patterns(Some(built)))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Whether the rules match `path` itself; its parents are not considered.
    pub fn matches(&self, path: &Path, is_dir: bool) -> bool {
        self.0.as_ref().is_some_and(|rules| matches!(rules.matched(path, is_dir), Match::Ignore(_)))
    }

    /// Whether the rules match `path`, or else the nearest parent folder with a matching rule.
    pub fn matches_with_parents(&self, path: &Path, is_dir: bool) -> bool {
        let Some(rules) = &self.0 else { return false };
        let named = path.ancestors().filter(|above| !above.as_os_str().is_empty());
        let mut said = named.map(|above| rules.matched(above, is_dir || above != path));
        said.find(|said| !said.is_none()).is_some_and(|said| said.is_ignore())
    }
}
