//! Accesses the files of another machine by SFTP, over the pipes of `ssh HOST -s sftp`: OpenSSH checks keys and hosts.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Local};
use futures_util::future::BoxFuture;
use russh_sftp::client::error::Error as SftpError;
use russh_sftp::client::fs::Metadata;
use russh_sftp::protocol::StatusCode;

use self::session::Session;
use self::streams::{SftpSource, Upload};
use super::{Backend, Reach};
use crate::error::{Error, Kind, Result};
use crate::stream::{Sink, Source};
use crate::world::objects::words::{no_bucket, no_object, only_files, taken};
use crate::world::objects::{Object, ObjectEntry, ObjectStat, Put, Store};
use crate::world::partial::is_partial;

mod session;
mod streams;

pub struct Sftp(pub Reach);

impl Sftp {
    /// Opens a session, after a check that the store's folder exists.
    async fn at(&self, act: &str, title: &str, store: &Arc<Store>) -> Result<Session> {
        let session = Session::open(store, &self.0).await.map_err(|error| cannot(error, act, title))?;
        match session.look(&store.root).await {
            Ok(Some(seen)) if seen.is_dir() => {
                streams::sweep(&session, store, &self.0).await;
                Ok(session)
            }
            Ok(_) => Err(no_bucket(act, title, store)),
            Err(error) => Err(session.explain(error, act, title).await),
        }
    }

    /// The session, and the metadata under the key of an object.
    async fn seen(&self, act: &str, object: &Object) -> Result<(Session, Option<Metadata>)> {
        let title = object.to_string();
        let session = self.at(act, &title, &object.store).await?;
        match session.look(&object.full_key()).await {
            Ok(seen) => Ok((session, seen.filter(|seen| !seen.is_dir()))),
            Err(error) => Err(session.explain(error, act, &title).await),
        }
    }

    async fn get(&self, object: Object) -> Result<Box<dyn Source>> {
        let (session, Some(seen)) = self.seen("get", &object).await? else { return Err(no_object("get", &object)) };
        let title = object.to_string();
        match session.sftp.open(object.full_key()).await {
            Ok(file) => Ok(Box::new(SftpSource::new(session, file, object, seen.len()))),
            Err(error) => Err(session.explain(error, "get", &title).await),
        }
    }

    async fn put(&self, put: Put) -> Result<Box<dyn Sink>> {
        only_files(&put)?;
        let (session, seen) = self.seen("put", &put.object).await?;
        if seen.is_some() && !put.replace {
            return Err(taken(&put.object));
        }
        Ok(Box::new(Upload::begin(session, put, &self.0).await?))
    }

    async fn list(&self, store: Arc<Store>, prefix: String) -> Result<Vec<ObjectEntry>> {
        let (title, above) = (store.title_of(&prefix), store.full(""));
        let session = self.at("list", &title, &store).await?;
        let top = prefix.rsplit_once('/').map_or_else(|| store.root.clone(), |(folder, _)| store.full(folder));
        let (mut entries, mut waiting) = (Vec::new(), vec![top]);
        while let Some(folder) = waiting.pop() {
            let found = match session.sftp.read_dir(folder).await {
                Ok(found) => found,
                // It was removed since its name was read, or no key has this prefix.
                Err(error) if is_absent(&error) => continue,
                Err(error) => return Err(session.explain(error, "list", &title).await),
            };
            for entry in found {
                let (seen, path) = (entry.metadata(), entry.path());
                match path.strip_prefix(&above) {
                    _ if seen.is_dir() => waiting.push(path),
                    Some(key)
                        if seen.is_regular() && key.starts_with(&prefix) && !is_partial(entry.file_name().as_ref()) =>
                    {
                        entries.push(ObjectEntry { key: key.to_owned(), stat: stat(&seen) });
                    }
                    _ => {}
                }
            }
        }
        entries.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        Ok(entries)
    }

    async fn remove(&self, object: Object) -> Result<()> {
        let (session, Some(_)) = self.seen("remove", &object).await? else {
            return Err(no_object("remove", &object));
        };
        match session.sftp.remove_file(object.full_key()).await {
            Ok(()) => Ok(()),
            Err(error) => Err(session.explain(error, "remove", &object.to_string()).await),
        }
    }

    async fn make(&self, store: Arc<Store>) -> Result<bool> {
        let title = store.container();
        let session = Session::open(&store, &self.0).await.map_err(|error| cannot(error, "make", &title))?;
        match session.look(&store.root).await {
            Ok(Some(_)) => Ok(false),
            Ok(None) => match session.make_way(&store.root).await {
                Ok(()) => Ok(true),
                Err(error) => Err(session.explain(error, "make", &title).await),
            },
            Err(error) => Err(session.explain(error, "make", &title).await),
        }
    }
}

fn cannot(error: Error, act: &str, title: &str) -> Error {
    error.within(format!("cannot {act} `{title}`"))
}

/// Whether a server reports that the file does not exist.
fn is_absent(error: &SftpError) -> bool {
    matches!(error, SftpError::Status(status) if status.status_code == StatusCode::NoSuchFile)
}

fn kind_of(error: &SftpError) -> Kind {
    match error {
        SftpError::Status(status) => match status.status_code {
            StatusCode::NoSuchFile => Kind::NotFound,
            StatusCode::PermissionDenied => Kind::Denied,
            StatusCode::NoConnection | StatusCode::ConnectionLost => Kind::Network,
            _ => Kind::Other,
        },
        SftpError::Timeout => Kind::Timeout,
        _ => Kind::Network,
    }
}

fn stat(seen: &Metadata) -> ObjectStat {
    let secs = seen.mtime.unwrap_or(0);
    let modified = DateTime::from_timestamp(i64::from(secs), 0).unwrap_or_default();
    let etag = format!("{secs:x}-{:x}", seen.len());
    let modified = modified.with_timezone(&Local).fixed_offset();
    ObjectStat { size_bytes: seen.len(), modified, etag, storage_class: None, metadata: BTreeMap::new() }
}

impl Backend for Sftp {
    fn get(&self, object: Object) -> BoxFuture<'_, Result<Box<dyn Source>>> {
        Box::pin(self.get(object))
    }

    fn put(&self, put: Put) -> BoxFuture<'_, Result<Box<dyn Sink>>> {
        Box::pin(self.put(put))
    }

    fn stat(&self, object: Object) -> BoxFuture<'_, Result<Option<ObjectStat>>> {
        Box::pin(async move { Ok(self.seen("look at", &object).await?.1.as_ref().map(stat)) })
    }

    fn list(&self, store: Arc<Store>, prefix: String) -> BoxFuture<'_, Result<Vec<ObjectEntry>>> {
        Box::pin(self.list(store, prefix))
    }

    fn remove(&self, object: Object) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.remove(object))
    }

    fn make_bucket(&self, store: Arc<Store>) -> BoxFuture<'_, Result<bool>> {
        Box::pin(self.make(store))
    }
}
