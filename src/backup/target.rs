//! Defines where a backup is written: into a file, or as an object of a store, never over an existing one.

use std::fmt;
use std::path::PathBuf;

use crate::catalog::manifest;
use crate::error::{Error, Kind, Result};
use crate::stream::Sink;
use crate::world::Caller;
use crate::world::objects::Put;
use crate::world::packing::Packing;
use crate::world::paths::plain;

/// Mode of every backup and manifest, from the first byte (guide §9.2).
const FILE_MODE: u32 = 0o600;

/// The place of a backup, or of the manifest beside it.
#[derive(Clone)]
pub enum Target {
    File(PathBuf),
    Object(Box<Put>),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::File(path) => write!(f, "{}", path.display()),
            Target::Object(put) => write!(f, "{}", put.object),
        }
    }
}

impl Target {
    /// Its file name, as used in a manifest.
    pub fn name(&self) -> String {
        match self {
            Target::File(path) => path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            Target::Object(put) => put.object.key().rsplit('/').next().unwrap_or_default().to_owned(),
        }
    }

    /// The place of this backup's manifest.
    pub fn beside(&self) -> Result<Target> {
        match self {
            Target::File(path) => Ok(Target::File(manifest::path_beside(path))),
            Target::Object(put) => object_beside(put, manifest::SUFFIX),
        }
    }

    /// The place of this archive's list, if it has one.
    pub fn list(&self) -> Result<Target> {
        match self {
            Target::File(path) => Ok(Target::File(manifest::list_beside(path))),
            Target::Object(put) => object_beside(put, manifest::LIST_SUFFIX),
        }
    }

    /// Refuses to write an archive into a folder that it packs.
    pub fn must_not_be_packed(&self, packing: &Packing) -> Result<()> {
        match self {
            Target::File(path) => packing.refuse_target(&plain(path)?),
            Target::Object(_) => Ok(()),
        }
    }

    /// Starts a new backup; first checks that its name is free.
    pub async fn begin(&self, caller: &Caller) -> Result<Box<dyn Sink>> {
        if let Target::File(path) = self
            && caller.stat(path).await?.is_some()
        {
            return Err(Error::new(Kind::AlreadyExists, format!("`{self}` is there already"))
                .hint("a backup never replaces another; put `clock.stamp()` into its name"));
        }
        self.create(caller).await
    }

    pub async fn create(&self, caller: &Caller) -> Result<Box<dyn Sink>> {
        match self {
            Target::File(path) => caller.create(path, FILE_MODE).await,
            Target::Object(put) => caller.put((**put).clone()).await,
        }
    }

    /// Writes a small file or object, whole or not at all.
    pub async fn write(&self, caller: &Caller, data: Vec<u8>) -> Result<()> {
        match self {
            Target::File(path) => caller.write(path, data, FILE_MODE, false).await,
            Target::Object(put) => {
                let mut sink = caller.put((**put).clone()).await?;
                sink.write(data.into()).await?;
                sink.seal().await?;
                sink.commit().await
            }
        }
    }

    pub async fn remove(&self, caller: &Caller) -> Result<()> {
        match self {
            Target::File(path) => caller.remove(path).await,
            Target::Object(put) => caller.remove_object(put.object.clone()).await,
        }
    }
}

fn object_beside(put: &Put, suffix: &str) -> Result<Target> {
    Ok(Target::Object(Box::new(Put { object: put.object.beside(suffix)?, ..put.clone() })))
}
