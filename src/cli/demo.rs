//! `hikae demo`: a throwaway PostgreSQL, a proved backup, honest failures and a restore; nothing of it stays behind.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use super::context::Context;
use super::exit;
use crate::catalog::Status;
use crate::error::{Error, Kind, Result};
use crate::recipe::cut::Signals;
use crate::world::limited::Limited;
use crate::world::program::{ask, failure};
use crate::world::real::Real;
use crate::world::{Caller, Command, Limits, World};

mod server;
mod story;
mod teller;

use server::Server;
use teller::Teller;

/// Nothing in the demo takes long; what does is broken.
const LIMITS: Limits = Limits { total: Duration::from_secs(600), idle: Duration::from_secs(600) };
/// How long what was started may take to end.
const GRACE: Duration = Duration::from_secs(5);
/// As much as a small program says.
const MAX_SAID: usize = 1 << 20;

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

/// Tells the story, and cleans up however it ends: by its last word, an error, or Ctrl-C.
async fn demo(context: &Context) -> Result<ExitCode> {
    // From here on a signal is caught: there is no moment in which Ctrl-C leaves something behind.
    let mut signals = Signals::listen();
    let signal = Box::pin(signals.caught());
    let real = Arc::new(Real::ambient());
    let own = Caller::new(Arc::new(Limited::new(real.clone())), LIMITS);
    let mut server = Server::find(&own).await?;
    let folder = make_folder(&own).await?;
    let teller = Teller::new(context, own.clone(), folder.clone(), server.bin().to_owned());
    let ended = {
        let story = story::tell(&teller, &mut server);
        tokio::select! {
            biased;
            number = signal => Ok(Some(number)),
            told = story => told.map(|()| None),
        }
    };
    let cleaned = clean_up(&own, real, server, &folder).await;
    match (ended, cleaned) {
        (Ok(None), Ok(_)) => story::farewell(&teller).map(|()| ExitCode::from(exit::DONE)),
        (Ok(Some(number)), Ok(_)) => {
            let what = format!("the demo was interrupted by signal {number}");
            context.print_error(&Error::new(Kind::Cancelled, what).hint("nothing of it is left"));
            Ok(exit::code(Status::Interrupted, Some(number)))
        }
        // The story's own error says more than what came after it.
        (Err(error), _) => Err(error),
        (Ok(_), Err(error)) => Err(error),
    }
}

/// Ends the server and whatever a dropped step had started, then removes the folder.
async fn clean_up(own: &Caller, real: Arc<Real>, mut server: Server, folder: &Path) -> Result<()> {
    server.stop().await;
    if !tokio::task::spawn_blocking(move || real.settle(GRACE)).await.unwrap_or(false) {
        let what = "a program that was told to end is still running";
        return Err(Error::new(Kind::Timeout, what).hint(format!("`ps` shows it; it works in `{}`", folder.display())));
    }
    let remove = Command { args: words(["-rf", "--"], folder), ..Command::new("rm") };
    let removed = run(own, remove).await.map(drop);
    removed.map_err(|error| error.hint(format!("remove it yourself: `rm -rf {}`", folder.display())))
}

/// A new folder of the demo's own.
async fn make_folder(own: &Caller) -> Result<PathBuf> {
    let base = own.world.environment().get("TMPDIR").filter(|base| !base.is_empty()).cloned();
    let base = PathBuf::from(base.unwrap_or_else(|| "/tmp".to_owned()));
    let template = base.join("hikae-demo.XXXXXX");
    let made = run(own, Command { args: words(["-d", "--"], &template), ..Command::new("mktemp") }).await?;
    Ok(PathBuf::from(made.trim_end_matches('\n')))
}

fn words<const N: usize>(words: [&str; N], path: &Path) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).chain([path.display().to_string()]).collect()
}

/// Runs a small program that must succeed, and gives what it wrote.
async fn run(own: &Caller, command: Command) -> Result<String> {
    let program = command.program.clone();
    let (output, exit) = ask(own, command, None, MAX_SAID).await?;
    match exit.success() {
        true => Ok(String::from_utf8_lossy(&output).into_owned()),
        false => Err(failure(&program, &exit)),
    }
}
