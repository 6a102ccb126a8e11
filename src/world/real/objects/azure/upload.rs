//! Stores a stream as a block blob: blocks in parallel, which are invisible until their list is put.

use std::collections::BTreeMap;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use md5::{Digest, Md5};
use tokio::task::JoinSet;

use super::{Container, META, stat};
use crate::error::{Error, Kind, Result};
use crate::stream::{Sink, Stamped};
use crate::world::http::Method;
use crate::world::objects::words::{not_as_sent, taken};
use crate::world::objects::{MOST_PARTS, Put};
use crate::world::real::clock;
use crate::world::real::objects::rest::{Ask, percent};
use crate::world::refusals::torn;

/// The header that identifies the owner of the blob, so that it can be looked up after a lost answer.
const MARK: &str = "x-ms-meta-hikaeupload";

/// The most blocks in flight at once, and the most bytes in all of them.
const AT_ONCE: u64 = 4;
const AT_ONCE_BYTES: u64 = 128 << 20;

pub struct Upload {
    container: Container,
    put: Put,
    title: String,
    mark: String,
    gathered: Vec<u8>,
    size_bytes: u64,
    md5: Md5,
    number: usize,
    blocks: BTreeMap<usize, String>,
    under_way: JoinSet<Result<(usize, String)>>,
    torn: bool,
    stamp: Stamped,
}

impl Upload {
    pub fn new(container: Container, put: Put) -> Upload {
        let (title, now) = (put.object.to_string(), clock::now());
        let mark = format!("{}-{}", now.timestamp_nanos_opt().unwrap_or_default(), std::process::id());
        let (gathered, blocks, under_way) = (Vec::new(), BTreeMap::new(), JoinSet::new());
        let (size_bytes, md5, number) = (0, Md5::new(), 0);
        let (torn, stamp) = (false, Stamped::default());
        Upload { container, put, title, mark, gathered, size_bytes, md5, number, blocks, under_way, torn, stamp }
    }

    async fn take(&mut self, mut data: Bytes) -> Result<()> {
        self.size_bytes += data.len() as u64;
        self.md5.update(&data);
        let block = self.put.part_bytes as usize;
        while self.gathered.len() + data.len() > block {
            let rest = data.split_off(block - self.gathered.len());
            self.gathered.extend_from_slice(&data);
            data = rest;
            self.send_block().await?;
        }
        self.gathered.extend_from_slice(&data);
        Ok(())
    }

    async fn send_block(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.torn, true) {
            return Err(torn());
        }
        self.number += 1;
        if self.number > MOST_PARTS {
            let what = format!("cannot put `{}`: it has more than {MOST_PARTS} parts", self.title);
            return Err(Error::new(Kind::Space, what).hint("raise `part_size`"));
        }
        let most = (AT_ONCE_BYTES / self.put.part_bytes).clamp(1, AT_ONCE) as usize;
        while self.under_way.len() >= most {
            self.block_taken().await?;
        }
        let (container, number) = (self.container.clone(), self.number);
        // Blocks of two uploads of the same blob must not be mixed up.
        let id = BASE64_STANDARD.encode(format!("{:>48}-{number:06}", self.mark).as_bytes());
        let url = format!("{}?comp=block&blockid={}", container.object_url(&self.put.object), percent(&id, false));
        let body = Bytes::from(std::mem::take(&mut self.gathered));
        let ask = Ask::new(Method::Put, "put", &self.title, url);
        let md5 = BASE64_STANDARD.encode(Md5::digest(&body));
        let ask = Ask { tries: 7, ..ask.header("content-md5", &*md5).body(body) };
        let object = self.put.object.clone();
        // The store compares the checksum and refuses a mismatch; the checksum in its answer is compared as well.
        self.under_way.spawn(async move {
            let answer = container.rest.send(&ask).await.map_err(Error::from)?;
            match answer.header("content-md5").filter(|said| *said != md5) {
                Some(said) => {
                    let why =
                        format!("block {number}: its checksum (MD5) is `{said}`, that of what was sent is `{md5}`");
                    Err(not_as_sent(&object, why))
                }
                None => Ok((number, id)),
            }
        });
        self.torn = false;
        Ok(())
    }

    async fn block_taken(&mut self) -> Result<()> {
        let Some(done) = self.under_way.join_next().await else { return Ok(()) };
        let cannot = || Error::new(Kind::Cancelled, format!("cannot put `{}`", self.title));
        let (number, id) = done.map_err(|cause| cannot().because(cause))??;
        self.blocks.insert(number, id);
        Ok(())
    }

    async fn finish_blocks(&mut self) -> Result<()> {
        if self.torn {
            return Err(torn());
        }
        if !self.gathered.is_empty() {
            self.send_block().await?;
        }
        while !self.under_way.is_empty() {
            self.torn = true;
            self.block_taken().await?;
            self.torn = false;
        }
        Ok(())
    }

    fn md5(&self) -> String {
        BASE64_STANDARD.encode(self.md5.clone().finalize())
    }

    /// Stores it under its key. Whatever the answer was, the blob that then exists decides.
    async fn publish(&mut self) -> Result<()> {
        self.finish_blocks().await?;
        let blocks: String = self.blocks.values().map(|id| format!("<Latest>{id}</Latest>")).collect();
        let url = format!("{}?comp=blocklist", self.container.object_url(&self.put.object));
        let mut ask = Ask::new(Method::Put, "put", &self.title, url)
            .header("content-type", "application/xml")
            .header("x-ms-blob-content-type", "application/octet-stream")
            .header("x-ms-blob-content-md5", self.md5())
            .header(MARK, &*self.mark)
            .body(format!("<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>{blocks}</BlockList>"));
        ask.named.extend(self.put.metadata.iter().map(|(name, value)| (format!("{META}{name}"), value.clone())));
        if !self.put.replace {
            ask = ask.header("if-none-match", "*");
        }
        if let Some(tier) = &self.put.storage_class {
            ask = ask.header("x-ms-access-tier", tier);
        }
        let result = self.container.rest.ask(&ask).await;
        if let Err(refused) = result.as_ref()
            && !refused.is_unsure()
        {
            return result.map(drop).map_err(Error::from);
        }
        let seen = self.container.look(&self.put.object, "look at").await?;
        let ours = seen.filter(|seen| seen.header(MARK) == Some(&self.mark));
        let Some(seen) = ours else {
            return Err(match result {
                Err(refused) if matches!(refused.status, Some(409 | 412)) => taken(&self.put.object),
                Err(refused) => refused.into(),
                Ok(_) => not_as_sent(&self.put.object, "what is there is another's"),
            });
        };
        let found = stat(&seen).unwrap_or_default();
        let size = found.size_bytes;
        let (own, said) = (self.md5(), seen.header("content-md5").unwrap_or_default());
        let why = match () {
            () if size != self.size_bytes => format!("it has {size} bytes, and {} were sent", self.size_bytes),
            () if said != own => format!("its checksum (MD5) is `{said}`, that of what was sent is `{own}`"),
            () => {
                self.stamp.get_or_init(|| found.stamp());
                return Ok(());
            }
        };
        let etag = seen.header("etag").unwrap_or("*").to_owned();
        drop(seen);
        self.take_back(&etag).await;
        Err(not_as_sent(&self.put.object, why))
    }

    /// Removes a blob of ours that differs from what was sent: only this version.
    async fn take_back(&self, etag: &str) {
        let url = self.container.object_url(&self.put.object);
        self.container
            .rest
            .take_back(&Ask::new(Method::Delete, "take back", &self.title, url).header("if-match", etag))
            .await;
    }
}

impl Sink for Upload {
    fn write(&mut self, data: Bytes) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.take(data))
    }

    fn seal(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.finish_blocks())
    }

    fn stamped(&self) -> Option<Stamped> {
        Some(self.stamp.clone())
    }

    fn commit(mut self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move { self.publish().await })
    }

    /// The store itself drops uncommitted blocks after a week; no request can drop them earlier.
    fn abort(mut self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move {
            self.under_way.shutdown().await;
            Ok(())
        })
    }
}
