//! A whole plain dump as `pg_dump --create --clean --if-exists` of PostgreSQL 15 writes it, or one that was cut off.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::error::{Error, Kind, Result};
use crate::lua::plain::Plain;

/// The default database of a sample: the one in the documentation.
pub const DATABASE: &str = "english_cafe_db";
pub const VERSION: &str = "15.18";

/// The key that restricts psql while rows are loaded; it is random in a real dump.
const KEY: &str = "hikaeSampleKeyThatIsTheSameEachTime";
/// A sample is held in memory.
const MAX_ROWS: i64 = 100_000;
const COLUMNS: [&str; 3] = ["id", "name", "email"];

/// A dump to write: its database, its tables with their rows, and the place where it is cut.
pub struct Sample {
    database: String,
    tables: BTreeMap<String, u64>,
    columns: BTreeMap<String, Vec<String>>,
    cut: Option<Cut>,
}

enum Cut {
    Share(f64),
    Bytes(usize),
}

impl Sample {
    /// Reads `{ contacts = 3, database = "shop", columns = { contacts = { "id" } }, cut = 0.5 }`: every other name is a table.
    pub fn read(name: &str, given: Plain) -> Result<Sample> {
        let mut sample =
            Sample { database: DATABASE.to_owned(), tables: BTreeMap::new(), columns: BTreeMap::new(), cut: None };
        let given = match given {
            Plain::Map(given) => given,
            Plain::Empty | Plain::Nil => BTreeMap::new(),
            _ => return Err(wrong(format!("`{name}` takes a table of rows by table"))),
        };
        for (key, value) in given {
            match (key.as_str(), value) {
                ("database", Plain::Str(text)) => sample.database = text,
                ("cut", Plain::Num(share)) if (0.0..1.0).contains(&share) => sample.cut = Some(Cut::Share(share)),
                ("cut", Plain::Int(bytes)) if bytes >= 0 => sample.cut = Some(Cut::Bytes(bytes as usize)),
                ("cut", _) => {
                    return Err(wrong(format!(
                        "`cut` of `{name}` must be a share from 0.0 to 1.0, or a number of bytes"
                    )));
                }
                ("columns", Plain::Map(columns)) => sample.columns = columns_of(name, columns)?,
                (_, Plain::Int(rows)) if rows > MAX_ROWS => {
                    return Err(wrong(format!("`{key}` of `{name}` can be {MAX_ROWS} rows at most, not {rows}")));
                }
                (_, Plain::Int(rows)) if rows >= 0 => drop(sample.tables.insert(key, rows as u64)),
                _ => return Err(wrong(format!("`{key}` of `{name}` must be a number of rows"))),
            }
        }
        match sample.columns.keys().find(|table| !sample.tables.contains_key(*table)) {
            Some(table) => Err(wrong(format!("`{name}` has columns for `{table}`, and no rows"))),
            None => Ok(sample),
        }
    }

    pub fn text(&self) -> Result<String> {
        let mut text = String::new();
        self.write(&mut text)
            .map_err(|cause| Error::new(Kind::Other, "cannot write the sample of a dump").because(cause))?;
        let size = text.len();
        let end = match self.cut {
            None => size,
            Some(Cut::Share(share)) => (size as f64 * share) as usize,
            Some(Cut::Bytes(bytes)) => bytes.min(size),
        };
        text.truncate(text.floor_char_boundary(end));
        Ok(text)
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let database = name(&self.database);
        write!(out, "--\n-- PostgreSQL database dump\n--\n\n\\restrict {KEY}\n\n")?;
        writeln!(out, "-- Dumped from database version {VERSION}\n-- Dumped by pg_dump version {VERSION}\n")?;
        write!(out, "{SETTINGS}\nDROP DATABASE IF EXISTS {database};\n")?;
        title(out, &self.database, "DATABASE", "-")?;
        writeln!(
            out,
            "CREATE DATABASE {database} WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = libc LOCALE = 'C.UTF-8';\n\n"
        )?;
        write!(
            out,
            "ALTER DATABASE {database} OWNER TO postgres;\n\n\\unrestrict {KEY}\n\\connect {database}\n\\restrict {KEY}\n\n"
        )?;
        write!(out, "{SETTINGS}\nSET default_tablespace = '';\n\nSET default_table_access_method = heap;\n\n")?;
        for table in self.tables.keys() {
            self.table(out, table)?;
        }
        for (table, rows) in &self.tables {
            self.rows(out, table, *rows)?;
        }
        for table in self.tables.keys() {
            self.key(out, table)?;
        }
        write!(out, "--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict {KEY}\n\n")
    }

    fn table(&self, out: &mut String, table: &str) -> std::fmt::Result {
        title(out, table, "TABLE", "public")?;
        let lines: Vec<String> = self
            .columns(table)
            .enumerate()
            .map(|(index, column)| {
                if index == 0 {
                    format!("    {} integer NOT NULL", name(column))
                } else {
                    format!("    {} text", name(column))
                }
            })
            .collect();
        write!(out, "CREATE TABLE public.{} (\n{}\n);\n\n\n", name(table), lines.join(",\n"))?;
        write!(out, "ALTER TABLE public.{} OWNER TO postgres;\n\n", name(table))
    }

    fn rows(&self, out: &mut String, table: &str, rows: u64) -> std::fmt::Result {
        write!(out, "--\n-- Data for Name: {table}; Type: TABLE DATA; Schema: public; Owner: postgres\n--\n\n")?;
        let columns: Vec<String> = self.columns(table).map(name).collect();
        writeln!(out, "COPY public.{} ({}) FROM stdin;", name(table), columns.join(", "))?;
        for row in 1..=rows {
            let fields: Vec<String> =
                self.columns(table).enumerate().map(|(index, column)| value(index, column, row)).collect();
            writeln!(out, "{}", fields.join("\t"))?;
        }
        write!(out, "\\.\n\n\n")
    }

    fn key(&self, out: &mut String, table: &str) -> std::fmt::Result {
        let key = format!("{table}_pkey");
        title(out, &format!("{table} {key}"), "CONSTRAINT", "public")?;
        let first = self.columns(table).next().map(name).unwrap_or_default();
        write!(
            out,
            "ALTER TABLE ONLY public.{}\n    ADD CONSTRAINT {} PRIMARY KEY ({first});\n\n\n",
            name(table),
            name(&key)
        )
    }

    fn columns<'a>(&'a self, table: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let named = self.columns.get(table);
        let usual = if named.is_none() { &COLUMNS[..] } else { &[] };
        named.into_iter().flatten().map(String::as_str).chain(usual.iter().copied())
    }
}

const SETTINGS: &str = "\
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
";

fn title(out: &mut String, of: &str, kind: &str, schema: &str) -> std::fmt::Result {
    write!(out, "--\n-- Name: {of}; Type: {kind}; Schema: {schema}; Owner: postgres\n--\n\n")
}

/// A value that names its row and its column; every seventh is null, as in real tables.
fn value(index: usize, column: &str, row: u64) -> String {
    match (index, column) {
        (0, _) => row.to_string(),
        (_, "name") => format!("お客様 {row}"),
        _ if row.is_multiple_of(7) => "\\N".to_owned(),
        (_, "email") => format!("customer{row}@example.com"),
        _ => format!("{column} {row}"),
    }
}

/// A name quoted for SQL.
fn name(text: &str) -> String {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if text.chars().all(plain) && !text.starts_with(|c: char| c.is_ascii_digit()) && !text.is_empty() {
        return text.to_owned();
    }
    format!("\"{}\"", text.replace('"', "\"\""))
}

fn columns_of(name: &str, given: BTreeMap<String, Plain>) -> Result<BTreeMap<String, Vec<String>>> {
    let column = |value: Plain| match value {
        Plain::Str(column) => Ok(column),
        _ => Err(wrong(format!("`columns` of `{name}` must be lists of names, by table"))),
    };
    let list = |(table, columns): (String, Plain)| match columns {
        Plain::List(columns) => Ok((table, columns.into_iter().map(column).collect::<Result<Vec<_>>>()?)),
        _ => Err(wrong(format!("`columns.{table}` of `{name}` must be a list of names"))),
    };
    given.into_iter().map(list).collect()
}

fn wrong(what: String) -> Error {
    Error::new(Kind::Recipe, what).hint("samples.pg_dump { contacts = 3, database = \"shop\", cut = 0.5 }")
}
