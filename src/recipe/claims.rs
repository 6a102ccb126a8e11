//! Reserves what a run needs exclusively before it starts: its id, and the lock of its recipe.

use std::path::PathBuf;
use std::time::Duration;

use super::job::Job;
use super::ledger::Ledger;
use crate::catalog::{Moment, NewRun, run_id};
use crate::error::{Kind, Result};
use crate::world::{Caller, LockGuard};

/// The id and the locks of a run, and where they are recorded.
pub struct Claims<'a> {
    pub job: &'a Job,
    pub own: &'a Caller,
    pub ledger: &'a Ledger,
}

impl Claims<'_> {
    /// A unique id. The run's own lock is taken before the run is recorded, so that a free lock means a dead run.
    pub async fn run_id(&self) -> (NewRun, Option<Box<dyn LockGuard>>) {
        let machine = self.own.world.machine();
        self.wait_for_unique_second(&self.job.source.name).await;
        loop {
            let now = self.own.world.now();
            let new = NewRun {
                id: run_id(now, &self.job.run_type),
                recipe: self.job.source.name.clone(),
                recipe_sha256: self.job.recipe_sha256.clone(),
                backup_type: self.job.run_type.clone(),
                kind: self.job.declaration.kind.word().to_owned(),
                subject: self.job.subject.clone(),
                target: self.job.target.clone(),
                started_at: now,
                host: machine.host.clone(),
                username: machine.user.clone(),
                process_id: machine.process_id,
                parent: self.job.parent.get().cloned(),
            };
            let held = match self.own.lock(&run_lock(&self.job.config.state_dir, &new.id)).await {
                Ok(held) => Some(held),
                Err(error) if error.kind() == Kind::Locked => {
                    self.until_next_second(now).await;
                    continue;
                }
                // Without a state folder, the id cannot be checked; the failure of the catalog says why.
                Err(error) => {
                    self.ledger.first_trouble(error);
                    None
                }
            };
            match self.ledger.start(&new) {
                Ok(()) => return (new, held),
                // The only error of `start`: a run of this second has already ended.
                Err(_taken) => {
                    self.release(&new, held).await;
                    self.until_next_second(now).await;
                }
            }
        }
    }

    /// Releases a run's own lock; its file is removed while the lock is still held.
    pub async fn release(&self, run: &NewRun, held: Option<Box<dyn LockGuard>>) {
        let lock = run_lock(&self.job.config.state_dir, &run.id);
        if held.is_some()
            && let Err(error) = self.own.remove(&lock).await
        {
            self.ledger.trouble(error);
        }
    }

    /// File names contain the second: a backup must not get the name of the previous run's backup. Returns whether it waited.
    pub async fn wait_for_unique_second(&self, recipe: &str) -> bool {
        let now = self.own.world.now();
        let taken = self.ledger.ended_within(recipe, now);
        if taken {
            self.until_next_second(now).await;
        }
        taken
    }

    async fn until_next_second(&self, now: Moment) {
        let rest = 1000 - u64::from(now.timestamp_subsec_millis()).min(999);
        if let Err(error) = self.own.sleep(Duration::from_millis(rest)).await {
            self.ledger.trouble(error);
        }
    }

    /// The lock against a second run of this recipe on the same targets.
    pub async fn recipe_lock(&self) -> Result<Box<dyn LockGuard>> {
        let locked = self.own.lock(&self.job.lock_path()).await;
        locked.map_err(|error| match error.kind() {
            Kind::Locked => error
                .within(format!("another run of `{}` is under way", self.job.source.name))
                .or_hint("wait for it to end; `hikae runs --status running` shows it"),
            _ => error,
        })
    }
}

/// The lock file that a run holds while it lives.
pub fn run_lock(state_dir: &std::path::Path, id: &str) -> PathBuf {
    state_dir.join("runs").join(format!("{id}.lock"))
}
