//! Plans a run: the recipe runs, what it reads is real, and what it would change is written down and withheld.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::clearing;
use super::cut::{Cut, Signals, stop};
use super::job::Job;
use super::ledger::Ledger;
use super::lua_thread::{self, LuaEnd, LuaSetup};
use super::outcome::{Accounts, Verdict};
use super::standing;
use crate::catalog::{AuditEntry, Catalog, Moment, Status, run_id};
use crate::error::{Error, Kind, Result};
use crate::report::{self, Level};
use crate::world::dry_run::{DryRun, Planned, is_withheld};
use crate::world::guarded::Guarded;
use crate::world::limited::Limited;
use crate::world::real::Real;
use crate::world::{Caller, Limits, World};

/// Limits of hikae's own effects: the state folder.
const OWN_LIMITS: Limits = Limits { total: Duration::from_secs(60), idle: Duration::from_secs(60) };
/// How long Lua may take to end once it was told to.
const GRACE: Duration = Duration::from_secs(5);

/// What withholds: above it stands what refuses, so that a plan refuses what a run would refuse.
type Withholding = Arc<DryRun<Limited<Arc<Real>>>>;

/// What a run would do, and how far that can be told.
pub struct Plan {
    pub recipe: String,
    pub run_type: String,
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
    /// A run would be done only in part, as far as the plan can tell.
    Partial(Error),
    /// The recipe fails.
    Failed(Error),
    /// By a signal.
    Interrupted(i32),
}

/// Plans `job` to its end. An error means that it could not even be tried.
pub fn plan(job: Job) -> Result<Plan> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|cause| Error::io("cannot start the threads that move bytes", cause))?;
    let planned = runtime.block_on(async { Ok(Planning::start(job)?.run().await) });
    // A read that hangs in the kernel must not keep the process from ending.
    runtime.shutdown_timeout(Duration::from_millis(500));
    planned
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
    fn start(job: Job) -> Result<Planning> {
        let own = Caller::new(Arc::new(Limited::new(Real::ambient())), OWN_LIMITS);
        let roots = job.needs.read.iter().chain(&job.needs.write).cloned();
        let dry = Arc::new(DryRun::new(Limited::new(Arc::new(Real::beneath(roots)?))));
        let caller = Caller::new(Arc::new(Guarded::new(dry.clone(), job.needs.clone())?), job.limits);
        Ok(Planning { job: Arc::new(job), own, dry, caller, ledger: Arc::default() })
    }

    async fn run(self) -> Plan {
        let (began, started_at) = (self.own.world.elapsed(), self.own.world.now());
        let mut signals = Signals::listen();
        let (end, cut) = tokio::select! {
            () = clearing::sweep(&self.caller, &self.job.needs.write) => self.lua(started_at, &mut signals).await,
            cut = self.cut(&mut signals) => (LuaEnd::failed(never_began()), Some(cut)),
        };
        let end = match cut {
            Some(Cut::Signal(number)) => End::Interrupted(number),
            _ => self.judge(end).await,
        };
        let planned = self.dry.plan();
        self.audit(&planned, started_at).await;
        Plan {
            recipe: self.job.source.name.clone(),
            run_type: self.job.run_type.clone(),
            planned,
            end,
            started_at,
            duration: self.own.world.elapsed().saturating_sub(began),
        }
    }

    /// Lets Lua run on a thread of its own, and watches it: a thread that cannot be stopped is left behind.
    async fn lua(&self, now: Moment, signals: &mut Signals) -> (LuaEnd, Option<Cut>) {
        let (fuse_out, fuse_in) = oneshot::channel();
        let (end_out, mut end_in) = oneshot::channel();
        let setup = LuaSetup {
            job: self.job.clone(),
            caller: self.caller.clone(),
            run_id: run_id(now, &self.job.run_type),
            ledger: self.ledger.clone(),
            runtime: tokio::runtime::Handle::current(),
        };
        if let Err(error) = lua_thread::spawn(setup, fuse_out, end_out) {
            return (LuaEnd::failed(error), None);
        }
        // Without a fuse Lua could not even start, and its end says why.
        let fuse = fuse_in.await.ok();
        let cut = tokio::select! {
            end = &mut end_in => return (end.unwrap_or_else(|_| LuaEnd::failed(crashed())), None),
            cut = self.cut(signals) => cut,
        };
        stop(fuse.as_ref(), &cut, self.job.timeout);
        let left = || LuaEnd::failed(Error::new(Kind::Timeout, "the recipe could not be stopped, and was left behind"));
        let end = tokio::time::timeout(GRACE, end_in).await;
        (end.map_or_else(|_| left(), |end| end.unwrap_or_else(|_| LuaEnd::failed(crashed()))), Some(cut))
    }

    /// Waits for what ends a plan from outside: a signal, or the deadline of a run.
    async fn cut(&self, signals: &mut Signals) -> Cut {
        let own = Caller { limits: Limits { total: Duration::MAX, idle: Duration::MAX }, ..self.own.clone() };
        tokio::select! {
            number = signals.caught() => Cut::Signal(number),
            _slept = own.sleep(self.job.timeout) => Cut::Deadline,
        }
    }

    /// What the end of the recipe means for the plan. A planned backup counts as proved, as long as it stays in the plan.
    async fn judge(&self, end: LuaEnd) -> End {
        let LuaEnd { error, swallowed, unused_streams } = end;
        let (backups, missing) = match &error {
            None => standing::count(&self.caller, &self.ledger.backups()).await,
            Some(_) => (0, None),
        };
        match error.or(missing) {
            Some(error) if is_withheld(&error) => return End::Unknown(error),
            Some(error) => return End::Failed(error),
            None => {}
        }
        let accounts = Accounts { error: None, swallowed, unused_streams, backups, troubles: Vec::new() };
        let verdict = Verdict::over(accounts, self.job.declaration.kind.word(), &self.job.source.name);
        match (verdict.status, verdict.error) {
            (Status::Partial, Some(error)) => End::Partial(error),
            (_, Some(error)) => End::Failed(error),
            (_, None) => End::Whole,
        }
    }

    /// Who asked for the plan, and what it was: the one thing that is recorded. The plan holds without it.
    async fn audit(&self, planned: &[Planned], now: Moment) {
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
            Ok(()) => Catalog::open(&state.join("catalog.db")).and_then(|catalog| catalog.audit(&entry)),
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            let error = error.within(format!("cannot record in the state folder `{}` who planned", state.display()));
            report::log(Level::Warn, &error.one_line(), None);
        }
    }
}

fn never_began() -> Error {
    Error::new(Kind::Timeout, "the recipe did not begin within its `timeout`")
        .hint("the folder of the backups does not answer: look at it with `ls`, and at its disk with `dmesg`")
}

fn crashed() -> Error {
    Error::new(Kind::Other, "the Lua thread crashed").hint("please report this as a bug in hikae")
}
