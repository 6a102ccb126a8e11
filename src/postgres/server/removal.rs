//! Drops a database whatever holds it: a template flag, subscriptions, prepared transactions, sessions that connect again.

use crate::error::{Error, Result};
use crate::postgres::server::maintenance::Maintenance;
use crate::postgres::server::quoting::ident;
use crate::postgres::server::talk::Talk;
use crate::postgres::server::throwaway;
use crate::world::postgres::sqlstate_of;

/// The SQLSTATE of a database that subscriptions or prepared transactions use, or sessions.
const IN_USE: &str = "55006";
/// The SQLSTATE of a template, which cannot be dropped.
const TEMPLATE: &str = "42809";

/// What a subscription must lose before it can be dropped while its publisher is away, and the prepared transactions.
const HOLDERS: [&str; 4] = [
    "SELECT format('ALTER SUBSCRIPTION %I DISABLE', subname) FROM pg_catalog.pg_subscription \
     WHERE subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())",
    "SELECT format('ALTER SUBSCRIPTION %I SET (slot_name = NONE)', subname) FROM pg_catalog.pg_subscription \
     WHERE subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())",
    "SELECT format('DROP SUBSCRIPTION %I', subname) FROM pg_catalog.pg_subscription \
     WHERE subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())",
    "SELECT format('ROLLBACK PREPARED %L', gid) FROM pg_catalog.pg_prepared_xacts WHERE database = current_database()",
];

impl Maintenance<'_> {
    /// Drops a database that is hikae's own, with what holds it.
    pub async fn remove(&self, talk: &mut Talk, name: &str) -> Result<()> {
        match talk.ask(throwaway::drop(name)).await.map(drop) {
            Err(error) if matches!(sqlstate_of(&error), Some(IN_USE | TEMPLATE)) => {}
            other => return other,
        }
        talk.ask(format!("ALTER DATABASE {} IS_TEMPLATE false", ident(name))).await?;
        self.take_away_holders(name).await?;
        // Sessions that connect again would hold it for ever.
        talk.ask(format!("ALTER DATABASE {} ALLOW_CONNECTIONS false", ident(name))).await?;
        let dropped = talk.ask(throwaway::drop(name)).await.map(drop);
        dropped.map_err(|error: Error| error.hint(format!("drop it by hand: `{}`", throwaway::drop(name))))
    }

    async fn take_away_holders(&self, name: &str) -> Result<()> {
        let act = format!("cannot take away what holds the database `{name}`");
        let mut inside = Talk::open(self.caller, &self.server, name, &act).await?;
        let taken = async {
            for query in HOLDERS {
                inside.run_each(query).await?;
            }
            Ok(())
        };
        let taken = taken.await;
        inside.end(taken).await
    }
}
