//! Buffers the standard error of a run until it is known whether anybody needs to read it.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard};

/// The most that is kept. What comes before is then printed at once: memory must not grow with the log of a run.
const MAX_BYTES: usize = 1 << 20;

/// A place for lines that are printed later, or never.
#[derive(Clone, Default)]
pub struct HeldBack(Arc<Mutex<Vec<u8>>>);

impl HeldBack {
    /// Prints what was kept so far.
    pub fn print(&self) {
        let kept = std::mem::take(&mut *self.lock());
        // If standard error is closed, only the exit code can report the failure.
        drop(io::stderr().lock().write_all(&kept));
    }

    pub fn discard(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(|broken| broken.into_inner())
    }
}

impl Write for HeldBack {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let mut kept = self.lock();
        if kept.len() + data.len() > MAX_BYTES {
            io::stderr().lock().write_all(&kept)?;
            kept.clear();
        }
        kept.extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
