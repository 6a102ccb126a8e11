//! Lists the objects of a store page by page, over http; each kind of store parses its own pages.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::rest::{Ask, Rest};
use crate::error::Result;
use crate::world::http::Method;
use crate::world::objects::words::{no_bucket, unreadable};
use crate::world::objects::{ObjectEntry, ObjectStat};

/// One page: objects by their full keys, and the token of the next page.
pub struct Page {
    pub objects: Vec<(String, ObjectStat)>,
    pub next: Option<String>,
}

/// All objects below `prefix`, sorted. `url` builds the address of the page for a token, `read` parses a page.
pub async fn list(
    rest: &Rest,
    prefix: &str,
    url: impl Fn(Option<&str>) -> String,
    read: impl Fn(&Bytes, &str) -> Result<Page>,
) -> Result<Vec<ObjectEntry>> {
    let (title, above) = (rest.store.title_of(prefix), rest.store.full(""));
    let (mut entries, mut next, mut known) = (Vec::new(), None::<String>, BTreeSet::new());
    loop {
        let said = match rest.ask(&Ask::new(Method::Get, "list", &title, url(next.as_deref()))).await {
            Err(refused) if refused.status == Some(404) => return Err(no_bucket("list", &title, &rest.store)),
            said => said?,
        };
        let page = read(&said, &title)?;
        entries.extend(page.objects.into_iter().filter_map(|(full, stat)| {
            let key = full.strip_prefix(&above).filter(|key| !key.is_empty())?;
            Some(ObjectEntry { key: key.to_owned(), stat })
        }));
        match page.next {
            Some(token) if !known.insert(token.clone()) => return Err(unreadable(&title)),
            None => break,
            token => next = token,
        }
    }
    entries.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    Ok(entries)
}
