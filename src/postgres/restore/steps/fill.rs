//! Loads a verified dump into its target, and requires the server and the file to confirm at the end that everything was loaded.

use std::collections::VecDeque;

use crate::error::{Error, Kind, Result};
use crate::postgres::restore::rewriter::Rewriter;
use crate::postgres::restore::routing::Router;
use crate::postgres::restore::steps::Restoring;
use crate::postgres::restore::steps::prove::Proved;
use crate::postgres::restore::steps::rights::{NO_SEARCH_PATH, WRITES, is_setting};
use crate::postgres::server::quoting::{ident, literal};
use crate::postgres::server::talk::Talk;
use crate::postgres::server::throwaway_role::ThrowawayRole;
use crate::report::event;
use crate::stream::{Piece, Source};

/// Set by hikae, not by the dump: how the server parses strings.
const READING: [&str; 2] = ["SET client_encoding = 'UTF8'", "SET standard_conforming_strings = on"];

/// Checks before the first statement that the settings are in effect.
const READS: &str = "SELECT pg_catalog.current_setting('client_encoding') = 'UTF8' \
    AND pg_catalog.current_setting('standard_conforming_strings') = 'on'";

impl Restoring {
    /// Loads the dump, and then applies its statements about the database: its settings must not be in effect during the load.
    pub async fn fill(&self, proved: &Proved, created: bool, role: Option<&ThrowawayRole>) -> Result<()> {
        if let Some(role) = role {
            self.hand_over(role).await?;
        }
        let router = match proved.bare && self.jobs > 1 {
            true => self.load_in_parallel(proved, role).await?,
            false => self.load(proved, created, role).await?,
        };
        // The loaded dump is the verified one only if the file was not replaced meanwhile.
        match self.reader.caller.stat(&self.source).await? {
            Some(stat) if (stat.size_bytes, stat.modified) == (proved.stat.size_bytes, proved.stat.modified) => {}
            _ => return Err(replaced()),
        }
        if let Some(role) = role {
            self.configure(role, proved).await?;
            self.take_over(role, router).await?;
        }
        self.describe(proved, created, role.is_some()).await
    }

    async fn load(&self, proved: &Proved, created: bool, role: Option<&ThrowawayRole>) -> Result<Router> {
        let opened = self.open(false).await?;
        let mut talk = self.ready_to_load(proved, role).await?;
        if let Some(role) = role {
            role.close(&self.reader.caller).await?;
        }
        let empty = created || self.remade.is_some();
        let mut router = Router::new(role.is_some()).into_empty(empty);
        let loaded = self.feed(opened.source, &mut talk, &mut router).await;
        talk.end(loaded).await?;
        let again = opened.facts.lock().sections.get("database").cloned().unwrap_or_default();
        if again == proved.dump { Ok(router) } else { Err(replaced()) }
    }

    /// A session that parses strings as hikae does.
    pub(crate) async fn ready_to_load(&self, proved: &Proved, role: Option<&ThrowawayRole>) -> Result<Talk> {
        let act = format!("cannot load the database `{}`", self.target);
        let mut talk =
            Talk::open(&self.loader, role.map_or(&self.server, |role| &role.server), &self.target, &act).await?;
        for (name, sql) in &proved.own.settings {
            // Generated columns and indexes may depend on them. A setting that the session cannot have is set on the database at the end.
            if !is_own(name)
                && let Err(error) = talk.ask(sql.clone()).await
            {
                tracing::debug!(error = error.one_line(), "a setting of the database does not hold while it is loaded");
            }
        }
        talk.run(READING.map(str::to_owned)).await?;
        match talk.ask(READS).await?.is_true() {
            true => Ok(talk),
            false => Err(Error::new(Kind::Denied, act)
                .because_text("the server does not keep to `client_encoding` and `standard_conforming_strings`")
                .hint("is there a pooler before the server? connect to the server itself")),
        }
    }

    pub(crate) async fn feed(&self, mut dump: Box<dyn Source>, talk: &mut Talk, router: &mut Router) -> Result<()> {
        let (mut rewriter, mut steps, mut moved) = (Rewriter::new(&self.target), VecDeque::new(), 0);
        let failed = |error: Error| error.within(format!("cannot load the database `{}`", self.target));
        while let Piece::Data(data) = dump.next().await? {
            moved += data.len() as u64;
            rewriter.feed(data, &mut steps)?;
            for step in steps.drain(..) {
                self.route(step, talk, router).await.map_err(failed)?;
            }
            event::step_progress(self.step, moved);
        }
        rewriter.end()?;
        talk.session.settle().await.map_err(failed)
    }

    /// Owner, settings, rights and comment of the database, in the encoding of the dump.
    async fn describe(&self, proved: &Proved, created: bool, configured: bool) -> Result<()> {
        let own = &proved.own;
        let properties = own.properties.iter().filter(|sql| !configured || !is_setting(sql));
        // Keep the comment of a database that this restore did not create.
        let comment = own.comment.iter().filter(|_| created);
        self.set_properties(proved, None, properties.chain(comment).collect()).await
    }

    /// Runs statements about the database, as `role` if one is set.
    pub(crate) async fn set_properties(
        &self,
        proved: &Proved,
        role: Option<&ThrowawayRole>,
        statements: Vec<&Vec<u8>>,
    ) -> Result<()> {
        if statements.is_empty() {
            return Ok(());
        }
        let act = format!("cannot give the database `{}` its owner, settings and rights", self.target);
        let mut talk = Talk::open(&self.loader, &self.server, &self.target, &act).await?;
        let done = async {
            talk.run(READING.map(str::to_owned)).await?;
            talk.ask(NO_SEARCH_PATH).await?;
            talk.ask(WRITES).await?;
            if let Some(encoding) = proved.dump["encoding"].as_str() {
                talk.ask(format!("SET client_encoding = {}", literal(encoding))).await?;
            }
            if let Some(role) = role {
                talk.ask(format!("SET ROLE {}", ident(&role.name))).await?;
            }
            for sql in statements {
                talk.ask(sql.clone()).await?;
            }
            Ok(())
        };
        let done = done.await;
        talk.end(done).await
    }
}

/// Whether hikae controls this session setting itself: the user, how strings are parsed, and whether rows may be written.
fn is_own(name: &str) -> bool {
    const OWN: [&str; 7] = [
        "backslash_quote",
        "client_encoding",
        "role",
        "row_security",
        "session_authorization",
        "session_replication_role",
        "standard_conforming_strings",
    ];
    OWN.contains(&name) || name.starts_with("default_transaction_") || name.ends_with("_preload_libraries")
}

fn replaced() -> Error {
    Error::new(Kind::Integrity, "the file was changed while it was being restored")
        .hint("let nobody write to it, and restore again")
}
