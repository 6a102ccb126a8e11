//! Breaks the streams of an effect at an exact byte: half a piece passes if the fault is there.
//!
//! A watcher (`watched.rs`) observes only whole steps and cannot do that.

mod session;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::changing::Change;
use super::{Delay, FaultKind, broken_by, killed};
use crate::error::{Error, Kind, Result};
use crate::stream::{Piece, ReadBack, Sink, Source, Stamped};
use crate::world::http::HttpResponse;
use crate::world::packing::Packed;
use crate::world::reply::Process;
use crate::world::{Child, Exit, Reply};

/// The fault of one stream.
#[derive(Clone)]
pub struct Broken {
    fault: Option<(FaultKind, String, Delay)>,
    /// Bytes that pass before it breaks; `None` if it does not break.
    left: Option<u64>,
    of_network: bool,
    killed: Arc<AtomicBool>,
    /// A possible change of the file after the commit.
    change: Option<Change>,
}

impl Broken {
    /// No fault, but the run may be killed.
    pub fn none(killed: Arc<AtomicBool>) -> Broken {
        Broken { fault: None, left: None, of_network: false, killed, change: None }
    }

    pub fn new(fault: FaultKind, object: String, delay: Delay, killed: Arc<AtomicBool>) -> Broken {
        let left = match fault {
            FaultKind::Cut { after_bytes } | FaultKind::Hang { after_bytes } | FaultKind::FullDisk { after_bytes } => {
                Some(after_bytes)
            }
            _ => None,
        };
        Broken { fault: Some((fault, object, delay)), left, of_network: false, killed, change: None }
    }

    /// Sets whether it breaks as the network does, for a stream whose other end is a server.
    pub fn over_network(self, of_network: bool) -> Broken {
        Broken { of_network, ..self }
    }

    pub fn changed_by(self, change: Option<Change>) -> Broken {
        Broken { change, ..self }
    }

    fn alive(&self) -> Result<()> {
        if self.killed.load(Ordering::SeqCst) { Err(killed()) } else { Ok(()) }
    }

    /// Checks before each step that the run is alive, and waits if the fault makes it slow.
    async fn step(&self) -> Result<()> {
        self.alive()?;
        match &self.fault {
            Some((FaultKind::Slow { by }, _, delay)) => delay.pass(*by).await,
            _ => Ok(()),
        }
    }

    /// How many of `size` bytes pass.
    fn pass(&mut self, size: usize) -> usize {
        let Some(left) = &mut self.left else { return size };
        let through = (*left).min(size as u64);
        *left -= through;
        through as usize
    }

    fn is_over(&self) -> bool {
        self.left == Some(0)
    }

    /// The error of a stream at the point where it breaks.
    async fn breaks(&self, act: &str) -> Error {
        let Some((fault, object, delay)) = &self.fault else { return killed() };
        let kind = match fault {
            FaultKind::Hang { .. } => return delay.hang().await,
            FaultKind::FullDisk { .. } => Kind::Space,
            _ if self.of_network => Kind::Network,
            _ => Kind::Other,
        };
        broken_by(&format!("{act} `{object}`"), kind)
    }

    /// Whether it breaks at some byte, even after the last one.
    fn breaks_off(&self) -> bool {
        self.left.is_some()
    }

    fn dies(&self) -> bool {
        matches!(&self.fault, Some((FaultKind::Cut { .. }, ..)))
    }
}

/// The same reply, with streams that break.
pub fn break_reply(reply: Reply, broken: Broken) -> Reply {
    let whole = || Broken::none(broken.killed.clone());
    match reply {
        Reply::Source(inner) => Reply::Source(Box::new(Kept::new(inner, broken, false))),
        Reply::Packed(packed) => {
            Reply::Packed(Packed { source: Box::new(Kept::new(packed.source, broken, false)), ..packed })
        }
        Reply::Sink(inner) => Reply::Sink(Box::new(Kept::new(inner, broken, false))),
        Reply::Session(inner) => Reply::Session(Box::new(Kept::new(inner, broken.over_network(true), false))),
        Reply::Response(response) => Reply::Response(answer_badly(response, broken.over_network(true))),
        Reply::Child(Child { stdin, stdout, process }) => {
            let stdin = stdin.map(|inner| Box::new(Kept::new(inner, whole(), true)) as Box<dyn Sink>);
            Reply::Child(Child {
                stdin,
                stdout: Box::new(Kept::new(stdout, broken.clone(), true)),
                process: Box::new(Kept::new(process, broken, true)),
            })
        }
        reply => reply,
    }
}

/// An answer whose body breaks, or that is only a status.
fn answer_badly(response: HttpResponse, broken: Broken) -> HttpResponse {
    let (status, headers, inner) = match broken.fault {
        Some((FaultKind::Answer { status }, ..)) => (status, Vec::new(), Box::new(Nothing) as Box<dyn Source>),
        _ => (response.status, response.headers, response.body),
    };
    HttpResponse { status, headers, body: Box::new(Kept::new(inner, broken, false)), ..response }
}

struct Nothing;

impl Source for Nothing {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(async { Ok(Piece::End) })
    }
}

/// A stream that is not cleaned up when the run is killed.
struct Kept<T: ?Sized> {
    inner: Option<Box<T>>,
    broken: Broken,
    /// Whether it is a program's output: its exit shows that it died, not its output.
    of_program: bool,
}

impl<T: ?Sized> Kept<T> {
    fn new(inner: Box<T>, broken: Broken, of_program: bool) -> Kept<T> {
        Kept { inner: Some(inner), broken, of_program }
    }

    fn inner(&mut self) -> Result<&mut T> {
        self.inner.as_deref_mut().ok_or_else(killed)
    }

    fn take_inner(&mut self) -> Result<Box<T>> {
        self.broken.alive()?;
        self.inner.take().ok_or_else(killed)
    }
}

impl<T: ?Sized> Drop for Kept<T> {
    fn drop(&mut self) {
        if self.broken.alive().is_err() {
            // A drop would clean up, and a killed process cleans up nothing.
            std::mem::forget(self.inner.take());
        }
    }
}

impl Kept<dyn Source> {
    async fn end(&mut self) -> Result<Piece> {
        match self.of_program && self.broken.dies() {
            true => Ok(Piece::End),
            false => Err(self.broken.breaks("read").await),
        }
    }
}

impl Source for Kept<dyn Source> {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(async {
            self.broken.step().await?;
            if self.broken.is_over() {
                return self.end().await;
            }
            let piece = self.inner()?.next().await?;
            self.broken.alive()?;
            match piece {
                Piece::Data(data) => {
                    let through = self.broken.pass(data.len());
                    Ok(Piece::Data(data.slice(..through)))
                }
                // It breaks where it would have ended, so that a broken stream is never taken for a complete one.
                Piece::End if self.broken.breaks_off() => self.end().await,
                Piece::End => Ok(Piece::End),
            }
        })
    }
}

impl Sink for Kept<dyn Sink> {
    fn write(&mut self, data: Bytes) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            self.broken.step().await?;
            let through = self.broken.pass(data.len());
            self.inner()?.write(data.slice(..through)).await?;
            match through < data.len() {
                true => Err(self.broken.breaks("write").await),
                false => self.broken.alive(),
            }
        })
    }

    fn seal(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            self.broken.step().await?;
            if self.broken.breaks_off() {
                return Err(self.broken.breaks("write").await);
            }
            self.inner()?.seal().await
        })
    }

    fn read_back(&mut self) -> BoxFuture<'_, Result<ReadBack>> {
        Box::pin(async {
            self.broken.step().await?;
            let killed = self.broken.killed.clone();
            Ok(match self.inner()?.read_back().await? {
                ReadBack::Now(inner) => ReadBack::Now(Box::new(Kept::new(inner, Broken::none(killed), false))),
                other => other,
            })
        })
    }

    fn stamped(&self) -> Option<Stamped> {
        self.inner.as_ref().and_then(|inner| inner.stamped())
    }

    fn commit(mut self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move {
            self.broken.step().await?;
            if self.broken.breaks_off() {
                return Err(self.broken.breaks("write").await);
            }
            self.take_inner()?.commit().await?;
            match &self.broken.change {
                Some(change) => change.strike().await,
                None => Ok(()),
            }
        })
    }

    fn abort(mut self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move { self.take_inner()?.abort().await })
    }
}

impl Process for Kept<dyn Process> {
    fn wait(&mut self) -> BoxFuture<'_, Result<Exit>> {
        Box::pin(async {
            self.broken.step().await?;
            match &self.broken.fault {
                Some((FaultKind::Hang { .. }, ..)) => return Err(self.broken.breaks("run").await),
                Some((FaultKind::Cut { .. }, ..)) => {
                    // The process is not waited for: it may be blocked by output that nobody reads.
                    return Ok(Exit { code: None, signal: Some(9), stderr: String::new() });
                }
                _ => {}
            }
            let exit = self.inner()?.wait().await?;
            self.broken.alive()?;
            match &self.broken.fault {
                Some((FaultKind::Exit { code }, ..)) => Ok(Exit { code: Some(*code), signal: None, ..exit }),
                _ => Ok(exit),
            }
        })
    }
}
