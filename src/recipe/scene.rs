//! Says what differs between a run on this machine and its rehearsal: the world, the record, what cuts it, where Lua runs.

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

/// Where one run takes place.
pub trait Scene {
    /// The world as hikae itself touches it, for its state folder and its locks.
    fn own(&self) -> Arc<dyn World>;

    /// The catalog at `path`; nothing where no record is kept.
    fn catalog(&self, path: &Path) -> Option<Result<Catalog>>;

    /// Whether the process of a run that is recorded as running is still there.
    fn is_alive(&self, run: &NewRun, state_dir: &Path) -> bool;

    /// What a recipe may ask of the record of all runs.
    fn record(&self, config: &Arc<Config>) -> RecordQueries;

    /// Whether a file is a backup on record; nobody vouches for one where no record is kept.
    fn recorded_query(&self, _config: &Arc<Config>) -> RecordedQuery {
        Arc::new(|_| false)
    }

    /// What was backed up before, the newest first, where no catalog knows it.
    fn past(&self) -> Vec<Content> {
        Vec::new()
    }

    /// Plays another recipe in the world of this run, where no process is started for it.
    fn play(&self, _job: &Job) -> Play {
        plays_nothing()
    }

    /// The world that the recipe touches, without its limits. From now on what cuts the run is listened for.
    fn enter(&mut self, job: &Job) -> Result<Arc<dyn World>>;

    /// The run is under way: it has its lock.
    fn began(&mut self, _run: &NewRun) {}

    /// Waits for what ends the run from outside.
    fn cut(&mut self, timeout: Duration) -> impl Future<Output = Cut>;

    /// Runs the recipe's own part, and sends its fuse as soon as there is one.
    fn lua(part: LuaPart, fuse: oneshot::Sender<Fuse>) -> impl Future<Output = LuaEnd>;

    /// Waits until everything that was dropped is undone; `false` when that took longer than `grace`.
    fn settle(&self, grace: Duration) -> impl Future<Output = bool>;
}

/// How long Lua may take to end once it was asked to, and how long children may take to die.
pub const GRACE: Duration = Duration::from_secs(5);

/// Lets Lua run until it ends, or is asked to; then it may take its time to drop the databases that it has made.
pub async fn run_lua<S: Scene>(part: LuaPart, cut: impl Future<Output = Cut>) -> (LuaEnd, Option<Cut>) {
    let timeout = part.job.timeout;
    let (fuse_out, fuse_in) = oneshot::channel();
    let mut lua = pin!(S::lua(part, fuse_out));
    let cut = tokio::select! {
        end = &mut lua => return (end, None),
        cut = cut => cut,
    };
    // Side by side: Lua that has not begun sends its fuse only when it goes on.
    let stopping = stop(fuse_in, &cut, timeout);
    let ((), end) = futures_util::future::join(stopping, tokio::time::timeout(GRACE + CLEANUP_TIME, lua)).await;
    let left_behind = |_| Error::new(Kind::Timeout, "the recipe could not be stopped, and was left behind");
    (end.unwrap_or_else(|late| LuaEnd::failed(left_behind(late))), Some(cut))
}

/// The end of a recipe whose folders did not even answer to the look before it.
pub fn never_began() -> Error {
    Error::new(Kind::Timeout, "the recipe did not begin within its `timeout`")
        .hint("the folder of the backups does not answer: look at it with `ls`, and at its disk with `dmesg`")
}
