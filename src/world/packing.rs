//! Describes the content of an archive as plain data, with what was noticed while reading it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, FixedOffset};

use crate::error::{Error, Kind, Result};
use crate::stream::Source;

pub mod findings;
pub mod folder;
pub mod meta;
pub mod names;
pub mod patterns;
mod refusals;
pub mod walk;

pub use findings::Findings;
use patterns::Patterns;

/// Which files go into an archive, and how problems with them are handled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packing {
    /// Sorted; none is below another.
    pub roots: Vec<Root>,
    /// The folder that names in the archive are relative to.
    pub base: PathBuf,
    /// Rules in `.gitignore` syntax, relative to each root. Without `include`, all files are packed.
    pub include: Vec<String>,
    pub exclude: Vec<String>,
    /// Only files that were modified, or whose owner or mode changed, at this moment or later.
    pub newer_than: Option<DateTime<FixedOffset>>,
    /// Only files that were modified before this moment.
    pub older_than: Option<DateTime<FixedOffset>>,
    pub one_file_system: bool,
    pub xattrs: bool,
    pub acls: bool,
    /// Whether an archive without any file is accepted.
    pub allow_empty: bool,
    pub on_change: OnChange,
    /// Files and folders, with everything below them, that are left out if they cannot be read.
    pub accept_unreadable: Vec<PathBuf>,
    /// Whether the files are read. A plan only lists them.
    pub contents: bool,
    /// The target of the archive, known once the stream has a destination.
    pub outputs: Outputs,
}

/// The files that the archive is written to; none of them may be packed into it.
#[derive(Clone, Debug, Default)]
pub struct Outputs(Arc<Mutex<Vec<PathBuf>>>);

/// The target is not part of the comparison of two packings.
impl PartialEq for Outputs {
    fn eq(&self, _other: &Outputs) -> bool {
        true
    }
}

impl Eq for Outputs {}

impl Outputs {
    fn add(&self, target: &Path) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(target.to_owned());
    }

    fn all(&self) -> Vec<PathBuf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A file or a folder that goes into the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    pub path: PathBuf,
    /// Whether it may be missing.
    pub optional: bool,
}

/// How a file that changes while it is read is handled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnChange {
    #[default]
    Warn,
    Error,
    /// Recorded only in the manifest: a log grows all the time.
    Accept,
}

/// An archive in progress: its bytes, and what was noticed so far.
pub struct Packed {
    pub source: Box<dyn Source>,
    pub findings: Findings,
}

impl Packing {
    /// The roots, for messages.
    pub fn title(&self) -> String {
        let shown: Vec<_> = self.roots.iter().map(|root| root.path.display().to_string()).collect();
        shown.join(", ")
    }

    /// The name of `path` in the archive; a root outside the base is an error.
    pub fn name_of(&self, path: &Path) -> Result<PathBuf> {
        path.strip_prefix(&self.base).map(Path::to_owned).map_err(|_| {
            Error::new(Kind::Recipe, format!("`{}` is not below the base", path.display()))
                .because_text(format!("the base is `{}`", self.base.display()))
                .hint("leave `base` out, or name a folder that holds every root")
        })
    }

    /// Refuses to write the archive to `target` if it would become part of itself. Links are resolved later, when the files are read.
    pub fn refuse_target(&self, target: &Path) -> Result<()> {
        self.outputs.add(target);
        let exclude = Patterns::new(&self.exclude)?;
        let holding = |root: &&Root| {
            let below = target.strip_prefix(&root.path).ok().filter(|below| !below.as_os_str().is_empty());
            below.is_some_and(|below| !exclude.matches_with_parents(below, false))
        };
        let Some(root) = self.roots.iter().find(holding) else { return Ok(()) };
        let below = target.strip_prefix(&root.path).unwrap_or(target);
        Err(refusals::itself(target, &root.path, below))
    }

    pub(super) fn paths_mut(&mut self) -> Vec<&mut PathBuf> {
        let roots = self.roots.iter_mut().map(|root| &mut root.path);
        roots.chain([&mut self.base]).chain(&mut self.accept_unreadable).collect()
    }

    /// Whether the recipe accepts that `path` is unreadable.
    pub fn accepts_unreadable(&self, path: &Path) -> bool {
        self.accept_unreadable.iter().any(|accepted| path.starts_with(accepted))
    }

    /// Records that a file changed; an error if the recipe wants one.
    pub fn note_change(&self, findings: &Findings, path: &Path, how: &str) -> Result<()> {
        findings.changed(path, how);
        match self.on_change {
            OnChange::Error if self.contents => Err(refusals::changed(path, how)),
            _ => Ok(()),
        }
    }

    /// Records that something cannot be read; an error unless the recipe accepts it by name.
    pub fn note_unreadable(&self, findings: &Findings, path: &Path, error: impl FnOnce(&Path) -> Error) -> Result<()> {
        if self.accepts_unreadable(path) {
            findings.lock().unreadable.add(path.display().to_string());
            return Ok(());
        }
        Err(refusals::unreadable(path, error(path)))
    }
}
