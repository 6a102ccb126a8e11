//! Records every effect, in order, with its outcome: specs assert on the records, and the audit stores them.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::watched::{Ending, Watch, Watcher, watch};
use super::{Effect, Exit, Reply, Request, World};
use crate::error::{Kind, Result, Site};

/// A world whose effects are recorded. For streams, only the size is recorded.
pub struct Journal<W> {
    inner: Arc<W>,
    records: Records,
}

type Records = Arc<Mutex<Vec<Record>>>;

/// One requested effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The data of a small file, the body of a request and the parts of a mail are left out.
    pub effect: Effect,
    pub site: Option<Site>,
    /// The reason that the recipe states, if any.
    pub why: Option<String>,
    /// Its start time, on the clock of the world's `elapsed`.
    pub started: Duration,
    /// Its duration, including its streams; `None` while it is running.
    pub lasted: Option<Duration>,
    /// The bytes moved: read, written, or both for a program with input.
    pub size_bytes: u64,
    /// The answer of an HTTP server.
    pub status: Option<u16>,
    pub outcome: Outcome,
}

impl Record {
    /// The record as the audit stores it.
    pub fn to_json(&self) -> serde_json::Value {
        let (outcome, message) = match &self.outcome {
            Outcome::Underway => ("underway", None),
            Outcome::Done => ("done", None),
            Outcome::Failed { message, .. } => ("failed", Some(message)),
            Outcome::Dropped => ("dropped", None),
        };
        let mut json = serde_json::json!({
            "effect": self.effect.verb(),
            "object": self.effect.object(),
            "site": self.site.as_ref().map(Site::to_string),
            "why": self.why,
            "size_bytes": self.size_bytes,
            "outcome": outcome,
            "error": message,
        });
        if let Some(status) = self.status {
            json["status"] = status.into();
        }
        json
    }
}

/// How an effect ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Underway,
    Done,
    Failed {
        kind: Kind,
        message: String,
    },
    /// Dropped before its end: a file that was not committed, or a program that was stopped.
    Dropped,
}

impl<W> Journal<W> {
    pub fn new(inner: W) -> Journal<W> {
        Journal { inner: Arc::new(inner), records: Records::default() }
    }

    /// The records so far, in the order of the requests.
    pub fn entries(&self) -> Vec<Record> {
        lock(&self.records).clone()
    }
}

impl<W: World + 'static> Journal<W> {
    /// Opens a record.
    fn begin(&self, request: &Request) -> Page<W> {
        let mut effect = request.effect.clone();
        let size_bytes = effect.take_payload();
        let (site, why) = (request.site.clone(), request.why.clone());
        let (started, outcome) = (self.inner.elapsed(), Outcome::Underway);
        let mut records = lock(&self.records);
        records.push(Record { effect, site, why, started, lasted: None, size_bytes, status: None, outcome });
        Page { world: self.inner.clone(), records: self.records.clone(), number: records.len() - 1 }
    }
}

impl<W: World + 'static> World for Journal<W> {
    fn perform(&self, request: Request) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(async {
            let page = self.begin(&request);
            let mut record = Watch::new(page.clone());
            let reply = record.step(self.inner.perform(request)).await?;
            if let Reply::Bytes(data) = &reply {
                page.moved(data.len());
            }
            if let Reply::Response(response) = &reply {
                lock(&self.records)[page.number].status = Some(response.status);
            }
            Ok(watch(reply, record))
        })
    }

    rest_from!(self => self.inner);
}

/// The position of one record.
struct Page<W> {
    world: Arc<W>,
    records: Records,
    number: usize,
}

impl<W> Clone for Page<W> {
    fn clone(&self) -> Page<W> {
        Page { world: self.world.clone(), records: self.records.clone(), number: self.number }
    }
}

impl<W: World + 'static> Watcher for Page<W> {
    fn moved(&self, bytes: usize) {
        lock(&self.records)[self.number].size_bytes += bytes as u64;
    }

    fn ended(&self, ending: Ending<'_>) {
        let now = self.world.elapsed();
        let mut records = lock(&self.records);
        let record = &mut records[self.number];
        record.lasted = Some(now.saturating_sub(record.started));
        record.outcome = match ending {
            Ending::Well => Outcome::Done,
            Ending::Badly(error) => Outcome::Failed { kind: error.kind(), message: error.one_line() },
            Ending::Exited(exit) if accepts(&record.effect, exit) => Outcome::Done,
            Ending::Exited(exit) => Outcome::Failed { kind: Kind::Command, message: exit.words() },
            Ending::Dropped => Outcome::Dropped,
        };
    }
}

fn accepts(effect: &Effect, exit: &Exit) -> bool {
    matches!(effect, Effect::Spawn(command) if command.accepts(exit))
}

fn lock(records: &Mutex<Vec<Record>>) -> MutexGuard<'_, Vec<Record>> {
    records.lock().unwrap_or_else(|broken| broken.into_inner())
}
