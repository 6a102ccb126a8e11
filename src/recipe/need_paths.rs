//! Finds the path that a template of the needs means, or the objects where it is an address.

use std::borrow::Cow;

use crate::world::objects::url::kind_of;

/// The objects that an address among paths covers: at it, below it, and beside it.
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
    // The manifest and the list of a backup are beside it.
    if has_key { vec![format!("{address}.*"), address] } else { vec![address] }
}

/// The path of an expanded template: of a pattern, its folder; of `{file}/..`, the folder of the file. The address of a repository
/// on another machine has none. A `\` marks the next character as not part of a pattern.
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

/// A path without the `\` marks.
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
