//! Drops a database despite what blocks it: a template flag, subscriptions, prepared transactions, sessions that reconnect.

use crate::error::{Error, Result};
use crate::postgres::server::maintenance::Maintenance;
use crate::postgres::server::quoting::ident;
use crate::postgres::server::talk::Talk;
use crate::postgres::server::throwaway;
use crate::world::postgres::sqlstate_of;

/// The SQLSTATE for a database that subscriptions, prepared transactions or sessions still use.
const IN_USE: &str = "55006";
/// The SQLSTATE for a template, which cannot be dropped.
const TEMPLATE: &str = "42809";

/// Detaches subscriptions so that they can be dropped without their publisher, and ends prepared transactions.
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
    /// Drops a database that hikae created, with everything that blocks the drop.
    pub async fn remove(&self, talk: &mut Talk, name: &str) -> Result<()> {
        match talk.ask(throwaway::drop(name)).await.map(drop) {
            Err(error) if matches!(sqlstate_of(&error), Some(IN_USE | TEMPLATE)) => {}
            other => return other,
        }
        talk.ask(format!("ALTER DATABASE {} IS_TEMPLATE false", ident(name))).await?;
        self.take_away_holders(name).await?;
        // Sessions that reconnect would block the drop forever.
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
