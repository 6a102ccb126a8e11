//! Plans a run: the recipe runs, what it reads is real, and what it would change is written down and withheld.

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

/// What withholds: above it is what refuses, so that a plan refuses what a run would refuse.
type Withholding = Arc<DryRun<Limited<Arc<dyn World>>>>;

/// What a run would do, and how far that is known.
pub struct Plan {
    pub recipe: String,
    pub run_type: String,
    /// What the recipe says it will do.
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
    /// The recipe would go on from what only a run would know.
    Unknown(Error),
    /// A run would be done only in part, as far as the plan can see.
    Partial(Error),
    /// The recipe fails.
    Failed(Error),
    /// By a signal.
    Interrupted(i32),
}

/// Plans `job` on this machine to its end. An error means that it could not even be tried.
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

/// A plan under way. It claims nothing: no lock keeps anybody away, and no run is recorded.
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

    /// What the end of the recipe means for the plan. A planned backup counts as proved, as long as it stays in the plan.
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
        // What the recipe has remarked so far does not decide: it was remarked about changes that were withheld.
        match outcome::decide(&end, (backups, None), &Ledger::default(), &self.job) {
            (Status::Partial, Some(error)) => End::Partial(error),
            (_, Some(error)) => End::Failed(error),
            (_, None) => End::Whole,
        }
    }

    /// Who asked for the plan, and what it was: the one thing that is recorded. The plan holds without it.
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
