//! Forks every child on one thread that lasts as long as the process.
//!
//! A child asks the kernel to kill it when its parent dies, and for the kernel the parent is the forking thread: forked on a pool thread,
//! the child would die with that thread.

use std::io;
use std::sync::{Arc, Mutex, mpsc};

use rustix::io::Errno;
use rustix::process::{Signal, getpid, getppid, set_parent_process_death_signal, setsid};
use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::account::Account;
use super::wall::Wall;

type Job = Box<dyn FnOnce() + Send>;

static SPAWNER: Mutex<Option<mpsc::Sender<Job>>> = Mutex::new(None);

/// Starts `command` within `wall`, as another user if one is given.
pub async fn spawn(mut command: Command, wall: Option<Wall>, account: Option<Arc<Account>>) -> io::Result<Child> {
    prepare(&mut command, wall, account);
    let (answer, answered) = oneshot::channel();
    let runtime = Handle::current();
    let job = move || {
        let _inside = runtime.enter();
        // The caller no longer waits: the child is dropped, which kills it.
        drop(answer.send(command.spawn()));
    };
    hand_over(Box::new(job))?;
    answered.await.map_err(io::Error::other)?
}

/// The steps of the child between fork and exec. Only system calls are allowed: another thread may hold the allocator's lock.
fn prepare(command: &mut Command, mut wall: Option<Wall>, account: Option<Arc<Account>>) {
    let parent = getpid();
    let before_exec = move || {
        // A new session, and with it a new process group, without a controlling terminal.
        setsid()?;
        close_the_rest()?;
        let account = account.as_deref();
        match (wall.take(), account) {
            (Some(wall), account) => wall.close_in(account)?,
            (None, Some(account)) => account.own_pipes().and_then(|()| account.become_it())?,
            (None, None) => {}
        }
        // Last, because a change of user resets it.
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // The parent may have died before the line above.
        if getppid() != Some(parent) {
            return Err(rustix::io::Errno::SRCH.into());
        }
        Ok(())
    };
    // SAFETY: the closure only makes system calls; it neither allocates nor takes a lock.
    unsafe { command.pre_exec(before_exec) };
}

/// Keeps the child from inheriting open files that hikae itself inherited.
fn close_the_rest() -> io::Result<()> {
    const FIRST: libc::c_uint = 3;
    // SAFETY: the call takes three numbers, and marks open files to be closed at the exec.
    let answer = unsafe { libc::syscall(libc::SYS_close_range, FIRST, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC) };
    match answer {
        0 => Ok(()),
        _ => match Errno::from_io_error(&io::Error::last_os_error()) {
            Some(Errno::NOSYS | Errno::INVAL) => Ok(()), // before Linux 5.11
            _ => Err(io::Error::last_os_error()),
        },
    }
}

fn hand_over(job: Job) -> io::Result<()> {
    let mut spawner = SPAWNER.lock().unwrap_or_else(|broken| broken.into_inner());
    let jobs = match spawner.take() {
        Some(jobs) => jobs,
        None => begin()?,
    };
    let sent = jobs.send(job);
    *spawner = Some(jobs);
    sent.map_err(|_| io::Error::other("the thread that starts programs has ended"))
}

fn begin() -> io::Result<mpsc::Sender<Job>> {
    let (jobs, waiting) = mpsc::channel::<Job>();
    std::thread::Builder::new().name("hikae-spawn".into()).spawn(move || waiting.iter().for_each(|job| job()))?;
    Ok(jobs)
}
