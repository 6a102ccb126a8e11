//! Reads the rows of a restored database back, as `pg_dump` reads them, and takes their fingerprints.

use std::collections::BTreeMap;

use futures_util::future::{join, try_join_all};

use crate::error::{Error, Kind, Result};
use crate::postgres::restore::read_lines::{Pages, Rows};
use crate::postgres::server::client::Server;
use crate::postgres::server::explain::explain;
use crate::postgres::server::query;
use crate::postgres::server::quoting::{ident, literal, qualified};
use crate::stream::{Piece, Sink, Source};
use crate::world::program::ProgramSource;
use crate::world::{Caller, Exit};

/// The most connections that read side by side.
const MOST_READERS: usize = 4;

/// The types that every server from 13 to 18 writes alike.
const WRITTEN_ALIKE: &str = "{bool,int2,int4,int8,oid,numeric,text,varchar,bpchar,name,char,date,time,timetz,timestamp,timestamptz,\
    interval,uuid,json,jsonb,bytea,inet,cidr,macaddr,bit,varbit,float4,float8}";

/// One table to be read.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub schema: String,
    pub name: String,
    pub columns: Vec<String>,
    /// Whether rows that are stored in other tables count as its own: a partitioned or a foreign table.
    pub with_children: bool,
    /// How many rows it should have: tables are shared out by it.
    pub rows: u64,
}

pub use crate::postgres::restore::read_lines::Read;

/// The settings in which values are written: those of `pg_dump`, and what decides further how a value looks.
#[derive(Clone, Copy, Debug)]
pub struct Writing<'a> {
    pub encoding: &'a str,
    /// The time zone; none: that of the database.
    pub time_zone: Option<&'a str>,
    pub bytea: Option<&'a str>,
}

impl Writing<'_> {
    fn settings(&self) -> String {
        let mut sql = format!(
            "SET client_encoding = {};\nSET default_transaction_read_only = on;\nSET row_security = off;\nSET statement_timeout = 0;\n\
             SET lock_timeout = 0;\nSET search_path = pg_catalog;\nSET datestyle = ISO;\nSET intervalstyle = postgres;\n\
             SET extra_float_digits = 3;\n",
            literal(self.encoding)
        );
        for (name, value) in [("timezone", self.time_zone), ("bytea_output", self.bytea)] {
            sql += &value.map(|value| format!("SET {name} = {};\n", literal(value))).unwrap_or_default();
        }
        sql
    }
}

/// The database that is read.
pub struct ReadBack<'a> {
    pub caller: &'a Caller,
    pub server: &'a Server,
    pub database: &'a str,
    /// Unguessable: no row begins with it.
    pub mark: &'a str,
    pub cores: usize,
}

impl ReadBack<'_> {
    /// Reads all of the tables, over several connections at once; what was read of each, in their order.
    pub async fn tables(&self, wanted: &[Wanted], writing: Writing<'_>) -> Result<Vec<Read>> {
        let readers = self.cores.clamp(1, MOST_READERS).min(wanted.len().max(1));
        let mut shares: Vec<(u64, Vec<usize>)> = vec![(0, Vec::new()); readers];
        let mut order: Vec<usize> = (0..wanted.len()).collect();
        order.sort_by_key(|at| std::cmp::Reverse(wanted[*at].rows));
        for at in order {
            if let Some(least) = shares.iter_mut().min_by_key(|(rows, _)| *rows) {
                least.0 += wanted[at].rows + 1;
                least.1.push(at);
            }
        }
        let reading = shares.iter().map(|(_, share)| self.share(wanted, share, writing));
        let mut all: Vec<Read> = vec![Err("it was not read".to_owned()); wanted.len()];
        for (at, read) in try_join_all(reading).await?.into_iter().flatten() {
            all[at] = read;
        }
        Ok(all)
    }

    async fn share(&self, wanted: &[Wanted], share: &[usize], writing: Writing<'_>) -> Result<Vec<(usize, Read)>> {
        let mut script = writing.settings();
        for at in share {
            let table = &wanted[*at];
            let columns = table.columns.iter().map(|name| ident(name)).collect::<Vec<_>>().join(", ");
            let name = qualified(&table.schema, &table.name);
            let copy = match (table.with_children, columns.is_empty()) {
                (true, _) => format!("COPY (SELECT {columns} FROM {name}) TO STDOUT;\n"),
                (false, true) => format!("COPY {name} TO STDOUT;\n"),
                (false, false) => format!("COPY {name} ({columns}) TO STDOUT;\n"),
            };
            script += &self.told(*at, &copy);
        }
        let mut rows = Rows::new(self.mark);
        self.run(script, &mut |piece| rows.feed(piece)).await?;
        Ok(rows.end())
    }

    /// A statement and, behind what it writes, the mark with the error that it ended in, if it did.
    fn told(&self, at: usize, statement: &str) -> String {
        format!("{statement}\\if :ERROR\n\\echo {0} {at} :LAST_ERROR_MESSAGE\n\\else\n\\echo {0} {at}\n\\endif\n", self.mark)
    }

    /// The sum of all large objects and how many there are; only who may read `pg_largeobject` can tell.
    pub async fn large_objects(&self) -> Result<std::result::Result<(u64, u128), String>> {
        let writing = Writing { encoding: "UTF8", time_zone: None, bytea: None };
        let copy = "COPY (SELECT m.oid, l.pageno, pg_catalog.encode(l.data, 'hex') FROM pg_catalog.pg_largeobject_metadata m \
                    LEFT JOIN pg_catalog.pg_largeobject l ON l.loid = m.oid ORDER BY m.oid, l.pageno) TO STDOUT;\n";
        let script = writing.settings() + &self.told(0, copy);
        let mut pages = Pages::new(self.mark);
        self.run(script, &mut |piece| pages.feed(piece)).await?;
        Ok(pages.end())
    }

    /// The types of the columns of a table whose values a server of another version may write in another way.
    pub async fn written_by_version(&self, table: &Wanted) -> Result<Vec<String>> {
        let sql = format!(
            "SELECT DISTINCT format_type(t.oid, NULL) AS name FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid \
             WHERE a.attrelid = {}::regclass AND a.attnum > 0 AND NOT a.attisdropped AND t.typtype <> 'e' \
             AND ltrim(t.typname, '_') <> ALL ({})",
            literal(&qualified(&table.schema, &table.name)),
            literal(WRITTEN_ALIKE)
        );
        let rows = query::ask(self.caller, self.server, self.database, &sql, &BTreeMap::new()).await?;
        let names = rows.as_array().into_iter().flatten().filter_map(|row| row["name"].as_str());
        Ok(names.map(str::to_owned).collect())
    }

    /// Lets psql read the script, and hands on what it writes.
    async fn run(&self, script: String, take: &mut (dyn FnMut(&[u8]) + Send)) -> Result<()> {
        let mut command = self.server.psql(self.database);
        command.args.push("--set=ON_ERROR_STOP=0".to_owned());
        let mut child = self.caller.spawn(command).await?;
        let stdin = child.stdin.take();
        let act = format!("cannot read the database `{}` back", self.database);
        let mut source = ProgramSource::new("psql", child).explain(move |exit: &Exit| explain(&act, "psql", exit));
        let reading = async {
            loop {
                match source.next().await? {
                    Piece::Data(data) => take(&data),
                    Piece::End => return Ok::<(), Error>(()),
                }
            }
        };
        // A psql that fails need not have read all of its script: its exit tells more than the broken pipe.
        let (read, fed) = join(reading, feed(stdin, script)).await;
        read.and(fed)
    }
}

async fn feed(stdin: Option<Box<dyn Sink>>, script: String) -> Result<()> {
    let Some(mut stdin) = stdin else { return Err(Error::new(Kind::Other, "psql has no standard input")) };
    stdin.write(script.into()).await?;
    stdin.seal().await?;
    stdin.commit().await
}
