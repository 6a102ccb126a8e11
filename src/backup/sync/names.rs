//! Decides by names which files belong to a backup.

use super::item::Role;
use crate::catalog::manifest::{LIST_SUFFIX, SUFFIX};

/// The name of the backup that a manifest or a list describes.
pub fn described(name: &str) -> Option<&str> {
    name.strip_suffix(SUFFIX).or_else(|| name.strip_suffix(LIST_SUFFIX))
}

/// The role of a name among others; `has` returns whether another name exists.
pub fn role(name: &str, has: impl Fn(&str) -> bool) -> Role {
    match described(name) {
        Some(backup) if has(backup) => Role::Beside,
        Some(_) => Role::Orphan,
        None if has(&format!("{name}{SUFFIX}")) => Role::Backup,
        None => Role::Unproved,
    }
}
