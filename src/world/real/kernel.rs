//! What a kernel can do for the walls: how much of Landlock it knows, and whether it filters system calls.

use std::sync::OnceLock;

use landlock::ABI;

use super::syscalls;

/// What a kernel can do for the walls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// The newest version of Landlock that is asked for; 0 for none.
    pub landlock: u8,
    /// Whether it refuses system calls for us.
    pub filters: bool,
}

impl Default for Kernel {
    /// The one that we run on: of Landlock it gives what it has.
    fn default() -> Kernel {
        Kernel { landlock: u8::MAX, filters: has_filters() }
    }
}

impl Kernel {
    /// What is asked of it, at most up to this version.
    pub(super) fn asked(self, most: u8) -> ABI {
        ABI::from(i32::from(self.landlock.min(most)))
    }
}

/// Whether this kernel refuses system calls for us.
pub fn has_filters() -> bool {
    static HAS: OnceLock<bool> = OnceLock::new();
    *HAS.get_or_init(syscalls::available)
}
