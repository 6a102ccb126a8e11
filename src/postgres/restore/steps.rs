//! The steps of one restore: verify, create the target, load, and drop the target if that fails.

pub mod fill;
pub mod prove;
pub mod rights;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use tokio_util::sync::CancellationToken;

use crate::backup::pool::or_cancelled;
use crate::error::{Error, Kind, Result};
use crate::postgres::restore::load::drop_database;
use crate::postgres::restore::own::create_database;
use crate::postgres::restore::read::Reader;
use crate::postgres::restore::steps::prove::{Proved, prove};
use crate::postgres::restore::steps::rights::under_role;
use crate::postgres::restore::structure::Structure;
use crate::postgres::server::client::Server;
use crate::postgres::server::talk::{self, Talk};
use crate::postgres::server::throwaway;
use crate::postgres::server::throwaway_role::ThrowawayRole;
use crate::world::Caller;
use crate::world::postgres::sqlstate_of;

/// PostgreSQL's code for a database that already exists.
const DUPLICATE_DATABASE: &str = "42P04";

/// The provider that every server has, and a query whether this server lacks its syntax.
const LIBC: &str = " locale_provider = libc";
const KNOWS_NO_PROVIDERS: &str = "SELECT pg_catalog.current_setting('server_version_num')::integer < 150000";

/// The name of the work that ends when the run is cancelled.
const WORK: &str = "the restore";

/// Whether a SHA-256 is that of a recorded backup.
pub type RecordedQuery = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// One restore, independent of Lua.
pub struct Restoring {
    /// Reads the file, and manages databases.
    pub reader: Reader,
    /// Waits for the server while it loads.
    pub loader: Caller,
    pub server: Server,
    pub source: PathBuf,
    pub target: String,
    pub dump_of: Option<String>,
    pub maintenance: String,
    pub reuse: bool,
    /// The comment of the throwaway that is recreated.
    pub remade: Option<String>,
    /// Whether missing roles and tablespaces that the dump names are created.
    pub makes_roles: bool,
    pub jobs: u32,
    /// Whether the user trusts the file.
    pub trusted: bool,
    /// Whether the catalog has a backup with this SHA-256.
    pub is_recorded: RecordedQuery,
    /// The role of a load that failed.
    pub left_role: Arc<Mutex<Option<ThrowawayRole>>>,
    pub step: u64,
}

/// A completed restore.
pub struct Restored {
    pub target: String,
    pub created: bool,
    pub source: String,
    pub size_bytes: u64,
    pub plain_bytes: u64,
    pub sha256: String,
    pub dump: serde_json::Value,
    /// The role that loaded it, if not the user.
    pub role: Option<ThrowawayRole>,
    pub structure: Structure,
}

impl Restoring {
    /// Runs to its end, or until it is cancelled.
    pub async fn run(self, cancelled: CancellationToken) -> Result<Restored> {
        let act = self.act();
        let failed = |error: Error| error.within(act.clone());
        let proved = or_cancelled(&cancelled, WORK, prove(&self)).await.map_err(failed)?;
        or_cancelled(&cancelled, WORK, self.make_roles(&proved)).await.map_err(failed)?;
        // Never cancelled: it would be unknown whether the database was made, and by which run.
        let role = or_cancelled(&cancelled, WORK, self.role(&proved)).await.map_err(failed)?;
        let filled = self.create_and_fill(&proved, role.as_ref(), &cancelled).await;
        let created = match (filled, &role) {
            (Ok(created), _) => created,
            (Err(error), None) => return Err(failed(error)),
            (Err(error), Some(_)) => {
                // The role is dropped after its database.
                *self.left_role.lock().unwrap_or_else(|broken| broken.into_inner()) = role;
                return Err(failed(under_role(error)));
            }
        };
        Ok(Restored {
            target: self.target.clone(),
            created,
            source: self.source.display().to_string(),
            size_bytes: proved.size_bytes,
            plain_bytes: proved.plain_bytes,
            sha256: proved.sha256,
            dump: proved.dump,
            role,
            structure: proved.structure,
        })
    }

    /// Creates the target and loads it; returns whether it is new. A failure leaves nothing that this restore created.
    async fn create_and_fill(
        &self,
        proved: &Proved,
        role: Option<&ThrowawayRole>,
        cancelled: &CancellationToken,
    ) -> Result<bool> {
        // Never cancelled: it would be unknown whether the database was made, and by which run.
        let created = self.create(proved).await?;
        match or_cancelled(cancelled, WORK, self.fill(proved, created, role)).await {
            Ok(()) => Ok(created),
            Err(error) => Err(if created { self.drop_again(error).await } else { error }),
        }
    }

    fn act(&self) -> String {
        format!("cannot restore `{}` into the database `{}`", self.source.display(), self.target)
    }

    async fn make_roles(&self, proved: &Proved) -> Result<()> {
        let tablespaces: BTreeSet<String> =
            proved.structure.tablespaces.iter().chain(&proved.own.tablespace).cloned().collect();
        if !self.makes_roles || proved.roles.is_empty() && tablespaces.is_empty() {
            return Ok(());
        }
        let mut talk =
            self.talk(&self.maintenance, "cannot make the roles and tablespaces that the dump names").await?;
        let made = async {
            if !proved.roles.is_empty() {
                talk.run_each(throwaway::make_roles(&proved.roles)).await?;
            }
            if !tablespaces.is_empty() {
                talk.ask(throwaway::IN_PLACE).await?;
                talk.run_each(throwaway::make_tablespaces(&tablespaces)).await?;
            }
            Ok(())
        };
        let made = made.await;
        talk.end(made).await
    }

    /// Creates the target; returns whether it is new.
    async fn create(&self, proved: &Proved) -> Result<bool> {
        let sql = proved.own.create.clone().unwrap_or_else(|| create_database(&self.target, ""));
        let sql = self.as_the_server_knows_it(sql).await?;
        if let Some(mark) = &self.remade {
            return self.remake(sql, mark).await;
        }
        let act = format!("cannot create the database `{}`", self.target);
        match self.execute(&self.maintenance, &act, [sql]).await {
            Ok(()) => Ok(true),
            Err(error) if sqlstate_of(&error) != Some(DUPLICATE_DATABASE) => Err(error),
            Err(_) if self.reuse => Ok(false),
            Err(_) => Err(Error::new(Kind::AlreadyExists, format!("the database `{}` is there already", self.target))
                .hint("restore under another name, or let `if_exists = \"use\"` load into it as it is")),
        }
    }

    /// Since 15 `pg_dump` names the provider of every locale, also for servers with only one provider.
    async fn as_the_server_knows_it(&self, sql: String) -> Result<String> {
        if !sql.contains(LIBC) {
            return Ok(sql);
        }
        let mut talk = self.talk(&self.maintenance, "cannot ask the server for its version").await?;
        let is_older = talk.ask(KNOWS_NO_PROVIDERS).await;
        Ok(if talk.end(is_older).await?.is_true() { sql.replace(LIBC, "") } else { sql })
    }

    /// Recreates the run's own throwaway. The run still drops it, so it does not count as created by the restore.
    async fn remake(&self, sql: String, mark: &str) -> Result<bool> {
        let act = format!("cannot make the database `{}` again", self.target);
        self.execute(&self.maintenance, &act, throwaway::remake(&self.target, sql, mark)).await.map(|()| false)
    }

    async fn drop_again(&self, error: Error) -> Error {
        let Err(left) = self.execute(&self.maintenance, "cannot drop it", drop_database(&self.target)).await else {
            return error;
        };
        let hint = format!("the unfinished database `{}` is left; drop it yourself: {}", self.target, left.one_line());
        error.hint(hint)
    }

    pub(crate) async fn talk(&self, database: &str, act: &str) -> Result<Talk> {
        Talk::open(&self.reader.caller, &self.server, database, act).await
    }

    /// Runs some statements in `database`.
    async fn execute(&self, database: &str, act: &str, statements: impl IntoIterator<Item = String>) -> Result<()> {
        talk::run(&self.reader.caller, &self.server, database, act, statements).await.map(drop)
    }
}
