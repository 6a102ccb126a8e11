//! Writes down what an upload leaves when its process dies, and finds what dead runs have left.

use std::sync::Arc;

use super::Reach;
use crate::error::Result;
use crate::report::{Level, log};
use crate::world::objects::Store;
use crate::world::objects::record::{BegunUpload, UploadRecord};
use crate::world::real::blocking::blocking;

/// Where uploads are written down; nowhere outside a run.
pub type Record = Option<Arc<dyn UploadRecord>>;

/// What dead runs have left at a place: asked once in this process, before its store is used.
pub async fn left(reach: &Reach, store: &Store, place: String) -> Vec<BegunUpload> {
    let Some(record) = reach.uploads.clone().filter(|_| reach.learned.sweeps(store)) else { return Vec::new() };
    blocking(move || record.left(&place)).await.unwrap_or_else(|error| {
        log(Level::Warn, &error.one_line(), None);
        Vec::new()
    })
}

/// Strikes out what was aborted, and reports it. What could not be aborted is for the next run.
pub async fn given_up(record: &Record, title: &str, upload: BegunUpload, done: Result<()>) {
    match done {
        Ok(()) => {
            log(Level::Info, &format!("aborted the upload of `{title}` that a dead run had left"), None);
            ended(record, Some(upload)).await;
        }
        Err(error) => log(Level::Warn, &error.one_line(), None),
    }
}

/// Writes down what is begun. The backup goes on without it: what stays when it is killed is then for a person.
pub async fn begun(record: &Record, upload: &BegunUpload) {
    let (Some(record), upload) = (record.clone(), upload.clone()) else { return };
    let done = blocking(move || record.begun(&upload)).await;
    done.unwrap_or_else(|error| log(Level::Warn, &error.one_line(), None));
}

/// Strikes it out. Where that fails it stays on record, and the next run finds nothing to abort.
pub async fn ended(record: &Record, upload: Option<BegunUpload>) {
    let (Some(record), Some(upload)) = (record.clone(), upload) else { return };
    let done = blocking(move || record.ended(&upload)).await;
    done.unwrap_or_else(|error| log(Level::Warn, &error.one_line(), None));
}
