//! Makes any world fail on purpose: at the n-th effect it refuses, breaks off, hangs, slows down, fills the disk, or kills the run.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures_util::future::BoxFuture;

use rustix::io::Errno;

use super::limited::Bounds;
use super::refusals::{held, not_on_path};
use super::{Effect, Limits, Reply, Request, World};
use crate::error::{Error, Kind, Result};
use broken::{Broken, break_reply};
use changing::Changing;

mod broken;
mod changing;
mod ways;

pub use ways::ways;

/// The hint of an injected fault that has no other hint.
const ON_PURPOSE: &str = "this fault was put in on purpose";

/// One thing that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    pub at: Nth,
    pub what: FaultKind,
}

/// The n-th effect, counted from one: of a verb, or of all.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nth {
    #[serde(default)]
    pub verb: Option<String>,
    pub n: usize,
}

/// The way in which it goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// It is refused at once, with an error of this kind.
    Fail { kind: Kind },
    /// Its stream breaks after this many bytes: a file can no longer be read or written, or a program dies.
    Cut { after_bytes: u64 },
    /// A program writes all of its output, and then fails with this code.
    Exit { code: i32 },
    /// It stops answering after this many bytes, until its limits end it.
    Hang { after_bytes: u64 },
    /// Each of its steps takes this much longer.
    Slow { by: Duration },
    /// A server answers with this status, and nothing else.
    Answer { status: u16 },
    /// The disk is full after this many bytes.
    FullDisk { after_bytes: u64 },
    /// The program leaves a process behind that changes these files after they are visible under their names; their size stays the same.
    Changed { paths: Vec<PathBuf> },
    /// The run is killed: this effect and all later ones fail, and nothing is cleaned up.
    Killed,
}

/// A world with faults.
///
/// It counts the effects that reach it, so it belongs below the worlds that refuse effects. After a kill, unfinished work
/// is not undone, since no process is left to do it; `Simulated::die` then does the same to a simulated world.
pub struct Faulty<W> {
    inner: Arc<W>,
    faults: Vec<Fault>,
    counts: Mutex<BTreeMap<Option<&'static str>, usize>>,
    killed: Arc<AtomicBool>,
    changing: Changing,
}

impl<W> Faulty<W> {
    pub fn new(inner: W, faults: impl IntoIterator<Item = Fault>) -> Faulty<W> {
        let (faults, inner) = (faults.into_iter().collect(), Arc::new(inner));
        Faulty { inner, faults, counts: Mutex::default(), killed: Arc::default(), changing: Changing::default() }
    }

    /// Another world that the same run touches: without faults, but a kill of the run reaches it too.
    pub fn beside<V>(&self, other: V) -> Faulty<V> {
        let (faults, counts, changing) = (Vec::new(), Mutex::default(), Changing::default());
        Faulty { inner: Arc::new(other), faults, counts, killed: self.killed.clone(), changing }
    }

    /// Whether the run has been killed.
    pub fn is_killed(&self) -> bool {
        self.killed.load(Ordering::SeqCst)
    }

    /// Whether every fault has been triggered.
    pub fn all_met(&self) -> bool {
        let counts = lock(&self.counts);
        self.faults
            .iter()
            .all(|Fault { at, .. }| counts.iter().any(|(verb, count)| *verb == at.verb.as_deref() && *count >= at.n))
    }

    /// Counts one effect; returns its fault, if any.
    fn next(&self, effect: &Effect) -> Option<FaultKind> {
        let mut counts = lock(&self.counts);
        let verb = effect.verb();
        for key in [None, Some(verb)] {
            *counts.entry(key).or_default() += 1;
        }
        let met = |at: &Nth| match &at.verb {
            Some(named) => named == verb && counts[&Some(verb)] == at.n,
            None => counts[&None] == at.n,
        };
        self.faults.iter().find(|fault| met(&fault.at)).map(|fault| fault.what.clone())
    }
}

impl<W: World + 'static> Faulty<W> {
    async fn answer(&self, request: Request) -> Result<Reply> {
        let fault = match self.is_killed() {
            true => Some(FaultKind::Killed),
            false => self.next(&request.effect),
        };
        match fault {
            Some(fault) => self.answer_badly(request, fault).await,
            None => self.unbroken(request).await,
        }
    }

    /// Performs the effect without a fault. Every stream must notice a kill, and every file a change by somebody else.
    async fn unbroken(&self, request: Request) -> Result<Reply> {
        let change = match &request.effect {
            Effect::Create { path, .. } => Some(self.changing.of(path, self.inner.clone())),
            _ => None,
        };
        let reply = self.inner.perform(request).await?;
        Ok(break_reply(reply, Broken::none(self.killed.clone()).changed_by(change)))
    }

    async fn answer_badly(&self, request: Request, fault: FaultKind) -> Result<Reply> {
        let delay = Delay::of(&request, self.inner.clone());
        let effect = request.effect.clone();
        let object = match &effect {
            Effect::Spawn(command) => command.program.clone(),
            effect => effect.object(),
        };
        match (&fault, effect.streams()) {
            (FaultKind::Killed, _) => {
                self.killed.store(true, Ordering::SeqCst);
                return Err(killed());
            }
            (FaultKind::Fail { kind }, _) => return Err(refusal(&effect, &object, *kind)),
            (FaultKind::FullDisk { .. }, false) => return Err(refusal(&effect, &object, Kind::Space)),
            (FaultKind::Cut { .. } | FaultKind::Exit { .. }, false) => {
                return Err(refusal(&effect, &object, Kind::Other));
            }
            (FaultKind::Hang { .. }, false) => return Err(delay.hang().await),
            // Before the answer begins, like a server that accepts a request and then stays silent.
            (FaultKind::Hang { after_bytes: 0 }, true) if matches!(effect, Effect::Request(_)) => {
                return Err(delay.hang().await);
            }
            (FaultKind::Slow { by }, _) => delay.pass(*by).await?,
            (FaultKind::Changed { paths }, _) => {
                self.changing.begin(paths, &self.inner).await?;
                return self.unbroken(request).await;
            }
            _ => {}
        }
        let reply = self.inner.perform(request).await?;
        let broken = Broken::new(fault, object, delay, self.killed.clone());
        let network = matches!(effect, Effect::Get(_) | Effect::Put(_) | Effect::Upload(_));
        Ok(break_reply(reply, broken.over_network(network)))
    }
}

impl<W: World + 'static> World for Faulty<W> {
    fn perform(&self, request: Request) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(self.answer(request))
    }

    rest_from!(self => self.inner);
}

/// Waits on the clock of the world below, within the limits of one effect.
#[derive(Clone)]
struct Delay {
    world: Arc<dyn World>,
    bounds: Bounds,
    begun: Duration,
}

impl Delay {
    fn of<W: World + 'static>(request: &Request, world: Arc<W>) -> Delay {
        Delay { bounds: Bounds::of(request), begun: world.elapsed(), world }
    }

    async fn pass(&self, time: Duration) -> Result<()> {
        let lasted = self.world.elapsed().saturating_sub(self.begun);
        let duration = time.min(self.bounds.left(lasted, Duration::ZERO));
        let limits = Limits { total: Duration::MAX, idle: Duration::MAX };
        self.world.perform(Request { effect: Effect::Sleep { duration }, site: None, why: None, limits }).await?;
        self.bounds.reached(lasted + duration, duration).map_or(Ok(()), Err)
    }

    async fn hang(&self) -> Error {
        match self.pass(Duration::MAX).await {
            Err(error) => error,
            Ok(()) => Error::new(Kind::Timeout, "something waits for ever in a world without limits"),
        }
    }
}

fn refusal(effect: &Effect, object: &str, kind: Kind) -> Error {
    match (effect, kind) {
        (Effect::Spawn(_), Kind::NotFound) => not_on_path(object, "/usr/bin:/bin"),
        (Effect::Connect(_), kind) => broken_by(&format!("connect to `{object}`"), kind),
        (Effect::Lock { path }, Kind::Locked) => held(path, None),
        (Effect::Request(_) | Effect::Upload(_), kind) => broken_by(&format!("send `{object}`"), kind),
        _ => broken_by(&format!("{} `{object}`", effect.verb()), kind),
    }
}

/// The error of an act with this fault, with the cause that the operating system would report.
fn broken_by(act: &str, kind: Kind) -> Error {
    let cause = match kind {
        Kind::NotFound => Errno::NOENT,
        Kind::AlreadyExists => Errno::EXIST,
        Kind::Denied => Errno::ACCESS,
        Kind::Space => Errno::NOSPC,
        Kind::Timeout => Errno::TIMEDOUT,
        Kind::Network => Errno::CONNRESET,
        _ => Errno::IO,
    };
    Error::new(kind, format!("cannot {act}")).because(std::io::Error::from(cause)).hint(ON_PURPOSE)
}

fn killed() -> Error {
    Error::new(Kind::Cancelled, "the run was killed").hint(ON_PURPOSE)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|broken| broken.into_inner())
}
