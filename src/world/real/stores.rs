//! Configures object stores on this machine: the programs that may be started, the record of uploads, and the client.

use std::sync::Arc;
use std::time::Duration;

use super::{Real, objects};
use crate::error::{Error, Kind, Result};
use crate::world::objects::Store;
use crate::world::objects::examined::Seen;
use crate::world::objects::record::{BegunUpload, UploadRecord};

impl Real {
    /// Sets the programs that may be started to reach a store or to get its keys.
    pub fn with_programs(self, programs: Vec<String>) -> Real {
        Real { programs: Some(Arc::new(programs)), ..self }
    }

    /// Records multipart uploads here, and aborts those that dead runs have left.
    pub fn with_upload_record(self, record: Arc<dyn UploadRecord>) -> Real {
        Real { uploads: Some(record), ..self }
    }

    /// Returns what a check of a store finds within this time; it changes nothing in the store.
    pub async fn examine(&self, store: Arc<Store>, recorded: Vec<BegunUpload>, within: Duration) -> Result<Vec<Seen>> {
        let backend = self.backend(&store)?;
        let title = store.title();
        tokio::time::timeout(within, backend.examine(store, recorded)).await.unwrap_or_else(|_| {
            let what = format!("`{title}` does not answer within {} seconds", within.as_secs());
            Err(Error::new(Kind::Timeout, what).hint("is the address right, and does a firewall let it pass?"))
        })
    }

    /// The client of a store.
    pub(super) fn backend(&self, store: &Store) -> Result<Box<dyn objects::Backend>> {
        let reach = objects::Reach {
            http: self.http.clone(),
            environment: self.environment.clone(),
            fence: self.fence.clone(),
            wall: self.wall.clone(),
            undo: self.undo.clone(),
            lent: self.lent.clone(),
            learned: self.learned.clone(),
            uploads: self.uploads.clone(),
            programs: self.programs.clone(),
        };
        reach.backend(store)
    }
}
