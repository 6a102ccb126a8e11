//! Writes uploads in parts down, and gives up those that dead runs have left.

use super::ask::Ask;
use super::connection::Connection;
use crate::error::Result;
use crate::report::{Level, log};
use crate::world::http::Method;
use crate::world::objects::record::{BegunUpload, UploadRecord};
use crate::world::real::blocking::blocking;
use crate::world::real::objects::Reach;

/// Gives up the uploads that dead runs have left in this bucket: once in this process, before the bucket is used.
pub async fn sweep(connection: &Connection, reach: &Reach) {
    let Some(record) = reach.uploads.clone() else { return };
    if !reach.learned.sweeps(&connection.store) {
        return;
    }
    let (place, seen) = (connection.place(), record.clone());
    match blocking(move || seen.left(&place)).await {
        Ok(left) => {
            for upload in left {
                give_up(connection, &record, upload).await;
            }
        }
        Err(error) => log(Level::Warn, &error.one_line(), None),
    }
}

async fn give_up(connection: &Connection, record: &std::sync::Arc<dyn UploadRecord>, upload: BegunUpload) {
    let title = format!("{}/{}", connection.store.container(), upload.key);
    let gone = async {
        forget(connection, &title, &upload).await?;
        let (record, upload) = (record.clone(), upload.clone());
        blocking(move || record.ended(&upload)).await
    };
    match gone.await {
        Ok(()) => log(Level::Info, &format!("gave up the upload of `{title}` that a dead run had left"), None),
        Err(error) => log(Level::Warn, &error.one_line(), None),
    }
}

/// Lets the store forget the parts of an upload.
pub async fn forget(connection: &Connection, title: &str, upload: &BegunUpload) -> Result<()> {
    let ask = Ask::of(Method::Delete, "give up the upload of", title).key(upload.key.clone());
    match connection.send(&ask.query("uploadId", &upload.id)).await {
        Err(refused) if refused.status() != Some(404) => Err(refused.into()),
        _ => Ok(()),
    }
}
