//! Undoes dropped work on separate threads, and knows when all of it is done.

use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// The undo work in progress; clones share it.
#[derive(Clone, Default)]
pub struct Undo {
    shared: Arc<(Mutex<usize>, Condvar)>,
}

/// Counts one piece of work while it exists.
struct Underway(Undo);

impl Undo {
    /// Runs `work` on a thread: a drop must not block its own thread.
    pub fn run(&self, work: impl FnOnce() + Send + 'static) {
        let underway = self.begin();
        let job = Arc::new(Mutex::new(Some((work, underway))));
        let shared = job.clone();
        let started = std::thread::Builder::new().name("hikae-undo".into()).spawn(move || finish(&shared));
        if started.is_err() {
            // If no thread can be started, a late undo here is better than none.
            finish(&job);
        }
    }

    /// Waits until no work is in progress; `false` if that takes longer than `timeout`.
    pub fn settle(&self, timeout: Duration) -> bool {
        let end = Instant::now() + timeout;
        let mut count = self.count();
        while *count > 0 {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            count = self.shared.1.wait_timeout(count, left).unwrap_or_else(|broken| broken.into_inner()).0;
        }
        true
    }

    fn begin(&self) -> Underway {
        *self.count() += 1;
        Underway(self.clone())
    }

    fn count(&self) -> MutexGuard<'_, usize> {
        self.shared.0.lock().unwrap_or_else(|broken| broken.into_inner())
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        *self.0.count() -= 1;
        self.0.shared.1.notify_all();
    }
}

fn finish<W: FnOnce()>(job: &Mutex<Option<(W, Underway)>>) {
    let taken = job.lock().unwrap_or_else(|broken| broken.into_inner()).take();
    if let Some((work, underway)) = taken {
        work();
        drop(underway);
    }
}
