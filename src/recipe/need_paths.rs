//! Finds the path that a template of the needs means, or the objects where it is an address; refuses paths that no run may have.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::declaration::Declaration;
use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::world::guarded::Needs;
use crate::world::objects::url::kind_of;
use crate::world::real::write_folders;

/// The objects that an address among paths means: what is there, below it, and beside it.
pub fn stored(path: &str) -> Vec<String> {
    if path.starts_with("file://") || kind_of(path).is_none() {
        return Vec::new();
    }
    let path = path.strip_suffix("/..").and_then(|file| file.rsplit_once('/')).map_or(path, |(folder, _)| folder);
    let path = match pattern_in(path).and_then(|pattern| path[..pattern].rfind('/')) {
        Some(at) => plain(&path[..at]),
        None => plain(path.trim_end_matches('/')),
    };
    let has_key = path.split_once("://").is_some_and(|(_, rest)| rest.contains('/'));
    let address = path.into_owned();
    // The manifest and the list of a backup lie beside it.
    if has_key { vec![format!("{address}.*"), address] } else { vec![address] }
}

/// The path of an expanded template: of a pattern, its folder; of `{file}/..`, the folder of the file. The address of a repository
/// on another machine has none. A `\` says that the letter behind it is no pattern.
pub fn named(path: &str) -> Option<String> {
    let path = path.strip_prefix("file://").unwrap_or(path);
    let first = path.split('/').next().unwrap_or_default();
    if path.contains("://") || first.contains(':') {
        return None;
    }
    if let Some(file) = path.strip_suffix("/..") {
        return file.rfind('/').map(|at| plain(&file[..at.max(1)]).into_owned());
    }
    let pattern = pattern_in(path).and_then(|pattern| path[..pattern].rfind('/'));
    Some(plain(pattern.map_or(path, |at| &path[..at.max(1)])).into_owned())
}

/// Where a pattern begins.
fn pattern_in(path: &str) -> Option<usize> {
    let mut letters = path.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => drop(letters.next()),
            '*' | '?' | '[' => return Some(at),
            _ => {}
        }
    }
    None
}

/// A path without the marks of its letters.
fn plain(path: &str) -> Cow<'_, str> {
    if !path.contains('\\') {
        return Cow::Borrowed(path);
    }
    let (mut text, mut letters) = (String::new(), path.chars());
    while let Some(letter) = letters.next() {
        text.extend(if letter == '\\' { letters.next() } else { Some(letter) });
    }
    Cow::Owned(text)
}

/// Refuses to write in folders of the whole system where nobody said so: a param that came out as `/` is a mistake.
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

/// A path among the needs begins at the root.
pub fn absolute(path: &Path) -> Result<PathBuf> {
    if path.is_absolute() {
        return Ok(path.to_owned());
    }
    Err(Error::new(Kind::Recipe, format!("the path `{}` among the recipe's needs is not absolute", path.display())))
}
