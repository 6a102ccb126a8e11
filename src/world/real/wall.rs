//! Builds the kernel's own wall (Landlock) around this process, and a narrower one around each child.
//!
//! It holds for files and TCP. UDP and unix sockets pass: name lookups and a local database need them.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, LandlockStatus, NetPort, Ruleset, RulesetAttr, RulesetCreated,
    RulesetCreatedAttr, RulesetError, RulesetStatus, Scope, path_beneath_rules,
};

use super::system_paths::{DEVICES, HOME, PACKAGES, PROGRAMS, READ};
use crate::error::{Error, Kind, Result};

/// What is asked of the kernel; an older one gives what it has.
const ASKED: ABI = ABI::V6;

/// What lies inside the wall, beside what every program needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Programs to be started, where they lie. Those of the system may be started anyway; a child may start its own folder's only.
    pub run: Vec<PathBuf>,
    pub read: Vec<PathBuf>,
    /// To be read and written.
    pub write: Vec<PathBuf>,
    /// TCP ports that may be connected to; `None` leaves the network open.
    pub connect_ports: Option<Vec<u16>>,
}

/// How much of the wall this kernel can build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Full,
    FilesOnly,
    None,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Level::Full => "full",
            Level::FilesOnly => "files only",
            Level::None => "none",
        })
    }
}

/// Encloses the calling thread and every thread and child that it starts from now on, for good: to be called before there are others.
///
/// A folder to be written that does not stand yet is represented by the nearest one above it that does.
pub fn enclose(policy: &Policy) -> Level {
    let standing: Vec<PathBuf> = policy.write.iter().filter_map(|path| standing_above(path)).collect();
    let policy = Policy { write: standing, ..policy.clone() };
    let run: Vec<PathBuf> = policy.run.iter().map(|program| folder_of(program)).collect();
    let run = run.iter().map(PathBuf::as_path).chain([Path::new("/proc/self")]);
    let built = ruleset(&policy, run).and_then(RulesetCreated::restrict_self);
    match built {
        Ok(status) => level(status.ruleset, status.landlock),
        Err(error) => {
            tracing::warn!(%error, "the kernel sandbox cannot be built");
            Level::None
        }
    }
}

/// How much of a wall this kernel could build, without building one.
pub fn available() -> Level {
    // Only a thread that is about to end is enclosed, so that the process stays free.
    let probe = std::thread::spawn(|| enclose(&Policy::default()));
    probe.join().unwrap_or(Level::None)
}

/// A wall that is ready to be closed around a child.
pub struct Wall(RulesetCreated);

impl Wall {
    /// The folder of the program itself lies inside.
    pub fn for_child(policy: &Policy, program: &Path) -> Result<Wall> {
        let built = ruleset(policy, [folder_of(program).as_path()]).map_err(|cause| {
            Error::new(Kind::Other, format!("cannot build the kernel sandbox around `{}`", program.display()))
                .because(cause)
        })?;
        Ok(Wall(built))
    }

    /// Closes the wall around the calling process: two system calls and nothing else, for it happens between fork and exec.
    pub fn close_in(self) -> io::Result<()> {
        match self.0.restrict_self() {
            Ok(_) => Ok(()),
            Err(_) => Err(io::Error::last_os_error()), // the error's own words could allocate
        }
    }
}

fn ruleset<'a>(
    policy: &Policy,
    run: impl IntoIterator<Item = &'a Path>,
) -> std::result::Result<RulesetCreated, RulesetError> {
    let read: BitFlags<AccessFs> = AccessFs::ReadFile | AccessFs::ReadDir;
    let run_too = read | AccessFs::Execute;
    let write = AccessFs::from_all(ASKED) & !BitFlags::from(AccessFs::Execute);
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let at_home = HOME.iter().filter_map(|name| Some(home.as_ref()?.join(name)));

    let mut rules = Ruleset::default().handle_access(AccessFs::from_all(ASKED))?.scope(Scope::from_all(ASKED))?;
    if policy.connect_ports.is_some() {
        rules = rules.handle_access(AccessNet::from_all(ASKED))?;
    }
    let mut created = rules
        .create()?
        .add_rules(path_beneath_rules(PROGRAMS, run_too))?
        .add_rules(path_beneath_rules(run, run_too))?
        .add_rules(path_beneath_rules(READ, read))?
        .add_rules(path_beneath_rules(DEVICES, read | AccessFs::WriteFile | AccessFs::IoctlDev))?
        .add_rules(path_beneath_rules(at_home, read))?
        .add_rules(path_beneath_rules(&policy.read, read))?
        .add_rules(path_beneath_rules(&policy.write, write))?;
    for port in policy.connect_ports.iter().flatten() {
        created = created.add_rule(NetPort::new(*port, AccessNet::ConnectTcp))?;
    }
    Ok(created)
}

fn level(built: RulesetStatus, kernel: LandlockStatus) -> Level {
    match (built, kernel) {
        (RulesetStatus::NotEnforced, _) => Level::None,
        (_, LandlockStatus::Available { effective_abi, .. }) if effective_abi >= ABI::V4 => Level::Full,
        _ => Level::FilesOnly,
    }
}

/// The folder in which a program really lies, or that of its package, with the libraries.
fn folder_of(program: &Path) -> PathBuf {
    let real = program.canonicalize().unwrap_or_else(|_| program.to_owned()); // then the start itself tells why
    let package = real.strip_prefix(PACKAGES).ok().and_then(|below| below.iter().next());
    match package {
        Some(package) => Path::new(PACKAGES).join(package),
        None => real.parent().unwrap_or(Path::new("/usr/bin")).to_owned(),
    }
}

fn standing_above(path: &Path) -> Option<PathBuf> {
    path.ancestors().find(|above| above.exists()).map(Path::to_owned)
}
