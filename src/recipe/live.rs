//! The scene of a real run: this machine, its clock, its signals, and a thread only for Lua.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Pid;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::claims::run_lock;
use super::cut::{Cut, Signals};
use super::job::Job;
use super::loader::run::{self, LuaPart};
use super::outcome::LuaEnd;
use super::overview;
use super::scene::Scene;
use super::uploads::CatalogUploads;
use crate::catalog::{Catalog, NewRun};
use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::lua::fuse::Fuse;
use crate::lua::record_queries::RecordQueries;
use crate::lua::session::RecordedQuery;
use crate::report::{self, Level};
use crate::world::real::{Real, orphans, path_checks};
use crate::world::{Caller, Limits, World};

/// Runs `work` on the threads that move bytes. An error means that it could not start.
pub fn on_threads<T>(work: impl Future<Output = T>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|cause| Error::io("cannot start the threads that move bytes", cause))?;
    let done = runtime.block_on(work);
    // A read or write that hangs in the kernel must not keep the process from ending.
    runtime.shutdown_timeout(Duration::from_millis(500));
    Ok(done)
}

/// This machine.
#[derive(Default)]
pub struct Live {
    /// The recipe's world, once it exists.
    real: Option<Arc<Real>>,
    signals: Option<Signals>,
    /// The callback for the start of the run.
    began: Option<Began>,
    /// The process that starts other recipes; it ends by itself.
    kept: Option<Pid>,
    /// The id of the run, once it has started.
    run_id: Option<String>,
}

/// Called when a run has started; it must return quickly.
pub type Began = Box<dyn FnOnce(&NewRun) + Send>;

impl Live {
    pub fn reporting_to(began: Began) -> Live {
        Live { began: Some(began), ..Live::default() }
    }
}

impl Scene for Live {
    fn own(&self) -> Arc<dyn World> {
        Arc::new(Real::ambient())
    }

    fn catalog(&self, path: &Path) -> Option<Result<Catalog>> {
        Some(Catalog::open(path))
    }

    fn is_alive(&self, run: &NewRun, state_dir: &Path) -> bool {
        path_checks::is_locked(&run_lock(state_dir, &run.id))
    }

    fn record(&self, config: &Arc<Config>) -> RecordQueries {
        let config = config.clone();
        let of_runs = config.clone();
        let catalog = config.state_dir.join("catalog.db");
        RecordQueries {
            removed: Box::new(move || Catalog::open_existing(&catalog)?.removed()),
            overdue: Box::new(move || overview::overdue(&config)),
            runs: Box::new(move |filter| overview::runs(&of_runs, filter)),
        }
    }

    fn recorded_query(&self, config: &Arc<Config>) -> RecordedQuery {
        let catalog = config.state_dir.join("catalog.db");
        Arc::new(move |sha256| {
            // If the lookup fails, the file is not trusted.
            Catalog::open_existing(&catalog).and_then(|catalog| catalog.has_backup(sha256)).unwrap_or(false)
        })
    }

    fn enter(&mut self, job: &Job) -> Result<Arc<dyn World>> {
        let roots = job.needs.read.iter().chain(&job.needs.write).cloned();
        let real = Real::beneath(roots)?.with_variables(job.network()).with_programs(job.needs.run.clone());
        let launcher = job.launcher.get().cloned();
        launcher.as_ref().map_or(Ok(()), |launcher| launcher.listen())?;
        self.kept = launcher.as_ref().map(|launcher| launcher.pid());
        let real = real.with_launcher(launcher).with_account(job.account()?);
        let record = |run_id| Arc::new(CatalogUploads::new(job.config.state_dir.join("catalog.db"), run_id)) as _;
        let real = self.run_id.clone().map(record).into_iter().fold(real, Real::with_upload_record);
        let real = Arc::new(job.wall().into_iter().fold(real, Real::with_wall));
        self.signals = Some(Signals::listen());
        Ok(self.real.insert(real).clone())
    }

    fn began(&mut self, run: &NewRun) {
        self.run_id = Some(run.id.clone());
        if let Some(began) = self.began.take() {
            began(run);
        }
    }

    /// A signal, or the deadline.
    async fn cut(&mut self, timeout: Duration) -> Cut {
        // The sleep is the deadline itself: no other limit may cut it.
        let own = Caller::new(self.own(), Limits { total: Duration::MAX, idle: Duration::MAX });
        let signals = self.signals.get_or_insert_with(Signals::listen);
        tokio::select! {
            number = signals.caught() => Cut::Signal(number),
            _slept = own.sleep(timeout) => Cut::Deadline,
        }
    }

    /// Runs on a separate thread, which can be abandoned if it cannot be stopped.
    async fn lua(part: LuaPart, fuse: oneshot::Sender<Fuse>) -> LuaEnd {
        let (end_out, end_in) = oneshot::channel();
        let runtime = Handle::current();
        let work = move || {
            let ended = runtime.block_on(run::run(part, fuse));
            // There is no receiver if the run was abandoned.
            let _unheard = end_out.send(ended);
        };
        match std::thread::Builder::new().name("lua".to_owned()).spawn(work) {
            Ok(_left_to_itself) => end_in.await.unwrap_or_else(|_| LuaEnd::failed(crashed())),
            Err(cause) => LuaEnd::failed(Error::io("cannot start the Lua thread", cause)),
        }
    }

    async fn settle(&self, grace: Duration) -> bool {
        let Some(real) = self.real.clone() else { return true };
        let kept = self.kept;
        tokio::task::spawn_blocking(move || {
            let settled = real.settle(grace);
            end_left_over(grace, kept) && settled
        })
        .await
        .unwrap_or(false)
    }
}

/// Ends the processes that programs of this run left running; returns whether none remain that should not.
fn end_left_over(grace: Duration, kept: Option<Pid>) -> bool {
    let left = orphans::end_adopted(grace, kept);
    let programs = |count: usize| if count == 1 { "1 program".to_owned() } else { format!("{count} programs") };
    if left.ended > 0 {
        report::log(
            Level::Info,
            &format!("left running by the run, and ended with it: {}", programs(left.ended)),
            None,
        );
    }
    if left.spared > 0 {
        report::log(Level::Info, &format!("left running, as the recipe declares it: {}", programs(left.spared)), None);
    }
    left.stayed == 0
}

fn crashed() -> Error {
    Error::new(Kind::Other, "the Lua thread crashed").hint("please report this as a bug in hikae")
}
