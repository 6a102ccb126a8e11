//! Moves bytes from and to a program.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use futures_util::future::BoxFuture;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, ioctl_fionbio, ioctl_fionread};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{ChildStdin, ChildStdout};

use crate::error::{Error, Result};
use crate::stream::{Piece, Sink, Source};
use crate::world::refusals::stopped_reading;

/// With the kernel's default of 64 KiB, the program and hikae take turns; this is the default maximum for ordinary users.
const PIPE_BYTES: usize = 1 << 20;

/// Pieces are slices of this block; it is reused when all of its slices are dropped.
const BLOCK_BYTES: usize = 1 << 20;

/// The maximum piece size, when the program is faster than hikae.
const PIECE_BYTES: usize = 256 << 10;

/// Below this size, a short wait for more data pays off, and a smaller rest of a block stays unused.
const LEAST_BYTES: usize = 64 << 10;

/// How long a program may fill the pipe before the next look: far less than it takes to fill the pipe.
const BREATH: Duration = Duration::from_millis(1);

/// The interval between two checks whether a program has read all of its input.
const LEAST_WAIT: Duration = Duration::from_micros(100);
const MOST_WAIT: Duration = Duration::from_millis(20);

/// Enlarges a pipe. If the user's pipe allowance is used up, the pipe stays small: slower, but still correct.
pub fn enlarge(pipe: &impl AsFd) {
    if let Err(errno) = rustix::pipe::fcntl_setpipe_size(pipe, PIPE_BYTES) {
        tracing::debug!(%errno, "the pipe keeps its size");
    }
}

/// The output of a program.
///
/// The pipe is in the event queue only while it is empty. In the queue, every write of the program wakes a thread, and `pg_dump` writes 4
/// KiB at a time: a quarter of a million wake-ups per gigabyte, even without a waiting reader.
pub struct ProgramOutput {
    pipe: OwnedFd,
    block: BytesMut,
    program: String,
}

impl ProgramOutput {
    pub fn new(pipe: ChildStdout, program: &str) -> io::Result<ProgramOutput> {
        let pipe = pipe.into_owned_fd()?;
        ioctl_fionbio(&pipe, true)?;
        Ok(ProgramOutput { pipe, block: BytesMut::new(), program: program.to_owned() })
    }

    async fn piece(&mut self) -> Result<Piece> {
        self.fill().await.map_err(|cause| self.trouble(cause))?;
        match self.block.is_empty() {
            true => Ok(Piece::End),
            false => Ok(Piece::Data(self.block.split().freeze())),
        }
    }

    /// Fills the block with the available data and what follows shortly. A block that stays empty means that the program has closed the
    /// pipe.
    async fn fill(&mut self) -> io::Result<()> {
        if self.block.capacity() < LEAST_BYTES {
            self.block.reserve(BLOCK_BYTES);
        }
        let mut open = self.take()?;
        if open && self.block.is_empty() {
            open = self.wait().await?;
        }
        if open && self.block.len() < LEAST_BYTES {
            tokio::time::sleep(BREATH).await;
            self.take()?;
        }
        Ok(())
    }

    /// Reads what is in the pipe, up to a whole piece; returns whether more may follow.
    fn take(&mut self) -> io::Result<bool> {
        while self.block.len() < PIECE_BYTES && self.block.len() < self.block.capacity() {
            let count = match rustix::io::read(&self.pipe, self.block.spare_capacity_mut()) {
                Ok(([], _)) => return Ok(false),
                Ok((read, _)) => read.len(),
                Err(Errno::INTR) => continue,
                Err(Errno::AGAIN) => break,
                Err(errno) => return Err(errno.into()),
            };
            // SAFETY: this many bytes of the spare capacity have just been written by the kernel.
            unsafe { self.block.advance_mut(count) };
        }
        Ok(true)
    }

    /// Waits for the first bytes; returns whether there are any.
    async fn wait(&mut self) -> io::Result<bool> {
        // A second handle of the same pipe: dropping it, even halfway, removes the pipe from the queue.
        let mut queued = ChildStdout::from_std(self.pipe.try_clone()?.into())?;
        Ok(queued.read_buf(&mut self.block).await? > 0)
    }

    fn trouble(&self, cause: io::Error) -> Error {
        Error::io(format!("cannot read what `{}` writes", self.program), cause)
    }
}

impl Source for ProgramOutput {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(self.piece())
    }
}

/// The input of a program. Closing it is the commit; the exit code shows whether the program accepted it.
pub struct ProgramInput {
    pipe: ChildStdin,
    program: String,
}

impl ProgramInput {
    pub fn new(pipe: ChildStdin, program: &str) -> ProgramInput {
        ProgramInput { pipe, program: program.to_owned() }
    }

    async fn send(&mut self, data: Bytes) -> Result<()> {
        self.pipe.write_all(&data).await.map_err(|cause| self.trouble(cause))
    }

    async fn flush(&mut self) -> Result<()> {
        self.pipe.flush().await.map_err(|cause| self.trouble(cause))
    }

    /// Waits until the program has read everything from the pipe: a program that ends earlier has not seen the rest.
    async fn taken(&mut self) -> Result<()> {
        self.flush().await?;
        let mut wait = LEAST_WAIT;
        while ioctl_fionread(&self.pipe).map_err(|errno| self.trouble(errno.into()))? > 0 {
            let mut looked = [PollFd::new(&self.pipe, PollFlags::empty())];
            let now = Timespec { tv_sec: 0, tv_nsec: 0 };
            poll(&mut looked, Some(&now)).map_err(|errno| self.trouble(errno.into()))?;
            if looked[0].revents().contains(PollFlags::ERR) {
                return Err(stopped_reading(&self.program));
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(MOST_WAIT);
        }
        Ok(())
    }

    fn trouble(&self, cause: io::Error) -> Error {
        match cause.kind() {
            io::ErrorKind::BrokenPipe => stopped_reading(&self.program),
            _ => Error::io(format!("cannot write to `{}`", self.program), cause),
        }
    }
}

impl Sink for ProgramInput {
    fn write(&mut self, data: Bytes) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.send(data))
    }

    fn seal(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.taken())
    }

    fn commit(mut self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move { self.flush().await })
    }

    fn abort(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        drop(self);
        Box::pin(std::future::ready(Ok(())))
    }
}
