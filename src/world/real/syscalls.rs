//! Blocks the system calls of a child that no recipe needs, and those that open a network which it did not declare.
//!
//! Landlock does not cover them. A blocked call fails with an error; it never ends the program.

use std::collections::BTreeMap;
use std::io;
use std::sync::OnceLock;

use libc::{AF_INET, AF_INET6, AF_NETLINK, AF_UNIX, c_long};
use seccompiler::SeccompCmpArgLen::{Dword, Qword};
use seccompiler::SeccompCmpOp::{Eq, MaskedEq, Ne};
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, sock_filter,
};

/// How much of the network the calls of a child can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// Only Unix sockets, and only the declared ones.
    Closed { sockets: bool },
    /// Listening Unix sockets: others may connect to the child, but the child connects to none.
    Serving,
    /// TCP and UDP; Landlock limits the TCP ports.
    Ports { sockets: bool },
    /// Everything.
    Open,
}

/// A filter, ready to install in a child.
pub struct Filter(&'static BpfProgram);

impl Filter {
    /// The filter for this network; an error if this machine supports none.
    pub fn of(network: Network) -> io::Result<Filter> {
        static MADE: [OnceLock<Option<BpfProgram>>; 6] = [const { OnceLock::new() }; 6];
        let place = match network {
            Network::Closed { sockets } => usize::from(sockets),
            Network::Ports { sockets } => 2 + usize::from(sockets),
            Network::Open => 4,
            Network::Serving => 5,
        };
        let made = MADE[place].get_or_init(|| program(network).ok());
        made.as_ref().map(Filter).ok_or_else(|| io::ErrorKind::Unsupported.into())
    }

    /// Installs the filter in the calling process, for good. Only two system calls.
    pub fn put_on(&self) -> io::Result<()> {
        seccompiler::apply_filter(self.0).map_err(|_| io::Error::last_os_error()) // the error's own words could allocate
    }
}

/// Whether this kernel supports such filters.
pub fn available() -> bool {
    const GET_ACTION_AVAIL: c_long = 2;
    let action: u32 = libc::SECCOMP_RET_ERRNO;
    // SAFETY: the kernel reads one number behind the pointer, which outlives the call.
    let answer = unsafe { libc::syscall(libc::SYS_seccomp, GET_ACTION_AVAIL, 0, &raw const action) };
    answer == 0 && Filter::of(Network::Open).is_ok()
}

/// Blocked with any arguments.
const NEVER: &[c_long] = &[
    // Calls that change the machine itself.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_chroot,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    libc::SYS_acct,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_syslog,
    libc::SYS_vhangup,
    // Calls that affect other programs.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    // Calls that open files by handle, without a path check.
    libc::SYS_open_by_handle_at,
    libc::SYS_fanotify_init,
    // Kernel features with a history of security holes, which no backup needs.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
];

#[cfg(target_arch = "x86_64")]
const NEVER_HERE: &[c_long] = &[libc::SYS_iopl, libc::SYS_ioperm, libc::SYS_kexec_file_load, libc::SYS_uselib];
#[cfg(not(target_arch = "x86_64"))]
const NEVER_HERE: &[c_long] = &[];

/// Flags that create a namespace in which root would have its rights again.
const NEW_NAMESPACES: [i32; 7] = [
    libc::CLONE_NEWNS,
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
];

/// An older socket type, replaced by the socket families.
const PACKET: i32 = 10;

/// Injecting input into a terminal, in two ways: `TIOCSTI` and `TIOCLINUX`.
const TYPING: [u64; 2] = [0x5412, 0x541C];

/// Calls that change another process: the index of the process number argument.
const OTHERS: [(c_long, u8); 7] = [
    (libc::SYS_setpriority, 1),
    (libc::SYS_sched_setparam, 0),
    (libc::SYS_sched_setscheduler, 0),
    (libc::SYS_sched_setattr, 0),
    (libc::SYS_prlimit64, 0),
    (libc::SYS_migrate_pages, 0),
    (libc::SYS_move_pages, 0),
];

type Rules = BTreeMap<c_long, Vec<SeccompRule>>;
type Made<T> = Result<T, BackendError>;

/// A comparison: the argument index, its width, the operator and the value.
type Compared = (u8, SeccompCmpArgLen, SeccompCmpOp, u64);

fn program(network: Network) -> Result<BpfProgram, BackendError> {
    let mut rules: Rules = NEVER.iter().chain(NEVER_HERE).map(|call| (*call, Vec::new())).collect();
    for flag in NEW_NAMESPACES {
        let flag = u64::from(flag.cast_unsigned());
        refuse(&mut rules, libc::SYS_clone, &[(0, Qword, MaskedEq(flag), flag)])?;
    }
    for request in TYPING {
        refuse(&mut rules, libc::SYS_ioctl, &[(1, Dword, Eq, request)])?;
    }
    for (call, place) in OTHERS {
        refuse(&mut rules, call, &[(place, Dword, Ne, 0)])?;
    }
    refuse(&mut rules, libc::SYS_setpriority, &[(0, Dword, Eq, libc::PRIO_USER as u64)])?;
    refuse(&mut rules, libc::SYS_ioprio_set, &[(1, Dword, Ne, 0)])?;
    refuse(&mut rules, libc::SYS_ioprio_set, &[(0, Dword, Eq, 3)])?; // all processes of a user
    for kind in [libc::S_IFBLK, libc::S_IFCHR] {
        let (mask, kind) = (MaskedEq(u64::from(libc::S_IFMT)), u64::from(kind));
        refuse(&mut rules, libc::SYS_mknodat, &[(2, Dword, mask.clone(), kind)])?;
        #[cfg(target_arch = "x86_64")]
        refuse(&mut rules, libc::SYS_mknod, &[(1, Dword, mask, kind)])?;
    }
    refuse_network(&mut rules, network)?;
    let refusal = SeccompAction::Errno(libc::EPERM.cast_unsigned());
    let arch = std::env::consts::ARCH.try_into()?;
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refusal, arch)?;
    Ok(guarded(filter.try_into()?))
}

fn refuse(rules: &mut Rules, call: c_long, conditions: &[Compared]) -> Made<()> {
    let conditions = conditions.iter().map(|(place, length, operator, value)| {
        SeccompCondition::new(*place, length.clone(), operator.clone(), *value)
    });
    let rule = SeccompRule::new(conditions.collect::<Made<Vec<_>>>()?)?;
    rules.entry(call).or_default().push(rule);
    Ok(())
}

fn refuse_network(rules: &mut Rules, network: Network) -> Made<()> {
    let family = |operator, family: i32| (0, Dword, operator, u64::from(family.cast_unsigned()));
    let (inet, sockets) = match network {
        Network::Open => return Ok(()),
        Network::Closed { sockets } => (false, sockets),
        Network::Serving => (false, true),
        Network::Ports { sockets } => (true, sockets),
    };
    let others = [AF_UNIX, AF_INET, AF_INET6, AF_NETLINK].map(|known| family(Ne, known));
    refuse(rules, libc::SYS_socket, &others)?;
    if !sockets {
        refuse(rules, libc::SYS_socket, &[family(Eq, AF_UNIX)])?;
    }
    // Data in the first packet (TCP Fast Open) would bypass the check on `connect`.
    let fast_open = u64::from(libc::MSG_FASTOPEN.cast_unsigned());
    for (call, place) in [(libc::SYS_sendto, 3), (libc::SYS_sendmsg, 2), (libc::SYS_sendmmsg, 3)] {
        refuse(rules, call, &[(place, Dword, MaskedEq(fast_open), fast_open)])?;
    }
    if network == Network::Serving {
        rules.insert(libc::SYS_connect, Vec::new());
    }
    if !inet {
        for closed in [AF_INET, AF_INET6, AF_NETLINK] {
            refuse(rules, libc::SYS_socket, &[family(Eq, closed)])?;
        }
        return Ok(());
    }
    // `listen` on an unbound socket gets a port automatically.
    rules.insert(libc::SYS_listen, Vec::new());
    refuse(rules, libc::SYS_socket, &[family(Eq, AF_NETLINK), (2, Dword, Ne, 0)])?;
    for known in [AF_INET, AF_INET6] {
        for kind in [libc::SOCK_RAW, libc::SOCK_RDM, libc::SOCK_SEQPACKET, libc::SOCK_DCCP, PACKET] {
            let kind = (1, Dword, MaskedEq(0xf), u64::from(kind.cast_unsigned()));
            refuse(rules, libc::SYS_socket, &[family(Eq, known), kind])?;
        }
        // Landlock knows only the ports of TCP, not those of similar protocols.
        let other = [0, libc::IPPROTO_TCP, libc::IPPROTO_UDP]
            .map(|protocol| (2, Dword, Ne, u64::from(protocol.cast_unsigned())));
        refuse(rules, libc::SYS_socket, &[&[family(Eq, known)][..], &other[..]].concat())?;
    }
    Ok(())
}

/// Adds checks before the filter that it cannot express: calls with another numbering, and the call whose arguments are in memory, fail as
/// not implemented, so that a C library uses the older call. Programs for another architecture get an error too.
fn guarded(mut filter: BpfProgram) -> BpfProgram {
    const LOAD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
    const AT_LEAST: u16 = (libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K) as u16;
    const EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
    const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;
    const X32: u32 = 0x4000_0000;
    let absent = libc::SECCOMP_RET_ERRNO | libc::ENOSYS.cast_unsigned();
    for instruction in &mut filter {
        if instruction.code == RETURN && instruction.k == libc::SECCOMP_RET_KILL_PROCESS {
            instruction.k = absent;
        }
    }
    let step = |code, jt, jf, k| sock_filter { code, jt, jf, k };
    let clone3 = u32::try_from(libc::SYS_clone3).unwrap_or(u32::MAX);
    let mut all = vec![
        step(LOAD, 0, 0, 0), // the number of the call
        step(AT_LEAST, 1, 0, X32),
        step(EQUAL, 0, 1, clone3),
        step(RETURN, 0, 0, absent),
    ];
    all.append(&mut filter);
    all
}
