//! Decides which objects a recipe may touch: those that it declares in `needs.objects`.

use crate::error::{Error, Kind, Result};
use crate::suggest::listed;
use crate::world::objects::Store;

/// The schemes that an entry may begin with.
const SCHEMES: [&str; 1] = ["s3"];

/// One declared address.
struct Declared<'a> {
    scheme: &'a str,
    bucket: &'a str,
    key: &'a str,
    /// Also all keys that begin with it.
    below: bool,
}

/// Refuses what is declared as an object and cannot be one.
pub fn check(objects: &[String]) -> Result<()> {
    objects.iter().try_for_each(|text| read(text).map(drop))
}

/// Whether all keys that begin with `key`, or that one alone, are declared. An entry that is empty means nothing.
pub fn holds(objects: &[String], store: &Store, key: &str, all_below: bool) -> Result<bool> {
    for text in objects {
        let Some(declared) = read(text)? else { continue };
        let within = if declared.below { key.starts_with(declared.key) } else { key == declared.key && !all_below };
        if within && declared.scheme == store.scheme() && declared.bucket == store.bucket {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether anything in this bucket is declared: then the bucket itself may be made.
pub fn holds_bucket(objects: &[String], store: &Store) -> Result<bool> {
    for text in objects {
        if read(text)?.is_some_and(|one| one.scheme == store.scheme() && one.bucket == store.bucket) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn read(text: &str) -> Result<Option<Declared<'_>>> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || {
        let what = format!("`{}` among the recipe's `objects` is no object", text.escape_debug());
        Error::new(Kind::Recipe, what).hint(format!(
            "write `s3://bucket`, `s3://bucket/prefix*` or `s3://bucket/key`; it begins with one of {}",
            listed(SCHEMES)
        ))
    };
    let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
    let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
    let (key, starred) = key.strip_suffix('*').map_or((key, false), |key| (key, true));
    if !SCHEMES.contains(&scheme) || bucket.is_empty() || bucket.contains('*') || key.contains('*') {
        return Err(wrong());
    }
    let below = starred || key.is_empty() || key.ends_with('/');
    Ok(Some(Declared { scheme, bucket, key, below }))
}
