//! Reports the progress of a sync: the share of the bytes, and the remaining time.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::report::{Level, event, log};
use crate::units::show_size;
use crate::world::World;

/// The shortest time between two log lines.
const APART: Duration = Duration::from_secs(10);

pub struct Progress {
    world: Arc<dyn World>,
    step: u64,
    bytes: u64,
    objects: usize,
    moved: AtomicU64,
    done: AtomicUsize,
    reported: Mutex<Duration>,
}

impl Progress {
    pub fn new(world: Arc<dyn World>, step: u64, bytes: u64, objects: usize) -> Progress {
        event::step_expects(step, bytes);
        let reported = Mutex::new(world.elapsed());
        Progress { world, step, bytes, objects, moved: AtomicU64::default(), done: AtomicUsize::default(), reported }
    }

    pub fn moved(&self, bytes: u64) {
        let moved = self.moved.fetch_add(bytes, Ordering::Relaxed) + bytes;
        event::step_progress(self.step, moved);
    }

    /// Subtracts the bytes that a failed try moved and that are sent again.
    pub fn in_vain(&self, bytes: u64) {
        self.moved.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Counts one more finished object.
    pub fn done(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        let now = self.world.elapsed();
        let mut reported = self.reported.lock().unwrap_or_else(|broken| broken.into_inner());
        if now.saturating_sub(*reported) < APART {
            return;
        }
        *reported = now;
        let moved = self.moved.load(Ordering::Relaxed);
        let percent = (moved * 100).checked_div(self.bytes).unwrap_or(100).min(100);
        let (left, of) = (self.objects.saturating_sub(done), self.objects);
        let line = format!(
            "{percent} % uploaded: {} of {}; {left} of {of} objects remain",
            show_size(moved),
            show_size(self.bytes)
        );
        log(Level::Info, &line, None);
    }
}
