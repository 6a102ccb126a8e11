//! Creates a temporary folder that is removed when the command ends.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::world::limited::Limited;
use crate::world::program::{ask, failure};
use crate::world::real::Real;
use crate::world::{Caller, Command, Limits};

/// Making and removing a small folder takes no time; what does is broken.
const LIMITS: Limits = Limits { total: Duration::from_secs(60), idle: Duration::from_secs(60) };
/// As much as a small program says.
pub const MAX_SAID: usize = 1 << 20;

/// A new folder for temporary things, whose name is made from `template`: `hikae-demo.XXXXXX`.
pub async fn make(own: &Caller, template: &str) -> Result<PathBuf> {
    let base = own.world.environment().get("TMPDIR").filter(|base| !base.is_empty()).cloned();
    let base = PathBuf::from(base.unwrap_or_else(|| "/tmp".to_owned()));
    let args = words(["-d", "--"], &base.join(template));
    let made = run(own, Command { args, ..Command::new("mktemp") }).await?;
    Ok(PathBuf::from(made.trim_end_matches('\n')))
}

/// Removes it with all that is in it.
pub async fn remove(own: &Caller, folder: &Path) -> Result<()> {
    let remove = Command { args: words(["-rf", "--"], folder), ..Command::new("rm") };
    let removed = run(own, remove).await.map(drop);
    removed.map_err(|error| error.hint(format!("remove it yourself: `rm -rf {}`", folder.display())))
}

/// The same for a command that waits for nothing else: gives the caller too, by which the folder is removed.
pub fn alone(template: &str) -> Result<(Caller, PathBuf)> {
    let own = Caller::new(Arc::new(Limited::new(Arc::new(Real::ambient()))), LIMITS);
    let folder = wait(make(&own, template))??;
    Ok((own, folder))
}

pub fn remove_alone(own: &Caller, folder: &Path) -> Result<()> {
    wait(remove(own, folder))?
}

fn wait<T>(work: impl Future<Output = T>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|cause| Error::io("cannot start what makes a temporary folder", cause))?;
    Ok(runtime.block_on(work))
}

pub fn words<const N: usize>(words: [&str; N], path: &Path) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).chain([path.display().to_string()]).collect()
}

/// Runs a small program that must succeed, and gives what it wrote.
pub async fn run(own: &Caller, command: Command) -> Result<String> {
    let program = command.program.clone();
    let (output, exit) = ask(own, command, None, MAX_SAID).await?;
    match exit.success() {
        true => Ok(String::from_utf8_lossy(&output).into_owned()),
        false => Err(failure(&program, &exit)),
    }
}
