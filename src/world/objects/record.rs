//! Defines where multipart uploads are recorded before their first part is sent, so that the next run can abort those of dead runs.

use crate::error::Result;

/// A multipart upload that was begun at a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BegunUpload {
    /// The bucket, and its address.
    pub place: String,
    /// The key as the store itself knows it.
    pub key: String,
    /// The store's id of the upload.
    pub id: String,
}

/// The record of multipart uploads, which outlives this process.
pub trait UploadRecord: Send + Sync {
    /// Records an upload.
    fn begun(&self, upload: &BegunUpload) -> Result<()>;

    /// Deletes the record of an upload: its parts are joined or removed.
    fn ended(&self, upload: &BegunUpload) -> Result<()>;

    /// The uploads that finished or dead runs have left at this place.
    fn left(&self, place: &str) -> Result<Vec<BegunUpload>>;
}
