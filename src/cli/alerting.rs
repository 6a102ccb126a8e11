//! Sends alerts at the end of a command; a person can interrupt it.

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use futures_util::future::FutureExt;

use super::context::Context;
use super::runs::alive;
use crate::alert::dispatch::Tally;
use crate::alert::{Dispatch, LuaChannels, Manner};
use crate::catalog::{Catalog, Failure, NewRun, Run, Status, run_id};
use crate::error::{Error, Result};
use crate::recipe::cut::Signals;
use crate::recipe::execute::Began;
use crate::report::{self, Level};
use crate::world::real::{Real, this_process};
use crate::world::{Machine, World};

/// What this program alerts with.
pub type Alerts = Arc<Dispatch<LuaChannels>>;

/// Everything that alerts need. To be made before the process is walled in.
pub fn prepare(context: &Context) -> Alerts {
    let channels = LuaChannels::real(context.config.clone());
    Arc::new(Dispatch::new(context.config.clone(), channels, Arc::new(Real::ambient())))
}

/// Runs `work` to its end, and gives it a signal to stop by.
pub fn block_on<T>(work: impl AsyncFnOnce(Signal) -> T) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|cause| Error::io("cannot start the threads that send alerts", cause))?;
    let done = runtime.block_on(async {
        let mut signals = Signals::listen();
        work(Box::pin(async move {
            let _number = signals.caught().await;
        }))
        .await
    });
    // An abandoned channel must not keep the process from ending.
    runtime.shutdown_timeout(Duration::from_millis(100));
    Ok(done)
}

/// The signal that ends sending.
pub type Signal = std::pin::Pin<Box<dyn Future<Output = ()>>>;

/// The ping that a run has begun, which goes out beside the run.
#[derive(Default)]
pub struct Beginning(Arc<Mutex<Option<JoinHandle<()>>>>);

impl Beginning {
    /// What pings when the run is under way; nothing for a run whose failure is reported to nobody.
    pub fn pinger(&self, alerts: &Alerts, unreported: bool) -> Began {
        let (place, alerts) = (self.0.clone(), alerts.clone());
        Box::new(move |new: &NewRun| {
            if unreported || !alerts.is_watched(&new.recipe) {
                return;
            }
            let run = Run::of(new.clone());
            let ping = move || {
                // Without a thread no ping is sent; this is logged at the end of the run.
                let _lost = block_on(async |_signal| alerts.ping(&run, std::future::pending()).await);
            };
            let thread = std::thread::Builder::new().name("ping".to_owned()).spawn(ping);
            *place.lock().unwrap_or_else(|broken| broken.into_inner()) = thread.ok();
        })
    }

    /// Waits until it has arrived, or has had its time: the end of a run must not overtake its beginning.
    async fn over(self) {
        let thread = self.0.lock().unwrap_or_else(|broken| broken.into_inner()).take();
        if let Some(thread) = thread {
            // A crashed thread has reported it already.
            let _crashed = tokio::task::spawn_blocking(|| thread.join()).await;
        }
    }
}

/// Reports a run that has ended, and pings what watches it. Whatever happens here, the run ended as it did.
pub fn after_run(
    context: &Context,
    alerts: &Alerts,
    run: &Run,
    manner: &Manner,
    record: Option<Catalog>,
    beginning: Beginning,
) -> Tally {
    let reported = block_on(async |stop: Signal| {
        let stop = stop.shared();
        let ping = async {
            beginning.over().await;
            // A recipe run by hand sends no alert, but a proved backup counts, no matter who started it.
            if !manner.unreported || run.status == Status::Success {
                alerts.ping(run, stop.clone()).await;
            }
        };
        let is_alive = |run: &NewRun| alive(context, run);
        tokio::join!(alerts.after_run(run, manner, record, &is_alive, stop.clone()), ping).0
    });
    reported.unwrap_or_else(|error| {
        let line = format!("[ERROR] [Backup] Failed to send failure alert email: {}", error.one_line());
        report::log(Level::Error, &line, None);
        Tally::default()
    })
}

/// Reports a run that could not even begin, when nobody is at a terminal to read that: a backup that cron cannot start is none.
pub fn never_began(context: &Context, alerts: &Alerts, recipe: &str, run_type: &str, error: &Error) {
    if context.facts.stderr_is_terminal || context.facts.stdout_is_terminal {
        return;
    }
    let now = this_process::now();
    let Machine { host, user, process_id, .. } = Real::ambient().machine();
    let name = recipe.rsplit('/').next().unwrap_or(recipe).trim_end_matches(".lua");
    let new = NewRun {
        id: run_id(now, run_type),
        recipe: name.to_owned(),
        recipe_sha256: String::new(),
        backup_type: run_type.to_owned(),
        kind: "backup".to_owned(),
        subject: name.to_owned(),
        target: name.to_owned(),
        started_at: now,
        host,
        username: user,
        process_id,
        parent: None,
    };
    let error = Some(Failure::from(error));
    let run = Run { status: Status::Failure, ended_at: Some(now), duration_ms: Some(0), error, ..Run::of(new) };
    let reported = block_on(async |stop: Signal| {
        let stop = stop.shared();
        tokio::join!(alerts.never_began(&run, stop.clone()), alerts.ping(&run, stop.clone()))
    });
    if let Err(error) = reported {
        context.print_error(&error);
    }
}
