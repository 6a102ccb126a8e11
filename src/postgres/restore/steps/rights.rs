//! Loads a dump from an unknown source under a throwaway role, so that the code in it has only that role's rights.
//!
//! The role logs in; `SET ROLE` is not used, because a function could reset it. It is a member of no other role, and no one
//! can log in as it while the code of the dump runs. What the role may not do and runs no code of the dump, the user of
//! the restore does: ownership and default privileges at the end, extensions at the start.

use bytes::Bytes;

use crate::error::{Error, Kind, Result};
use crate::postgres::restore::older_server::as_known;
use crate::postgres::restore::routing::{Route, Router, tokens};
use crate::postgres::restore::rules::Token;
use crate::postgres::restore::steps::Restoring;
use crate::postgres::restore::steps::prove::Proved;
use crate::postgres::server::maintenance::Maintenance;
use crate::postgres::server::quoting::{ident, literal};
use crate::postgres::server::talk::Talk;
use crate::postgres::server::throwaway_role::ThrowawayRole;
use crate::world::postgres::{Step, sqlstate_of};

/// What to do about a file that is not trusted.
const TRUST: &str =
    "if you trust the person who made the file: `--set trust=dump`; or restore as a user who is no superuser";

/// Whether the login has rights on the machine of the server.
const PRIVILEGED: &str = "SELECT me.rolsuper OR EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname IN \
    ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files') \
    AND pg_catalog.pg_has_role(me.oid, r.oid, 'MEMBER')) FROM pg_catalog.pg_roles me WHERE me.rolname = current_user";

/// As in `pg_dump`: every name in a dump includes its schema.
pub const NO_SEARCH_PATH: &str = "SET search_path = ''";

/// A setting of the dump must not stop the session that sets the owners.
pub const WRITES: &str = "SET default_transaction_read_only = off";

/// The SQLSTATE of a missing right.
const NO_RIGHT: &str = "42501";

impl Restoring {
    /// The role under which the dump is loaded; none if the login itself may load it.
    pub async fn role(&self, proved: &Proved) -> Result<Option<ThrowawayRole>> {
        if self.trusted || (self.is_recorded)(&proved.sha256) {
            return Ok(None);
        }
        let mut talk = self.talk(&self.maintenance, "cannot look at the rights of the user").await?;
        let privileged = talk.ask(PRIVILEGED).await;
        if !talk.end(privileged).await?.is_true() {
            return Ok(None);
        }
        if self.reuse {
            // The role cannot own an existing database.
            return Err(untrusted());
        }
        let at = Maintenance {
            caller: &self.reader.caller,
            server: self.server.clone(),
            database: self.maintenance.clone(),
        };
        let made = ThrowawayRole::make(&at).await;
        made.map(Some).map_err(|cause| untrusted().because(cause))
    }

    /// Lets the role load into the new target.
    pub async fn hand_over(&self, role: &ThrowawayRole) -> Result<()> {
        let act = format!("cannot let `{}` load the database `{}`", role.name, self.target);
        let mut talk = self.talk(&self.target, &act).await?;
        let name = ident(&role.name);
        let schema = "SELECT pg_catalog.format('ALTER SCHEMA public OWNER TO %I', ".to_owned()
            + &literal(&role.name)
            + ") FROM pg_catalog.pg_namespace WHERE nspname = 'public' \
               AND pg_catalog.pg_get_userbyid(nspowner) <> 'pg_database_owner'";
        let done = async {
            talk.ask(format!("ALTER DATABASE {} OWNER TO {name}", ident(&self.target))).await?;
            talk.run_each(schema).await
        };
        let done = done.await;
        talk.end(done).await
    }

    /// Applies the database's settings with the rights of the role, which still owns it: a superuser's could name libraries
    /// that are loaded into every session, or disable data integrity checks.
    pub async fn configure(&self, role: &ThrowawayRole, proved: &Proved) -> Result<()> {
        let settings = proved.own.properties.iter().filter(|sql| is_setting(sql)).collect();
        self.set_properties(proved, Some(role), settings).await
    }

    /// Reassigns what the role owns, and runs what it could not. None of that runs code of the dump.
    pub async fn take_over(&self, role: &ThrowawayRole, router: Router) -> Result<()> {
        let act = format!("cannot give what is in the database `{}` to its owners", self.target);
        let mut talk = Talk::open(&self.loader, &self.server, &self.target, &act).await?;
        let name = ident(&role.name);
        let done = async {
            // The code of the dump may have set another `search_path` for the database, which would change what a name means.
            talk.ask(NO_SEARCH_PATH).await?;
            talk.ask(WRITES).await?;
            for sql in router.deferred {
                talk.ask(sql).await?;
            }
            talk.ask(format!("REASSIGN OWNED BY {name} TO CURRENT_USER")).await?;
            talk.ask(format!("DROP OWNED BY {name}")).await.map(drop)
        };
        let done = done.await;
        talk.end(done).await?;
        // The role also compares the loaded data: reading can run code too, such as the expressions of an index.
        role.may_read(&self.reader.caller).await
    }

    /// Sends a step to the session that runs it.
    pub async fn route(&self, step: Step, talk: &mut Talk, router: &mut Router) -> Result<()> {
        match router.route(&step) {
            Route::Load => {
                let step = match step {
                    Step::Statement { sql, line } => Step::Statement { sql: as_known(sql, talk).await?, line },
                    other => other,
                };
                talk.session.send(step).await
            }
            Route::Skip => Ok(()),
            Route::Later => {
                router.deferred.extend(statement(step));
                Ok(())
            }
            Route::Now => {
                talk.session.settle().await?;
                let act = "cannot make an extension that the dump names";
                let mut own = Talk::open(&self.loader, &self.server, &self.target, act).await?;
                let made = match statement(step) {
                    Some(sql) => own.ask(sql).await.map(drop),
                    None => Ok(()),
                };
                own.end(made).await
            }
        }
    }
}

fn statement(step: Step) -> Option<Bytes> {
    match step {
        Step::Statement { sql, .. } => Some(sql),
        _ => None,
    }
}

/// Whether a statement about the database sets something for its sessions. An unknown statement counts as a setting.
pub fn is_setting(sql: &[u8]) -> bool {
    let tokens = tokens(sql);
    let words: Vec<&str> = tokens.iter().map(Token::word).collect();
    !matches!(
        words.as_slice(),
        ["alter", "database", _, "owner" | "connection" | "is_template", ..] | ["grant" | "revoke" | "security", ..]
    )
}

/// The reason why a file is not loaded with all rights.
pub fn untrusted() -> Error {
    Error::new(Kind::Denied, "refused to load with a superuser's rights a file of which there is no record")
        .because_text("a dump is code, which runs while it is loaded, and this catalog did not record the file as a backup of its own")
        .hint(TRUST)
}

/// The error of a load under a role: if a right is missing, trusting the file would provide it.
pub fn under_role(error: Error) -> Error {
    match sqlstate_of(&error) {
        Some(NO_RIGHT) => error
            .within("the file has no record as a backup of this catalog, and was loaded without a superuser's rights")
            .hint(TRUST),
        _ => error,
    }
}
