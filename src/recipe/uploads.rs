//! Records in the catalog the multipart uploads that a run begins, and finds those that dead runs left.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard};

use crate::catalog::Catalog;
use crate::error::Result;
use crate::world::objects::record::{BegunUpload, UploadRecord};
use crate::world::real::this_process;

/// The catalog of a run, opened when the first large object is uploaded.
pub struct CatalogUploads {
    path: PathBuf,
    run_id: String,
    open: Mutex<Option<Catalog>>,
}

impl CatalogUploads {
    pub fn new(path: PathBuf, run_id: String) -> CatalogUploads {
        CatalogUploads { path, run_id, open: Mutex::new(None) }
    }

    fn with<T>(&self, work: impl FnOnce(&Catalog) -> Result<T>) -> Result<T> {
        let mut open = self.lock();
        let catalog = match open.take() {
            Some(catalog) => catalog,
            None => Catalog::open(&self.path)?,
        };
        work(open.insert(catalog))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Catalog>> {
        self.open.lock().unwrap_or_else(|broken| broken.into_inner())
    }
}

impl UploadRecord for CatalogUploads {
    fn begun(&self, upload: &BegunUpload) -> Result<()> {
        self.with(|catalog| catalog.upload_begun(&self.run_id, upload, this_process::now()))
    }

    fn ended(&self, upload: &BegunUpload) -> Result<()> {
        self.with(|catalog| catalog.upload_ended(upload))
    }

    fn left(&self, place: &str) -> Result<Vec<BegunUpload>> {
        self.with(|catalog| catalog.uploads_left(place, this_process::now()))
    }
}
