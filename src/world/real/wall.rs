//! Builds the kernel's walls around this process (Landlock), and narrower ones around each child.
//!
//! A child also loses the terminal, the rights of root, the system calls that no recipe needs, and the network that it did
//! not declare. What this kernel cannot do is left out; `walls.rs` says what that is.

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

/// What is asked of the kernel; an older one gives what it has.
const ASKED: u8 = 6;
/// The version that knows which socket is connected to.
const KNOWS_SOCKETS: u8 = 9;

/// Names are looked up over TCP too, where an answer is long.
const NAME_SERVER: u16 = 53;

/// What is inside the walls, beside what every program needs.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Programs to be started, where they are. Those of the system may be started anyway; a child may start its own folder's only.
    pub run: Vec<PathBuf>,
    pub read: Vec<PathBuf>,
    /// To be read and written.
    pub write: Vec<PathBuf>,
    /// TCP ports that children may connect to, beside those that their own arguments name; none at all closes the network,
    /// and `None` leaves it open.
    pub connect_ports: Option<Vec<u16>>,
    /// Unix sockets that children may use. Which they are, only newer kernels know: others let them use all or none.
    pub sockets: Vec<PathBuf>,
    /// What children of root keep of its rights.
    pub capabilities: Vec<Capability>,
    /// Command lines that may leave programs running, and reach services outside.
    pub detached: Vec<Vec<String>>,
    /// What children of root see of the file tree.
    pub view: Option<Arc<View>>,
    /// Where the settings of the user are as whom children run; by default those of our own.
    pub home: Option<PathBuf>,
    /// What this kernel can do; tests name an older one.
    pub kernel: Kernel,
}

/// How much of the wall around files and TCP this kernel can build.
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

    /// What `command` may use of the network, and the TCP ports that it may connect to.
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

/// Encloses the calling thread and every thread and child that it starts from now on, for good: to be called before there are others.
///
/// A folder to be written that does not exist yet is represented by the nearest one above it that does, and a file by its
/// folder, where its successor is written before it takes the name.
pub fn enclose(policy: &Policy) -> Level {
    let write = policy.write.iter().filter_map(|path| write_folders::folder_for(path)).collect();
    let policy = Policy { write, connect_ports: None, ..policy.clone() };
    let run: Vec<PathBuf> = policy.run.iter().flat_map(|program| folders_of(program)).collect();
    let run = run.iter().map(PathBuf::as_path).chain([Path::new("/proc/self")]);
    // What may reach services outside must be able to send them a signal.
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

/// The kernel that we run on, asked for its version.
pub fn kernel() -> Kernel {
    Kernel { landlock: landlock_version(), filters: has_filters() }
}

/// The version of Landlock that this kernel has; 0 where it has none.
fn landlock_version() -> u8 {
    // Only a thread that is about to end is enclosed, so that the process stays free.
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

/// Walls that are ready to be closed around a child.
pub struct Wall {
    files: RulesetCreated,
    filter: Option<Filter>,
    rights: Option<Rights>,
    view: Option<Arc<View>>,
    folder: Option<CString>,
    ends_with_run: bool,
}

impl Wall {
    /// Around `command`, whose program is at `program`. The folder of the program itself is inside.
    pub fn for_child(policy: &Policy, command: &Command, program: &Path) -> Result<Wall> {
        let detached = policy.detaches(command);
        let (network, ports) = policy.network(command);
        let scopes = if detached { BitFlags::EMPTY } else { Scope::from_all(policy.kernel.asked(ASKED)) };
        // A program that is given others by its arguments, or by hikae, finds them where it looks.
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

    /// Closes the walls around the calling process, which becomes another user where one is given: system calls and nothing else, for
    /// it happens between fork and exec.
    pub fn close_in(self, account: Option<&Account>) -> io::Result<()> {
        if self.ends_with_run {
            orphans::mark()?;
        }
        if let Some(view) = &self.view {
            view.enter(self.folder.as_ref())?;
        }
        match (account, self.rights) {
            // With the user, every right of root goes.
            (Some(account), _) => account.own_pipes().and_then(|()| account.become_it())?,
            (None, Some(rights)) => rights.keep_only()?,
            (None, None) => {}
        }
        if self.files.restrict_self().is_err() {
            return Err(io::Error::last_os_error()); // the error's own words could allocate
        }
        // Last, for it may refuse what came before.
        self.filter.map_or(Ok(()), |filter| filter.put_on())
    }
}

/// What is closed beside the files.
struct Asked<'a> {
    /// The TCP ports that stay open; nothing leaves TCP alone.
    ports: Option<&'a [u16]>,
    scopes: BitFlags<Scope>,
    /// The Unix sockets that stay open; none leaves them all to the filter of system calls.
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
