//! Finds the path that a template of the needs means.

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
