//! What a kernel supports for the walls: its version of Landlock, and whether it filters system calls.

use std::sync::OnceLock;

use landlock::ABI;

use super::syscalls;

/// What a kernel supports for the walls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// The newest Landlock version to request; 0 for none.
    pub landlock: u8,
    /// Whether it can filter system calls.
    pub filters: bool,
}

impl Default for Kernel {
    /// The running kernel, with the Landlock features that it supports.
    fn default() -> Kernel {
        Kernel { landlock: u8::MAX, filters: has_filters() }
    }
}

impl Kernel {
    /// The Landlock features to request, at most up to this version.
    pub(super) fn asked(self, most: u8) -> ABI {
        ABI::from(i32::from(self.landlock.min(most)))
    }
}

/// Whether this kernel can filter system calls.
pub fn has_filters() -> bool {
    static HAS: OnceLock<bool> = OnceLock::new();
    *HAS.get_or_init(syscalls::available)
}
