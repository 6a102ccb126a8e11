//! Says what differs between a run on this machine and its rehearsal: the world, the record, what stops it, where Lua runs.

use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::cut::{Cut, stop};
use super::job::Job;
use super::loader::run::LuaPart;
use super::outcome::LuaEnd;
use crate::backup::at_end::CLEANUP_TIME;
use crate::backup::usual::Content;
use crate::catalog::{Catalog, NewRun};
use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::lua::fuse::Fuse;
use crate::lua::record_queries::RecordQueries;
use crate::lua::session::{Play, RecordedQuery, plays_nothing};
use crate::world::World;

/// The environment of one run.
pub trait Scene {
    /// The world for hikae itself: its state folder and its locks.
    fn own(&self) -> Arc<dyn World>;

    /// The catalog at `path`; `None` if no record is kept.
    fn catalog(&self, path: &Path) -> Option<Result<Catalog>>;

    /// Whether the process of a run that is recorded as running still exists.
    fn is_alive(&self, run: &NewRun, state_dir: &Path) -> bool;

    /// The queries that a recipe may make on the record of all runs.
    fn record(&self, config: &Arc<Config>) -> RecordQueries;

    /// Whether a file is a recorded backup; without a record, no file is trusted.
    fn recorded_query(&self, _config: &Arc<Config>) -> RecordedQuery {
        Arc::new(|_| false)
    }

    /// The earlier backups, the newest first, if there is no catalog.
    fn past(&self) -> Vec<Content> {
        Vec::new()
    }

    /// Runs another recipe in the world of this run, without starting a process.
    fn play(&self, _job: &Job) -> Play {
        plays_nothing()
    }

    /// The world that the recipe touches, without its limits. From now on, signals and the deadline are watched.
    fn enter(&mut self, job: &Job) -> Result<Arc<dyn World>>;

    /// Called when the run has started and has its lock.
    fn began(&mut self, _run: &NewRun) {}

    /// Waits for an outside cause that ends the run.
    fn cut(&mut self, timeout: Duration) -> impl Future<Output = Cut>;

    /// Runs the recipe's own part, and sends its fuse as soon as it exists.
    fn lua(part: LuaPart, fuse: oneshot::Sender<Fuse>) -> impl Future<Output = LuaEnd>;

    /// Waits until everything dropped is undone; `false` if that took longer than `grace`.
    fn settle(&self, grace: Duration) -> impl Future<Output = bool>;
}

/// The time for Lua to end when requested, and for children to exit.
pub const GRACE: Duration = Duration::from_secs(5);

/// Runs Lua until it ends or must end; then it has time to drop the databases that it made.
pub async fn run_lua<S: Scene>(part: LuaPart, cut: impl Future<Output = Cut>) -> (LuaEnd, Option<Cut>) {
    let timeout = part.job.timeout;
    let (fuse_out, fuse_in) = oneshot::channel();
    let mut lua = pin!(S::lua(part, fuse_out));
    let cut = tokio::select! {
        end = &mut lua => return (end, None),
        cut = cut => cut,
    };
    // Concurrently: Lua that has not begun sends its fuse only when it continues.
    let stopping = stop(fuse_in, &cut, timeout);
    let ((), end) = futures_util::future::join(stopping, tokio::time::timeout(GRACE + CLEANUP_TIME, lua)).await;
    let left_behind = |_| Error::new(Kind::Timeout, "the recipe could not be stopped, and was left behind");
    (end.unwrap_or_else(|late| LuaEnd::failed(left_behind(late))), Some(cut))
}

/// The result of a recipe whose folders did not respond to the check before it.
pub fn never_began() -> Error {
    Error::new(Kind::Timeout, "the recipe did not begin within its `timeout`")
        .hint("the folder of the backups does not answer: look at it with `ls`, and at its disk with `dmesg`")
}
