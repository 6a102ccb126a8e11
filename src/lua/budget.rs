//! Counts the memory that Rust holds for Lua, which Lua's own limit does not see.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::{Error, Kind, Result};

/// The size of an entry in the run's records besides its texts: an error with its places, or a step.
const ENTRY: usize = 512;

/// The memory that Rust may hold for one Lua state. Clones share one count.
#[derive(Clone)]
pub struct Budget {
    limit: usize,
    used: Arc<AtomicUsize>,
}

/// A reservation of bytes from a budget, released on drop: keep it with the memory that it covers.
pub struct Charge {
    bytes: usize,
    used: Arc<AtomicUsize>,
}

impl Budget {
    pub fn new(limit: usize) -> Budget {
        Budget { limit, used: Arc::default() }
    }

    /// The budget of this state; by default the same as Lua's own limit.
    pub fn of(lua: &mlua::Lua) -> Budget {
        if let Some(budget) = lua.app_data_ref::<Budget>() {
            return budget.clone();
        }
        let budget = Budget::default();
        lua.set_app_data(budget.clone());
        budget
    }

    /// Reserves `bytes`, or fails if not enough are left. Call it before allocating, not after.
    pub fn charge(&self, bytes: usize) -> Result<Charge> {
        self.take(bytes)?;
        Ok(Charge { bytes, used: self.used.clone() })
    }

    /// Reserves memory for `texts` that are kept until the run ends, such as a caught failure or a note.
    pub fn keep(&self, texts: &[&str]) -> Result<()> {
        self.take(ENTRY + texts.iter().map(|text| text.len()).sum::<usize>())
    }

    fn take(&self, bytes: usize) -> Result<()> {
        let taken = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
            used.checked_add(bytes).filter(|total| *total <= self.limit)
        });
        taken.map(|_| ()).map_err(|_| {
            let what = format!("the recipe holds more than {} of values at once", show_binary(self.limit));
            Error::new(Kind::Space, what).hint("let a stream carry the bytes, instead of a Lua value")
        })
    }

    /// The bytes that are currently reserved.
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }
}

impl Default for Budget {
    fn default() -> Budget {
        Budget::new(64 << 20)
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Shows a limit in binary units: limits are powers of two, and `67.1 MB` would be confusing.
pub fn show_binary(bytes: usize) -> String {
    const MIB: usize = 1 << 20;
    const KIB: usize = 1 << 10;
    match bytes {
        _ if bytes >= MIB && bytes.is_multiple_of(MIB) => format!("{} MiB", bytes / MIB),
        _ if bytes >= KIB && bytes.is_multiple_of(KIB) => format!("{} KiB", bytes / KIB),
        _ => format!("{bytes} bytes"),
    }
}
