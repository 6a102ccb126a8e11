//! Examines a bucket without changing anything: credentials, location, how deleted objects are kept, and unfinished uploads.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::S3;
use super::ask::{Ask, Refused};
use super::connection::Connection;
use super::xml::{self, Element};
use super::{may_not_look, worded};
use crate::error::Result;
use crate::world::http::Method;
use crate::world::objects::Store;
use crate::world::objects::examined::Seen;
use crate::world::objects::record::BegunUpload;

pub async fn examine(s3: &S3, store: Arc<Store>, recorded: &[BegunUpload]) -> Result<Vec<Seen>> {
    // Nothing is aborted here: the next run does that.
    let connection = Connection::open(&store, &s3.0).await?;
    let title = store.container();
    let configured = connection.region();
    let mut seen = vec![Seen::Good(format!("`{title}`: {}", connection.who))];
    let answer = connection.send(&Ask::of(Method::Head, "look at", &title)).await;
    if connection.region() != configured {
        let region = connection.region();
        seen.push(Seen::Warning {
            what: format!("`{title}` is in the region `{region}`, and not in `{configured}`"),
            hint: format!("set `AWS_REGION={region}`: until then each run asks twice"),
        });
    }
    match answer {
        Ok(_) => seen.push(Seen::Good(format!("`{title}` answers, in the region `{}`", connection.region()))),
        Err(refused) if refused.status() == Some(404) => {
            seen.push(Seen::Unknown(format!("`{title}` is not there yet")));
            return Ok(seen);
        }
        Err(refused) => {
            let error = worded(&connection, refused, "look at", &title).await;
            // A key may allow storing but not reading.
            if !may_not_look(&error) {
                return Err(error);
            }
            let what = format!("`{title}` answers, and this key may not look at it: whether it may store is not tried");
            seen.push(Seen::Unknown(what));
        }
    }
    seen.push(versioning(&connection, &title).await);
    seen.push(object_lock(&connection, &title).await);
    seen.extend(unfinished(&connection, &title, recorded).await);
    if connection.is_google() {
        seen.push(Seen::Warning {
            what: format!("`{title}`: Google ignores `If-None-Match` from those who ask with HMAC keys"),
            hint: format!("write `gs://{}`: nothing is stored under a new key by this one", store.bucket),
        });
    }
    Ok(seen)
}

/// The root element of the bucket's setting with this name.
async fn asked(connection: &Connection, title: &str, name: &str) -> Result<Option<Element>, Refused> {
    let answer = connection.send(&Ask::of(Method::Get, "look at", title).query(name, "")).await?;
    Ok(xml::read(&answer.bytes(title).await?))
}

/// Why the setting is unknown.
fn unsaid(what: &str, title: &str, refused: &Refused) -> Seen {
    Seen::Unknown(format!("`{title}`: {what} is not known: {}", refused.error.one_line()))
}

async fn versioning(connection: &Connection, title: &str) -> Seen {
    match asked(connection, title, "versioning").await {
        Ok(Some(said)) if said.text("Status") == "Enabled" => Seen::Good(format!(
            "`{title}` keeps versions: a deletion here can be undone until a rule removes the version"
        )),
        Ok(Some(said)) if said.name.contains("Versioning") => {
            Seen::Good(format!("`{title}` keeps no versions: a deletion here is final"))
        }
        Ok(_) => Seen::Unknown(format!("`{title}`: whether it keeps versions is not said")),
        Err(refused) => unsaid("whether it keeps versions", title, &refused),
    }
}

async fn object_lock(connection: &Connection, title: &str) -> Seen {
    match asked(connection, title, "object-lock").await {
        Ok(Some(said)) if said.text("ObjectLockEnabled") == "Enabled" => Seen::Good(locked(title, &said)),
        Ok(_) => Seen::Good(format!("`{title}` has no object lock")),
        Err(refused) if refused.is("ObjectLockConfigurationNotFoundError") => {
            Seen::Good(format!("`{title}` has no object lock"))
        }
        Err(refused) => unsaid("whether it has an object lock", title, &refused),
    }
}

fn locked(title: &str, said: &Element) -> String {
    let usual = said.all("Rule").flat_map(|rule| rule.all("DefaultRetention")).next();
    let of = |name| usual.map_or("", |usual| usual.text(name));
    let (days, years) = (of("Days"), of("Years"));
    match (days.is_empty(), years.is_empty()) {
        (true, true) => format!("`{title}` has object lock, and locks nothing by itself"),
        (false, _) => format!("`{title}` has object lock: {} for {days} days", of("Mode")),
        (true, false) => format!("`{title}` has object lock: {} for {years} years", of("Mode")),
    }
}

/// Uploads that were neither finished nor aborted.
async fn unfinished(connection: &Connection, title: &str, recorded: &[BegunUpload]) -> Option<Seen> {
    let said = match asked(connection, title, "uploads").await {
        Ok(said) => said?,
        Err(refused) => return Some(unsaid("which uploads are unfinished", title, &refused)),
    };
    let place = connection.place();
    let known: BTreeSet<&str> =
        recorded.iter().filter(|upload| upload.place == place).map(|upload| upload.id.as_str()).collect();
    let uploads: Vec<&Element> = said.all("Upload").collect();
    let unknown: Vec<&&Element> = uploads.iter().filter(|upload| !known.contains(upload.text("UploadId"))).collect();
    let on_record = uploads.len() - unknown.len();
    let more = if said.text("IsTruncated") == "true" { "at least " } else { "" };
    let oldest = unknown.iter().min_by_key(|upload| upload.text("Initiated"));
    match oldest {
        Some(oldest) => Some(Seen::Warning {
            what: format!(
                "`{title}` has {more}{} unfinished uploads that no run here has on record; the oldest is of {}, for `{}`",
                unknown.len(),
                oldest.text("Initiated"),
                oldest.text("Key"),
            ),
            hint: "another host may be at work; a lifecycle rule with `AbortIncompleteMultipartUpload` removes what is left"
                .to_owned(),
        }),
        None if on_record > 0 => Some(Seen::Good(format!(
            "`{title}` has {more}{on_record} unfinished uploads, all on record: the next run aborts those of dead runs"
        ))),
        None => Some(Seen::Good(format!("`{title}` has no unfinished uploads"))),
    }
}
