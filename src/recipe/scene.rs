//! Says what differs between a run on this machine and its rehearsal: the world, the record, what cuts it, where Lua runs.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::cut::Cut;
use super::job::Job;
use super::lua_part::{LuaEnd, LuaPart};
use crate::catalog::{Catalog, NewRun};
use crate::error::Result;
use crate::host::limits::Fuse;
use crate::world::World;

/// Where one run takes place.
pub trait Scene {
    /// The world as hikae itself touches it, for its state folder and its locks.
    fn own(&self) -> Arc<dyn World>;

    /// The catalog at `path`; nothing where no record is kept.
    fn catalog(&self, path: &Path) -> Option<Result<Catalog>>;

    /// Whether the process of a run that is recorded as running is still there.
    fn is_alive(&self, run: &NewRun, state_dir: &Path) -> bool;

    /// The world that the recipe touches, without its limits. From now on what cuts the run is listened for.
    fn enter(&mut self, job: &Job) -> Result<Arc<dyn World>>;

    /// Waits for what ends the run from outside.
    fn cut(&mut self, timeout: Duration) -> impl Future<Output = Cut>;

    /// Runs the recipe's own part, and hands out its fuse as soon as there is one.
    fn lua(part: LuaPart, fuse: oneshot::Sender<Fuse>) -> impl Future<Output = LuaEnd>;

    /// Waits until everything that was dropped is taken back; `false` when that took longer than `grace`.
    fn settle(&self, grace: Duration) -> impl Future<Output = bool>;
}
