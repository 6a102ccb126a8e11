//! Loads an archive over parallel sessions: first its tables, then its indexes; every statement is judged as usual.
//!
//! `pg_restore` only turns parts of the archive into SQL. Everything that must keep its order runs in one session.

use std::collections::VecDeque;
use std::sync::Mutex;

use bytes::Bytes;
use futures_util::future::try_join_all;

use crate::error::{Error, Kind, Result};
use crate::postgres::restore::older_server::as_known;
use crate::postgres::restore::post_data::{Order, order_of};
use crate::postgres::restore::rewriter::Rewriter;
use crate::postgres::restore::routing::{Route, Router};
use crate::postgres::restore::steps::Restoring;
use crate::postgres::restore::steps::prove::Proved;
use crate::postgres::server::explain::explain;
use crate::postgres::server::talk::Talk;
use crate::postgres::server::throwaway_role::ThrowawayRole;
use crate::stream::{Piece, Source};
use crate::world::command::Own;
use crate::world::postgres::Step;
use crate::world::program::{self, ProgramSource};
use crate::world::{Command, Exit, SecretOrText};

/// The largest table of contents: a few hundred thousand entries.
const MOST_LIST_BYTES: usize = 128 << 20;

/// The number of table batches per session: enough to keep all sessions busy to the end.
const SHARES: usize = 8;

/// Statements that one session runs in order.
type Group = (String, Vec<Bytes>);

impl Restoring {
    /// Loads an archive that is a separate file.
    pub async fn load_in_parallel(&self, proved: &Proved, role: Option<&ThrowawayRole>) -> Result<Router> {
        let mut talks = Vec::new();
        for _ in 0..self.jobs {
            talks.push(self.ready_to_load(proved, role).await?);
        }
        if let Some(role) = role {
            role.close(&self.reader.caller).await?;
        }
        let mut router = Router::new(role.is_some());
        let loaded = self.load_sections(&mut talks, &mut router).await;
        let closed = try_join_all(talks.into_iter().map(Talk::close)).await;
        loaded?;
        closed.map(|_| router)
    }

    async fn load_sections(&self, talks: &mut [Talk], router: &mut Router) -> Result<()> {
        let before = self.decode(&["--create", "--section=pre-data"], None).await?;
        let Some(first) = talks.first_mut() else { return Err(Error::new(Kind::Other, "nobody loads the archive")) };
        self.feed(before, first, router).await?;
        self.load_tables(talks).await?;
        let after = self.statements(&["--section=post-data"]).await?;
        self.load_rest(after, talks, router).await
    }

    /// The rows: each session takes the next tables. It takes several small ones at once, because each `pg_restore` starts
    /// and reads the table of contents again.
    async fn load_tables(&self, talks: &mut [Talk]) -> Result<()> {
        let list = self.contents().await?;
        let (tables, others): (Vec<String>, Vec<String>) =
            list.into_iter().partition(|line| line.contains(" TABLE DATA "));
        let at_once = tables.len().div_ceil(talks.len().max(1) * SHARES).max(1);
        let tables: VecDeque<String> = tables.chunks(at_once).map(|tables| tables.join("\n")).collect();
        let tables = &Mutex::new(tables);
        let next = || tables.lock().unwrap_or_else(|broken| broken.into_inner()).pop_front();
        try_join_all(talks.iter_mut().map(|talk| async move {
            while let Some(entries) = next() {
                let rows = self.decode(&["--use-list=/dev/stdin"], Some(entries)).await?;
                self.feed(rows, talk, &mut Router::new(false)).await?;
            }
            Ok::<(), Error>(())
        }))
        .await?;
        match (talks.first_mut(), others.is_empty()) {
            (Some(talk), false) => {
                let list = others.join("\n");
                let rest = self.decode(&["--use-list=/dev/stdin"], Some(list)).await?;
                self.feed(rest, talk, &mut Router::new(false)).await
            }
            _ => Ok(()),
        }
    }

    /// Indexes and keys in parallel, but those of one table one after the other; everything else in order.
    async fn load_rest(&self, steps: VecDeque<Step>, talks: &mut [Talk], router: &mut Router) -> Result<()> {
        let mut groups: Vec<Group> = Vec::new();
        for step in steps {
            let route = router.route(&step);
            let Step::Statement { sql, .. } = step else { continue };
            match (route, order_of(&sql)) {
                (Route::Later, _) => router.deferred.push(sql),
                (_, Order::Beside(table)) => match groups.iter_mut().find(|(known, _)| *known == table) {
                    Some((_, statements)) => statements.push(sql),
                    None => groups.push((table, vec![sql])),
                },
                (_, Order::Session) => {
                    for talk in talks.iter_mut() {
                        talk.ask(sql.clone()).await?;
                    }
                }
                (_, Order::After) => {
                    self.run_groups(std::mem::take(&mut groups), talks).await?;
                    if let Some(talk) = talks.first_mut() {
                        let sql = as_known(sql, talk).await?;
                        talk.ask(sql).await?;
                    }
                }
            }
        }
        self.run_groups(groups, talks).await
    }

    async fn run_groups(&self, groups: Vec<Group>, talks: &mut [Talk]) -> Result<()> {
        let groups = &Mutex::new(VecDeque::from(groups));
        let next = || groups.lock().unwrap_or_else(|broken| broken.into_inner()).pop_front();
        let runs = talks.iter_mut().map(|talk| async move {
            while let Some((_, statements)) = next() {
                for sql in statements {
                    talk.ask(sql).await?;
                }
            }
            Ok::<(), Error>(())
        });
        try_join_all(runs).await.map(drop)
    }

    /// The judged statements of a part of the archive that has no rows.
    async fn statements(&self, args: &[&str]) -> Result<VecDeque<Step>> {
        let mut source = self.decode(args, None).await?;
        let (mut rewriter, mut steps) = (Rewriter::new(&self.target), VecDeque::new());
        while let Piece::Data(data) = source.next().await? {
            rewriter.feed(data, &mut steps)?;
        }
        rewriter.end()?;
        Ok(steps)
    }

    /// The entries of the archive that have data.
    async fn contents(&self) -> Result<Vec<String>> {
        let command = self.pg_restore(&["--list", "--section=data"], false);
        let (stdout, exit) = program::ask(&self.loader, command, None, MOST_LIST_BYTES).await?;
        if !exit.success() {
            return Err(explain("cannot read what is in the archive", "pg_restore", &exit));
        }
        let text = String::from_utf8_lossy(&stdout).into_owned();
        Ok(text.lines().filter(|line| !line.starts_with(';') && !line.is_empty()).map(str::to_owned).collect())
    }

    /// A part of the archive as SQL; `list` names its entries.
    async fn decode(&self, args: &[&str], list: Option<String>) -> Result<Box<dyn Source>> {
        let mut command = self.pg_restore(args, list.is_some());
        command.args.insert(0, "--file=-".to_owned());
        let mut child = self.loader.spawn(command).await?;
        if let (Some(mut stdin), Some(list)) = (child.stdin.take(), list) {
            let list = SecretOrText::Plain(format!("{list}\n"));
            stdin.write(Bytes::copy_from_slice(list.expose().as_bytes())).await?;
            stdin.seal().await?;
            stdin.commit().await?;
        }
        let explained = |exit: &Exit| explain("cannot decode the archive", "pg_restore", exit);
        Ok(Box::new(ProgramSource::new("pg_restore", child).explain(explained)))
    }

    fn pg_restore(&self, args: &[&str], stdin: bool) -> Command {
        let file = self.source.display().to_string();
        let args = args.iter().map(|arg| (*arg).to_owned()).chain(["--".to_owned(), file]);
        // It makes no connection, and reads hikae's own file.
        let own = Own { stays: true, ..Own::default() };
        Command { args: args.collect(), stdin, own, ..Command::new("pg_restore") }
    }
}
