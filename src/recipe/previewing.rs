//! Gets a recipe's preview before a person confirms the run: its reads are real, and it changes nothing.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::job::Job;
use super::ledger::Ledger;
use super::live::{Live, on_threads};
use super::loader::run::{LuaPart, Preview};
use super::outcome::LuaEnd;
use super::scene::Scene;
use crate::catalog::run_id;
use crate::error::{Error, Kind, Result};
use crate::lua::record_queries::RecordQueries;
use crate::lua::session::plays_nothing;
use crate::world::dry_run::DryRun;
use crate::world::guarded::Guarded;
use crate::world::limited::Limited;
use crate::world::real::Real;
use crate::world::{Caller, Limits};

/// A person is waiting: a server that does not answer in this time is not described.
const PATIENCE: Duration = Duration::from_secs(30);
const LIMITS: Limits = Limits { total: Duration::from_secs(20), idle: Duration::from_secs(20) };

/// The preview that `job` returns; `None` if its recipe has none.
pub fn preview(job: &Arc<Job>) -> Result<Vec<String>> {
    on_threads(preview_in(job.clone()))?
}

/// Enters no scene: that would catch signals, and Ctrl-C must work while the person is asked.
async fn preview_in(job: Arc<Job>) -> Result<Vec<String>> {
    let scene = Live::default();
    let roots = job.needs.read.iter().chain(&job.needs.write).cloned();
    let real = Real::beneath(roots)?.with_variables(job.network());
    let dry = Arc::new(DryRun::new(Limited::new(Arc::new(real))));
    let caller = Caller::new(Arc::new(Guarded::new(dry, job.needs.clone())?), LIMITS);
    let part = LuaPart {
        run_id: run_id(scene.own().now(), &job.run_type),
        caller,
        ledger: Arc::<Ledger>::default(),
        recorded_query: scene.recorded_query(&job.config),
        record: RecordQueries::none(),
        play: plays_nothing(),
        preview: Preview::Only,
        job,
    };
    let (fuse, _nobody_stops_it) = oneshot::channel();
    let said = tokio::time::timeout(PATIENCE, Live::lua(part, fuse)).await;
    let LuaEnd { error, preview, .. } =
        said.map_err(|_| Error::new(Kind::Timeout, "the server does not answer in time"))?;
    error.map_or(Ok(preview), Err)
}
