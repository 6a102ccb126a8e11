//! Stores a stream as an object: in one request if small, otherwise in parts, and nothing is visible before the commit.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::task::JoinSet;

use super::ask::Ask;
use super::connection::Connection;
use super::described::{described, kept};
use super::leftovers::forget;
use super::parts::{send_part, unclear};
use super::xml;
use crate::error::{Error, Kind, Result};
use crate::stream::{Sink, Stamped};
use crate::world::http::Method;
use crate::world::objects::record::BegunUpload;
use crate::world::objects::{MOST_PARTS, Put};
use crate::world::real::clock;
use crate::world::real::objects::Reach;
use crate::world::real::objects::leftovers::{self, Record};
use crate::world::real::undo::Undo;
use crate::world::refusals::torn;

/// The most parts in flight at once, and the most bytes in all of them.
const AT_ONCE: u64 = 4;
const AT_ONCE_BYTES: u64 = 128 << 20;

pub struct Upload {
    pub(super) connection: Connection,
    pub(super) put: Put,
    undo: Undo,
    pub(super) title: String,
    pub(super) mark: String,
    /// The headers for the object's metadata, each with its name.
    pub(super) kept: Vec<(String, String)>,
    pub(super) gathered: Vec<u8>,
    pub(super) size_bytes: u64,
    /// The multipart upload, once it has begun.
    pub(super) begun: Option<BegunUpload>,
    record: Record,
    /// The number of parts so far, and the etags of those that the store has.
    number: usize,
    pub(super) parts: BTreeMap<usize, String>,
    under_way: JoinSet<Result<(usize, String)>>,
    /// A part was interrupted, or refused.
    torn: bool,
    pub(super) stamp: Stamped,
}

impl Upload {
    pub fn new(connection: Connection, put: Put, reach: &Reach) -> Upload {
        let (title, now) = (put.object.to_string(), clock::now());
        let mark = format!("{}-{}", now.timestamp_nanos_opt().unwrap_or_default(), std::process::id());
        let (gathered, parts, under_way, stamp) = (Vec::new(), BTreeMap::new(), JoinSet::new(), Stamped::default());
        let (size_bytes, number, begun, torn) = (0, 0, None, false);
        let (kept, undo, record) = (kept(&put), reach.undo.clone(), reach.uploads.clone());
        Upload {
            connection,
            put,
            undo,
            title,
            mark,
            kept,
            gathered,
            size_bytes,
            begun,
            record,
            number,
            parts,
            under_way,
            torn,
            stamp,
        }
    }

    pub(super) fn ask(&self, method: Method) -> Ask<'_> {
        Ask::of(method, "put", &self.title).key(self.put.object.full_key())
    }

    async fn take(&mut self, mut data: Bytes) -> Result<()> {
        self.size_bytes += data.len() as u64;
        let part_bytes = self.put.part_bytes as usize;
        // The last part is held back until it is known to be the last.
        while self.gathered.len() + data.len() > part_bytes {
            let rest = data.split_off(part_bytes - self.gathered.len());
            self.gathered.extend_from_slice(&data);
            data = rest;
            self.send_part().await?;
        }
        self.gathered.extend_from_slice(&data);
        Ok(())
    }

    /// Sends the gathered bytes in parallel with the parts in flight, whose number is limited by the memory.
    async fn send_part(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.torn, true) {
            return Err(torn());
        }
        self.number += 1;
        if self.begun.is_none() {
            self.begin().await?;
        }
        if self.number > MOST_PARTS {
            let what = format!("cannot put `{}`: it has more than {MOST_PARTS} parts", self.title);
            return Err(Error::new(Kind::Space, what).hint("raise `part_size`"));
        }
        let most = (AT_ONCE_BYTES / self.put.part_bytes).clamp(1, AT_ONCE) as usize;
        while self.under_way.len() >= most {
            self.part_taken().await?;
        }
        let body = Bytes::from(std::mem::take(&mut self.gathered));
        let (connection, put) = (self.connection.clone(), self.put.clone());
        let (number, id) = (self.number, self.begun.as_ref().map(|begun| begun.id.clone()).unwrap_or_default());
        self.under_way.spawn(async move { send_part(&connection, &put, number, &id, body).await });
        self.torn = false;
        Ok(())
    }

    /// Waits for one of the parts in flight.
    async fn part_taken(&mut self) -> Result<()> {
        let Some(done) = self.under_way.join_next().await else { return Ok(()) };
        let cannot = || Error::new(Kind::Cancelled, format!("cannot put `{}`", self.title));
        let (number, etag) = done.map_err(|cause| cannot().because(cause))??;
        self.parts.insert(number, etag);
        Ok(())
    }

    /// Begins a multipart upload, and records it before its first part is sent.
    async fn begin(&mut self) -> Result<()> {
        let ask = described(self.ask(Method::Post).query("uploads", ""), &self.put, &self.kept, &self.mark, true);
        let answer = xml::read(&self.connection.ask(&ask).await?);
        let id = answer.map(|answer| answer.text("UploadId").to_owned()).filter(|id| !id.is_empty());
        let id = id.ok_or_else(|| unclear(&self.title, "it named no upload"))?;
        let (place, key) = (self.connection.place(), self.put.object.full_key());
        let begun = self.begun.insert(BegunUpload { place, key, id }).clone();
        leftovers::begun(&self.record, &begun).await;
        Ok(())
    }

    pub(super) async fn finish_parts(&mut self) -> Result<()> {
        if self.torn {
            return Err(torn());
        }
        if self.begun.is_some() && !self.gathered.is_empty() {
            self.send_part().await?;
        }
        while !self.under_way.is_empty() {
            self.torn = true;
            self.part_taken().await?;
            self.torn = false;
        }
        Ok(())
    }

    /// Deletes the upload's record, once its parts are joined or removed.
    async fn strike_out(&mut self) {
        let begun = self.begun.take();
        leftovers::ended(&self.record, begun).await;
    }
}

impl Sink for Upload {
    fn write(&mut self, data: Bytes) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.take(data))
    }

    fn seal(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.finish_parts())
    }

    fn stamped(&self) -> Option<Stamped> {
        Some(self.stamp.clone())
    }

    fn commit(mut self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move {
            self.publish().await?;
            self.strike_out().await;
            Ok(())
        })
    }

    fn abort(mut self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move {
            self.under_way.shutdown().await;
            if let Some(begun) = &self.begun {
                forget(&self.connection, &self.title, begun).await?;
            }
            self.strike_out().await;
            Ok(())
        })
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let Some(begun) = self.begun.take() else { return };
        let (connection, title, record) = (self.connection.clone(), self.title.clone(), self.record.clone());
        self.undo.run(move || {
            let result = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|cause| Error::io("cannot abort an upload", cause))
                .and_then(|runtime| runtime.block_on(forget(&connection, &title, &begun)))
                .and_then(|()| record.map_or(Ok(()), |record| record.ended(&begun)));
            if let Err(error) = result {
                tracing::warn!("{}", error.one_line());
            }
        });
    }
}
