//! Stores a stream as an object: at once when it is small, in parts when it is not, and nothing shows before the commit.

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::checksum::differs;
use super::connection::{Ask, Connection, META, Refused, form, refusal_in};
use super::listing::{plain_etag, stat};
use super::{error_of, look, xml};
use crate::error::{Error, Kind, Result};
use crate::stream::Sink;
use crate::world::http::Method;
use crate::world::objects::words::{not_as_sent, taken};
use crate::world::objects::{MOST_PARTS, Put, ServerEncryption};
use crate::world::real::clock;
use crate::world::real::undo::Undo;
use crate::world::refusals::torn;

/// The header that says whose object it is: an answer that got lost can then be looked up.
const MARK: &str = "x-amz-meta-hikae-upload";

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
    /// The etags of the parts, in order.
    parts: Vec<String>,
    /// A part was cut off half-way, or refused.
    torn: bool,
}

impl Upload {
    pub fn new(connection: Connection, put: Put, undo: Undo) -> Upload {
        let (title, now) = (put.object.to_string(), clock::now());
        let mark = format!("{}-{}", now.timestamp_nanos_opt().unwrap_or_default(), std::process::id());
        let (gathered, parts) = (Vec::new(), Vec::new());
        let kept = put.metadata.keys().map(|name| (format!("{META}{name}"), name.clone())).collect();
        Upload { connection, put, undo, title, mark, kept, gathered, size_bytes: 0, id: None, parts, torn: false }
    }

    fn ask(&self, method: Method) -> Ask<'_> {
        Ask::of(method, "put", &self.title).key(self.put.object.key())
    }

    /// What is said of the object where it begins: at once, or with its first part.
    fn described<'a>(&'a self, ask: Ask<'a>) -> Ask<'a> {
        let mut ask = ask.header(MARK, &*self.mark).header("content-type", "application/octet-stream");
        let Put { storage_class, metadata, tags, encryption, .. } = &self.put;
        for (name, value) in &self.kept {
            ask = ask.header(name, metadata.get(value).map_or("", String::as_str));
        }
        if let Some(class) = storage_class {
            ask = ask.header("x-amz-storage-class", class);
        }
        if !tags.is_empty() {
            ask = ask.header("x-amz-tagging", form(tags));
        }
        let Some(ServerEncryption { algorithm, key }) = encryption else { return ask };
        ask = ask.header("x-amz-server-side-encryption", algorithm);
        match key {
            Some(key) => ask.header("x-amz-server-side-encryption-aws-kms-key-id", key),
            None => ask,
        }
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

    async fn send_part(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.torn, true) {
            return Err(torn());
        }
        if self.id.is_none() {
            self.id = Some(self.begin().await?);
        }
        let number = self.parts.len() + 1;
        if number > MOST_PARTS {
            let what = format!("cannot put `{}`: it has more than {MOST_PARTS} parts", self.title);
            return Err(Error::new(Kind::Space, what).hint("raise `part_size`"));
        }
        let body = Bytes::from(std::mem::take(&mut self.gathered));
        let id = self.id.clone().unwrap_or_default();
        let ask = self.ask(Method::Put).query("partNumber", &number.to_string()).query("uploadId", &id);
        let answer = self.connection.send(&ask.body(body.clone())).await?;
        if let Some(why) = differs(&body, &answer) {
            return Err(not_as_sent(&self.put.object, format!("part {number}: {why}")));
        }
        let etag = answer.header("etag").map(str::to_owned);
        self.parts.push(etag.ok_or_else(|| self.unclear("a part was taken without an etag"))?);
        self.torn = false;
        Ok(())
    }

    async fn begin(&self) -> Result<String> {
        let ask = self.described(self.ask(Method::Post).query("uploads", ""));
        let answer = xml::read(&self.connection.ask(&ask).await?);
        let id = answer.map(|answer| answer.text("UploadId").to_owned()).filter(|id| !id.is_empty());
        id.ok_or_else(|| self.unclear("it named no upload"))
    }

    fn unclear(&self, why: &str) -> Error {
        Error::new(Kind::Other, format!("cannot put `{}`", self.title))
            .because_text(format!("the store's answer is not clear: {why}"))
            .hint("is this an object store that speaks S3? check the `endpoint`")
    }

    async fn finish_parts(&mut self) -> Result<()> {
        if self.torn {
            return Err(torn());
        }
        if self.id.is_some() && !self.gathered.is_empty() {
            self.send_part().await?;
        }
        Ok(())
    }

    /// Stores it under its key. Whatever the answer was, the object that then stands there decides.
    async fn publish(&mut self) -> Result<()> {
        self.finish_parts().await?;
        let told = match self.show(!self.put.replace).await {
            Err(refused) if refused.is("NotImplemented") && !self.put.replace => self.show(false).await,
            told => told,
        };
        match told {
            Err(refused) if !refused.is_unsure() => Err(refused.into()),
            Err(refused) => match self.stands().await {
                Ok(true) => Ok(()),
                _ if refused.status() == Some(412) => Err(taken(&self.put.object)),
                _ => Err(refused.into()),
            },
            Ok(()) => match self.stands().await? {
                true => Ok(()),
                false => Err(not_as_sent(&self.put.object, "what stands there is of another size, or another's")),
            },
        }
    }

    async fn show(&self, only_new: bool) -> Result<(), Refused> {
        let ask = match &self.id {
            None => self.described(self.ask(Method::Put)).body(self.gathered.clone().into()),
            Some(id) => self.ask(Method::Post).query("uploadId", id).body(self.list_of_parts().into()),
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

    fn list_of_parts(&self) -> String {
        let part = |(number, etag): (usize, &String)| {
            let etag = xml::escaped(&plain_etag(etag));
            format!("<Part><PartNumber>{}</PartNumber><ETag>\"{etag}\"</ETag></Part>", number + 1)
        };
        let parts: String = self.parts.iter().enumerate().map(part).collect();
        format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>")
    }

    /// Whether what stands there is this object, whole.
    async fn stands(&self) -> Result<bool> {
        let Some(answer) = look(&self.connection, &self.put.object, "look at").await? else { return Ok(false) };
        Ok(answer.header(MARK) == Some(&self.mark) && stat(&answer)?.size_bytes == self.size_bytes)
    }

    /// Lets the store forget the parts.
    async fn forget(connection: &Connection, put: &Put, id: String) -> Result<()> {
        let title = put.object.to_string();
        let ask = Ask::of(Method::Delete, "give up the upload of", &title).key(put.object.key());
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

    fn commit(mut self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move {
            self.publish().await?;
            self.id = None;
            Ok(())
        })
    }

    fn abort(mut self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move {
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
            let told = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|cause| Error::io("cannot give up an upload", cause))
                .and_then(|runtime| runtime.block_on(Upload::forget(&connection, &put, id)));
            if let Err(error) = told {
                tracing::warn!("{}", error.one_line());
            }
        });
    }
}
