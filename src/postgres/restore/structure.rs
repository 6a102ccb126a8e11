//! Collects the statements of a dump that define its structure, so that two dumps can be compared in any order.
//!
//! Statements that only move rows are left out. The effect of a `SET` on a later statement (tablespace, access method, grantor) is kept
//! with that statement.

use std::collections::{BTreeSet, HashMap};

use xxhash_rust::xxh3::xxh3_128;

use crate::postgres::dump::item::Item;
use crate::postgres::dump::legible::legible;
use crate::postgres::dump::lexer::Lexer;
use crate::postgres::restore::canonical::{canonical, label};
use crate::postgres::restore::nesting::Nesting;
use crate::postgres::restore::own::Own;
use crate::postgres::restore::raw_statement::RawStatement;
use crate::postgres::restore::rules::Token;

/// The length of a statement that is kept, to show where it differs.
const KEPT: usize = 2000;

/// One statement, or several identical ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Its first words, by which it is paired with the other dump's: `CREATE TABLE public.t`.
    pub label: String,
    /// Its text, as far as it is kept.
    pub text: String,
    pub times: u32,
}

/// The structure of one dump.
#[derive(Clone, Debug, Default)]
pub struct Structure {
    pub statements: HashMap<u128, Made>,
    /// The materialized views that are filled.
    pub refreshed: BTreeSet<String>,
    /// The tablespaces that it names.
    pub tablespaces: BTreeSet<String>,
    pub shape: Shape,
}

/// How a dump was made, as far as it shows: the dump for the comparison is made in the same way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    pub creates: bool,
    pub cleans: bool,
    pub if_exists: bool,
    pub owners: bool,
    pub rights: bool,
    pub comments: bool,
    pub labels: bool,
    pub encoding: Option<String>,
    /// Whether it has statements that create something, and whether it has rows.
    pub schema: bool,
    /// The major versions of the server and of `pg_dump`.
    pub made_by: Option<(u32, u32)>,
    /// Owners are set by `SET SESSION AUTHORIZATION`.
    pub by_session: bool,
}

/// Reads a dump; its statements about its own database come last, under the name of the target.
pub struct Collector {
    lexer: Lexer,
    nesting: Nesting,
    raw: RawStatement,
    found: Structure,
    tablespace: String,
    method: String,
    role: String,
}

impl Default for Collector {
    fn default() -> Collector {
        Collector {
            lexer: Lexer::new(),
            nesting: Nesting::default(),
            raw: RawStatement::default(),
            found: Structure::default(),
            tablespace: String::new(),
            method: String::new(),
            role: String::new(),
        }
    }
}

impl Collector {
    /// Takes the next chunk of the dump.
    pub fn feed(&mut self, data: &[u8]) {
        let (mut rest, mut read) = (data, 0);
        while let Some(item) = self.lexer.next(&mut rest) {
            let at = data.len() - rest.len();
            let taken = &data[read..at];
            read = at;
            match item {
                Item::Rows(_) => self.raw.clear(),
                Item::Comment | Item::PsqlLine if !self.lexer.in_statement() => {
                    self.raw.clear();
                    self.version(item);
                }
                Item::Comment | Item::PsqlLine => self.raw.extend(taken),
                Item::Semicolon => {
                    self.raw.extend(taken);
                    if !self.nesting.is_open() {
                        self.end_statement();
                    }
                }
                _ => {
                    self.raw.extend(taken);
                    self.word(item);
                }
            }
        }
        if self.lexer.rows_so_far().is_none() {
            self.raw.extend(&data[read..]);
        }
    }

    fn word(&mut self, item: Item) {
        self.nesting.push(&Token::new(item, self.lexer.text(), 0, 0));
        // There may be millions, and they define no structure.
        if self.raw.kept().len() < 100 && self.raw.kept().trim_ascii_start().starts_with(b"INSERT INTO") {
            self.lexer.skip_statement();
        }
    }

    fn version(&mut self, item: Item) {
        let text = legible(self.lexer.text());
        let major =
            |rest: &str| rest.split(|c: char| !c.is_ascii_digit()).next().and_then(|number| number.parse().ok());
        let (server, program) = self.found.shape.made_by.unwrap_or_default();
        if let Some(rest) = text.strip_prefix(" Dumped from database version ").filter(|_| item == Item::Comment) {
            self.found.shape.made_by = major(rest).map(|server| (server, program));
        } else if let Some(rest) = text.strip_prefix(" Dumped by pg_dump version ").filter(|_| item == Item::Comment) {
            self.found.shape.made_by = major(rest).map(|program| (server, program));
        }
    }

    fn end_statement(&mut self) {
        self.nesting = Nesting::default();
        let raw = self.raw.take();
        let raw = raw.trim_ascii();
        let words: Vec<&[u8]> = raw.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).take(3).collect();
        match words.as_slice() {
            [b"COPY", ..] => {
                if raw.ends_with(b"FROM stdin;") {
                    self.lexer.expect_rows();
                }
            }
            [b"SET" | b"RESET", ..] => self.set(&legible(raw)),
            [b"INSERT" | b"SELECT" | b"UPDATE", ..] | [b"BEGIN;" | b"COMMIT;"] => {}
            [b"REFRESH", ..] => {
                self.found.refreshed.insert(legible(raw));
            }
            _ if raw.ends_with(b" TRIGGER ALL;") => {}
            _ => {
                let text = legible(raw);
                if !is_about_database(&text) {
                    self.made(&text);
                }
            }
        }
    }

    fn set(&mut self, text: &str) {
        let value = |prefix: &str| text.strip_prefix(prefix).map(|rest| rest.trim_end_matches(';').to_owned());
        if let Some(tablespace) = value("SET default_tablespace = ") {
            self.tablespace = tablespace.trim_matches(['\'', '"']).to_owned();
            self.found.tablespaces.extend(Some(self.tablespace.replace("\"\"", "\"")).filter(|name| !name.is_empty()));
        } else if let Some(method) = value("SET default_table_access_method = ") {
            self.method = method;
        } else if let Some(role) = value("SET SESSION AUTHORIZATION ") {
            self.role = if role == "DEFAULT" { String::new() } else { role };
        } else if text.starts_with("RESET SESSION AUTHORIZATION") {
            self.role.clear();
        } else if let Some(encoding) = value("SET client_encoding = ") {
            self.found.shape.encoding = Some(encoding.trim_matches('\'').to_owned());
        }
    }

    fn made(&mut self, text: &str) {
        let label = label(text);
        let shape = &mut self.found.shape;
        let rights =
            text.starts_with("GRANT ") || text.starts_with("REVOKE ") || label.starts_with("ALTER DEFAULT PRIVILEGES");
        let dropping =
            text.starts_with("DROP ") || text.contains(" DROP CONSTRAINT ") || text.contains(" DROP DEFAULT;");
        shape.rights |= rights;
        shape.cleans |= text.starts_with("DROP ");
        shape.if_exists |= text.starts_with("DROP ") && text.contains(" IF EXISTS ");
        shape.owners |= text.contains(" OWNER TO ");
        shape.comments |= text.starts_with("COMMENT ON ");
        shape.labels |= text.starts_with("SECURITY LABEL ");
        shape.schema |= text.starts_with("CREATE ");
        shape.by_session |= !self.role.is_empty() && !rights;
        let mut context = String::new();
        let stored = label.contains(" TABLE ") || label.contains("MATERIALIZED VIEW ");
        if text.starts_with("CREATE ") && !dropping {
            let placed = stored || label.contains(" INDEX ");
            if placed && !self.tablespace.is_empty() {
                context += &format!("[tablespace {}] ", self.tablespace);
            }
            if stored && !self.method.is_empty() && self.method != "heap" {
                context += &format!("[access method {}] ", self.method);
            }
        }
        if !self.role.is_empty() {
            context += &format!("[as {}] ", self.role);
        }
        self.found.add(label, &(context + text));
    }

    /// Returns the structure, with the dump's statements about its database.
    pub fn end(mut self, own: &Own) -> Structure {
        self.found.shape.creates = own.create.is_some();
        let properties = own.properties.iter().map(|statement| legible(statement));
        for statement in own.create.iter().cloned().chain(properties) {
            let statement = statement.trim();
            self.found.add(label(statement), statement);
        }
        self.found
    }
}

/// Whether a statement is about the database itself.
fn is_about_database(text: &str) -> bool {
    let first = ["CREATE DATABASE ", "DROP DATABASE ", "ALTER DATABASE ", "COMMENT ON DATABASE "];
    let right = (text.starts_with("GRANT ") || text.starts_with("REVOKE ")) && text.contains(" ON DATABASE ");
    let role = text.starts_with("ALTER ROLE ") && text.contains(" IN DATABASE ");
    let label = text.starts_with("SECURITY LABEL ") && text.contains(" ON DATABASE ");
    right || role || label || first.iter().any(|words| text.starts_with(words))
}

impl Structure {
    /// Adds a statement that the dump itself does not have.
    pub fn note(&mut self, text: &str) {
        self.add(label(text), text);
    }

    fn add(&mut self, label: String, text: &str) {
        let text = canonical(text);
        let shown: String = text.chars().take(KEPT).collect();
        let made = Made { label, text: shown, times: 0 };
        self.statements.entry(xxh3_128(text.as_bytes())).or_insert(made).times += 1;
    }
}
