//! Finds the path that a template of the needs means, or the objects where it is an address.

use crate::world::objects::url::kind_of;

/// The objects that an address among paths means: what is there, below it, and beside it.
pub fn stored(path: &str) -> Vec<String> {
    if path.starts_with("file://") || kind_of(path).is_none() {
        return Vec::new();
    }
    let path = path.strip_suffix("/..").and_then(|file| file.rsplit_once('/')).map_or(path, |(folder, _)| folder);
    let path = match path.find(['*', '?', '[']).and_then(|pattern| path[..pattern].rfind('/')) {
        Some(at) => &path[..at],
        None => path.trim_end_matches('/'),
    };
    let has_key = path.split_once("://").is_some_and(|(_, rest)| rest.contains('/'));
    // The manifest and the list of a backup lie beside it.
    if has_key { vec![path.to_owned(), format!("{path}.*")] } else { vec![path.to_owned()] }
}

/// The path of a template: of a pattern, its folder; of `{file}/..`, the folder of the file. The address of a repository on
/// another machine has none.
pub fn named(path: &str) -> Option<&str> {
    let path = path.strip_prefix("file://").unwrap_or(path);
    let first = path.split('/').next().unwrap_or_default();
    if path.contains("://") || first.contains(':') {
        return None;
    }
    if let Some(file) = path.strip_suffix("/..") {
        return file.rfind('/').map(|at| &file[..at.max(1)]);
    }
    let pattern = path.find(['*', '?', '[']).and_then(|pattern| path[..pattern].rfind('/'));
    Some(pattern.map_or(path, |at| &path[..at.max(1)]))
}
