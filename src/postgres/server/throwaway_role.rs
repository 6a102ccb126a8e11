//! A role that a run creates to load one file, with no rights on the server's machine; it is dropped when the run ends.

use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::future::{LocalBoxFuture, join_all};
use ring::rand::{SecureRandom, SystemRandom};

use crate::backup::at_end::{AtEnd, CLEANUP_TIME};
use crate::error::{Error, Kind, Result};
use crate::postgres::server::client::Server;
use crate::postgres::server::definers::Definers;
use crate::postgres::server::maintenance::Maintenance;
use crate::postgres::server::quoting::{ident, literal};
use crate::postgres::server::talk::{self, Talk};
use crate::postgres::server::throwaway;
use crate::postgres::server::throwaway_lock::ThrowawayLock;
use crate::report::{Level, log};
use crate::secret::Secret;
use crate::stream::hex::hex;
use crate::world::Caller;

/// Whether the server has the role that may read all data and change none.
const READS_ALL: &str = "SELECT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'pg_read_all_data')";

/// A role of this run, and how it logs in.
pub struct ThrowawayRole {
    pub name: String,
    pub server: Server,
    admin: Server,
    connect_to: String,
    /// The statements that return functions to their owners.
    owners: Arc<Mutex<Vec<String>>>,
    /// In a mutex only because a session is not `Sync`.
    lock: Mutex<ThrowawayLock>,
}

impl ThrowawayRole {
    /// Creates the role. It is a member of no other: a role that owns something here may own another database too.
    pub async fn make(at: &Maintenance<'_>) -> Result<ThrowawayRole> {
        // Far from the numbers of databases: a role and a database of the same name would share a lock.
        static NUMBER: AtomicUsize = AtomicUsize::new(1000);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = throwaway::name(at.caller.world.now(), at.caller.world.machine().process_id, number);
        let password = random_password()?;
        // Locked before it exists, so another run never takes it for a leftover.
        let lock = ThrowawayLock::start(at, &name).await?;
        let act = "cannot make a role without rights to load the file";
        let mut talk = at.open(act).await?;
        let made = make(&mut talk, &name, &password).await;
        talk.end(made).await?;
        let server = Server { user: Some(name.clone()), password: Some(password), ..at.server.clone() };
        let role = ThrowawayRole {
            name,
            server,
            admin: at.server.clone(),
            connect_to: at.database.clone(),
            owners: Arc::default(),
            lock: Mutex::new(lock),
        };
        // The server may reject its login: its pg_hba.conf lists the users.
        match Talk::expendable(at.caller, &role.server, &role.connect_to, act).await {
            Ok(talk) => talk.close().await.map(|()| role),
            Err(error) => {
                role.drop(at.caller).await;
                Err(error)
            }
        }
    }

    /// Disables login as the role: also for code in its open sessions, which knows the role's password if
    /// it changes that.
    pub async fn close(&self, caller: &Caller) -> Result<()> {
        self.change(caller, [format!("ALTER ROLE {} CONNECTION LIMIT 0", ident(&self.name))]).await
    }

    /// Lets the role log in again, by its own password, and read everything in the databases, to compare it.
    pub async fn may_read(&self, caller: &Caller) -> Result<()> {
        let name = ident(&self.name);
        let Some(password) = &self.server.password else { return Ok(()) };
        let rights = [
            // Settings that the dump's code made for its role are reset as well.
            format!("ALTER ROLE {name} RESET ALL"),
            format!("GRANT pg_read_all_data TO {name}"),
            format!("ALTER ROLE {name} BYPASSRLS CONNECTION LIMIT -1 PASSWORD {}", literal(&verifier(password))),
        ];
        self.change(caller, rights).await
    }

    async fn change(&self, caller: &Caller, statements: impl IntoIterator<Item = String>) -> Result<()> {
        let act = format!("cannot change the role `{}`", self.name);
        talk::run(caller, &self.admin, &self.connect_to, &act, statements).await.map(drop)
    }

    fn definers(&self, database: &str) -> Definers {
        Definers {
            reader: self.server.clone(),
            role: self.name.clone(),
            admin: self.admin.clone(),
            database: database.to_owned(),
            owners: self.owners.clone(),
        }
    }

    /// Restores the owners after an interrupted comparison, if its database still exists, and drops the role.
    async fn leave(self, database: String, caller: &Caller) {
        if let Err(error) = self.definers(&database).give_back(caller).await {
            tracing::debug!(error = error.one_line(), "functions were not given back to their owners");
        }
        self.drop(caller).await;
    }

    /// Drops the role. If that fails, the next sweep drops it.
    pub async fn drop(self, caller: &Caller) {
        let act = format!("cannot drop the role `{}`", self.name);
        let sql = [format!("DROP ROLE IF EXISTS {}", ident(&self.name))];
        if let Err(error) = talk::run(caller, &self.admin, &self.connect_to, &act, sql).await {
            log(Level::Warn, &format!("{}; `pg.sweep_throwaways` of a later run drops it", error.one_line()), None);
        }
        drop(self.lock);
    }
}

async fn make(talk: &mut Talk, name: &str, password: &Secret) -> Result<()> {
    if !talk.ask(READS_ALL).await?.is_true() {
        return Err(Error::new(Kind::Denied, "a server before PostgreSQL 14 has no role that may only read"));
    }
    let rights = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS";
    let password = literal(&verifier(password));
    talk.ask(format!("CREATE ROLE {} {rights} PASSWORD {password}", ident(name))).await.map(drop)
}

/// The verifier that the server compares a password with; it gets nothing else.
fn verifier(password: &Secret) -> String {
    postgres_protocol::password::scram_sha_256(password.expose().as_bytes())
}

fn random_password() -> Result<Secret> {
    let mut bytes = [0_u8; 24];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| Error::new(Kind::Other, "the system gives no random numbers"))?;
    Ok(Secret::new(hex(bytes)))
}

/// The roles of a run, with the database that each has loaded: the same role compares it.
#[derive(Default)]
pub struct ThrowawayRoles(RefCell<Vec<(String, ThrowawayRole)>>);

impl ThrowawayRoles {
    pub fn add(&self, database: &str, role: ThrowawayRole) {
        self.0.borrow_mut().push((database.to_owned(), role));
    }

    /// Detaches the roles that loaded this database before: it is loaded again, and they have no rights in it.
    pub fn loaded_again(&self, database: &str) {
        let mut roles = self.0.borrow_mut();
        for (loaded, role) in roles.iter_mut().filter(|(loaded, _)| loaded == database) {
            loaded.clear();
            // Their functions are gone with the old content.
            role.owners.lock().unwrap_or_else(|broken| broken.into_inner()).clear();
        }
    }

    /// Returns the login that reads a database of this server, and the functions that must not act as their owner meanwhile.
    pub fn definers(&self, server: &Server, database: &str) -> Option<Definers> {
        let roles = self.0.borrow();
        let (_, role) = roles.iter().rev().find(|(loaded, _)| loaded == database)?;
        let is_here = role.server.host == server.host && role.server.port == server.port;
        is_here.then(|| role.definers(database))
    }
}

impl AtEnd for ThrowawayRoles {
    fn finish<'a>(&'a self, caller: &'a Caller, _forgotten: bool) -> LocalBoxFuture<'a, ()> {
        let caller = caller.clone().limited(Some(CLEANUP_TIME), Some(CLEANUP_TIME));
        let roles = std::mem::take(&mut *self.0.borrow_mut());
        Box::pin(async move {
            join_all(roles.into_iter().map(|(database, role)| role.leave(database, &caller))).await;
        })
    }
}
