//! Drops all root capabilities of a child, except those that it is granted.

use std::io;

use rustix::process::geteuid;
use rustix::thread::{CapabilitySet, CapabilitySets, capabilities, set_capabilities};

use crate::world::capability::Capability;

/// What every program of root keeps: the other walls limit the files that it may reach.
const ALWAYS: [Capability; 2] = [Capability::DAC_OVERRIDE, Capability::DAC_READ_SEARCH];

/// The rights that a child keeps.
#[derive(Clone, Copy, Debug)]
pub struct Rights(u64);

impl Rights {
    pub fn of(given: impl IntoIterator<Item = Capability>) -> Rights {
        Rights(ALWAYS.into_iter().chain(given).fold(0, |all, right| all | right.bit()))
    }

    /// Drops all others from the calling process, for good. Only system calls.
    pub fn keep_only(self) -> io::Result<()> {
        let had = capabilities(None)?;
        if had.permitted.is_empty() {
            return Ok(());
        }
        if had.effective.contains(CapabilitySet::SETPCAP) {
            self.drop_bounding();
        }
        let kept = CapabilitySet::from_bits_retain(self.0);
        set_capabilities(
            None,
            CapabilitySets {
                effective: had.effective & kept,
                permitted: had.permitted & kept,
                inheritable: had.inheritable & kept,
            },
        )?;
        Ok(())
    }

    /// Capabilities that no program started by the child can regain. One that this kernel does not know is ignored.
    fn drop_bounding(self) {
        for number in (0..Capability::COUNT).filter(|number| self.0 & (1 << number) == 0) {
            // SAFETY: the call takes two numbers and touches no memory.
            unsafe { libc::prctl(libc::PR_CAPBSET_DROP, libc::c_ulong::from(number), 0, 0, 0) };
        }
    }
}

/// Whether any capability can be dropped: an ordinary user has none.
pub fn is_root() -> bool {
    geteuid().is_root()
}
