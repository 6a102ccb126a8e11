//! Reads the rows of a restored database back, as `pg_dump` reads them, and takes their fingerprints.

use std::collections::BTreeMap;

use futures_util::future::{join, try_join_all};

use crate::error::{Error, Kind, Result};
use crate::postgres::dump::fingerprint::{LargeSum, RowSum};
use crate::postgres::server::client::Server;
use crate::postgres::server::explain::explain;
use crate::postgres::server::query;
use crate::postgres::server::quoting::{ident, literal, qualified};
use crate::stream::{Piece, Sink, Source};
use crate::world::program::ProgramSource;
use crate::world::{Caller, Exit};

/// The most connections that read side by side.
const MOST_READERS: usize = 4;

/// The longest line that may be a mark: a longer one is a row.
const MARK_BYTES: usize = 4096;

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

/// What was read of one table, or why it could not be.
pub type Read = std::result::Result<(u64, u128), String>;

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

/// Splits what psql writes into lines, and tells marks from rows.
struct Lines {
    mark: Vec<u8>,
    /// The beginning of a line, as long as it may be a mark.
    begun: Vec<u8>,
}

enum Line<'a> {
    /// All of a row, or its first piece.
    Row { bytes: &'a [u8], ends: bool },
    Mark(String),
}

impl Lines {
    fn new(mark: &str) -> Lines {
        Lines { mark: mark.as_bytes().to_vec(), begun: Vec::new() }
    }

    fn feed(&mut self, mut data: &[u8], inside: &mut bool, take: &mut dyn FnMut(Line)) {
        while !data.is_empty() {
            let end = memchr::memchr(b'\n', data);
            let (line, rest) = end.map_or((data, &data[data.len()..]), |at| (&data[..at], &data[at + 1..]));
            data = rest;
            if *inside || (end.is_some() && self.begun.is_empty() && !line.starts_with(&self.mark)) {
                *inside = end.is_none();
                take(Line::Row { bytes: line, ends: end.is_some() });
                continue;
            }
            self.begun.extend_from_slice(line);
            let may_be_mark = self.mark.starts_with(&self.begun[..self.begun.len().min(self.mark.len())]);
            match (end.is_some(), may_be_mark) {
                (true, true) if self.begun.len() >= self.mark.len() => {
                    let text = String::from_utf8_lossy(&self.begun[self.mark.len()..]).trim().to_owned();
                    self.begun.clear();
                    take(Line::Mark(text));
                }
                (ends, may_be_mark) if ends || !may_be_mark || self.begun.len() > MARK_BYTES => {
                    let begun = std::mem::take(&mut self.begun);
                    *inside = !ends;
                    take(Line::Row { bytes: &begun, ends });
                }
                _ => {}
            }
        }
    }
}

/// The rows of one table after another.
struct Rows {
    lines: Lines,
    inside: bool,
    rows: u64,
    sum: RowSum,
    found: Vec<(usize, Read)>,
}

impl Rows {
    fn new(mark: &str) -> Rows {
        Rows { lines: Lines::new(mark), inside: false, rows: 0, sum: RowSum::default(), found: Vec::new() }
    }

    fn feed(&mut self, data: &[u8]) {
        let Rows { lines, inside, rows, sum, found } = self;
        lines.feed(data, inside, &mut |line| match line {
            Line::Row { bytes, ends: true } => {
                sum.end(bytes);
                *rows += 1;
            }
            Line::Row { bytes, ends: false } => sum.begin(bytes),
            Line::Mark(text) => {
                let (number, error) = text.split_once(' ').unwrap_or((&text, ""));
                let read = if error.is_empty() { Ok((*rows, sum.sum())) } else { Err(error.to_owned()) };
                found.extend(number.parse().ok().map(|at| (at, read)));
                (*rows, *sum) = (0, RowSum::default());
            }
        });
    }

    fn end(self) -> Vec<(usize, Read)> {
        self.found
    }
}

/// The pages of large objects, a line each: the object, the number of the page, its content.
struct Pages {
    lines: Lines,
    inside: bool,
    line: Vec<u8>,
    sum: LargeSum,
    now: Option<u32>,
    /// How many bytes of the object were seen.
    at: u64,
    ended: Option<std::result::Result<(), String>>,
}

/// How many bytes of an object a page holds (`LOBLKSIZE`); one that is missing holds zeros.
const PAGE_BYTES: u64 = 2048;

impl Pages {
    fn new(mark: &str) -> Pages {
        Pages { lines: Lines::new(mark), inside: false, line: Vec::new(), sum: LargeSum::default(), now: None, at: 0, ended: None }
    }

    fn feed(&mut self, data: &[u8]) {
        let mut whole: Vec<Whole> = Vec::new();
        let Pages { lines, inside, line, .. } = self;
        lines.feed(data, inside, &mut |next| match next {
            Line::Row { bytes, ends } => {
                line.extend_from_slice(bytes);
                if ends {
                    whole.push(Whole::Page(std::mem::take(line)));
                }
            }
            Line::Mark(text) => whole.push(Whole::Mark(text)),
        });
        for line in whole {
            match line {
                Whole::Page(page) => self.page(&page),
                Whole::Mark(text) => {
                    let error = text.split_once(' ').map(|(_, error)| error.to_owned());
                    self.ended = Some(error.map_or(Ok(()), Err));
                }
            }
        }
    }

    fn page(&mut self, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let mut fields = text.split('\t');
        let (Some(oid), number, digits) = (fields.next().and_then(|oid| oid.parse().ok()), fields.next(), fields.next()) else {
            return;
        };
        if self.now != Some(oid) {
            self.sum.open(oid);
            (self.now, self.at) = (Some(oid), 0);
        }
        let (Some(number), Some(digits)) = (number.and_then(|number| number.parse::<u64>().ok()), digits) else { return };
        while self.at < number * PAGE_BYTES {
            let zeros = (number * PAGE_BYTES - self.at).min(PAGE_BYTES);
            self.sum.write("00".repeat(zeros as usize).as_bytes());
            self.at += zeros;
        }
        self.sum.write(digits.as_bytes());
        self.at += digits.len() as u64 / 2;
    }

    fn end(mut self) -> std::result::Result<(u64, u128), String> {
        self.sum.close();
        match self.ended {
            Some(Ok(())) => Ok((self.sum.count, self.sum.sum())),
            Some(Err(error)) => Err(error),
            None => Err("the answer ends too early".to_owned()),
        }
    }
}

/// A line that is whole.
enum Whole {
    Page(Vec<u8>),
    Mark(String),
}
