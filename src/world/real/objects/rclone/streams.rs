//! Reads from `rclone cat`, and writes by `rclone rcat` to a temporary name that is renamed once it is verified.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use md5::{Digest, Md5};
use tokio::sync::Mutex;

use super::{Rclone, Seen, remote};
use crate::error::{Error, Kind, Result};
use crate::stream::hex::hex;
use crate::stream::{Piece, Sink, Source, Stamped};
use crate::world::Child;
use crate::world::objects::record::BegunUpload;
use crate::world::objects::words::{not_as_sent, not_as_stored, taken, wrong_length};
use crate::world::objects::{Object, ObjectStat, Put, Store};
use crate::world::partial::partial_name;
use crate::world::program::failure;
use crate::world::real::objects::leftovers;
use crate::world::real::objects::sums::Check;
use crate::world::refusals::torn;

pub struct CatSource {
    child: Child,
    object: Object,
    of: u64,
    got: u64,
    check: Option<Check>,
}

impl CatSource {
    pub fn new(child: Child, object: Object, seen: &Seen) -> CatSource {
        let check = seen.md5.as_ref().and_then(|md5| Check::of_etag(md5, None));
        CatSource { child, object, of: seen.stat.size_bytes, got: 0, check }
    }

    async fn piece(&mut self) -> Result<Piece> {
        if let Piece::Data(data) = self.child.stdout.next().await? {
            self.got += data.len() as u64;
            if let Some(check) = &mut self.check {
                check.update(&data);
            }
            return Ok(Piece::Data(data));
        }
        let exit = self.child.process.wait().await?;
        if !exit.success() {
            return Err(failure("rclone", &exit).within(format!("cannot read `{}` to its end", self.object)));
        }
        if self.got != self.of {
            return Err(wrong_length(&self.object, self.got, self.of));
        }
        match self.check.take().and_then(Check::differs) {
            Some(why) => Err(not_as_stored(&self.object, why)),
            None => Ok(Piece::End),
        }
    }
}

impl Source for CatSource {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(self.piece())
    }
}

/// An upload under a temporary name, which no listing shows.
pub struct Upload {
    rclone: Rclone,
    put: Put,
    title: String,
    /// The temporary key, as the remote knows it.
    partial: String,
    /// What a dead run would leave behind.
    begun: BegunUpload,
    /// Never contended: the mutex only makes this struct `Sync`, for the methods with `&self`.
    child: Mutex<Option<Child>>,
    size_bytes: u64,
    md5: Md5,
    torn: bool,
    stamp: Stamped,
}

impl Upload {
    pub async fn begin(rclone: Rclone, put: Put) -> Result<Upload> {
        let (full, title) = (put.object.full_key(), put.object.to_string());
        let (folder, name) = full.rsplit_once('/').map_or(("", &*full), |(folder, name)| (folder, name));
        let name = partial_name(name.as_ref(), &leftovers::unique()).to_string_lossy().into_owned();
        let partial = if folder.is_empty() { name } else { format!("{folder}/{name}") };
        let args = ["rcat".to_owned(), remote(&put.object.store, &partial)];
        let begun = BegunUpload { place: put.object.store.container_host(), key: partial.clone(), id: String::new() };
        leftovers::begun(&rclone.0.uploads, &begun).await;
        let child = match rclone.0.start("rclone", &args, true).await {
            Ok(child) => child,
            Err(error) => {
                leftovers::ended(&rclone.0.uploads, Some(begun)).await;
                return Err(error);
            }
        };
        let (child, size_bytes, md5, torn, stamp) = (Mutex::new(Some(child)), 0, Md5::new(), false, Stamped::default());
        Ok(Upload { rclone, put, title, partial, begun, child, size_bytes, md5, torn, stamp })
    }

    fn cannot(&self, error: Error) -> Error {
        error.within(format!("cannot put `{}`", self.title))
    }

    async fn take(&mut self, data: Bytes) -> Result<()> {
        if std::mem::replace(&mut self.torn, true) {
            return Err(torn());
        }
        self.size_bytes += data.len() as u64;
        self.md5.update(&data);
        let Some(Child { stdin: Some(stdin), .. }) = self.child.get_mut() else { return Err(torn()) };
        match stdin.write(data).await {
            Ok(()) => self.torn = false,
            Err(error) => return Err(self.why(error).await),
        }
        Ok(())
    }

    /// If a program stops reading, its exit code says why.
    async fn why(&mut self, error: Error) -> Error {
        let result = match self.child.get_mut() {
            Some(child) if error.kind() == Kind::Command => match child.process.wait().await {
                Ok(exit) => failure("rclone", &exit),
                Err(error) => error,
            },
            _ => error,
        };
        self.cannot(result)
    }

    /// Waits until the program has read everything and exited successfully, and the remote has what was sent.
    async fn finish(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.torn, true) {
            return Err(torn());
        }
        if let Some(mut child) = self.child.get_mut().take() {
            if let Some(mut stdin) = child.stdin.take() {
                stdin.seal().await.map_err(|error| self.cannot(error))?;
                stdin.commit().await.map_err(|error| self.cannot(error))?;
            }
            while let Piece::Data(_) = child.stdout.next().await.map_err(|error| self.cannot(error))? {}
            let exit = child.process.wait().await.map_err(|error| self.cannot(error))?;
            if !exit.success() {
                return Err(self.cannot(failure("rclone", &exit)));
            }
            self.compare(&self.partial).await?;
        }
        self.torn = false;
        Ok(())
    }

    /// The metadata of the stored file, checked against what was sent.
    async fn compare(&self, full: &str) -> Result<ObjectStat> {
        let store = &self.put.object.store;
        let seen = self.rclone.look(store, full, true, "put", &self.title).await?;
        let size = seen.as_ref().map_or(0, |seen| seen.stat.size_bytes);
        let own = hex(self.md5.clone().finalize());
        let said = seen.as_ref().and_then(|seen| seen.md5.clone());
        match said {
            _ if seen.is_none() => Err(not_as_sent(&self.put.object, "nothing is there")),
            _ if size != self.size_bytes => {
                Err(not_as_sent(&self.put.object, format!("it has {size} bytes, and {} were sent", self.size_bytes)))
            }
            Some(said) if said != own => {
                let why = format!("its checksum (MD5) is `{said}`, that of what was sent is `{own}`");
                Err(not_as_sent(&self.put.object, why))
            }
            _ => Ok(seen.map(|seen| seen.stat).unwrap_or_default()),
        }
    }

    /// Renames it to its final name, unless that is taken by then: no remote does more than check before the rename.
    async fn publish(&mut self) -> Result<()> {
        self.finish().await?;
        let object = &self.put.object;
        let (store, full) = (&object.store, object.full_key());
        let there = self.rclone.look(store, &full, false, "put", &self.title).await?;
        if there.is_some() && !self.put.replace {
            return Err(taken(object));
        }
        let (from, to) = (remote(store, &self.partial), remote(store, &full));
        let mut args = vec!["moveto", &from, &to];
        if !self.put.replace {
            args.push("--ignore-existing");
        }
        self.rclone.call(&args, "put", &self.title).await?;
        // If the name was taken meanwhile, the temporary file is still there.
        if self.rclone.look(store, &self.partial, false, "put", &self.title).await?.is_some() {
            return Err(taken(object));
        }
        let there = self.compare(&full).await?;
        self.stamp.get_or_init(|| there.stamp());
        Ok(())
    }

    async fn discard(&mut self) -> Result<()> {
        // Kill it before it has everything: it must not mistake the end of its input for the end of the data.
        drop(self.child.get_mut().take());
        let (store, partial) = (self.put.object.store.clone(), self.partial.clone());
        if self.rclone.look(&store, &partial, false, "put", &self.title).await?.is_some() {
            self.rclone.call(&["deletefile", &remote(&store, &partial)], "put", &self.title).await?;
        }
        leftovers::ended(&self.rclone.0.uploads, Some(self.begun.clone())).await;
        Ok(())
    }
}

/// Removes the temporary files that dead runs have left on this remote.
pub async fn sweep(rclone: &Rclone, store: &Store) {
    let reach = &rclone.0;
    for upload in leftovers::left(reach, store, store.container_host()).await {
        let title = format!("{}/{}", store.container_host(), upload.key);
        // A missing file is already gone.
        let done = rclone.call(&["deletefile", &remote(store, &upload.key)], "remove", &title).await.map(drop);
        leftovers::given_up(&reach.uploads, &title, upload, done).await;
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
            match done {
                Ok(()) => leftovers::ended(&self.rclone.0.uploads, Some(self.begun.clone())).await,
                Err(_) => self.discard().await.unwrap_or_else(|left| tracing::warn!("{}", left.one_line())),
            }
            done
        })
    }

    fn abort(mut self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move { self.discard().await })
    }
}
