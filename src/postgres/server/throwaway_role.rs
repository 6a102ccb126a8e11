//! A role that a run makes to load one file, with no rights on the server's machine; it goes with the run.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::future::{LocalBoxFuture, join_all};
use ring::rand::{SecureRandom, SystemRandom};

use crate::backup::at_end::{AtEnd, CLEANUP_TIME};
use crate::error::{Error, Kind, Result};
use crate::postgres::server::client::Server;
use crate::postgres::server::maintenance::Maintenance;
use crate::postgres::server::quoting::{ident, literal};
use crate::postgres::server::talk::Talk;
use crate::postgres::server::throwaway;
use crate::postgres::server::throwaway_lock::ThrowawayLock;
use crate::report::{Level, log};
use crate::secret::Secret;
use crate::world::Caller;

/// A role of this run, and how it logs in.
pub struct ThrowawayRole {
    pub name: String,
    pub server: Server,
    /// The roles of the dump that it may act as.
    pub members: BTreeSet<String>,
    admin: Server,
    connect_to: String,
    /// Behind a mutex only because a session is not for several threads at once.
    lock: Mutex<ThrowawayLock>,
}

impl ThrowawayRole {
    /// Makes the role, a member of those among `named` that have no rights beyond their own objects.
    pub async fn make(at: &Maintenance<'_>, named: &BTreeSet<String>) -> Result<ThrowawayRole> {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed) as usize + 1;
        let name = throwaway::name(at.caller.world.now(), at.caller.world.machine().process_id, number);
        let password = random_password()?;
        // Held before it is there: at no moment could another run take it for left over.
        let lock = ThrowawayLock::start(at, &name).await?;
        let act = "cannot make a role without rights to load the file";
        let mut talk = at.open(act).await?;
        let made = make(&mut talk, &name, &password, named).await;
        let members = talk.end(made).await?;
        let server = Server { user: Some(name.clone()), password: Some(password), ..at.server.clone() };
        let role = ThrowawayRole {
            name,
            server,
            members,
            admin: at.server.clone(),
            connect_to: at.database.clone(),
            lock: Mutex::new(lock),
        };
        // The server may not let it in: its pg_hba.conf names the users.
        match Talk::expendable(at.caller, &role.server, &role.connect_to, act).await {
            Ok(talk) => talk.close().await.map(|()| role),
            Err(error) => {
                role.drop(at.caller).await;
                Err(error)
            }
        }
    }

    /// Lets the role read all that is in the databases, to compare it. Servers before 14 have no such right.
    pub async fn may_read(&self, caller: &Caller, admin: &Server, database: &str) {
        let name = ident(&self.name);
        let rights = [format!("GRANT pg_read_all_data TO {name}"), format!("ALTER ROLE {name} BYPASSRLS")];
        let given = crate::postgres::server::talk::run(caller, admin, database, "cannot let a role read", rights).await;
        if let Err(error) = given {
            tracing::debug!(error = error.one_line(), "the role may not read all");
        }
    }

    /// Drops the role. What cannot be dropped, the next sweep drops.
    pub async fn drop(self, caller: &Caller) {
        let act = format!("cannot drop the role `{}`", self.name);
        let sql = [format!("DROP ROLE IF EXISTS {}", ident(&self.name))];
        if let Err(error) = crate::postgres::server::talk::run(caller, &self.admin, &self.connect_to, &act, sql).await {
            log(Level::Warn, &format!("{}; `pg.sweep_throwaways` of a later run drops it", error.one_line()), None);
        }
        drop(self.lock);
    }
}

async fn make(talk: &mut Talk, name: &str, password: &Secret, named: &BTreeSet<String>) -> Result<BTreeSet<String>> {
    // The server gets no password, but what it compares one with.
    let verifier = postgres_protocol::password::scram_sha_256(password.expose().as_bytes());
    let rights = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS";
    talk.ask(format!("CREATE ROLE {} {rights} PASSWORD {}", ident(name), literal(&verifier))).await?;
    if named.is_empty() {
        return Ok(BTreeSet::new());
    }
    let list: Vec<String> = named.iter().map(|name| literal(name)).collect();
    let harmless = format!(
        "SELECT rolname FROM pg_catalog.pg_roles r WHERE rolname IN ({}) AND NOT (rolsuper OR rolcreaterole OR \
         rolcreatedb OR rolreplication OR rolbypassrls) AND NOT EXISTS (SELECT FROM pg_catalog.pg_roles s WHERE \
         (s.rolsuper OR s.rolname IN ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files')) \
         AND pg_catalog.pg_has_role(r.oid, s.oid, 'MEMBER'))",
        list.join(", ")
    );
    let members: BTreeSet<String> = talk.ask(harmless).await?.values().collect();
    for member in &members {
        talk.ask(format!("GRANT {} TO {}", ident(member), ident(name))).await?;
    }
    Ok(members)
}

fn random_password() -> Result<Secret> {
    let mut bytes = [0_u8; 24];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| Error::new(Kind::Other, "the system gives no random numbers"))?;
    Ok(Secret::new(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()))
}

/// The roles of a run, with the database that each has loaded: what is in it is compared by the same role.
#[derive(Default)]
pub struct ThrowawayRoles(RefCell<Vec<(String, ThrowawayRole)>>);

impl ThrowawayRoles {
    pub fn add(&self, database: &str, role: ThrowawayRole) {
        self.0.borrow_mut().push((database.to_owned(), role));
    }

    /// A database is loaded once more: who loaded it before has no right in it any more.
    pub fn loaded_again(&self, database: &str) {
        let mut roles = self.0.borrow_mut();
        roles.iter_mut().filter(|(loaded, _)| loaded == database).for_each(|(loaded, _)| loaded.clear());
    }

    /// Who reads what is in a database of this server.
    pub fn reader(&self, server: &Server, database: &str) -> Option<Server> {
        let roles = self.0.borrow();
        let (_, role) = roles.iter().rev().find(|(loaded, _)| loaded == database)?;
        (role.server.host == server.host && role.server.port == server.port).then(|| role.server.clone())
    }
}

impl AtEnd for ThrowawayRoles {
    fn finish<'a>(&'a self, caller: &'a Caller, _forgotten: bool) -> LocalBoxFuture<'a, ()> {
        let caller = caller.clone().limited(Some(CLEANUP_TIME), Some(CLEANUP_TIME));
        let roles = std::mem::take(&mut *self.0.borrow_mut());
        Box::pin(async move {
            join_all(roles.into_iter().map(|(_, role)| role.drop(&caller))).await;
        })
    }
}
