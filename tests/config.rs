//! The configuration folder: which one it is, what it says, and what is said when it is wrong.

mod beside;
mod dotenv;
mod folders;
mod recipes;
mod settings;
mod variables;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hikae::config::{Config, Files, Folders, Look};
use hikae::error::{Error, Result};

/// Files in memory; a folder is there when something lies in it.
#[derive(Clone, Default)]
pub struct Memory {
    files: BTreeMap<PathBuf, String>,
    modes: BTreeMap<PathBuf, u32>,
}

impl Memory {
    pub fn with(mut self, path: &str, text: &str) -> Memory {
        self.files.insert(PathBuf::from(path), text.to_owned());
        self
    }

    fn mode_of(mut self, path: &str, mode: u32) -> Memory {
        self.modes.insert(PathBuf::from(path), mode);
        self
    }
}

impl Files for Memory {
    fn read(&self, path: &Path) -> Result<Option<String>> {
        Ok(self.files.get(path).cloned())
    }

    fn list(&self, folder: &Path) -> Result<Option<Vec<String>>> {
        let below = self.files.keys().filter_map(|path| path.strip_prefix(folder).ok());
        let mut names: Vec<String> =
            below.filter_map(|path| path.iter().next()).map(|name| name.to_string_lossy().into_owned()).collect();
        names.dedup();
        Ok((!names.is_empty()).then_some(names))
    }

    fn look(&self, path: &Path) -> Result<Option<Look>> {
        let is_folder = self.list(path)?.is_some();
        let size_bytes = self.files.get(path).map(|text| text.len() as u64);
        // The same path is the same file: there are no links in memory.
        let identity = (0, path.as_os_str().as_encoded_bytes().iter().fold(0, |sum, b| sum * 31 + u64::from(*b)));
        let known = is_folder || size_bytes.is_some();
        let size_bytes = size_bytes.unwrap_or_default();
        Ok(known.then_some(Look { is_folder, identity, modified: (0, 0), size_bytes }))
    }

    fn mode(&self, path: &Path) -> Option<u32> {
        self.modes.get(path).copied()
    }
}

pub fn environment(variables: &[(&str, &str)]) -> BTreeMap<String, String> {
    variables.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

/// What an error tells: its words, its causes, its hint.
pub fn told(error: &Error) -> String {
    let mut lines = vec![error.what().to_owned()];
    lines.extend(error.causes());
    lines.extend(error.hint_text().map(|hint| format!("hint: {hint}")));
    lines.join("\n")
}

fn folders() -> Folders {
    Folders { config_dir: None, current: PathBuf::from("/home/kin/work"), uid: 1000 }
}

fn load(variables: &[(&str, &str)], files: Memory) -> Result<Config> {
    let mut all = environment(&[("HOME", "/home/kin")]);
    all.extend(environment(variables));
    Config::load(&folders(), &all, Arc::new(files))
}

/// The configuration where `/etc/hikae/hikae.toml` says `text`.
fn with_toml(text: &str) -> Result<Config> {
    load(&[], Memory::default().with("/etc/hikae/hikae.toml", text))
}

fn toml_error(text: &str) -> String {
    told(&with_toml(text).unwrap_err())
}
