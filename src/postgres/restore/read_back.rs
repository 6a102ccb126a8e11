//! Reads the rows of a restored database back, as `pg_dump` reads them, and computes their fingerprints.

use std::cmp::Reverse;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::try_join_all;

use crate::error::{Error, Result};
use crate::postgres::restore::read_lines::{Pages, Rows};
use crate::postgres::server::client::Server;
use crate::postgres::server::quoting::{ident, literal, qualified};
use crate::postgres::server::talk::Talk;
use crate::stream::{Piece, Source};
use crate::world::Caller;
use crate::world::postgres::{CopyOut, message_of};

/// The maximum number of connections that read in parallel.
const MOST_READERS: usize = 4;

/// The types that every server from 13 to 18 writes identically.
const WRITTEN_ALIKE: &str = "{bool,int2,int4,int8,oid,numeric,text,varchar,bpchar,name,char,date,time,timetz,timestamp,timestamptz,\
    interval,uuid,json,jsonb,bytea,inet,cidr,macaddr,bit,varbit,float4,float8}";

/// The result, or the error message of the server.
pub type Read<T> = std::result::Result<T, String>;

/// One table to be read.
#[derive(Clone, Debug)]
pub struct TableColumns {
    pub schema: String,
    pub name: String,
    pub columns: Vec<String>,
    /// Whether rows stored elsewhere count as its own: a partitioned or a foreign table.
    pub with_children: bool,
    /// Its size: the largest tables are read first.
    pub bytes: u64,
}

/// The settings for the output of values: those of `pg_dump`, and others that affect how a value is written.
#[derive(Clone, Copy, Debug)]
pub struct Writing<'a> {
    /// The encoding of the rows.
    pub encoding: &'a str,
    /// The time zone; none means that of the database.
    pub time_zone: Option<&'a str>,
    pub bytea: Option<&'a str>,
}

impl Writing<'_> {
    fn settings(&self) -> Vec<String> {
        let fixed = [
            ("default_transaction_read_only", "on"),
            ("row_security", "off"),
            ("statement_timeout", "0"),
            ("lock_timeout", "0"),
            ("idle_in_transaction_session_timeout", "0"),
            ("search_path", "pg_catalog"),
            ("datestyle", "ISO"),
            ("intervalstyle", "postgres"),
            ("extra_float_digits", "3"),
            // The encoding of the statements; the rows use `encoding`, by an option of their `COPY`.
            ("client_encoding", "UTF8"),
        ];
        let further = [("timezone", self.time_zone), ("bytea_output", self.bytea)];
        let further = further.into_iter().filter_map(|(name, value)| Some((name, value?)));
        fixed.into_iter().chain(further).map(|(name, value)| format!("SET {name} = {}", literal(value))).collect()
    }
}

/// The database that is read.
pub struct ReadBack<'a> {
    pub caller: &'a Caller,
    pub server: &'a Server,
    pub database: &'a str,
    pub cores: usize,
    /// Whether the code in the database, which reading may run, is not trusted.
    pub apart: bool,
}

impl ReadBack<'_> {
    /// Reads all of the tables over parallel connections; returns each table's rows and sum, in the order of the tables.
    pub async fn tables(&self, tables: &[TableColumns], writing: Writing<'_>) -> Result<Vec<Read<(u64, u128)>>> {
        let readers = self.cores.clamp(1, MOST_READERS).min(tables.len().max(1));
        let mut order: Vec<usize> = (0..tables.len()).collect();
        // The largest first, so that at the end no single connection is still busy with one.
        order.sort_by_key(|at| Reverse(tables[*at].bytes));
        let next = AtomicUsize::new(0);
        let reading = (0..readers).map(|_| self.share(tables, (&order, &next), writing));
        let mut all = vec![Err("it was not read".to_owned()); tables.len()];
        for (at, read) in try_join_all(reading).await?.into_iter().flatten() {
            all[at] = read;
        }
        Ok(all)
    }

    /// Reads tables over one connection until none is left.
    async fn share(
        &self,
        tables: &[TableColumns],
        (order, next): (&[usize], &AtomicUsize),
        writing: Writing<'_>,
    ) -> Result<Vec<(usize, Read<(u64, u128)>)>> {
        let mut talk = self.talk(writing).await?;
        let mut found = Vec::new();
        let read = async {
            while let Some(at) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                let mut rows = Rows::default();
                let read = copy(&mut talk, tables[*at].copy(writing.encoding), &mut |data| rows.feed(data)).await?;
                found.push((*at, read.map(|()| rows.found())));
            }
            Ok(())
        };
        let read = read.await;
        talk.end(read).await.map(|()| found)
    }

    /// The number of large objects, and their sum; requires the right to read `pg_largeobject`.
    pub async fn large_objects(&self) -> Result<Read<(u64, u128)>> {
        let sql = "COPY (SELECT m.oid, l.pageno, pg_catalog.encode(l.data, 'hex') FROM pg_catalog.pg_largeobject_metadata m \
                   LEFT JOIN pg_catalog.pg_largeobject l ON l.loid = m.oid ORDER BY m.oid, l.pageno) TO STDOUT";
        let mut talk = self.talk(Writing { encoding: "UTF8", time_zone: None, bytea: None }).await?;
        let mut pages = Pages::default();
        let read = copy(&mut talk, sql.to_owned(), &mut |data| pages.feed(data)).await;
        Ok(talk.end(read).await?.map(|()| pages.found()))
    }

    /// The column types of a table whose values another server version may write differently.
    pub async fn written_by_version(&self, table: &TableColumns) -> Result<Vec<String>> {
        let sql = format!(
            "SELECT DISTINCT format_type(t.oid, NULL) FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid \
             WHERE a.attrelid = {}::regclass AND a.attnum > 0 AND NOT a.attisdropped AND t.typtype <> 'e' \
             AND ltrim(t.typname, '_') <> ALL ({})",
            literal(&qualified(&table.schema, &table.name)),
            literal(WRITTEN_ALIKE)
        );
        let mut talk = self.talk(Writing { encoding: "UTF8", time_zone: None, bytea: None }).await?;
        let answer = talk.ask(sql).await;
        Ok(talk.end(answer).await?.values().collect())
    }

    async fn talk(&self, writing: Writing<'_>) -> Result<Talk> {
        let act = format!("cannot read the database `{}` back", self.database);
        let mut talk = Talk::open(self.caller, self.server, self.database, &act).await?;
        talk.run(writing.settings()).await?;
        talk.set_apart(self.apart);
        Ok(talk)
    }
}

impl TableColumns {
    fn copy(&self, encoding: &str) -> String {
        let out = format!("TO STDOUT (ENCODING {})", literal(encoding));
        let columns = self.columns.iter().map(|name| ident(name)).collect::<Vec<_>>().join(", ");
        let name = qualified(&self.schema, &self.name);
        match (self.with_children, columns.is_empty()) {
            (true, _) => format!("COPY (SELECT {columns} FROM {name}) {out}"),
            (false, true) => format!("COPY {name} {out}"),
            (false, false) => format!("COPY {name} ({columns}) {out}"),
        }
    }
}

/// Takes the data of a `COPY`; an error of the server is the result.
async fn copy(talk: &mut Talk, sql: String, take: &mut (dyn FnMut(&[u8]) + Send)) -> Result<Read<()>> {
    talk.begin().await?;
    let copied = copy_all(talk, sql, take).await?;
    talk.undo().await.map(|()| copied)
}

async fn copy_all(talk: &mut Talk, sql: String, take: &mut (dyn FnMut(&[u8]) + Send)) -> Result<Read<()>> {
    let refused = |error: Error| match message_of(&error) {
        Some(message) => Ok(Err(message)),
        None => Err(error),
    };
    let mut data = match CopyOut::start(&mut *talk.session, sql).await {
        Ok(data) => data,
        Err(error) => return refused(error),
    };
    loop {
        match data.next().await {
            Ok(Piece::Data(data)) => take(&data),
            Ok(Piece::End) => return Ok(Ok(())),
            Err(error) => return refused(error),
        }
    }
}
