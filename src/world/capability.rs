//! Names the kernel's capabilities: the root privileges that a program may keep one by one.

use std::fmt;

use crate::error::{Error, Kind, Result};
use crate::suggest;

/// One root privilege, by its number in the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Capability(u8);

/// In the kernel's order: the position of a name is its number.
const NAMES: [&str; 41] = [
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
];

/// With any of these, a program could disable its own sandbox.
const NEVER: [Capability; 9] = [
    Capability(8),
    Capability(16),
    Capability(17),
    Capability(19),
    Capability(21),
    Capability(22),
    Capability(32),
    Capability(33),
    Capability(39),
];

impl Capability {
    pub const CHOWN: Capability = Capability(0);
    pub const DAC_OVERRIDE: Capability = Capability(1);
    pub const DAC_READ_SEARCH: Capability = Capability(2);
    pub const SETGID: Capability = Capability(6);
    pub const SETUID: Capability = Capability(7);

    /// The number of capabilities in the kernel.
    pub const COUNT: u8 = NAMES.len() as u8;

    /// The capability that a recipe names, such as `chown` or `CAP_CHOWN`.
    pub fn named(name: &str) -> Result<Capability> {
        let lower = name.to_ascii_lowercase();
        let short = lower.strip_prefix("cap_").unwrap_or(&lower);
        let place = NAMES.iter().position(|known| *known == short).and_then(|place| u8::try_from(place).ok());
        match place.map(Capability) {
            Some(capability) if NEVER.contains(&capability) => {
                Err(Error::new(Kind::Recipe, format!("a recipe cannot have the capability `{name}`"))
                    .hint("with it a program could take down the walls around the run"))
            }
            Some(capability) => Ok(capability),
            None => Err(Error::new(Kind::Recipe, format!("there is no capability `{name}`"))
                .hint(suggest::hint(short, NAMES.iter().copied()))),
        }
    }

    /// Its bit in a capability set.
    pub fn bit(self) -> u64 {
        1 << self.0
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAMES.get(usize::from(self.0)).copied().unwrap_or("unknown"))
    }
}
