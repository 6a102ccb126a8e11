//! Decides which objects a recipe may access: those that it declares in `needs.objects`.

use std::path::PathBuf;

use super::url::{kind_of, split};
use crate::error::{Error, Kind, Result};
use crate::world::objects::{Store, StoreKind};

/// One declared address.
struct Declared<'a> {
    /// The address, without the suffix that makes it a pattern.
    address: &'a str,
    /// Whether all addresses with this prefix match, and not only this one and those below it.
    starred: bool,
}

/// Refuses a declared object whose address is invalid.
pub fn check(objects: &[String]) -> Result<()> {
    objects.iter().try_for_each(|text| read(text).map(drop))
}

/// Whether `key`, or all keys that begin with it, are declared. An empty entry matches nothing.
pub fn holds(objects: &[String], store: &Store, key: &str, all_below: bool) -> Result<bool> {
    let title = store.title_of(key);
    for text in objects {
        let Some(Declared { address, starred }) = read(text)? else { continue };
        let rest = title.strip_prefix(address);
        let within = rest.is_some_and(|rest| starred || address.ends_with('/') || rest.starts_with('/'));
        if within || (title == address && !all_below) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether anything in this bucket is declared: then the bucket itself may be created.
pub fn holds_bucket(objects: &[String], store: &Store) -> Result<bool> {
    let container = store.container();
    for text in objects {
        let Some(Declared { address, .. }) = read(text)? else { continue };
        if address.strip_prefix(&container).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The programs that access the declared stores.
pub fn programs(objects: &[String]) -> impl Iterator<Item = &'static str> {
    objects.iter().filter_map(|text| kind_of(text.trim())?.program())
}

/// The folders among the declared stores, which are written like any other.
pub fn folders(objects: &[String]) -> impl Iterator<Item = PathBuf> {
    objects.iter().filter_map(|text| {
        let (kind, _, path) = split(text.trim()).ok()?;
        let folder = match path.strip_suffix('*') {
            Some(path) => path.rsplit_once('/').map_or("", |(folder, _)| folder),
            None => path.trim_end_matches('/'),
        };
        (kind == StoreKind::Folder).then(|| PathBuf::from(format!("/{folder}")))
    })
}

fn read(text: &str) -> Result<Option<Declared<'_>>> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let (address, starred) = text.strip_suffix('*').map_or((text, false), |address| (address, true));
    // A star in a bucket name would match the buckets of others too.
    let of_buckets = starred && !address.split_once("://").is_some_and(|(_, rest)| rest.contains('/'));
    match split(address) {
        Ok(_) if !address.contains('*') && !of_buckets => Ok(Some(Declared { address, starred })),
        _ => {
            let what = format!("`{}` among the recipe's `objects` is no object", text.escape_debug());
            Err(Error::new(Kind::Recipe, what).hint(
                "write `s3://bucket`, `s3://bucket/prefix*` or `s3://bucket/key`; `gs`, `azblob`, `sftp`, `rclone` and `file` likewise",
            ))
        }
    }
}
