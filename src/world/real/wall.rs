//! Builds the kernel's walls around this process (Landlock), and narrower ones around each child.
//!
//! A child also loses the terminal, the rights of root, the system calls that no recipe needs, and undeclared network access. What this
//! kernel does not support is left out and reported by `walls.rs`.

use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fmt, io};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, LandlockStatus, NetPort, Ruleset, RulesetAttr, RulesetCreated,
    RulesetCreatedAttr, RulesetError, RulesetStatus, Scope, path_beneath_rules,
};

use super::account::Account;
use super::kernel::{Kernel, has_filters};
use super::loads::folders_of;
use super::rights::Rights;
use super::syscalls::{Filter, Network};
use super::system_paths::{DEVICES, HOME, PROGRAMS, READ};
use super::view::{View, in_c};
use super::{orphans, write_folders};
use crate::error::{Error, Kind, Result};
use crate::world::Command;
use crate::world::capability::Capability;
use crate::world::reach::named_by;

/// The Landlock version to request; an older kernel provides what it supports.
const ASKED: u8 = 6;
/// The version that can limit connections by Unix socket.
const KNOWS_SOCKETS: u8 = 9;

/// DNS also uses TCP, for long answers.
const NAME_SERVER: u16 = 53;

/// What is inside the walls, in addition to what every program needs.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Paths of programs to start. Programs of the system may always be started; a child may start only those in its own folder.
    pub run: Vec<PathBuf>,
    pub read: Vec<PathBuf>,
    /// Readable and writable.
    pub write: Vec<PathBuf>,
    /// TCP ports that children may connect to, in addition to those in their own arguments; an empty list closes the network, and `None`
    /// leaves it open.
    pub connect_ports: Option<Vec<u16>>,
    /// Unix sockets that children may use. Only newer kernels can tell them apart: older ones allow all or none.
    pub sockets: Vec<PathBuf>,
    /// The capabilities that children of root keep.
    pub capabilities: Vec<Capability>,
    /// Command lines that may leave programs running, and reach outside services.
    pub detached: Vec<Vec<String>>,
    /// The view of the file tree for children of root.
    pub view: Option<Arc<View>>,
    /// The home folder of the user that children run as; by default, the current user's.
    pub home: Option<PathBuf>,
    /// What this kernel supports; tests set an older one.
    pub kernel: Kernel,
}

/// How much of the wall around files and TCP this kernel supports.
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

impl Policy {
    /// Whether this command line may leave programs running.
    pub fn detaches(&self, command: &Command) -> bool {
        let is_it = |line: &Vec<String>| {
            line.split_first().is_some_and(|(program, args)| *program == command.program && *args == command.args)
        };
        self.detached.iter().any(is_it)
    }

    /// The network that `command` may use, and the TCP ports that it may connect to.
    fn network(&self, command: &Command) -> (Network, Option<Vec<u16>>) {
        if command.own.serves {
            return (Network::Serving, Some(Vec::new()));
        }
        let named = named_by(command);
        let sockets = !self.sockets.is_empty() || named.sockets || command.own.sockets;
        let Some(declared) = self.connect_ports.as_ref().filter(|_| !self.detaches(command)) else {
            let network = if self.detaches(command) { Network::Open } else { Network::Ports { sockets: true } };
            return (network, None);
        };
        let mut ports = [declared.as_slice(), &named.ports].concat();
        if ports.is_empty() {
            return (Network::Closed { sockets }, Some(ports));
        }
        ports.push(NAME_SERVER);
        (Network::Ports { sockets }, Some(ports))
    }
}

/// Encloses the calling thread and all its future threads and children, for good: call this before other threads exist.
///
/// A writable folder that does not exist yet is represented by its nearest existing parent, and a file by its folder, where its replacement
/// is written before the rename.
pub fn enclose(policy: &Policy) -> Level {
    let write = policy.write.iter().filter_map(|path| write_folders::folder_for(path)).collect();
    let policy = Policy { write, connect_ports: None, ..policy.clone() };
    let run: Vec<PathBuf> = policy.run.iter().flat_map(|program| folders_of(program)).collect();
    let run = run.iter().map(PathBuf::as_path).chain([Path::new("/proc/self")]);
    // Commands that may reach outside services must be able to send them a signal.
    let scopes = if policy.detached.is_empty() { Scope::from_all(policy.kernel.asked(ASKED)) } else { BitFlags::EMPTY };
    let asked = Asked { ports: None, scopes, sockets: &[] };
    let built = ruleset(&policy, run, asked).and_then(RulesetCreated::restrict_self);
    match built {
        Ok(status) => level(status.ruleset, status.landlock),
        Err(error) => {
            tracing::warn!(%error, "the kernel sandbox cannot be built");
            Level::None
        }
    }
}

/// Detects the version of the running kernel.
pub fn kernel() -> Kernel {
    Kernel { landlock: landlock_version(), filters: has_filters() }
}

/// The Landlock version of this kernel; 0 if it has none.
fn landlock_version() -> u8 {
    // Only a short-lived thread is enclosed, so that the process stays free.
    let probe = std::thread::spawn(|| {
        let asked = Asked { ports: None, scopes: BitFlags::EMPTY, sockets: &[] };
        let built = ruleset(&Policy::default(), [], asked).and_then(RulesetCreated::restrict_self);
        match built.map(|status| status.landlock) {
            Ok(LandlockStatus::Available { effective_abi, .. }) => effective_abi as u8,
            _ => 0,
        }
    });
    probe.join().unwrap_or(0)
}

/// Walls, ready to close around a child.
pub struct Wall {
    files: RulesetCreated,
    filter: Option<Filter>,
    rights: Option<Rights>,
    view: Option<Arc<View>>,
    folder: Option<CString>,
    ends_with_run: bool,
}

impl Wall {
    /// The walls for `command`, whose program is at `program`. The program's own folder is inside.
    pub fn for_child(policy: &Policy, command: &Command, program: &Path) -> Result<Wall> {
        let detached = policy.detaches(command);
        let (network, ports) = policy.network(command);
        let scopes = if detached { BitFlags::EMPTY } else { Scope::from_all(policy.kernel.asked(ASKED)) };
        // Sockets named by its arguments, or by hikae, are not in the policy, so all sockets stay open.
        let all = detached || command.own.sockets || named_by(command).sockets;
        let asked = Asked { ports: ports.as_deref(), scopes, sockets: if all { &[] } else { &policy.sockets } };
        let folders = folders_of(program);
        let files = ruleset(policy, folders.iter().map(PathBuf::as_path), asked).map_err(|cause| {
            Error::new(Kind::Other, format!("cannot build the kernel sandbox around `{}`", program.display()))
                .because(cause)
        })?;
        let kept = policy.capabilities.iter().chain(&command.own.capabilities).copied();
        Ok(Wall {
            files,
            filter: policy.kernel.filters.then(|| Filter::of(network).ok()).flatten(),
            rights: (!detached).then(|| Rights::of(kept)),
            view: policy.view.clone().filter(|_| !detached),
            folder: command.cwd.as_deref().and_then(in_c),
            ends_with_run: !detached,
        })
    }

    /// Closes the walls around the calling process, which switches to another user if one is given. Only system calls, because it runs
    /// between fork and exec.
    pub fn close_in(self, account: Option<&Account>) -> io::Result<()> {
        if self.ends_with_run {
            orphans::mark()?;
        }
        if let Some(view) = &self.view {
            view.enter(self.folder.as_ref())?;
        }
        match (account, self.rights) {
            // The change of user drops every right of root.
            (Some(account), _) => account.own_pipes().and_then(|()| account.become_it())?,
            (None, Some(rights)) => rights.keep_only()?,
            (None, None) => {}
        }
        if self.files.restrict_self().is_err() {
            return Err(io::Error::last_os_error()); // the error's own words could allocate
        }
        // Last, because it may block the calls above.
        self.filter.map_or(Ok(()), |filter| filter.put_on())
    }
}

/// What is restricted besides the files.
struct Asked<'a> {
    /// The TCP ports that stay open; `None` does not restrict TCP.
    ports: Option<&'a [u16]>,
    scopes: BitFlags<Scope>,
    /// The Unix sockets that stay open; an empty list leaves all of them to the system call filter.
    sockets: &'a [PathBuf],
}

fn ruleset<'a>(
    policy: &Policy,
    run: impl IntoIterator<Item = &'a Path>,
    asked: Asked<'_>,
) -> std::result::Result<RulesetCreated, RulesetError> {
    let abi = policy.kernel.asked(ASKED);
    let Asked { ports, scopes, sockets } = asked;
    let read: BitFlags<AccessFs> = AccessFs::ReadFile | AccessFs::ReadDir;
    let run_too = read | AccessFs::Execute;
    let devices = AccessFs::MakeBlock | AccessFs::MakeChar | AccessFs::IoctlDev;
    let write = AccessFs::from_all(abi) & !(devices | AccessFs::Execute);
    let home = policy.home.clone().or_else(|| std::env::var_os("HOME").map(PathBuf::from));
    let at_home = HOME.iter().filter_map(|name| Some(home.as_ref()?.join(name)));

    let (files, tcp) = (AccessFs::from_all(abi), AccessNet::from_all(abi));
    let mut rules = Ruleset::default().handle_access(files)?;
    let named = policy.kernel.asked(KNOWS_SOCKETS) == ABI::V9 && !sockets.is_empty();
    if named {
        rules = rules.handle_access(AccessFs::ResolveUnix)?;
    }
    if !scopes.is_empty() {
        rules = rules.scope(scopes)?;
    }
    let ports = ports.filter(|_| !tcp.is_empty());
    if ports.is_some() {
        rules = rules.handle_access(tcp)?;
    }
    let mut created = rules.create()?;
    if named {
        created = created.add_rules(path_beneath_rules(sockets, AccessFs::ResolveUnix))?;
    }
    created = created
        .add_rules(path_beneath_rules(PROGRAMS, run_too))?
        .add_rules(path_beneath_rules(run, run_too))?
        .add_rules(path_beneath_rules(READ, read))?
        .add_rules(path_beneath_rules(DEVICES, read | AccessFs::WriteFile))?
        .add_rules(path_beneath_rules(at_home, read))?
        .add_rules(path_beneath_rules(&policy.read, read))?
        .add_rules(path_beneath_rules(&policy.write, write))?;
    for port in ports.into_iter().flatten() {
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
