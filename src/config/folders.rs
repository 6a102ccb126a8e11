//! Decides which folder holds the configuration and which one the state.

use std::path::{Path, PathBuf};

use super::{Files, Settings};
use crate::error::{Error, Kind, Result};

/// The default configuration folder.
const DEFAULT_CONFIG_DIR: &str = "/etc/hikae";
/// The default state folder of root.
const DEFAULT_STATE_DIR: &str = "/var/lib/hikae";

/// The caller's input for finding folders: the flag, the current folder, and the user.
#[derive(Clone, Debug, Default)]
pub struct Folders {
    /// The value of `--config-dir`.
    pub config_dir: Option<PathBuf>,
    /// The current folder, as an absolute path.
    pub current: PathBuf,
    /// The effective user id.
    pub uid: u32,
}

/// Looks a variable up.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<&'a str>;

impl Folders {
    /// The configuration folder. If it was given explicitly, it must exist: otherwise a run would silently use defaults.
    pub fn configuration(&self, lookup: Lookup, files: &dyn Files) -> Result<PathBuf> {
        if let Some(named) = &self.config_dir {
            return self.existing(named, "--config-dir", files);
        }
        if let Some(named) = lookup("HIKAE_CONFIG_DIR") {
            return self.existing(Path::new(named), "HIKAE_CONFIG_DIR", files);
        }
        for folder in self.current.ancestors() {
            if files.read(&folder.join("hikae.toml"))?.is_some() {
                return Ok(folder.to_owned());
            }
        }
        Ok(PathBuf::from(DEFAULT_CONFIG_DIR))
    }

    fn existing(&self, named: &Path, by: &str, files: &dyn Files) -> Result<PathBuf> {
        let folder = self.current.join(named);
        let cannot = || format!("cannot open the configuration folder `{}`", folder.display());
        match files.list(&folder).map_err(|error| error.within(cannot()))? {
            Some(_) => Ok(folder),
            None => Err(Error::new(Kind::NotFound, cannot())
                .because_text("there is no such folder")
                .hint(format!("it was named by `{by}`; `hikae init` makes a configuration folder"))),
        }
    }

    /// The state folder, for the catalog and locks.
    pub fn state(&self, configuration: &Path, settings: &Settings, lookup: Lookup) -> Result<PathBuf> {
        if let Some(named) = lookup("HIKAE_STATE_DIR") {
            return Ok(self.current.join(named));
        }
        if let Some(named) = &settings.state_dir {
            return Ok(configuration.join(named));
        }
        if self.uid == 0 {
            return Ok(PathBuf::from(DEFAULT_STATE_DIR));
        }
        // The XDG specification says to ignore relative paths.
        let absolute = |name: &str| lookup(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let base = absolute("XDG_STATE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".local/state")));
        base.map(|base| base.join("hikae")).ok_or_else(|| {
            Error::new(Kind::NotFound, "cannot find the state folder: `HOME` is not set")
                .hint("set `HIKAE_STATE_DIR`, or `state_dir` in `hikae.toml`")
        })
    }
}
