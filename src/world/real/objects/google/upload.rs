//! Stores a stream as an object by a resumable upload: one piece after the other, and nothing is visible before the last.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::{Bucket, number, read, stat};
use crate::error::{Error, Kind, Result};
use crate::report::{Level, log};
use crate::stream::{Sink, Stamped};
use crate::world::http::exchange::repeats::doubled;
use crate::world::http::{HttpResponse, Method};
use crate::world::objects::Put;
use crate::world::objects::words::{not_as_sent, taken};
use crate::world::real::clock;
use crate::world::real::objects::rest::{Ask, Refused, percent, whole};
use crate::world::real::objects::sums::crc32c_text;
use crate::world::refusals::torn;

/// The size of every piece except the last is a multiple of this.
const STEP_BYTES: usize = 256 << 10;

/// How often a connection may break in a row without a byte sent.
const BREAKS: u32 = 7;

pub struct Upload {
    bucket: Bucket,
    put: Put,
    title: String,
    /// Identifies the owner of the object, so that it can be looked up after a lost answer.
    mark: String,
    /// The address of the upload, once it exists.
    session: Option<String>,
    gathered: Vec<u8>,
    /// How many bytes the store has received.
    sent: u64,
    crc32c: u32,
    torn: bool,
    stamp: Stamped,
}

impl Upload {
    pub fn new(bucket: Bucket, put: Put) -> Upload {
        let (title, now) = (put.object.to_string(), clock::now());
        let mark = format!("{}-{}", now.timestamp_nanos_opt().unwrap_or_default(), std::process::id());
        let (gathered, stamp) = (Vec::new(), Stamped::default());
        Upload { bucket, put, title, mark, session: None, gathered, sent: 0, crc32c: 0, torn: false, stamp }
    }

    async fn take(&mut self, mut data: Bytes) -> Result<()> {
        self.crc32c = crc32c::crc32c_append(self.crc32c, &data);
        let piece = self.put.part_bytes as usize / STEP_BYTES * STEP_BYTES;
        // The last piece is held back until it is known to be the last.
        while self.gathered.len() + data.len() > piece {
            let rest = data.split_off(piece - self.gathered.len());
            self.gathered.extend_from_slice(&data);
            data = rest;
            self.send_gathered().await?;
        }
        self.gathered.extend_from_slice(&data);
        Ok(())
    }

    async fn send_gathered(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.torn, true) {
            return Err(torn());
        }
        let data = Bytes::from(std::mem::take(&mut self.gathered));
        let error = match self.send(data, None).await {
            Ok(None) => {
                self.torn = false;
                return Ok(());
            }
            Ok(Some(_)) => not_as_sent(&self.put.object, "the store took it for whole before its end"),
            Err(error) => error,
        };
        self.take_back_half().await;
        Err(error)
    }

    /// The address of the upload; the condition never to replace another object is set here, and checked at the end.
    async fn session(&mut self) -> Result<String> {
        if let Some(session) = &self.session {
            return Ok(session.clone());
        }
        let name = percent(&self.put.object.full_key(), false);
        let only_new = if self.put.replace { "" } else { "&ifGenerationMatch=0" };
        let url = format!("{}/o?uploadType=resumable&name={name}{only_new}", self.bucket.url("/upload"));
        let mut said = json!({
            "name": self.put.object.full_key(),
            "contentType": "application/octet-stream",
            "metadata": { "hikae-upload": self.mark },
        });
        for (name, value) in &self.put.metadata {
            said["metadata"][name] = json!(value);
        }
        if let Some(class) = &self.put.storage_class {
            said["storageClass"] = json!(class);
        }
        let ask = Ask::new(Method::Post, "put", &self.title, url)
            .header("content-type", "application/json; charset=UTF-8")
            .header("x-upload-content-type", "application/octet-stream")
            .body(said.to_string());
        let answer = match self.bucket.rest.send(&ask).await {
            Err(refused) if refused.status == Some(412) => return Err(taken(&self.put.object)),
            answer => answer?,
        };
        let session = answer.header("location").map(str::to_owned).ok_or_else(|| self.unclear("it names no upload"))?;
        self.session = Some(session.clone());
        Ok(session)
    }

    fn unclear(&self, why: &str) -> Error {
        Error::new(Kind::Other, format!("cannot put `{}`", self.title))
            .because_text(format!("the store's answer is not clear: {why}"))
    }

    /// Sends the part of `data` that the store lacks; with the `total` size it is the end, and the reply describes the object.
    async fn send(&mut self, data: Bytes, total: Option<u64>) -> Result<Option<Value>> {
        let session = self.session().await?;
        let (begin, end) = (self.sent, self.sent + data.len() as u64);
        let mut breaks = 0;
        loop {
            let rest = data.slice((self.sent - begin) as usize..);
            let range = match (rest.is_empty(), total) {
                (true, Some(total)) => format!("bytes */{total}"),
                (_, total) => {
                    let total = total.map_or("*".to_owned(), |total| total.to_string());
                    format!("bytes {}-{}/{total}", self.sent, end.saturating_sub(1))
                }
            };
            let before = self.sent;
            match self.step(&session, range, rest).await {
                Ok(answer) if answer.status == 308 => {
                    self.sent = persisted(&answer).filter(|sent| (before..=end).contains(sent)).unwrap_or(before);
                    if self.sent == end && total.is_none() {
                        return Ok(None);
                    }
                }
                Ok(answer) => return read(&whole(answer, &self.title).await?, &self.title).map(Some),
                Err(refused) if !refused.is_unsure() || refused.status == Some(412) => return Err(refused.into()),
                Err(refused) => self.ask_how_far(&session, begin, end, total, refused).await?,
            }
            breaks = if self.sent > before { 0 } else { breaks + 1 };
            if breaks > BREAKS {
                return Err(self.unclear("it takes no more of the upload"));
            }
            if breaks > 0 {
                clock::sleep(doubled(breaks, 0.5)).await;
            }
        }
    }

    async fn step(&self, session: &str, range: String, body: Bytes) -> Result<HttpResponse, Refused> {
        let ask = Ask::new(Method::Put, "put", &self.title, session).header("content-range", range).body(body);
        self.bucket.rest.send(&ask.once().fine(&[308])).await
    }

    /// After a lost connection the store reports how much it has; an object that is already complete is checked later.
    async fn ask_how_far(
        &mut self,
        session: &str,
        begin: u64,
        end: u64,
        total: Option<u64>,
        refused: Refused,
    ) -> Result<()> {
        log(Level::Info, &format!("{}; the store is asked how far it came", refused.error.one_line()), None);
        let total = total.map_or("*".to_owned(), |total| total.to_string());
        match self.step(session, format!("bytes */{total}"), Bytes::new()).await {
            Ok(answer) if answer.status == 308 => {
                let sent = persisted(&answer).unwrap_or(0);
                if sent < begin {
                    return Err(self.unclear("it has lost what it had already"));
                }
                self.sent = sent.min(end);
                Ok(())
            }
            // The object is complete: the next step gets it as its answer.
            Ok(_) => Ok(()),
            Err(refused) if refused.is_unsure() => Ok(()),
            Err(refused) => Err(refused.into()),
        }
    }

    /// Stores it under its key. Whatever the answer was, the object that then exists decides.
    async fn publish(&mut self) -> Result<()> {
        if self.torn {
            return Err(torn());
        }
        let data = Bytes::from(std::mem::take(&mut self.gathered));
        let total = self.sent + data.len() as u64;
        let result = self.send(data, Some(total)).await;
        let seen = self.bucket.look(&self.put.object, "look at").await?;
        let ours = seen.filter(|seen| seen["metadata"]["hikae-upload"].as_str() == Some(&self.mark));
        let Some(seen) = ours else {
            return Err(match result {
                Err(error) if error.kind() == Kind::AlreadyExists => taken(&self.put.object),
                Err(error) => error,
                Ok(_) => not_as_sent(&self.put.object, "what is there is another's"),
            });
        };
        self.session = None;
        let size = number(&seen["size"]).unwrap_or(0);
        let (own, said) = (crc32c_text(self.crc32c), seen["crc32c"].as_str().unwrap_or_default());
        let why = match () {
            () if size != total => format!("it has {size} bytes, and {total} were sent"),
            () if said != own => format!("its checksum (CRC-32C) is `{said}`, that of what was sent is `{own}`"),
            () => {
                self.stamp.get_or_init(|| stat(&seen).unwrap_or_default().stamp());
                return Ok(());
            }
        };
        self.take_back(&seen).await;
        Err(not_as_sent(&self.put.object, why))
    }

    /// If a store makes an object of the bytes so far when only its progress is queried, that object must be removed.
    async fn take_back_half(&self) {
        match self.bucket.look(&self.put.object, "look at").await {
            Ok(Some(seen)) if seen["metadata"]["hikae-upload"].as_str() == Some(&self.mark) => {
                self.take_back(&seen).await
            }
            Ok(_) => {}
            Err(error) => log(Level::Warn, &error.one_line(), None),
        }
    }

    /// Removes an object of ours that differs from what was sent: only this generation.
    async fn take_back(&self, seen: &Value) {
        let generation = seen["generation"].as_str().unwrap_or_default();
        let url = format!("{}?ifGenerationMatch={generation}", self.bucket.object_url(&self.put.object));
        self.bucket.rest.take_back(&Ask::new(Method::Delete, "take back", &self.title, url)).await;
    }

    async fn forget(&mut self) -> Result<()> {
        let Some(session) = self.session.take() else { return Ok(()) };
        let ask = Ask::new(Method::Delete, "abort the upload of", &self.title, session).fine(&[499, 404, 410]);
        self.bucket.rest.send(&ask).await.map(drop).map_err(Error::from)
    }
}

/// How many bytes the store reports as received.
fn persisted(answer: &HttpResponse) -> Option<u64> {
    let last: u64 = answer.header("range")?.rsplit('-').next()?.trim().parse().ok()?;
    Some(last + 1)
}

impl Sink for Upload {
    fn write(&mut self, data: Bytes) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.take(data))
    }

    fn seal(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(std::future::ready(if self.torn { Err(torn()) } else { Ok(()) }))
    }

    fn stamped(&self) -> Option<Stamped> {
        Some(self.stamp.clone())
    }

    fn commit(mut self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move { self.publish().await })
    }

    fn abort(mut self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move { self.forget().await })
    }
}
