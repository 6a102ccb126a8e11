//! Ends the programs that a run has left running, also in sessions of their own.
//!
//! A program that is left behind becomes a child of this process. Programs that may stay are marked by a resource limit that is lower in
//! all others, and that only root can raise again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{fs, io};

use rustix::io::Errno;
use rustix::process::{
    Pid, Resource, Rlimit, Signal, WaitOptions, getrlimit, kill_process, set_child_subreaper, setrlimit, waitpid,
};

/// How long a program that is left behind has to clean up.
const GRACE: Duration = Duration::from_millis(300);
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// No recipe needs message queues; the limit is lower by one byte, which no program notices.
const MARK: Resource = Resource::Msgqueue;

static ADOPTS: AtomicBool = AtomicBool::new(false);

/// The result for the programs that were left running.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    pub ended: usize,
    /// Started by a program that may leave them.
    pub spared: usize,
    /// Could not be ended.
    pub stayed: usize,
}

/// Makes this process adopt what its children leave behind, and records whether the kernel supports it.
pub fn adopt() {
    let adopted = set_child_subreaper(Some(rustix::process::getpid())).is_ok();
    ADOPTS.store(adopted, Ordering::Relaxed);
}

/// Ends adopted processes. Without adoption, this process has only children that it started itself.
pub fn end_adopted(within: Duration, keep: Option<Pid>) -> Left {
    if ADOPTS.load(Ordering::Relaxed) { end_all(within, keep) } else { Left::default() }
}

/// Whether this kernel lists the children of a process.
pub fn can_list() -> bool {
    fs::exists("/proc/thread-self/children").unwrap_or(false) // what cannot be seen cannot be listed
}

/// Marks the calling process as one that ends with the run. Only system calls.
pub fn mark() -> io::Result<()> {
    let now = getrlimit(MARK);
    let lower = Some(now.maximum.unwrap_or(u64::MAX).saturating_sub(1));
    let current = now.current.map_or(lower, |current| lower.map(|lower| current.min(lower)));
    Ok(setrlimit(MARK, Rlimit { current, maximum: lower })?)
}

/// Ends every child of this process except those that may stay and `keep`; stops trying after `within`.
fn end_all(within: Duration, keep: Option<Pid>) -> Left {
    let began = Instant::now();
    let mut seen: Vec<Pid> = Vec::new();
    loop {
        let (spared, rest): (Vec<Pid>, Vec<Pid>) = children()
            .into_iter()
            .filter(|pid| Some(*pid) != keep)
            .filter(|pid| !reaped(*pid))
            .partition(|pid| may_stay(*pid));
        if rest.is_empty() || began.elapsed() > within {
            return Left { ended: seen.len().saturating_sub(rest.len()), spared: spared.len(), stayed: rest.len() };
        }
        let late = began.elapsed() > GRACE;
        for pid in rest {
            let is_new = !seen.contains(&pid);
            if is_new {
                seen.push(pid);
            }
            if late || is_new {
                end(pid, if late { Signal::KILL } else { Signal::TERM });
            }
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

fn end(pid: Pid, signal: Signal) {
    match kill_process(pid, signal) {
        Ok(()) | Err(Errno::SRCH) => {}
        Err(errno) => tracing::debug!(pid = pid.as_raw_nonzero().get(), %errno, "cannot end what was left running"),
    }
}

/// Whether a child has already ended and left nothing behind.
fn reaped(pid: Pid) -> bool {
    !matches!(waitpid(Some(pid), WaitOptions::NOHANG), Ok(None))
}

/// The children of all threads of this process.
fn children() -> Vec<Pid> {
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten(); // without it there is nothing to find
    let lists = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().filter_map(|pid| Pid::from_raw(pid.parse().ok()?)).collect::<Vec<_>>())
        .collect()
}

/// Whether a child lacks the mark. If this is unknown, the child is ended.
fn may_stay(pid: Pid) -> bool {
    let ours = getrlimit(MARK).maximum.unwrap_or(u64::MAX);
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the call sets no limit, and the kernel writes one structure behind the pointer, which outlives the call.
    let answer =
        unsafe { libc::prlimit(pid.as_raw_nonzero().get(), libc::RLIMIT_MSGQUEUE, std::ptr::null(), &raw mut limit) };
    answer == 0 && ours > 0 && limit.rlim_max >= ours
}
