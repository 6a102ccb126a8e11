//! Tells from names which backups are of one kind, and which files lie beside a backup.

use super::item::Role;
use crate::catalog::manifest::{LIST_SUFFIX, SUFFIX};

/// The name of the backup that a manifest or a list describes.
pub fn described(name: &str) -> Option<&str> {
    name.strip_suffix(SUFFIX).or_else(|| name.strip_suffix(LIST_SUFFIX))
}

/// What a name is among others; `has` says whether there is another name.
pub fn role(name: &str, has: impl Fn(&str) -> bool) -> Role {
    match described(name) {
        Some(backup) if has(backup) => Role::Beside,
        Some(_) => Role::Orphan,
        None if has(&format!("{name}{SUFFIX}")) => Role::Backup,
        None => Role::Unproved,
    }
}

/// The name without the moment in it: alike for all backups of one kind.
pub fn kind(name: &str) -> String {
    let bytes = name.as_bytes();
    let mut kind = String::with_capacity(name.len());
    let mut at = 0;
    while at < bytes.len() {
        match moment_at(bytes, at) {
            Some(end) => {
                kind.push('*');
                at = end;
            }
            None => {
                let next = name[at..].chars().next().map_or(1, char::len_utf8);
                kind.push_str(&name[at..at + next]);
                at += next;
            }
        }
    }
    kind
}

/// Where the moment ends that begins here: a year of four digits, and more digits, in groups or not.
fn moment_at(bytes: &[u8], start: usize) -> Option<usize> {
    if start > 0 && bytes[start - 1].is_ascii_digit() {
        return None;
    }
    let (mut at, mut digits, mut end) = (start, 0, start);
    while at < bytes.len() {
        match bytes[at] {
            b'0'..=b'9' => {
                digits += 1;
                at += 1;
                end = at;
            }
            b'-' | b'_' | b'T' | b':' if at == end && digits > 0 => at += 1,
            _ => break,
        }
    }
    let first = bytes[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let is_year =
        matches!(first, 4 | 8 | 12 | 14) && (bytes[start..].starts_with(b"19") || bytes[start..].starts_with(b"20"));
    (is_year && digits >= 8).then_some(end)
}
