//! Keeps what a run must drop or stop when it ends.

use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;

use crate::world::Caller;

/// The time for the cleanup of a finished run; a later run removes what is left.
pub const CLEANUP_TIME: Duration = Duration::from_secs(5);

/// Resources of a run that must not outlive it.
pub trait AtEnd: Any {
    /// Starts to end them. Called before the run waits for its unfinished work.
    fn release(&self) {}

    /// Ends the remaining ones. `forgotten`: the recipe succeeded but did not close them.
    fn finish<'a>(&'a self, _caller: &'a Caller, _forgotten: bool) -> LocalBoxFuture<'a, ()> {
        Box::pin(async {})
    }
}

/// All resources of a run, one entry for each type.
#[derive(Default)]
pub struct AtEndList(RefCell<Vec<Rc<dyn AtEnd>>>);

impl AtEndList {
    /// The entry of this type; created on first use.
    pub fn of<T: AtEnd + Default>(&self) -> Rc<T> {
        let found = self.0.borrow().iter().find_map(|entry| {
            let entry: Rc<dyn Any> = entry.clone();
            entry.downcast::<T>().ok()
        });
        found.unwrap_or_else(|| {
            let entry = Rc::<T>::default();
            self.0.borrow_mut().push(entry.clone());
            entry
        })
    }

    pub fn release(&self) {
        self.0.borrow().iter().for_each(|entry| entry.release());
    }

    pub async fn finish(&self, caller: &Caller, forgotten: bool) {
        let entries = self.0.borrow().clone();
        for entry in entries {
            entry.finish(caller, forgotten).await;
        }
    }
}
