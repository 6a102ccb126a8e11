//! Records what an upload leaves behind if its process dies, and finds what dead runs have left.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::Reach;
use crate::error::Result;
use crate::report::{Level, log};
use crate::world::objects::Store;
use crate::world::objects::record::{BegunUpload, UploadRecord};
use crate::world::real::blocking::blocking;
use crate::world::real::clock;

/// Where uploads are recorded; `None` outside a run.
pub type Record = Option<Arc<dyn UploadRecord>>;

/// The leftovers of dead runs at a place: queried once per process, before its store is used.
pub async fn left(reach: &Reach, store: &Store, place: String) -> Vec<BegunUpload> {
    let Some(record) = reach.uploads.clone().filter(|_| reach.learned.sweeps(store)) else { return Vec::new() };
    blocking(move || record.left(&place)).await.unwrap_or_else(|error| {
        log(Level::Warn, &error.one_line(), None);
        Vec::new()
    })
}

/// Deletes the records of aborted uploads, and reports them. The next run handles those that could not be aborted.
pub async fn given_up(record: &Record, title: &str, upload: BegunUpload, done: Result<()>) {
    match done {
        Ok(()) => {
            log(Level::Info, &format!("aborted the upload of `{title}` that a dead run had left"), None);
            ended(record, Some(upload)).await;
        }
        Err(error) => log(Level::Warn, &error.one_line(), None),
    }
}

/// Records a started upload. On failure the backup continues: after a kill, a person must remove the leftovers.
pub async fn begun(record: &Record, upload: &BegunUpload) {
    let (Some(record), upload) = (record.clone(), upload.clone()) else { return };
    let done = blocking(move || record.begun(&upload)).await;
    done.unwrap_or_else(|error| log(Level::Warn, &error.one_line(), None));
}

/// Deletes the record. If that fails, it stays, and the next run finds nothing to abort.
pub async fn ended(record: &Record, upload: Option<BegunUpload>) {
    let (Some(record), Some(upload)) = (record.clone(), upload) else { return };
    let done = blocking(move || record.ended(&upload)).await;
    done.unwrap_or_else(|error| log(Level::Warn, &error.one_line(), None));
}

/// Unique among all uploads of this and other machines.
pub fn unique() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{:x}-{}-{number}", clock::now().timestamp_nanos_opt().unwrap_or_default(), std::process::id())
}
