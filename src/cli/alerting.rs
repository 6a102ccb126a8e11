//! Lets alerts go out at the end of a command, and lets a person interrupt that.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::context::Context;
use super::runs::alive;
use crate::alert::{Dispatch, LuaChannels};
use crate::catalog::{Catalog, Ending, Failure, NewRun, Run, Status, run_id};
use crate::error::{Error, Result};
use crate::recipe::cut::Signals;
use crate::report::{self, Level};
use crate::world::real::{Real, startup};
use crate::world::{Machine, World};

/// What this program alerts with.
pub type Alerts = Dispatch<LuaChannels>;

/// Everything that alerts need. To be made before the process is walled in.
pub fn prepare(context: &Context) -> Alerts {
    let channels = LuaChannels::real(context.config.clone());
    Dispatch::new(context.config.clone(), channels, Arc::new(Real::ambient()))
}

/// Lets `work` run to its end; what it waits for on the side is a signal.
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
    // A channel that was left behind must not keep the process from ending.
    runtime.shutdown_timeout(Duration::from_millis(100));
    Ok(done)
}

/// The signal that ends sending.
pub type Signal = std::pin::Pin<Box<dyn Future<Output = ()>>>;

/// Tells what there is to tell of a run that has ended. Whatever happens here, the run ended as it did.
pub fn after_run(context: &Context, alerts: &Alerts, run: &Run, record: Option<Catalog>) {
    let told = block_on(async |stop| alerts.after_run(run, record, &|run| alive(context, run), stop).await);
    if let Err(error) = told {
        report::log(
            Level::Error,
            &format!("[ERROR] [Backup] Failed to send failure alert email: {}", error.one_line()),
            None,
        );
    }
}

/// Tells that a run could not even begin, when nobody sits before it to read that: a backup that cron cannot start is none.
pub fn never_began(context: &Context, alerts: &Alerts, recipe: &str, run_type: &str, error: &Error) {
    if context.facts.stderr_is_terminal || context.facts.stdout_is_terminal {
        return;
    }
    let now = startup::now();
    let Machine { host, user, process_id, .. } = Real::ambient().machine();
    let name = recipe.rsplit('/').next().unwrap_or(recipe).trim_end_matches(".lua");
    let new = NewRun {
        id: run_id(now, run_type),
        recipe: name.to_owned(),
        recipe_sha256: String::new(),
        backup_type: run_type.to_owned(),
        kind: "backup".to_owned(),
        subject: name.to_owned(),
        started_at: now,
        host,
        username: user,
        process_id,
    };
    let ending = Ending { status: Status::Failure, ended_at: now, duration_ms: 0, error: Some(Failure::from(error)) };
    let run = Run::of(new, Some(ending), Vec::new(), Vec::new());
    let told = block_on(async |stop| alerts.never_began(&run, stop).await);
    if let Err(error) = told {
        context.print_error(&error);
    }
}
