//! Says how this machine reaches object stores: what may be started for them, where uploads are written down, and which client asks.

use std::sync::Arc;
use std::time::Duration;

use super::{Real, objects};
use crate::error::{Error, Kind, Result};
use crate::world::objects::Store;
use crate::world::objects::examined::Seen;
use crate::world::objects::record::{BegunUpload, UploadRecord};

impl Real {
    /// Names the programs that a store may start to be reached, or to get its keys.
    pub fn with_programs(self, programs: Vec<String>) -> Real {
        Real { programs: Some(Arc::new(programs)), ..self }
    }

    /// Writes uploads in parts down here, and aborts those that dead runs have left.
    pub fn with_upload_record(self, record: Arc<dyn UploadRecord>) -> Real {
        Real { uploads: Some(record), ..self }
    }

    /// What a look at a store finds, within this time; nothing is changed in it.
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
