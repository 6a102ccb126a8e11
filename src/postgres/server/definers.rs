//! While an untrusted database is compared, removes the owners' rights from its `SECURITY DEFINER` functions.
//!
//! Reading a table can run code: the predicate of an index, a cast. A function with `SECURITY DEFINER` then acts as its owner, and
//! by then the loaded objects belong to the owners that the dump names, which may include a superuser.

use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;

use crate::error::Result;
use crate::postgres::server::client::Server;
use crate::postgres::server::quoting::ident;
use crate::postgres::server::talk::Talk;
use crate::world::Caller;

/// The largest list of functions: a few hundred thousand entries.
const MOST_LIST_BYTES: usize = 64 << 20;

/// The functions that act as their owner. Functions of extensions are left out: they come from files of the server's administrator.
const OWNED: &str = "SELECT pg_catalog.format('ALTER ROUTINE %s OWNER TO ', p.oid::pg_catalog.regprocedure), \
    pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(p.proowner)) FROM pg_catalog.pg_proc p WHERE p.prosecdef AND p.oid >= 16384 \
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass \
    AND d.objid = p.oid AND d.deptype = 'e')";

/// The functions of one database, and the login that may change their owners.
#[derive(Clone)]
pub struct Definers {
    /// The login that reads the database.
    pub reader: Server,
    pub(crate) role: String,
    pub(crate) admin: Server,
    pub(crate) database: String,
    /// The statements that restore the owners.
    pub(crate) owners: Arc<Mutex<Vec<String>>>,
}

impl Definers {
    /// Makes the functions act as the reading role.
    pub async fn take_rights(&self, caller: &Caller) -> Result<()> {
        // What a failed comparison has left.
        self.give_back(caller).await?;
        let mut talk = self.talk(caller).await?;
        let taken = async {
            let found = talk.ask_for(OWNED, MOST_LIST_BYTES).await?;
            let text = |value: &Option<Bytes>| value.as_ref().map(|text| String::from_utf8_lossy(text).into_owned());
            let pairs: Vec<(String, String)> =
                found.rows.iter().filter_map(|row| Some((text(row.first()?)?, text(row.get(1)?)?))).collect();
            let owners = pairs.iter().map(|(change, owner)| format!("{change}{owner}")).collect();
            *self.owners() = owners;
            let role = ident(&self.role);
            talk.run(pairs.into_iter().map(|(change, _)| change + &role)).await.map(drop)
        };
        let taken = taken.await;
        talk.end(taken).await
    }

    /// Restores their owners.
    pub async fn give_back(&self, caller: &Caller) -> Result<()> {
        let owners = self.owners().clone();
        if owners.is_empty() {
            return Ok(());
        }
        let mut talk = self.talk(caller).await?;
        let given = talk.run(owners).await.map(drop);
        talk.end(given).await?;
        // Only now: after a failure, the end of the run tries again.
        self.owners().clear();
        Ok(())
    }

    fn owners(&self) -> MutexGuard<'_, Vec<String>> {
        self.owners.lock().unwrap_or_else(|broken| broken.into_inner())
    }

    async fn talk(&self, caller: &Caller) -> Result<Talk> {
        let act = format!("cannot set whose rights the functions of the database `{}` have", self.database);
        let mut talk = Talk::open(caller, &self.admin, &self.database, &act).await?;
        // The database may have another `search_path` by now, which would change what a name means.
        let own = ["SET search_path = ''", "SET client_encoding = 'UTF8'", "SET default_transaction_read_only = off"];
        talk.run(own.map(str::to_owned)).await?;
        Ok(talk)
    }
}
