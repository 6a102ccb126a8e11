//! `hikae demo`: a throwaway PostgreSQL, a proved backup, honest failures and a restore; nothing of it remains.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use super::context::Context;
use super::{exit, scratch};
use crate::catalog::Status;
use crate::error::{Error, Kind, Result};
use crate::recipe::cut::Signals;
use crate::world::limited::Limited;
use crate::world::real::Real;
use crate::world::{Caller, Limits};

mod night;
mod places;
mod server;
mod story;
mod narrator;

use narrator::Narrator;
use server::Server;

/// Nothing in the demo takes long; what does is broken.
const LIMITS: Limits = Limits { total: Duration::from_secs(600), idle: Duration::from_secs(600) };
/// How long what was started may take to end.
const GRACE: Duration = Duration::from_secs(5);

pub fn main(context: &Context) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|cause| Error::io("cannot start the threads of the demo", cause))?;
    let ended = runtime.block_on(demo(context));
    runtime.shutdown_timeout(Duration::from_millis(500));
    ended
}

/// Plays the story, and cleans up however it ends: by its last word, an error, or Ctrl-C.
async fn demo(context: &Context) -> Result<ExitCode> {
    // From now on signals are caught, so that Ctrl-C never leaves anything behind.
    let mut signals = Signals::listen();
    let signal = Box::pin(signals.caught());
    let real = Arc::new(Real::ambient());
    let own = Caller::new(Arc::new(Limited::new(real.clone())), LIMITS);
    let mut server = Server::find(&own).await?;
    let folder = scratch::make(&own, "hikae-demo.XXXXXX").await?;
    let narrator = Narrator::new(context, own.clone(), folder.clone(), server.bin().to_owned());
    let ended = {
        let story = story::play(&narrator, &mut server);
        tokio::select! {
            biased;
            number = signal => Ok(Some(number)),
            ended = story => ended.map(|()| None),
        }
    };
    let cleaned = clean_up(&own, real, server, &folder).await;
    match (ended, cleaned) {
        (Ok(None), Ok(_)) => story::farewell(&narrator).map(|()| ExitCode::from(exit::DONE)),
        (Ok(Some(number)), Ok(_)) => {
            let what = format!("the demo was interrupted by signal {number}");
            context.print_error(&Error::new(Kind::Cancelled, what).hint("nothing of it is left"));
            Ok(exit::code(Status::Interrupted, Some(number)))
        }
        // The story's error is more useful than the errors after it.
        (Err(error), _) => Err(error),
        (Ok(_), Err(error)) => Err(error),
    }
}

/// Ends the server and whatever a dropped step had started, then removes the folder.
async fn clean_up(own: &Caller, real: Arc<Real>, mut server: Server, folder: &Path) -> Result<()> {
    server.stop().await;
    if !tokio::task::spawn_blocking(move || real.settle(GRACE)).await.unwrap_or(false) {
        let what = "a program that was asked to end is still running";
        return Err(Error::new(Kind::Timeout, what).hint(format!("`ps` shows it; it works in `{}`", folder.display())));
    }
    scratch::remove(own, folder).await
}
