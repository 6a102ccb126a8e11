//! Stores a stream as an object: at once when it is small, in parts when it is not, and nothing shows before the commit.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::task::JoinSet;

use super::ask::{Ask, Refused};
use super::checksum::{differs, is_encrypted, is_md5};
use super::connection::{Connection, refusal_in};
use super::described::{MARK, described, kept};
use super::listing::{plain_etag, stat};
use super::parts::{etag_of_parts, list_of_parts, send_part, unclear};
use super::{error_of, look, xml};
use crate::error::{Error, Kind, Result};
use crate::report::{Level, log};
use crate::stream::{Sink, Stamped};
use crate::world::http::Method;
use crate::world::http::exchange::repeats::doubled;
use crate::world::objects::words::{not_as_sent, taken};
use crate::world::objects::{MOST_PARTS, Put};
use crate::world::real::clock;
use crate::world::real::undo::Undo;
use crate::world::refusals::torn;

/// How many parts are under way at once, and how many bytes they are together at most.
const AT_ONCE: u64 = 4;
const AT_ONCE_BYTES: u64 = 128 << 20;

/// How often the parts are asked to be put together, where the store fails at it.
const COMPLETIONS: u32 = 4;

pub struct Upload {
    connection: Connection,
    put: Put,
    undo: Undo,
    title: String,
    mark: String,
    /// The headers of what is kept with the object, each with its name.
    kept: Vec<(String, String)>,
    gathered: Vec<u8>,
    size_bytes: u64,
    /// The store's name for the parts, once there are any.
    id: Option<String>,
    /// How many parts there are so far, and the etags of those that the store has.
    number: usize,
    parts: BTreeMap<usize, String>,
    under_way: JoinSet<Result<(usize, String)>>,
    /// A part was cut off half-way, or refused.
    torn: bool,
    stamp: Stamped,
}

impl Upload {
    pub fn new(connection: Connection, put: Put, undo: Undo) -> Upload {
        let (title, now) = (put.object.to_string(), clock::now());
        let mark = format!("{}-{}", now.timestamp_nanos_opt().unwrap_or_default(), std::process::id());
        let (gathered, parts, under_way, stamp) = (Vec::new(), BTreeMap::new(), JoinSet::new(), Stamped::default());
        let (size_bytes, number, id, torn) = (0, 0, None, false);
        let kept = kept(&put);
        Upload {
            connection,
            put,
            undo,
            title,
            mark,
            kept,
            gathered,
            size_bytes,
            id,
            number,
            parts,
            under_way,
            torn,
            stamp,
        }
    }

    fn ask(&self, method: Method) -> Ask<'_> {
        Ask::of(method, "put", &self.title).key(self.put.object.full_key())
    }

    async fn take(&mut self, mut data: Bytes) -> Result<()> {
        self.size_bytes += data.len() as u64;
        let part_bytes = self.put.part_bytes as usize;
        // The last part is kept back until it is known to be the last.
        while self.gathered.len() + data.len() > part_bytes {
            let rest = data.split_off(part_bytes - self.gathered.len());
            self.gathered.extend_from_slice(&data);
            data = rest;
            self.send_part().await?;
        }
        self.gathered.extend_from_slice(&data);
        Ok(())
    }

    /// Sends what was gathered beside the parts that are under way, of which there are never more than fit into the memory.
    async fn send_part(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.torn, true) {
            return Err(torn());
        }
        self.number += 1;
        if self.id.is_none() {
            self.id = Some(self.begin().await?);
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
        let (number, id) = (self.number, self.id.clone().unwrap_or_default());
        self.under_way.spawn(async move { send_part(&connection, &put, number, &id, body).await });
        self.torn = false;
        Ok(())
    }

    /// Waits for one of the parts that are under way.
    async fn part_taken(&mut self) -> Result<()> {
        let Some(done) = self.under_way.join_next().await else { return Ok(()) };
        let cannot = || Error::new(Kind::Cancelled, format!("cannot put `{}`", self.title));
        let (number, etag) = done.map_err(|cause| cannot().because(cause))??;
        self.parts.insert(number, etag);
        Ok(())
    }

    async fn begin(&self) -> Result<String> {
        let ask = described(self.ask(Method::Post).query("uploads", ""), &self.put, &self.kept, &self.mark, true);
        let answer = xml::read(&self.connection.ask(&ask).await?);
        let id = answer.map(|answer| answer.text("UploadId").to_owned()).filter(|id| !id.is_empty());
        id.ok_or_else(|| unclear(&self.title, "it named no upload"))
    }

    async fn finish_parts(&mut self) -> Result<()> {
        if self.torn {
            return Err(torn());
        }
        if self.id.is_some() && !self.gathered.is_empty() {
            self.send_part().await?;
        }
        while !self.under_way.is_empty() {
            self.torn = true;
            self.part_taken().await?;
            self.torn = false;
        }
        Ok(())
    }

    /// Stores it under its key. Whatever the answer was, the object that is there then decides.
    async fn publish(&mut self) -> Result<()> {
        self.finish_parts().await?;
        let result = match self.show_patiently(!self.put.replace).await {
            Err(refused) if refused.is("NotImplemented") && !self.put.replace => {
                let result =
                    format!("the store cannot refuse to overwrite `{}`: it was only looked for before", self.title);
                log(Level::Warn, &result, None);
                self.show_patiently(false).await
            }
            result => result,
        };
        match result {
            Err(refused) if !refused.is_unsure() => Err(refused.into()),
            Err(refused) => match self.is_ours().await {
                Ok(true) => Ok(()),
                _ if refused.status() == Some(412) => Err(taken(&self.put.object)),
                _ => Err(refused.into()),
            },
            Ok(()) => match self.is_ours().await? {
                true => Ok(()),
                false => {
                    Err(not_as_sent(&self.put.object, "the object there has another size, or is another upload's"))
                }
            },
        }
    }

    /// A store that begins with "200" and then says that it failed is asked again, once what is there was looked at.
    async fn show_patiently(&self, only_new: bool) -> Result<(), Refused> {
        let mut tries = 1;
        loop {
            match self.show(only_new).await {
                Err(refused) if refused.is("InternalError") && tries < COMPLETIONS => {
                    if self.is_ours().await? {
                        return Ok(());
                    }
                    clock::sleep(doubled(tries, 0.5)).await;
                    tries += 1;
                }
                result => return result,
            }
        }
    }

    async fn show(&self, only_new: bool) -> Result<(), Refused> {
        let ask = match &self.id {
            None => described(self.ask(Method::Put), &self.put, &self.kept, &self.mark, false)
                .body(self.gathered.clone().into()),
            Some(id) => self.ask(Method::Post).query("uploadId", id).body(list_of_parts(&self.parts).into()),
        };
        let ask = if only_new { ask.header("if-none-match", "*") } else { ask };
        let answer = self.connection.send(&ask).await?;
        if let (None, Some(why)) = (&self.id, differs(&self.gathered, &answer)) {
            return Err(not_as_sent(&self.put.object, why).into());
        }
        let said = answer.bytes(&self.title).await?;
        // The store begins to answer before it has put the parts together, and may fail after that.
        match xml::read(&said).filter(|top| top.name == "Error") {
            Some(error) => Err(error_of(&ask, &self.connection.store, &refusal_in(500, &error)).into()),
            None => Ok(()),
        }
    }

    /// Whether the object there is this one, complete.
    async fn is_ours(&self) -> Result<bool> {
        let Some(answer) = look(&self.connection, &self.put.object, "look at").await? else { return Ok(false) };
        let seen = stat(&answer)?;
        if answer.header(MARK) != Some(&self.mark) || seen.size_bytes != self.size_bytes {
            return Ok(false);
        }
        self.stamp.get_or_init(|| seen.stamp());
        let said = answer.header("etag").map(plain_etag).unwrap_or_default();
        let own = etag_of_parts(&self.parts).filter(|_| self.id.is_some() && said.len() > 33 && !is_encrypted(&answer));
        match own {
            // Some stores have etags of their own kind for what is put together.
            Some(own) if said.ends_with(&own[32..]) && is_md5(&said[..32]) && said != own => {
                let why = format!("its checksum is `{said}`, that of its parts is `{own}`");
                Err(not_as_sent(&self.put.object, why))
            }
            _ => Ok(true),
        }
    }

    /// Lets the store forget the parts.
    async fn forget(connection: &Connection, put: &Put, id: String) -> Result<()> {
        let title = put.object.to_string();
        let ask = Ask::of(Method::Delete, "abort the upload of", &title).key(put.object.full_key());
        match connection.send(&ask.query("uploadId", &id)).await {
            Err(refused) if refused.status() != Some(404) => Err(refused.into()),
            _ => Ok(()),
        }
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
            self.id = None;
            Ok(())
        })
    }

    fn abort(mut self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move {
            self.under_way.shutdown().await;
            match self.id.clone() {
                Some(id) => Upload::forget(&self.connection, &self.put, id).await.map(|()| self.id = None),
                None => Ok(()),
            }
        })
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let Some(id) = self.id.take() else { return };
        let (connection, put) = (self.connection.clone(), self.put.clone());
        self.undo.run(move || {
            let result = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|cause| Error::io("cannot abort an upload", cause))
                .and_then(|runtime| runtime.block_on(Upload::forget(&connection, &put, id)));
            if let Err(error) = result {
                tracing::warn!("{}", error.one_line());
            }
        });
    }
}
