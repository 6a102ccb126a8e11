//! Says where uploads in parts are written down before their first part is sent, so that the next run can abort those of dead runs.

use crate::error::Result;

/// An upload in parts that was begun at a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BegunUpload {
    /// The bucket, and where it is asked.
    pub place: String,
    /// The key as the store itself knows it.
    pub key: String,
    /// The store's name for the upload.
    pub id: String,
}

/// What is known of uploads in parts beyond this process.
pub trait UploadRecord: Send + Sync {
    /// Writes an upload down.
    fn begun(&self, upload: &BegunUpload) -> Result<()>;

    /// Strikes it out: its parts are an object now, or are gone.
    fn ended(&self, upload: &BegunUpload) -> Result<()>;

    /// Those at this place that runs have left which are over.
    fn left(&self, place: &str) -> Result<Vec<BegunUpload>>;
}
