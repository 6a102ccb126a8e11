//! Finds the path that a template of the needs means.

/// The path of a template: of `{dir}/{files}` with an absolute file, the file; of a pattern, its folder. The
/// address of a repository on another machine has none, and `{file}/..` for the folder of the file.
pub fn named(path: &str) -> Option<&str> {
    let path = path.strip_prefix("file://").unwrap_or(path);
    let first = path.split('/').next().unwrap_or_default();
    if path.contains("://") || first.contains(':') {
        return None;
    }
    if let Some(file) = path.strip_suffix("/..") {
        return file.rfind('/').map(|at| &file[..at.max(1)]);
    }
    let path = path.rfind("//").map_or(path, |at| &path[at + 1..]);
    let pattern = path.find(['*', '?', '[']).and_then(|pattern| path[..pattern].rfind('/'));
    Some(pattern.map_or(path, |at| &path[..at.max(1)]))
}
