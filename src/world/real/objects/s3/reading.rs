//! Requests an object, whole or from an offset on, and refuses answers that are partial or about another object.

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::ask::{Ask, StoreReply};
use super::checksum::is_encrypted;
use super::connection::Connection;
use super::described::PART_BYTES;
use super::listing::plain_etag;
use crate::error::Result;
use crate::stream::Source;
use crate::world::http::Method;
use crate::world::objects::Object;
use crate::world::objects::words::{no_object, no_version, only_a_part, replaced};
use crate::world::real::objects::answers::whole_length;
use crate::world::real::objects::reading::{Again, Reading};
use crate::world::real::objects::sums::Check;

/// The same object, from any offset on.
struct SameObject {
    connection: Connection,
    object: Object,
    etag: String,
    of: u64,
}

pub async fn open(connection: Connection, object: Object) -> Result<Box<dyn Source>> {
    let title = object.to_string();
    let ask = Ask::of(Method::Get, "get", &title).key(object.full_key());
    let answer = match connection.send(&ask).await {
        Err(refusal) if refusal.is("NoSuchKey") => return Err(no_object("get", &object)),
        answer => answer?,
    };
    let of = whole_length(&object, answer.status, |name| answer.header(name))?;
    let check = check_of(&answer);
    // An error with status 200 has no etag, and every object has one.
    let etag = answer.header("etag").ok_or_else(|| no_version(&object))?.to_owned();
    let again = SameObject { connection, object: object.clone(), etag, of };
    Ok(Box::new(Reading::new(object, answer.body, of, Box::new(again), check)))
}

fn check_of(answer: &StoreReply) -> Option<Check> {
    let etag = plain_etag(answer.header("etag")?);
    let part_bytes = answer.header(PART_BYTES).and_then(|bytes| bytes.parse().ok());
    Check::of_etag(&etag, part_bytes).filter(|_| !is_encrypted(answer))
}

impl Again for SameObject {
    fn from(&self, at: u64) -> BoxFuture<'_, Result<Box<dyn Source>>> {
        Box::pin(async move {
            let title = self.object.to_string();
            let last = self.of.saturating_sub(1);
            let ask = Ask::of(Method::Get, "get", &title).key(self.object.full_key());
            let ask = ask.header("range", format!("bytes={at}-{last}")).header("if-match", &*self.etag);
            let answer = match self.connection.send(&ask.body(Bytes::new())).await {
                Err(refusal) if refusal.status() == Some(412) => return Err(replaced(&self.object)),
                answer => answer?,
            };
            let range = format!("bytes {at}-{last}/{}", self.of);
            match answer.status == 206 && answer.header("content-range") == Some(&range) {
                true => Ok(answer.body),
                false => Err(only_a_part(&self.object, answer.status)),
            }
        })
    }
}
