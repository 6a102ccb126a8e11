//! Keeps what a run must drop or stop when it ends.

use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;

use crate::world::Caller;

/// How long a run that has ended tries to clean up; what is left then, a later run removes.
pub const CLEANUP_TIME: Duration = Duration::from_secs(5);

/// Things that a run made and that must not outlive it.
pub trait AtEnd: Any {
    /// Begins to end them. Called before the run waits for its unfinished work.
    fn release(&self) {}

    /// Ends those that are left. `forgotten`: the recipe ended well and left them behind.
    fn finish<'a>(&'a self, _caller: &'a Caller, _forgotten: bool) -> LocalBoxFuture<'a, ()> {
        Box::pin(async {})
    }
}

/// All of a run, one entry for each type.
#[derive(Default)]
pub struct AtEndList(RefCell<Vec<Rc<dyn AtEnd>>>);

impl AtEndList {
    /// The entry of this type; made empty when it is first asked for.
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
