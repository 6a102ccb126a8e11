//! Aborts multipart uploads: those of this run, and those that dead runs have left.

use super::ask::Ask;
use super::connection::Connection;
use crate::error::Result;
use crate::world::http::Method;
use crate::world::objects::record::BegunUpload;
use crate::world::real::objects::Reach;
use crate::world::real::objects::leftovers::{given_up, left};

/// Aborts the uploads that dead runs have left in this bucket.
pub async fn sweep(connection: &Connection, reach: &Reach) {
    for upload in left(reach, &connection.store, connection.place()).await {
        let title = format!("{}/{}", connection.store.container(), upload.key);
        let done = forget(connection, &title, &upload).await;
        given_up(&reach.uploads, &title, upload, done).await;
    }
}

/// Makes the store drop the parts of an upload.
pub async fn forget(connection: &Connection, title: &str, upload: &BegunUpload) -> Result<()> {
    let ask = Ask::of(Method::Delete, "abort the upload of", title).key(upload.key.clone());
    match connection.send(&ask.query("uploadId", &upload.id)).await {
        Err(refused) if refused.status() != Some(404) => Err(refused.into()),
        _ => Ok(()),
    }
}
