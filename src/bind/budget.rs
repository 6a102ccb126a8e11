//! Counts the memory that Rust holds for Lua, which Lua's own limit does not see.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::{Error, Kind, Result};

/// What Rust may hold for one Lua state at the same time. Clones share one count.
#[derive(Clone)]
pub struct Budget {
    limit: usize,
    used: Arc<AtomicUsize>,
}

/// So many bytes of a budget, given back when this is dropped: keep it beside what it pays for.
pub struct Charge {
    bytes: usize,
    used: Arc<AtomicUsize>,
}

impl Budget {
    pub fn new(limit: usize) -> Budget {
        Budget { limit, used: Arc::default() }
    }

    /// The budget of this state; as much as Lua itself may use, unless the host has set another.
    pub fn of(lua: &mlua::Lua) -> Budget {
        if let Some(budget) = lua.app_data_ref::<Budget>() {
            return budget.clone();
        }
        let budget = Budget::default();
        lua.set_app_data(budget.clone());
        budget
    }

    /// Takes `bytes`, or says that there are not so many left. Ask before allocating, not after.
    pub fn charge(&self, bytes: usize) -> Result<Charge> {
        let taken = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
            used.checked_add(bytes).filter(|total| *total <= self.limit)
        });
        match taken {
            Ok(_) => Ok(Charge { bytes, used: self.used.clone() }),
            Err(_) => Err(Error::new(
                Kind::Space,
                format!("the recipe holds more than {} of values at once", show_binary(self.limit)),
            )
            .hint("let a stream carry the bytes, instead of a Lua value")),
        }
    }

    /// Bytes that are taken now.
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

/// A limit as it was set: limits are powers of two, and `67.1 MB` would be nobody's limit.
pub fn show_binary(bytes: usize) -> String {
    const MIB: usize = 1 << 20;
    const KIB: usize = 1 << 10;
    match bytes {
        _ if bytes >= MIB && bytes.is_multiple_of(MIB) => format!("{} MiB", bytes / MIB),
        _ if bytes >= KIB && bytes.is_multiple_of(KIB) => format!("{} KiB", bytes / KIB),
        _ => format!("{bytes} bytes"),
    }
}
