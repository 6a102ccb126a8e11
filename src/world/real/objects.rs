//! Accesses object stores: hands each operation to the client for the store's kind.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::fence::Fence;
use super::http::Http;
use super::undo::Undo;
use super::wall::Policy;
use crate::error::{Error, Kind, Result};
use crate::stream::{Sink, Source};
use crate::world::objects::ask::StoreAsk;
use crate::world::objects::examined::Seen;
use crate::world::objects::record::{BegunUpload, UploadRecord};
use crate::world::objects::{Object, ObjectEntry, ObjectStat, Put, Store, StoreKind};

mod answers;
mod azure;
mod folder;
pub mod learned;
pub mod leftovers;
mod lent;
mod pages;
pub mod local;
mod google;
mod rclone;
mod reading;
mod rest;
mod s3;
mod sftp;
mod sums;

pub use learned::Learned;
pub use lent::Lent;

/// The way to stores: the network, files, programs, and the settings in the environment.
#[derive(Clone)]
pub struct Reach {
    pub http: Http,
    pub environment: Arc<BTreeMap<String, String>>,
    pub fence: Arc<Fence>,
    pub wall: Option<Arc<Policy>>,
    pub undo: Undo,
    pub lent: Lent,
    pub learned: Learned,
    /// Where uploads in parts are recorded; `None` outside a run.
    pub uploads: Option<Arc<dyn UploadRecord>>,
    /// The programs that may be started; any if not set.
    pub programs: Option<Arc<Vec<String>>>,
}

/// The client of one kind of store.
pub trait Backend: Send + Sync {
    /// Opens an object as a stream, which ends only where the store said that it would.
    fn get(&self, object: Object) -> BoxFuture<'_, Result<Box<dyn Source>>>;

    /// Creates a new object. Whether the key may be used is checked before the first byte.
    fn put(&self, put: Put) -> BoxFuture<'_, Result<Box<dyn Sink>>>;

    fn stat(&self, object: Object) -> BoxFuture<'_, Result<Option<ObjectStat>>>;

    fn list(&self, store: Arc<Store>, prefix: String) -> BoxFuture<'_, Result<Vec<ObjectEntry>>>;

    fn remove(&self, object: Object) -> BoxFuture<'_, Result<()>>;

    fn make_bucket(&self, store: Arc<Store>) -> BoxFuture<'_, Result<bool>>;

    /// Examines the store without changing it; `recorded` are the uploads that runs of this machine have begun.
    fn examine(&self, store: Arc<Store>, _recorded: Vec<BegunUpload>) -> BoxFuture<'_, Result<Vec<Seen>>> {
        Box::pin(async move {
            // No object has this name: the answer only shows that the store can be reached.
            let object = Object::new(store.clone(), ".hikae-check")?;
            match self.stat(object).await {
                Ok(_) => Ok(vec![Seen::Good(format!("`{}` answers", store.title()))]),
                Err(error) if error.kind() == Kind::NotFound => Ok(vec![Seen::Unknown(error.one_line())]),
                Err(error) => Err(error),
            }
        })
    }

    /// Requests that only some kinds of stores support.
    fn ask(&self, ask: StoreAsk) -> BoxFuture<'_, Result<Option<String>>> {
        let what = format!("cannot {} `{}`", ask.verb(), ask.title());
        let why = format!("hikae does not do this for stores of the kind `{}`", ask.store().kind.scheme());
        let error = Error::new(Kind::Other, what).because_text(why).hint("use the tools of the store's vendor");
        Box::pin(std::future::ready(Err(error)))
    }
}

impl Reach {
    /// Whether this program may be started.
    pub fn runs(&self, program: &str) -> bool {
        self.programs.as_ref().is_none_or(|programs| programs.iter().any(|known| known == program))
    }

    /// The client of a store.
    pub fn backend(&self, store: &Store) -> Result<Box<dyn Backend>> {
        store.check()?;
        Ok(match store.kind {
            StoreKind::S3 => Box::new(s3::S3(self.clone())),
            StoreKind::Azure => Box::new(azure::Azure(self.clone())),
            StoreKind::Google => Box::new(google::Google(self.clone())),
            StoreKind::Folder => Box::new(folder::Folder(self.clone())),
            StoreKind::Sftp => Box::new(sftp::Sftp(self.clone())),
            StoreKind::Rclone => Box::new(rclone::Rclone(self.clone())),
        })
    }
}

/// The environment variables that configure access to stores.
pub static VARIABLES: std::sync::LazyLock<Vec<&'static str>> =
    std::sync::LazyLock::new(|| [s3::VARIABLES.as_slice(), &google::VARIABLES, &azure::VARIABLES].concat());
