//! Runs a recipe once: its id, its lock, its world, its Lua thread, and the end that they come to.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::claims::{Claims, run_lock};
use super::clearing;
use super::cut::{Cut, Signals, stop};
use super::job::Job;
use super::ledger::Ledger;
use super::lua_thread::{self, LuaEnd, LuaSetup};
use super::outcome::{Accounts, Verdict};
use super::standing;
use crate::catalog::{AuditEntry, Catalog, NewRun, Run, Status};
use crate::error::{Error, Kind, Result};
use crate::report;
use crate::world::guarded::Guarded;
use crate::world::journal::{Journal, Record};
use crate::world::limited::Limited;
use crate::world::real::{Real, startup};
use crate::world::{Caller, Held, Limits, World};

/// Limits of hikae's own effects: locks, sweeps, the state folder.
const OWN_LIMITS: Limits = Limits { total: Duration::from_secs(60), idle: Duration::from_secs(60) };
/// How long Lua may take to end once it was told to, and how long children may take to die.
const GRACE: Duration = Duration::from_secs(5);

/// The stack of worlds that a recipe touches the outside through.
type RecipeWorld = Journal<Guarded<Limited<Arc<Real>>>>;

/// How a run ended, for the command line.
pub struct Finished {
    pub run: Run,
    pub error: Option<Error>,
    /// What else could not be done.
    pub troubles: Vec<Error>,
    pub signal: Option<i32>,
}

/// Runs `job` to its end. An error means that it could not even be tried.
pub fn execute(job: Job) -> Result<Finished> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|cause| Error::io("cannot start the threads that move bytes", cause))?;
    let finished = runtime.block_on(Execution::start(job).run());
    // A write that hangs in the kernel must not keep the process from ending.
    runtime.shutdown_timeout(Duration::from_millis(500));
    Ok(finished)
}

/// A run under way, seen from outside Lua.
struct Execution {
    job: Arc<Job>,
    own: Caller,
    ledger: Arc<Ledger>,
}

impl Execution {
    fn start(job: Job) -> Execution {
        let own = Caller::new(Arc::new(Limited::new(Real::ambient())), OWN_LIMITS);
        Execution { job: Arc::new(job), own, ledger: Arc::new(Ledger::default()) }
    }

    async fn run(mut self) -> Finished {
        let began = self.own.world.elapsed();
        self.ledger = Arc::new(Ledger::new(self.open_catalog().await));
        let state = self.job.config.state_dir.clone();
        self.ledger.settle(&|run| startup::is_locked(&run_lock(&state, &run.id)));
        if let Err(error) = clearing::drop_dead_locks(&self.own, &state.join("runs")).await {
            // They are in nobody's way; where it matters that the folder cannot be written, the run's own lock tells.
            tracing::debug!("{}", error.one_line());
        }
        let (new, run_lock_held) = self.claims().run_id().await;
        report::run_started(&new.id, &new.recipe, &new.backup_type);
        let (verdict, signal) = match self.claims().recipe_lock().await {
            Ok(lock) => {
                self.claims().a_second_of_its_own(&new.recipe).await;
                let ended = self.guarded_run(&new).await;
                drop(lock);
                ended
            }
            Err(error) if error.kind() == Kind::Locked => (Verdict::new(Status::Locked, Some(error)), None),
            Err(error) => {
                self.ledger.trouble_unless_told(error);
                self.guarded_run(&new).await
            }
        };
        self.finish(new, verdict, signal, began, run_lock_held).await
    }

    fn claims(&self) -> Claims<'_> {
        Claims { job: &self.job, own: &self.own, ledger: &self.ledger }
    }

    async fn open_catalog(&self) -> Result<Catalog> {
        let state = &self.job.config.state_dir;
        self.own.mkdir(&state.join("runs"), 0o700).await.map_err(|error| {
            let hint = error.hint_text().unwrap_or("look at the folder with `ls -la`").to_owned();
            error
                .within(format!("cannot keep the record in the state folder `{}`", state.display()))
                .hint(format!("{hint}; the backups themselves are not affected, but no lock keeps two runs apart"))
        })?;
        Catalog::open(&state.join("catalog.db"))
    }

    /// The run itself, walled in: sweeps what dead runs left, then lets Lua run until it ends or is ended.
    async fn guarded_run(&self, new: &NewRun) -> (Verdict, Option<i32>) {
        let kind = self.job.declaration.kind.word();
        let (real, journal) = match self.walled_world() {
            Ok(world) => world,
            Err(error) => return (Verdict::new(Status::Failure, Some(error)), None),
        };
        let caller = Caller::new(journal.clone(), self.job.limits);
        let (mut signals, looking) = (Signals::listen(), caller.clone());
        let (end, cut) = tokio::select! {
            () = clearing::sweep(&looking, &self.job.needs.write) => self.lua(caller, new, &mut signals).await,
            cut = self.cut(&mut signals) => (LuaEnd::failed(never_began()), Some(cut)),
        };
        let settled = tokio::task::spawn_blocking(move || real.settle(GRACE)).await;
        if !settled.unwrap_or(false) {
            let what = "a program that was told to end is still running";
            self.ledger.trouble(Error::new(Kind::Timeout, what).hint("`ps` shows it; it may wait for a disk"));
        }
        self.audit(new, &journal);
        match cut {
            Some(Cut::Signal(number)) => {
                let error = Error::new(Kind::Cancelled, format!("the run was interrupted by signal {number}"));
                (Verdict::new(Status::Interrupted, Some(error)), Some(number))
            }
            _ => (Verdict::over(self.accounts(end, &looking).await, kind, &new.recipe), None),
        }
    }

    /// The recipe's world: it reaches what was declared, each effect has its limits, and all are written down.
    fn walled_world(&self) -> Result<(Arc<Real>, Arc<RecipeWorld>)> {
        let needs = &self.job.needs;
        let roots = needs.read.iter().chain(&needs.write).cloned();
        let real = Real::beneath(roots)?.with_variables(self.job.network());
        let real = Arc::new(self.job.wall().into_iter().fold(real, Real::with_wall));
        let guarded = Guarded::new(Limited::new(real.clone()), needs.clone())?;
        Ok((real, Arc::new(Journal::new(guarded))))
    }

    async fn accounts(&self, end: LuaEnd, looking: &Caller) -> Accounts {
        let LuaEnd { error, swallowed, unused_streams } = end;
        // As the ledger has them: one that was committed while Lua was ended stands as well.
        let (backups, missing) = standing::count(looking, &self.ledger.backups()).await;
        let error = error.or(missing);
        Accounts { error, swallowed, unused_streams, backups, troubles: self.ledger.troubles() }
    }

    /// Lets Lua run on a thread of its own, and watches it: a thread that cannot be stopped is left behind.
    async fn lua(&self, caller: Caller, new: &NewRun, signals: &mut Signals) -> (LuaEnd, Option<Cut>) {
        let (fuse_out, fuse_in) = oneshot::channel();
        let (end_out, mut end_in) = oneshot::channel();
        let setup = LuaSetup {
            job: self.job.clone(),
            caller,
            run_id: new.id.clone(),
            ledger: self.ledger.clone(),
            runtime: tokio::runtime::Handle::current(),
        };
        if let Err(error) = lua_thread::spawn(setup, fuse_out, end_out) {
            return (LuaEnd::failed(error), None);
        }
        let fuse = fuse_in.await.ok();
        let cut = tokio::select! {
            end = &mut end_in => return (end.unwrap_or_else(|_| LuaEnd::failed(crashed())), None),
            cut = self.cut(signals) => cut,
        };
        stop(fuse.as_ref(), &cut, self.job.timeout);
        let end = match tokio::time::timeout(GRACE, end_in).await {
            Ok(end) => end.unwrap_or_else(|_| LuaEnd::failed(crashed())),
            Err(_) => LuaEnd::failed(Error::new(Kind::Timeout, "the recipe could not be stopped, and was left behind")),
        };
        (end, Some(cut))
    }

    /// Waits for what ends a run from outside: a signal, or its deadline.
    async fn cut(&self, signals: &mut Signals) -> Cut {
        // The sleep is the last of this call's own limits: it must not be cut by another.
        let own = Caller { limits: Limits { total: Duration::MAX, idle: Duration::MAX }, ..self.own.clone() };
        tokio::select! {
            number = signals.caught() => Cut::Signal(number),
            _slept = own.sleep(self.job.timeout) => Cut::Deadline,
        }
    }

    fn audit(&self, new: &NewRun, journal: &RecipeWorld) {
        let changes: Vec<Record> = journal.entries().into_iter().filter(|record| record.effect.changes()).collect();
        let effects: Vec<serde_json::Value> = changes.iter().map(Record::to_json).collect();
        self.ledger.audit(&AuditEntry {
            operation: format!("run {}", new.recipe),
            backup_id: Some(new.id.clone()),
            username: new.username.clone(),
            ip_address: None,
            status: "done".to_owned(),
            details: serde_json::json!({ "host": new.host, "effects": effects }),
            created_at: self.own.world.now(),
        });
    }

    async fn finish(
        self,
        new: NewRun,
        verdict: Verdict,
        signal: Option<i32>,
        began: Duration,
        held: Option<Box<dyn Held>>,
    ) -> Finished {
        let duration = self.own.world.elapsed().saturating_sub(began);
        let ending = verdict.ending(self.own.world.now(), duration.as_millis() as u64);
        let run = self.ledger.finish(new.clone(), ending);
        self.claims().let_go(&new, held).await;
        Finished { run, error: verdict.error, troubles: self.ledger.troubles(), signal }
    }
}

fn never_began() -> Error {
    Error::new(Kind::Timeout, "the recipe did not begin within its `timeout`")
        .hint("the folder of the backups does not answer: look at it with `ls`, and at its disk with `dmesg`")
}

fn crashed() -> Error {
    Error::new(Kind::Other, "the Lua thread crashed").hint("please report this as a bug in hikae")
}
