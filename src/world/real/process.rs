//! Waits for the end of a program, or ends it together with its process group.

use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, test_kill_process_group, waitid};
use tokio::process::Child;

use super::stderr::Tail;
use super::undo::Undo;
use crate::error::{Error, Result};
use crate::world::{Exit, reply::Process};

/// How long a program has to clean up after SIGTERM before SIGKILL.
const GRACE: Duration = Duration::from_secs(1);
const LOOK_EVERY: Duration = Duration::from_millis(10);

pub struct RealProcess {
    child: Option<Child>,
    pid: u32,
    tail: Tail,
    program: String,
    undo: Undo,
}

impl RealProcess {
    pub fn new(child: Child, pid: u32, tail: Tail, program: &str, undo: Undo) -> RealProcess {
        RealProcess { child: Some(child), pid, tail, program: program.to_owned(), undo }
    }

    async fn end(&mut self) -> Result<Exit> {
        let what = || format!("cannot wait for `{}`", self.program);
        let child = self.child.as_mut().ok_or_else(|| Error::io(what(), std::io::ErrorKind::NotFound.into()))?;
        let status = child.wait().await.map_err(|cause| Error::io(what(), cause))?;
        if !status.success() {
            self.write_rest();
        }
        Ok(Exit { code: status.code(), signal: status.signal(), stderr: self.tail.text().await })
    }

    /// When a program fails, its unfinished child processes are ended too.
    fn write_rest(&self) {
        let group = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        // While any process of the group exists, the kernel does not reuse its number.
        if let Some(group) = group.filter(|group| test_kill_process_group(*group).is_ok()) {
            self.undo.run(move || put_down_group(group));
        }
    }
}

impl Process for RealProcess {
    fn wait(&mut self) -> BoxFuture<'_, Result<Exit>> {
        Box::pin(self.end())
    }
}

impl Drop for RealProcess {
    fn drop(&mut self) {
        let Some(child) = self.child.take() else { return };
        // After the wait, the number may already belong to another process.
        if child.id().is_none() {
            return;
        }
        match i32::try_from(self.pid).ok().and_then(Pid::from_raw) {
            Some(pid) => self.undo.run(move || put_down(child, pid)),
            None => drop(child),
        }
    }
}

/// Ends a process group. The leader is reaped only after the last signal, so that its number is not reused before.
fn put_down(mut child: Child, pid: Pid) {
    signal(pid, Signal::TERM);
    let end = Instant::now() + GRACE;
    while !has_exited(pid, WaitIdOptions::NOHANG) && Instant::now() < end {
        std::thread::sleep(LOOK_EVERY);
    }
    signal(pid, Signal::KILL);
    has_exited(pid, WaitIdOptions::empty());
    if let Err(error) = child.try_wait() {
        tracing::debug!(%error, "cannot reap a child");
    }
}

/// Ends the rest of a process group whose leader is gone.
fn put_down_group(group: Pid) {
    signal(group, Signal::TERM);
    let end = Instant::now() + GRACE;
    while test_kill_process_group(group).is_ok() && Instant::now() < end {
        std::thread::sleep(LOOK_EVERY);
    }
    signal(group, Signal::KILL);
}

fn has_exited(pid: Pid, how: WaitIdOptions) -> bool {
    let how = how | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    loop {
        match waitid(WaitId::Pid(pid), how) {
            Err(Errno::INTR) => {}
            Ok(found) => return found.is_some(),
            // The child no longer exists.
            Err(_) => return true,
        }
    }
}

fn signal(pid: Pid, signal: Signal) {
    match kill_process_group(pid, signal) {
        Ok(()) | Err(Errno::SRCH) => {}
        Err(errno) => tracing::warn!(pid = pid.as_raw_nonzero().get(), %errno, "cannot end a program"),
    }
}
