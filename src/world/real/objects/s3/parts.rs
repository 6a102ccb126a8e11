//! The parts of a large object: how one is sent, and how the whole is joined from them.

use std::collections::BTreeMap;

use bytes::Bytes;
use md5::{Digest, Md5};

use super::ask::Ask;
use super::checksum::{Sent, md5_of};
use super::connection::Connection;
use super::listing::plain_etag;
use super::xml;
use crate::error::{Error, Kind, Result};
use crate::stream::hex::hex;
use crate::world::http::Method;
use crate::world::objects::Put;
use crate::world::objects::words::not_as_sent;

/// Sends one part, and checks the store's checksum of it.
pub async fn send_part(
    connection: &Connection,
    put: &Put,
    number: usize,
    id: &str,
    body: Bytes,
) -> Result<(usize, String)> {
    let title = put.object.to_string();
    let ask = Ask::of(Method::Put, "put", &title).key(put.object.full_key());
    let ask = ask.query("partNumber", &number.to_string()).query("uploadId", id).patient();
    let sent = Sent::new(body);
    let answer = connection.send(&ask.header("content-md5", sent.header()).body(sent.bytes.clone())).await?;
    if let Some(why) = sent.differs(&answer) {
        return Err(not_as_sent(&put.object, format!("part {number}: {why}")));
    }
    match answer.header("etag") {
        Some(etag) => Ok((number, etag.to_owned())),
        None => Err(unclear(&title, "a part was taken without an etag")),
    }
}

pub fn unclear(title: &str, why: &str) -> Error {
    Error::new(Kind::Other, format!("cannot put `{title}`"))
        .because_text(format!("the store's answer is not clear: {why}"))
        .hint("is this an object store that speaks S3? check the `endpoint`")
}

/// The list of parts that the store joins.
pub fn list_of_parts(parts: &BTreeMap<usize, String>) -> String {
    let part = |(number, etag): (&usize, &String)| {
        let etag = xml::escaped(&plain_etag(etag));
        format!("<Part><PartNumber>{number}</PartNumber><ETag>\"{etag}\"</ETag></Part>")
    };
    let parts: String = parts.iter().map(part).collect();
    format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>")
}

/// The etag that the store must return for the joined parts, if the parts' etags are MD5 sums.
pub fn etag_of_parts(parts: &BTreeMap<usize, String>) -> Option<String> {
    let mut whole = Md5::new();
    for etag in parts.values() {
        whole.update(md5_of(etag)?);
    }
    Some(format!("{}-{}", hex(whole.finalize()), parts.len()))
}
