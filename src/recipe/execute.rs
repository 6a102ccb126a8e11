//! Runs a recipe once, for real or in a rehearsal: its id, its lock, its world, its Lua, and its outcome.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use super::claims::Claims;
use super::cut::Cut;
use super::declaration::RecipeKind;
use super::job::Job;
use super::ledger::Ledger;
pub use super::live::Began;
use super::live::{Live, on_threads};
use super::loader::run::{LuaPart, Preview};
use super::outcome::{self, LuaEnd, Outcome};
use super::scene::{GRACE, Scene, never_began, run_lua};
use super::{clearing, final_check};
use crate::catalog::{AuditEntry, Catalog, Failure, NewRun, Run, Status};
use crate::error::{Error, Kind, Result};
use crate::report;
use crate::secret::Secret;
use crate::world::guarded::Guarded;
use crate::world::journal::{Journal, Record};
use crate::world::limited::Limited;
use crate::world::{Caller, Limits, LockGuard, World};

/// Limits of hikae's own effects: locks, sweeps, the state folder.
const OWN_LIMITS: Limits = Limits { total: Duration::from_secs(60), idle: Duration::from_secs(60) };

/// A run that has ended, for its caller.
pub struct Finished {
    pub run: Run,
    pub error: Option<Error>,
    /// Other failures of hikae itself.
    pub troubles: Vec<Error>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// The result of the recipe, and its effects; `None` if it did not begin.
    pub lua: LuaEnd,
    pub journal: Vec<Record>,
    /// Undeclared things that it requested.
    pub refused: Vec<Error>,
    /// The record, still open if it is writable: reopening it would cost as much as a short run.
    pub record: Option<Catalog>,
    /// The addresses to which the run has reported its own end.
    pub reported: Vec<Secret>,
}

impl Finished {
    /// The end of a run whose recipe did not begin.
    fn new(run: &NewRun, (status, error): Outcome) -> Finished {
        let mut run = Run::of(run.clone());
        (run.status, run.error) = (status, error.as_ref().map(Failure::from));
        Finished {
            run,
            error,
            troubles: Vec::new(),
            signal: None,
            lua: LuaEnd::default(),
            journal: Vec::new(),
            refused: Vec::new(),
            record: None,
            reported: Vec::new(),
        }
    }

    /// The errors to report: the main error, and the troubles that it does not already name.
    pub fn errors(&self) -> impl Iterator<Item = &Error> {
        let is_new = |trouble: &&Error| self.error.as_ref().is_none_or(|error| error.what() != trouble.what());
        self.error.iter().chain(self.troubles.iter().filter(is_new))
    }
}

/// Runs `job` on this machine to its end, and calls `began` when it has started. An error means that it could not start.
pub fn execute(job: Arc<Job>, began: Began) -> Result<Finished> {
    on_threads(run(job, Live::reporting_to(began)))
}

/// Runs `job` in this scene to its end.
pub async fn run<S: Scene>(job: Arc<Job>, scene: S) -> Finished {
    let own = Caller::new(Arc::new(Limited::new(scene.own())), OWN_LIMITS);
    Execution { job, own, ledger: Arc::default() }.run(scene).await
}

/// A run in progress, seen from outside Lua.
struct Execution {
    job: Arc<Job>,
    own: Caller,
    ledger: Arc<Ledger>,
}

impl Execution {
    async fn run<S: Scene>(mut self, mut scene: S) -> Finished {
        self.ledger = Arc::new(self.open_ledger(&scene).await.after(scene.past()));
        let state = self.job.config.state_dir.clone();
        self.ledger.settle(&|run| scene.is_alive(run, &state));
        if let Err(error) = clearing::drop_dead_locks(&self.own, &state.join("runs")).await {
            // They block no run; if the folder must be writable but is not, the lock of the run reports it.
            tracing::debug!("{}", error.one_line());
        }
        let (new, run_lock_held) = self.claims().run_id().await;
        // Waiting for a free second is not part of the run.
        let mut began = self.own.world.elapsed();
        report::run_started(&new.id, &new.recipe, &new.backup_type);
        self.audit_restore(&new, Status::Running, None);
        let finished = match self.claims().recipe_lock().await {
            Ok(lock) => {
                if self.claims().wait_for_unique_second(&new.recipe).await {
                    began = self.own.world.elapsed();
                }
                let finished = self.guarded_run(&mut scene, &new).await;
                drop(lock);
                finished
            }
            Err(error) if error.kind() == Kind::Locked => Finished::new(&new, (Status::Locked, Some(error))),
            Err(error) => {
                self.ledger.first_trouble(error);
                self.guarded_run(&mut scene, &new).await
            }
        };
        self.finish(new, finished, began, run_lock_held).await
    }

    fn claims(&self) -> Claims<'_> {
        Claims { job: &self.job, own: &self.own, ledger: &self.ledger }
    }

    async fn open_ledger(&self, scene: &impl Scene) -> Ledger {
        let state = &self.job.config.state_dir;
        let folder = self.own.mkdir(&state.join("runs"), 0o700).await.map_err(|error| {
            let hint = error.hint_text().unwrap_or("look at the folder with `ls -la`").to_owned();
            error
                .within(format!("cannot keep the record in the state folder `{}`", state.display()))
                .hint(format!("{hint}; the backups themselves are not affected, but no lock keeps two runs apart"))
        });
        let catalog = state.join("catalog.db");
        match folder {
            Ok(()) => Ledger::new(scene.catalog(&catalog).transpose(), &catalog),
            Err(error) => Ledger::new(Err(error), &catalog),
        }
    }

    /// The run itself, within its limits: sweeps leftovers of dead runs, then runs Lua until it ends or is stopped.
    async fn guarded_run<S: Scene>(&self, scene: &mut S, new: &NewRun) -> Finished {
        let needs = &self.job.needs;
        scene.began(new);
        // Each effect has its limits, reaches only declared things, and is recorded.
        let world = scene.enter(&self.job).and_then(|world| Guarded::new(Limited::new(world), needs.clone()));
        let guarded = match world {
            Ok(guarded) => Arc::new(guarded),
            Err(error) => return Finished::new(new, (Status::Failure, Some(error))),
        };
        let journal = Arc::new(Journal::new(guarded.clone()));
        let sweeping = clearing::Sweeping::new(journal.clone(), &needs.write);
        let caller = Caller::new(Arc::new(sweeping), self.job.limits);
        let (lua, cut) = {
            let part = LuaPart {
                job: self.job.clone(),
                caller: caller.clone(),
                run_id: new.id.clone(),
                ledger: self.ledger.clone(),
                recorded_query: scene.recorded_query(&self.job.config),
                record: scene.record(&self.job.config),
                play: scene.play(&self.job),
                preview: Preview::No,
            };
            let mut cut = pin!(scene.cut(self.job.timeout));
            tokio::select! {
                () = clearing::sweep(&caller, &needs.write) => run_lua::<S>(part, cut).await,
                cut = &mut cut => (LuaEnd::failed(never_began()), Some(cut)),
            }
        };
        if !scene.settle(GRACE).await {
            let what = "a program that was asked to end is still running";
            self.ledger.trouble(Error::new(Kind::Timeout, what).hint("`ps` shows it; it may wait for a disk"));
        }
        let mut outcome = self.outcome(&lua, cut, &caller).await;
        let troubles = self.ledger.troubles().len();
        self.audit(new, journal.entries(), outcome.0);
        if self.ledger.troubles().len() > troubles {
            outcome = self.outcome(&lua, cut, &caller).await;
        }
        let signal = cut.and_then(Cut::signal);
        Finished { signal, lua, journal: journal.entries(), refused: guarded.refused(), ..Finished::new(new, outcome) }
    }

    async fn outcome(&self, lua: &LuaEnd, cut: Option<Cut>, looking: &Caller) -> Outcome {
        if let Some(number) = cut.and_then(Cut::signal) {
            let error = Error::new(Kind::Cancelled, format!("the run was interrupted by signal {number}"));
            return (Status::Interrupted, Some(error));
        }
        // From the ledger: a backup that was committed while Lua was being stopped counts as well.
        outcome::decide(lua, final_check::count(looking, &self.ledger).await, &self.ledger, &self.job)
    }

    /// A restore is audited at its beginning, so that a killed one is known as well, and at its end.
    fn audit_restore(&self, new: &NewRun, status: Status, error: Option<&Error>) {
        if self.job.declaration.kind != RecipeKind::Restore {
            return;
        }
        let params: serde_json::Map<_, _> =
            self.job.params.iter().map(|(name, value)| (name.to_owned(), value.to_string().into())).collect();
        let details = serde_json::json!({
            "host": new.host, "recipe": new.recipe, "params": params, "databases": self.ledger.changes(),
            "error": error.map(Error::one_line),
        });
        self.ledger.audit(&AuditEntry {
            operation: "restore".to_owned(),
            backup_id: Some(new.id.clone()),
            username: new.username.clone(),
            ip_address: None,
            status: status.word().to_owned(),
            details,
            created_at: self.own.world.now(),
        });
    }

    fn audit(&self, new: &NewRun, journal: Vec<Record>, status: Status) {
        let effects: Vec<serde_json::Value> =
            journal.iter().filter(|record| record.effect.changes()).map(Record::to_json).collect();
        self.ledger.audit(&AuditEntry {
            operation: format!("run {}", new.recipe),
            backup_id: Some(new.id.clone()),
            username: new.username.clone(),
            ip_address: None,
            status: status.word().to_owned(),
            details: serde_json::json!({ "host": new.host, "effects": effects }),
            created_at: self.own.world.now(),
        });
    }

    async fn finish(
        self,
        new: NewRun,
        mut finished: Finished,
        began: Duration,
        held: Option<Box<dyn LockGuard>>,
    ) -> Finished {
        let run = &mut finished.run;
        self.audit_restore(&new, run.status, finished.error.as_ref());
        let duration = self.own.world.elapsed().saturating_sub(began);
        (run.ended_at, run.duration_ms) = (Some(self.own.world.now()), Some(duration.as_millis() as u64));
        let before = self.ledger.troubles().len();
        self.ledger.finish(run);
        if self.ledger.troubles().len() > before && run.status == Status::Success {
            // The backups are valid, but the record does not have them: the run is partial.
            run.status = Status::Partial;
        }
        self.claims().release(&new, held).await;
        let (troubles, reported, record) = (self.ledger.troubles(), self.ledger.reported(), self.ledger.close());
        Finished { troubles, reported, record, ..finished }
    }
}
