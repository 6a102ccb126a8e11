//! Plans a run: the recipe runs, its reads are real, and its changes are recorded and withheld.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use super::cut::Cut;
use super::job::Job;
use super::ledger::Ledger;
use super::live::{Live, on_threads};
use super::loader::run::{LuaPart, Preview};
use super::outcome::{self, LuaEnd};
use super::scene::{Scene, never_began, run_lua};
use super::{clearing, final_check};
use crate::catalog::{AuditEntry, Moment, Status, run_id};
use crate::error::{Error, Result};
use crate::report::{self, Level};
use crate::world::dry_run::{DryRun, Planned, is_withheld};
use crate::world::guarded::Guarded;
use crate::world::limited::Limited;
use crate::world::{Caller, Limits, World};

/// Limits of hikae's own effects: the state folder.
const OWN_LIMITS: Limits = Limits { total: Duration::from_secs(60), idle: Duration::from_secs(60) };

/// The layer that withholds; the layer that refuses is above it, so that a plan refuses the same as a run.
type Withholding = Arc<DryRun<Limited<Arc<dyn World>>>>;

/// The effects of a run, as far as they are known.
pub struct Plan {
    pub recipe: String,
    pub run_type: String,
    /// The preview of the recipe.
    pub preview: Vec<String>,
    pub planned: Vec<Planned>,
    pub end: End,
    pub started_at: Moment,
    pub duration: Duration,
}

/// How a plan ended.
pub enum End {
    /// The recipe went to its end.
    Whole,
    /// The recipe depends on a value that only a real run knows.
    Unknown(Error),
    /// A run would be partial, as far as the plan can tell.
    Partial(Error),
    /// The recipe fails.
    Failed(Error),
    /// Interrupted by a signal.
    Interrupted(i32),
}

/// Plans `job` on this machine to its end. An error means that it could not start.
pub fn plan(job: Job) -> Result<Plan> {
    on_threads(plan_in(Arc::new(job), Live::default()))?
}

/// Plans `job` in this scene to its end.
pub async fn plan_in<S: Scene>(job: Arc<Job>, mut scene: S) -> Result<Plan> {
    let own = Caller::new(Arc::new(Limited::new(scene.own())), OWN_LIMITS);
    let dry = Arc::new(DryRun::new(Limited::new(scene.enter(&job)?)));
    let caller = Caller::new(Arc::new(Guarded::new(dry.clone(), job.needs.clone())?), job.limits);
    Ok(Planning { job, own, dry, caller, ledger: Arc::default() }.run(scene).await)
}

/// A plan in progress. It claims nothing: it takes no lock and records no run.
struct Planning {
    job: Arc<Job>,
    own: Caller,
    dry: Withholding,
    caller: Caller,
    /// In memory alone.
    ledger: Arc<Ledger>,
}

impl Planning {
    async fn run<S: Scene>(self, mut scene: S) -> Plan {
        let (began, started_at) = (self.own.world.elapsed(), self.own.world.now());
        let part = LuaPart {
            job: self.job.clone(),
            caller: self.caller.clone(),
            run_id: run_id(started_at, &self.job.run_type),
            ledger: self.ledger.clone(),
            recorded_query: scene.recorded_query(&self.job.config),
            record: scene.record(&self.job.config),
            play: scene.play(&self.job),
            preview: Preview::First,
        };
        let (end, cut) = {
            let mut cut = pin!(scene.cut(self.job.timeout));
            tokio::select! {
                () = clearing::sweep(&self.caller, &self.job.needs.write) => run_lua::<S>(part, cut).await,
                cut = &mut cut => (LuaEnd::failed(never_began()), Some(cut)),
            }
        };
        let preview = end.preview.clone();
        let end = match cut {
            Some(Cut::Signal(number)) => End::Interrupted(number),
            _ => self.judge(end).await,
        };
        let planned = self.dry.plan();
        self.audit(&scene, &planned, started_at).await;
        Plan {
            recipe: self.job.source.name.clone(),
            run_type: self.job.run_type.clone(),
            preview,
            planned,
            end,
            started_at,
            duration: self.own.world.elapsed().saturating_sub(began),
        }
    }

    /// The outcome of the plan from the end of the recipe. A planned backup counts as proved while it stays in the plan.
    async fn judge(&self, end: LuaEnd) -> End {
        let (backups, missing) = match &end.error {
            None => final_check::count(&self.caller, &self.ledger).await,
            Some(_) => (0, None),
        };
        match end.error.clone().or(missing) {
            Some(error) if is_withheld(&error) => return End::Unknown(error),
            Some(error) => return End::Failed(error),
            None => {}
        }
        // The remarks of the recipe so far do not count: they are about withheld changes.
        match outcome::decide(&end, (backups, None), &Ledger::default(), &self.job) {
            (Status::Partial, Some(error)) => End::Partial(error),
            (_, Some(error)) => End::Failed(error),
            (_, None) => End::Whole,
        }
    }

    /// Records who requested the plan, and its content: the only record. The plan is valid without it.
    async fn audit(&self, scene: &impl Scene, planned: &[Planned], now: Moment) {
        let machine = self.own.world.machine();
        let effects: Vec<serde_json::Value> = planned.iter().map(Planned::to_json).collect();
        let entry = AuditEntry {
            operation: format!("dry-run {}", self.job.source.name),
            backup_id: None,
            username: machine.user,
            ip_address: None,
            status: "done".to_owned(),
            details: serde_json::json!({ "host": machine.host, "effects": effects }),
            created_at: now,
        };
        let state = &self.job.config.state_dir;
        let written = match self.own.mkdir(state, 0o700).await {
            Ok(()) => match scene.catalog(&state.join("catalog.db")).transpose() {
                Ok(catalog) => catalog.map_or(Ok(()), |catalog| catalog.audit(&entry)),
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            let error = error.within(format!("cannot record in the state folder `{}` who planned", state.display()));
            report::log(Level::Warn, &error.one_line(), None);
        }
    }
}
