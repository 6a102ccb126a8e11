//! Reads a file of an SFTP server, and writes one under a temporary name that becomes visible in one step.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use russh_sftp::client::error::Error as SftpError;
use russh_sftp::client::fs::File;
use russh_sftp::protocol::{FileAttributes, OpenFlags};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::session::Session;
use crate::error::{Error, Kind, Result};
use crate::stream::{Piece, Sink, Source, Stamp, Stamped};
use crate::world::objects::record::BegunUpload;
use crate::world::objects::words::{not_as_sent, taken, wrong_length};
use crate::world::objects::{Object, Put, Store};
use crate::world::partial::partial_name;
use crate::world::real::objects::Reach;
use crate::world::real::objects::leftovers::{self, Record};
use crate::world::real::undo::Undo;
use crate::world::refusals::torn;

/// How long the removal of a temporary file may take.
const UNDO: Duration = Duration::from_secs(10);

const PIECE_BYTES: usize = 256 << 10;

/// Mode of stored files, from the first byte.
const FILE_MODE: u32 = 0o600;

pub struct SftpSource {
    session: Session,
    file: File,
    object: Object,
    of: u64,
    got: u64,
}

impl SftpSource {
    pub fn new(session: Session, file: File, object: Object, of: u64) -> SftpSource {
        SftpSource { session, file, object, of, got: 0 }
    }

    async fn piece(&mut self) -> Result<Piece> {
        let mut data = vec![0; PIECE_BYTES];
        match self.file.read(&mut data).await {
            Ok(0) if self.got == self.of => Ok(Piece::End),
            Ok(0) => Err(wrong_length(&self.object, self.got, self.of)),
            Ok(count) => {
                self.got += count as u64;
                data.truncate(count);
                match self.got > self.of {
                    true => Err(wrong_length(&self.object, self.got, self.of)),
                    false => Ok(Piece::Data(data.into())),
                }
            }
            Err(cause) => {
                let error = SftpError::IO(cause.to_string());
                Err(self.session.explain(error, "read", &self.object.to_string()).await)
            }
        }
    }
}

impl Source for SftpSource {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(self.piece())
    }
}

/// A file under a temporary name.
pub struct Upload {
    session: Arc<Session>,
    undo: Undo,
    record: Record,
    /// What a dead run would leave behind.
    begun: BegunUpload,
    /// Whether the temporary file no longer exists, or is being removed.
    settled: bool,
    put: Put,
    file: Option<File>,
    partial: String,
    path: String,
    size_bytes: u64,
    torn: bool,
    stamp: Stamped,
}

impl Upload {
    pub async fn begin(session: Session, put: Put, reach: &Reach) -> Result<Upload> {
        let path = put.object.full_key();
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
        let partial = partial_name(name.as_ref(), &leftovers::unique());
        let partial = format!("{folder}/{}", partial.to_string_lossy());
        let (undo, record) = (reach.undo.clone(), reach.uploads.clone());
        let begun = BegunUpload { place: put.object.store.container_host(), key: partial.clone(), id: String::new() };
        leftovers::begun(&record, &begun).await;
        let opened = async {
            session.make_way(folder).await?;
            let mut mode = FileAttributes::empty();
            mode.permissions = Some(FILE_MODE);
            let flags = OpenFlags::CREATE | OpenFlags::EXCLUDE | OpenFlags::WRITE;
            session.sftp.open_with_flags_and_attributes(&partial, flags, mode).await
        };
        match opened.await {
            Ok(file) => Ok({
                let (session, file) = (Arc::new(session), Some(file));
                let (settled, size_bytes, torn, stamp) = (false, 0, false, Stamped::default());
                Upload { session, undo, record, begun, settled, put, file, partial, path, size_bytes, torn, stamp }
            }),
            Err(error) => {
                let error = session.explain(error, "put", &put.object.to_string()).await;
                // After a broken connection, the file may exist.
                if error.kind() != Kind::Network {
                    leftovers::ended(&record, Some(begun)).await;
                }
                Err(error)
            }
        }
    }

    async fn explained(&self, error: SftpError) -> Error {
        self.session.explain(error, "put", &self.put.object.to_string()).await
    }

    async fn take(&mut self, data: Bytes) -> Result<()> {
        if std::mem::replace(&mut self.torn, true) {
            return Err(torn());
        }
        let Some(file) = &mut self.file else { return Err(torn()) };
        if let Err(cause) = file.write_all(&data).await {
            return Err(self.explained(SftpError::IO(cause.to_string())).await);
        }
        self.size_bytes += data.len() as u64;
        self.torn = false;
        Ok(())
    }

    /// Flushes everything to the disk of the server, if it supports that, and compares the size.
    async fn finish(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.torn, true) {
            return Err(torn());
        }
        if let Some(mut file) = self.file.take() {
            let closed = async {
                file.flush().await.map_err(SftpError::from)?;
                file.sync_all().await?;
                file.shutdown().await.map_err(SftpError::from)
            };
            if let Err(error) = closed.await {
                return Err(self.explained(error).await);
            }
        }
        let size = match self.session.look(&self.partial).await {
            Ok(seen) => seen.map_or(0, |seen| seen.len()),
            Err(error) => return Err(self.explained(error).await),
        };
        if size != self.size_bytes {
            let why = format!("it has {size} bytes, and {} were sent", self.size_bytes);
            return Err(not_as_sent(&self.put.object, why));
        }
        self.torn = false;
        Ok(())
    }

    /// Gives the file its final name. A hard link never replaces another file; without hard links, the rename of this
    /// protocol version does not either.
    async fn publish(&mut self) -> Result<()> {
        self.finish().await?;
        let sftp = &self.session.sftp;
        if self.put.replace && !matches!(self.session.look(&self.path).await, Ok(None)) {
            // This protocol version has no rename that replaces.
            if let Err(error) = sftp.remove_file(&self.path).await {
                return Err(self.explained(error).await);
            }
        }
        match sftp.hardlink(&self.partial, &self.path).await {
            Ok(true) => {
                // The final name is complete; the second name is only a leftover.
                if let Err(error) = sftp.remove_file(&self.partial).await {
                    tracing::warn!("{}", self.explained(error).await.one_line());
                }
                return Ok(());
            }
            Ok(false) => {}
            Err(error) => self.is_free(error).await?,
        }
        match sftp.rename(&self.partial, &self.path).await {
            Ok(()) => Ok(()),
            Err(error) => {
                self.is_free(error.clone()).await?;
                Err(self.explained(error).await)
            }
        }
    }

    /// Notes the file's stamp. If the file cannot be examined now, it is read again at the end.
    async fn remember(&self) {
        let seen = self.session.look(&self.path).await.ok().flatten();
        self.stamp.get_or_init(|| seen.map_or_else(|| Stamp(String::new()), |seen| super::stat(&seen).stamp()));
    }

    /// Fails if the name is taken: servers have no error code of their own for that.
    async fn is_free(&self, error: SftpError) -> Result<()> {
        match self.session.look(&self.path).await {
            Ok(None) => Ok(()),
            Ok(Some(_)) => Err(taken(&self.put.object)),
            Err(_) => Err(self.explained(error).await),
        }
    }

    async fn discard(&mut self) -> Result<()> {
        drop(self.file.take());
        self.settled = true;
        match self.session.sftp.remove_file(&self.partial).await {
            Err(error) if !super::is_absent(&error) => Err(self.explained(error).await),
            _ => {
                leftovers::ended(&self.record, Some(self.begun.clone())).await;
                Ok(())
            }
        }
    }
}

/// Removes the temporary files that dead runs have left on this machine.
pub async fn sweep(session: &Session, store: &Store, reach: &Reach) {
    for upload in leftovers::left(reach, store, store.container_host()).await {
        let title = format!("{}{}", store.container_host(), upload.key);
        let done = match session.sftp.remove_file(&upload.key).await {
            Err(error) if !super::is_absent(&error) => Err(session.explain(error, "remove", &title).await),
            _ => Ok(()),
        };
        leftovers::given_up(&reach.uploads, &title, upload, done).await;
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if self.settled {
            return;
        }
        let (session, partial, file) = (self.session.clone(), self.partial.clone(), self.file.take());
        let (record, begun) = (self.record.clone(), self.begun.clone());
        self.undo.run(move || {
            let removed = tokio::runtime::Builder::new_current_thread().enable_all().build().map(|runtime| {
                runtime.block_on(async {
                    drop(file);
                    tokio::time::timeout(UNDO, session.sftp.remove_file(&partial)).await
                })
            });
            if !matches!(removed, Ok(Ok(Ok(())))) {
                tracing::warn!("the temporary file `{partial}` of an SFTP server was left behind");
            } else if let Some(Err(error)) = record.map(|record| record.ended(&begun)) {
                tracing::warn!("{}", error.one_line());
            }
        });
    }
}

impl Sink for Upload {
    fn write(&mut self, data: Bytes) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.take(data))
    }

    fn seal(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.finish())
    }

    fn stamped(&self) -> Option<Stamped> {
        Some(self.stamp.clone())
    }

    fn commit(mut self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move {
            let done = self.publish().await;
            self.settled = done.is_ok();
            if self.settled {
                self.remember().await;
                leftovers::ended(&self.record, Some(self.begun.clone())).await;
            }
            if let Err(error) = &done
                && error.kind() != Kind::Network
                && let Err(left) = self.discard().await
            {
                tracing::warn!("{}", left.one_line());
            }
            done
        })
    }

    fn abort(mut self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move { self.discard().await })
    }
}
