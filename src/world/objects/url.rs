//! Parses the address of a store: its kind, its bucket, and the folder in it.

use super::{Store, StoreKind};
use crate::error::{Error, Kind, Result};
use crate::suggest::listed;

/// The forms of an address.
const FORMS: [&str; 6] = [
    "s3://bucket/prefix",
    "gs://bucket/prefix",
    "azblob://container/prefix",
    "sftp://HOST/absolute/path",
    "rclone://REMOTE/path",
    "file:///absolute/path",
];

/// The kind that the scheme of an address names.
pub fn kind_of(url: &str) -> Option<StoreKind> {
    let scheme = url.split_once("://")?.0;
    StoreKind::ALL.into_iter().find(|kind| kind.scheme() == scheme)
}

/// The store of an address. The address is taken literally: `%20` is not a space.
pub fn store(url: &str) -> Result<Store> {
    let (kind, bucket, path) = split(url)?;
    let mut store = Store::new(kind, bucket);
    let path = path.trim_end_matches('/');
    store.root = match kind {
        StoreKind::Folder | StoreKind::Sftp if path.is_empty() => "/".to_owned(),
        StoreKind::Folder | StoreKind::Sftp => format!("/{}", path.trim_start_matches('/')),
        _ => path.to_owned(),
    };
    store.check()?;
    Ok(store)
}

/// The kind, the bucket, and the rest of the address.
pub fn split(url: &str) -> Result<(StoreKind, &str, &str)> {
    let wrong = |why: &str| {
        let what = format!("`{}` is no address of a store", url.escape_debug());
        Err(Error::new(Kind::Recipe, what).because_text(why).hint(format!("write it as one of {}", listed(FORMS))))
    };
    let Some((scheme, rest)) = url.split_once("://") else { return wrong("it has no scheme") };
    let Some(kind) = kind_of(url) else { return wrong(&format!("there is no scheme `{scheme}`")) };
    let (bucket, path) = match rest.strip_prefix("arn:").filter(|_| kind == StoreKind::S3) {
        // The name of an access point follows a slash.
        Some(_) => match rest.match_indices('/').nth(1) {
            Some((at, _)) => (&rest[..at], &rest[at + 1..]),
            None => (rest, ""),
        },
        None => rest.split_once('/').unwrap_or((rest, "")),
    };
    match (kind, bucket.is_empty()) {
        (StoreKind::Folder, false) => wrong("a folder is named by its absolute path"),
        (StoreKind::Folder, true) => Ok((kind, bucket, path)),
        (_, true) => wrong("it names no bucket"),
        _ => Ok((kind, bucket, path)),
    }
}
