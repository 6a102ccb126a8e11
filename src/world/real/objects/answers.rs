//! Interprets an answer about an object, in the same way for every store that is reached over http.

use std::future::Future;

use crate::error::{Kind, Result};
use crate::world::http::coding::packed;
use crate::world::objects::words::{is_packed, no_bucket, no_length, only_a_part};
use crate::world::objects::{Object, Store};

/// `None` if the bucket exists. The answer about the object does not say which of the two is missing.
pub async fn absent<T>(
    act: &str,
    title: &str,
    store: &Store,
    bucket: impl Future<Output = Result<bool>>,
) -> Result<Option<T>> {
    match bucket.await {
        Ok(true) => Ok(None),
        Ok(false) => Err(no_bucket(act, title, store)),
        // A user without access to the bucket may still have access to the object.
        Err(error) if error.kind() == Kind::Denied => Ok(None),
        Err(error) => Err(error),
    }
}

/// The length of an object that is to arrive whole and unmodified.
pub fn whole_length<'a>(object: &Object, status: u16, header: impl Fn(&str) -> Option<&'a str>) -> Result<u64> {
    if status != 200 || header("content-range").is_some() {
        return Err(only_a_part(object, status));
    }
    if let Some(coding) = header("content-encoding").and_then(|coding| packed(coding, object.key())) {
        return Err(is_packed(object, &coding));
    }
    header("content-length").and_then(|length| length.parse().ok()).ok_or_else(|| no_length(object))
}
