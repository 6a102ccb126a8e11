//! Reports which walls are active here, and how much of each: what a kernel or container does not support is not hidden.

use std::fmt;

use super::kernel::Kernel;
use super::{orphans, rights, view};

/// How much of one wall is active.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    Full,
    Partly,
    None,
}

/// One wall around a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holds {
    pub wall: &'static str,
    pub hold: Hold,
    /// What it does here, and what it does not.
    pub why: String,
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Hold::Full => "full",
            Hold::Partly => "partly",
            Hold::None => "none",
        })
    }
}

/// Every wall, as this kernel builds it, in display order.
pub fn report(kernel: Kernel) -> Vec<Holds> {
    let Kernel { landlock, filters } = kernel;
    vec![
        files(landlock),
        devices(landlock),
        one("terminal", Hold::Full, "programs have a session of their own"),
        match filters {
            true => one("system calls", Hold::Full, "mounts, modules, clocks, other programs and the like are refused"),
            false => one("system calls", Hold::None, "this kernel has no seccomp filters"),
        },
        no_network(filters),
        network(landlock),
        sockets(landlock, filters),
        match landlock {
            6.. => one("signals", Hold::Full, "programs can signal only what the run has started"),
            _ => one("signals", Hold::None, "it takes Linux 6.12"),
        },
        root_rights(),
        modes(),
        match orphans::can_list() {
            true => one(
                "what is left running",
                Hold::Full,
                "it ends with the run; after `kill -9` of hikae, only what hikae itself has started",
            ),
            false => one("what is left running", Hold::None, "this kernel does not list the children of a process"),
        },
    ]
}

fn one(wall: &'static str, hold: Hold, why: impl Into<String>) -> Holds {
    Holds { wall, hold, why: why.into() }
}

fn files(landlock: u8) -> Holds {
    match landlock {
        0 => one("files", Hold::None, "this kernel has no Landlock (Linux 5.13)"),
        1 | 2 => one("files", Hold::Partly, "files outside can be cut short; it takes Linux 6.2"),
        _ => one("files", Hold::Full, "only what is declared can be read and written"),
    }
}

fn devices(landlock: u8) -> Holds {
    match landlock {
        0 => one("devices", Hold::None, "this kernel has no Landlock (Linux 5.13)"),
        1..=4 => one("devices", Hold::Partly, "they can neither be made nor opened; `ioctl` takes Linux 6.10"),
        _ => one("devices", Hold::Full, "none but null, zero, full, random and urandom"),
    }
}

fn no_network(filters: bool) -> Holds {
    match filters {
        true => one("network, where none is declared", Hold::Full, "no socket can be opened"),
        false => one("network, where none is declared", Hold::None, "this kernel has no seccomp filters"),
    }
}

fn network(landlock: u8) -> Holds {
    let subject = "network, where hosts are declared";
    match landlock {
        4.. => one(
            subject,
            Hold::Partly,
            "TCP to the declared ports, whatever the host; UDP is open, since names are looked up by it",
        ),
        _ => one(subject, Hold::None, "TCP ports take Linux 6.7"),
    }
}

fn sockets(landlock: u8, filters: bool) -> Holds {
    let subject = "Unix sockets";
    match (filters, landlock) {
        (false, _) => one(subject, Hold::None, "this kernel has no seccomp filters"),
        (true, 9..) => one(subject, Hold::Full, "closed, but for those that are declared or that arguments name"),
        (true, 6..) => one(
            subject,
            Hold::Partly,
            "closed unless declared; where one is declared, others that are at a path can be used too",
        ),
        (true, _) => {
            one(subject, Hold::Partly, "closed unless declared; where one is declared, all others can be used too")
        }
    }
}

fn root_rights() -> Holds {
    match rights::is_root() {
        true => one(
            "rights of root",
            Hold::Full,
            "programs keep two, to read and write files of others, and what is declared",
        ),
        false => one("rights of root", Hold::Full, "hikae has none"),
    }
}

fn modes() -> Holds {
    let subject = "modes and owners of files";
    if !rights::is_root() {
        return one(
            subject,
            Hold::Partly,
            "programs can change the modes of this user's files; as root, a mount namespace stops that",
        );
    }
    match view::obstacle() {
        None => one(subject, Hold::Full, "they can be changed only where writing is declared"),
        Some(why) => one(subject, Hold::None, why),
    }
}
