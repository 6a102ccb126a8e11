//! The steps of one restore: prove, make the target, load, and drop the target again when that fails.

pub mod fill;
pub mod prove;

use std::path::PathBuf;

use tokio_util::sync::CancellationToken;

use crate::backup::pool::or_cancelled;
use crate::error::{Error, Kind, Result};
use crate::postgres::restore::load::drop_database;
use crate::postgres::restore::own::create_database;
use crate::postgres::restore::read::Reader;
use crate::postgres::restore::steps::prove::{Proved, prove};
use crate::postgres::server::client::Server;
use crate::postgres::server::explain::explain;
use crate::postgres::server::query::MAX_ANSWER_BYTES;
use crate::postgres::server::throwaway;
use crate::report;
use crate::report::Level;
use crate::world::{Caller, Exit, SecretOrText, program};

/// PostgreSQL's code for a database that is there already.
const DUPLICATE_DATABASE: &str = "42P04";

/// What is broken off when the run is taken back.
const WORK: &str = "the restore";

/// One restore, away from Lua.
pub struct Restoring {
    /// Reads the file; and talks about databases.
    pub reader: Reader,
    /// Waits for the server while it loads.
    pub loader: Caller,
    pub server: Server,
    pub source: PathBuf,
    pub target: String,
    pub dump_of: Option<String>,
    pub maintenance: String,
    pub reuse: bool,
    /// The comment of the throwaway that is made anew.
    pub remade: Option<String>,
    /// Whether the roles that the dump names are made where the server lacks them.
    pub makes_roles: bool,
    pub jobs: u32,
    pub step: u64,
}

/// A restore that is done.
pub struct Restored {
    pub target: String,
    pub created: bool,
    pub source: String,
    pub size_bytes: u64,
    pub plain_bytes: u64,
    pub sha256: String,
    pub dump: serde_json::Value,
}

impl Restoring {
    /// Runs to its end, or until it is cancelled.
    pub async fn run(mut self, cancelled: CancellationToken) -> Result<Restored> {
        let act = self.act();
        let failed = |error: Error| error.within(act.clone());
        let proved = or_cancelled(&cancelled, WORK, prove(&self)).await.map_err(failed)?;
        or_cancelled(&cancelled, WORK, self.make_roles(&proved)).await.map_err(failed)?;
        // Not broken off: nobody would know whether the database was made, and by whom.
        let created = self.create(&proved).await.map_err(failed)?;
        let mut filled = or_cancelled(&cancelled, WORK, self.fill(&proved, created)).await;
        let own = created || self.remade.is_some();
        if own && self.jobs > 1 && filled.as_ref().is_err_and(in_each_others_way) {
            report::log(
                Level::Warn,
                "the connections of `pg_restore` got into each other's way; loading anew by one",
                None,
            );
            self.jobs = 1;
            filled = or_cancelled(&cancelled, WORK, self.fill_anew(&proved)).await;
        }
        if let Err(error) = filled {
            return Err(failed(if created { self.drop_again(error).await } else { error }));
        }
        Ok(Restored {
            target: self.target.clone(),
            created,
            source: self.source.display().to_string(),
            size_bytes: proved.size_bytes,
            plain_bytes: proved.plain_bytes,
            sha256: proved.sha256,
            dump: proved.dump,
        })
    }

    fn act(&self) -> String {
        format!("cannot restore `{}` into the database `{}`", self.source.display(), self.target)
    }

    async fn make_roles(&self, proved: &Proved) -> Result<()> {
        if !self.makes_roles || proved.roles.is_empty() {
            return Ok(());
        }
        let exit = self.tell(&self.maintenance, throwaway::make_roles(&proved.roles)).await?;
        match exit.success() {
            true => Ok(()),
            false => Err(explain("cannot make the roles that the dump names", "psql", &exit)),
        }
    }

    /// Makes the target; whether it was not there before.
    async fn create(&self, proved: &Proved) -> Result<bool> {
        let sql = proved.own.create.clone().unwrap_or_else(|| create_database(&self.target, ""));
        if let Some(mark) = &self.remade {
            return self.remake(&sql, mark).await;
        }
        let exit = self.tell(&self.maintenance, sql).await?;
        match (exit.success(), exit.stderr.contains(DUPLICATE_DATABASE)) {
            (true, _) => Ok(true),
            (false, true) if self.reuse => Ok(false),
            (false, true) => {
                Err(Error::new(Kind::AlreadyExists, format!("the database `{}` is there already", self.target))
                    .hint("restore under another name, or let `if_exists = \"use\"` load into it as it stands"))
            }
            (false, false) => Err(explain(&format!("cannot create the database `{}`", self.target), "psql", &exit)),
        }
    }

    /// Makes the run's own throwaway anew. It stays the run's to drop, so the restore did not make it.
    async fn remake(&self, sql: &str, mark: &str) -> Result<bool> {
        let exit = self.tell(&self.maintenance, throwaway::remake(&self.target, sql, mark)).await?;
        match exit.success() {
            true => Ok(false),
            false => Err(explain(&format!("cannot make the database `{}` anew", self.target), "psql", &exit)),
        }
    }

    async fn fill(&self, proved: &Proved, created: bool) -> Result<()> {
        let own = &proved.own;
        // The comment of a database that somebody else has made is not ours to change.
        let about = [own.properties.as_str(), if created { &own.comment } else { "" }].concat();
        if !about.is_empty() {
            let head = "SET standard_conforming_strings = on;\nSET client_encoding = 'UTF8';\n";
            let exit = self.tell(&self.target, [head, &about].concat()).await?;
            if !exit.success() {
                let act = format!("cannot give the database `{}` its owner, settings and rights", self.target);
                return Err(explain(&act, "psql", &exit));
            }
        }
        self.load(proved).await
    }

    /// Into a new target in place of the one that this restore has made; a throwaway is made anew anyway.
    async fn fill_anew(&self, proved: &Proved) -> Result<()> {
        if self.remade.is_none() {
            let exit = self.tell(&self.maintenance, drop_database(&self.target)).await?;
            if !exit.success() {
                let act = format!("cannot drop the database `{}` to load it anew", self.target);
                return Err(explain(&act, "psql", &exit));
            }
        }
        let created = self.create(proved).await?;
        self.fill(proved, created).await
    }

    async fn drop_again(&self, error: Error) -> Error {
        let dropped = match self.tell(&self.maintenance, drop_database(&self.target)).await {
            Ok(exit) if exit.success() => return error,
            Ok(exit) => explain("psql could not drop it", "psql", &exit),
            Err(left) => left,
        };
        let hint =
            format!("the unfinished database `{}` is left; drop it yourself: {}", self.target, dropped.one_line());
        error.hint(hint)
    }

    /// Says `sql` to the server, in `database`; gives how psql ended, without what only PostgreSQL's developers read.
    async fn tell(&self, database: &str, sql: String) -> Result<Exit> {
        let command = self.server.manage(database);
        let (_, exit) =
            program::ask(&self.reader.caller, command, Some(&SecretOrText::Plain(sql)), MAX_ANSWER_BYTES).await?;
        let lines = exit.stderr.lines().filter(|line| !line.starts_with("LOCATION:"));
        Ok(Exit { stderr: lines.collect::<Vec<_>>().join("\n"), ..exit })
    }
}

/// PostgreSQL lets the connections of one `pg_restore` deadlock, mostly over the indexes of partitions; by one connection it goes.
fn in_each_others_way(error: &Error) -> bool {
    error.causes().iter().any(|cause| cause.contains("deadlock detected"))
}
