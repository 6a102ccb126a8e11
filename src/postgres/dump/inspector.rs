//! Passes a dump on unchanged, counts its contents, and rejects it at its end if it is not one complete dump.
//!
//! Complete means: it starts with the header of `pg_dump`; the completion trailer is between statements, with its
//! closing `--` line; a `\restrict` has its `\unrestrict`, and nothing but blanks and comments follows. The
//! only bytes that may be missing are blank lines at the very end.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::error::{Error, Kind, Result};
use crate::postgres::dump::contents::Contents;
use crate::postgres::dump::envelope::{CUT, Envelope, Flaw, Form};
use crate::postgres::dump::facts::DatabaseFacts;
use crate::postgres::dump::item::Item;
use crate::postgres::dump::legible::spelt;
use crate::postgres::dump::lexer::Lexer;
use crate::postgres::restore::judging::Judging;
use crate::report::remark::{Level, Remark};
use crate::stream::SharedFacts;
use crate::stream::stage::Stage;

/// The stage that verifies and counts a plain dump by `pg_dump`.
pub struct Inspector {
    facts: SharedFacts,
    expected: Option<String>,
    lexer: Lexer,
    envelope: Envelope,
    contents: Contents,
    judging: Judging,
}

impl Inspector {
    /// Writes its results into `facts`; `expected` is the database that the dump must create, if it creates one.
    pub fn new(facts: SharedFacts, expected: Option<String>) -> Inspector {
        // A struct of plain fields always serializes to JSON.
        let shape = serde_json::to_value(DatabaseFacts::default()).unwrap_or_default();
        facts.lock().shapes.insert("database".to_owned(), shape);
        let (lexer, envelope, contents) = (Lexer::summing(), Envelope::new(Form::Database), Contents::new());
        Inspector { facts, expected, lexer, envelope, contents, judging: Judging::new() }
    }

    fn read(&mut self, data: &[u8]) {
        if !self.envelope.looks_like_dump(data) {
            return;
        }
        let mut rest = data;
        while let Some(item) = self.lexer.next(&mut rest) {
            self.judging.item(item, &mut self.lexer, data, rest);
            self.item(item);
        }
        self.judging.end_piece(data);
    }

    fn item(&mut self, item: Item) {
        match item {
            Item::Comment if self.lexer.in_statement() => {}
            Item::Comment => self.envelope.comment(self.lexer.text()),
            Item::PsqlLine => self.envelope.psql_line(self.lexer.text()),
            Item::Rows(rows) => self.contents.add_rows(rows, self.lexer.sum()),
            Item::Semicolon => {
                self.envelope.more();
                if self.contents.end_statement() {
                    self.lexer.expect_rows();
                }
            }
            Item::Word | Item::Name | Item::String | Item::Sign(_) => {
                self.envelope.more();
                if !self.contents.push(item, self.lexer.text()) && self.judging.is_free() {
                    self.lexer.skip_statement();
                }
            }
        }
    }

    /// Rejects data that is not one complete dump of the expected database.
    fn prove(&self) -> Result<()> {
        match self.envelope.flaw(self.lexer.is_cut()) {
            Some(flaw) => Err(self.refuse(flaw)),
            None => self.prove_name(),
        }
    }

    fn prove_name(&self) -> Result<()> {
        match (&self.expected, &self.contents.database) {
            (Some(expected), Some(found)) if expected != found => {
                let what = format!("cannot accept a dump of `{found}` as a dump of `{expected}`");
                Err(Error::new(Kind::Integrity, what).hint("check the name of the database that `pg_dump` was given"))
            }
            _ => Ok(()),
        }
    }

    fn refuse(&self, flaw: Flaw) -> Error {
        match (flaw, self.lexer.rows_so_far()) {
            (Flaw::NoTrailer, Some(rows)) => {
                let which = format!("ends inside the rows of `{}`, after {rows} of them", self.contents.filling());
                Error::new(Kind::Integrity, format!("cannot accept {}, which {which}", self.subject())).hint(CUT)
            }
            (flaw, _) => flaw.refuse(&self.subject()),
        }
    }

    fn subject(&self) -> String {
        match self.expected.as_ref().or(self.contents.database.as_ref()) {
            Some(name) => format!("the dump of `{name}`"),
            None => "the output of `pg_dump`".to_owned(),
        }
    }

    fn record(&mut self) -> Result<()> {
        let refused = std::mem::replace(&mut self.judging, Judging::new()).end(&self.lexer);
        self.contents.take_fingerprints();
        let newer = self.envelope.is_of_newer_pg_dump();
        let provider = self.envelope.names_provider() && self.contents.database.is_some();
        let encoding = self.contents.encoding.take().filter(|encoding| encoding != "UTF8");
        // Without an encoding, valid UTF-8 is usually UTF-8.
        if encoding.as_ref().is_some_and(|encoding| encoding != "SQL_ASCII") {
            self.contents.names().for_each(|name| *name = spelt(name));
        }
        let database = DatabaseFacts {
            without_data: !self.contents.has_data && !self.contents.tables.is_empty(),
            name: self.contents.database.take(),
            server_version: self.envelope.server_version.take(),
            tables: std::mem::take(&mut self.contents.tables),
            counts: self.contents.counts,
            sequences: Some(std::mem::take(&mut self.contents.sequences)),
            extensions: Some(std::mem::take(&mut self.contents.extensions)),
            not_valid: Some(self.contents.not_valid),
            encoding,
            large_objects: Some(self.contents.large_objects()),
            restorable: Some(refused.is_none()),
        };
        let section = serde_json::to_value(database)
            .map_err(|cause| Error::new(Kind::Other, "cannot write the `database` section").because(cause))?;
        let mut facts = self.facts.lock();
        facts.remarks.extend(refused);
        if newer {
            facts.remarks.push(newer_pg_dump());
            facts.filters.push(WITHOUT_NEWER.to_owned());
        }
        if provider {
            facts.filters.push(WITHOUT_PROVIDER.to_owned());
        }
        if self.contents.drops_blindly {
            facts.filters.push(DROP_IF_EXISTS.to_owned());
        }
        if self.contents.forbids_writing {
            facts.load_env = Some("PGOPTIONS='-c default_transaction_read_only=off'".to_owned());
        }
        facts.sections.insert("database".to_owned(), section);
        if let Some(version) = self.envelope.pg_dump_version.take() {
            facts.tools.insert("pg_dump".to_owned(), version);
        }
        Ok(())
    }
}

/// Removes from a dump, before its first table, settings that a server before 17 does not know.
const WITHOUT_NEWER: &str = "sed -E '1,/^(COPY|INSERT|CREATE TABLE) /{/^SET transaction_timeout = 0;$/d;}'";

/// Removes from the statement that creates the database what a server before 15 does not know.
const WITHOUT_PROVIDER: &str =
    r"sed -E '1,/^(COPY|INSERT|CREATE TABLE) /{s/^(CREATE DATABASE .*) LOCALE_PROVIDER = libc/\1/;}'";

/// Makes a dump by `--clean` without `--if-exists` drop only existing objects before it creates anything.
const DROP_IF_EXISTS: &str = r"sed -E '1,/^(CREATE|COPY|INSERT) /{s/^DROP ((TEXT SEARCH [A-Z]+|MATERIALIZED VIEW|FOREIGN TABLE|FOREIGN DATA WRAPPER|EVENT TRIGGER|OPERATOR CLASS|OPERATOR FAMILY|ACCESS METHOD|USER MAPPING|[A-Z]+) )/DROP \1IF EXISTS /;s/^ALTER TABLE /&IF EXISTS /;s/^(ALTER TABLE .* DROP CONSTRAINT )/\1IF EXISTS /;s/^SELECT pg_catalog\.lo_unlink\(.([0-9]+).\);/SELECT pg_catalog.lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata WHERE oid = \1;/;}'";

fn newer_pg_dump() -> Remark {
    let message = "`pg_dump` is newer than the server, and sets `transaction_timeout`, which the server does not know";
    Remark::new(Level::Note, "newer_pg_dump", message)
        .hint("hikae leaves it out when it restores, and the manifest's `restore` line does")
}

impl Stage for Inspector {
    fn feed(&mut self, data: Bytes, out: &mut VecDeque<Bytes>) -> Result<()> {
        self.read(&data);
        out.push_back(data);
        Ok(())
    }

    fn end(&mut self, _out: &mut VecDeque<Bytes>) -> Result<()> {
        self.prove()?;
        self.record()
    }
}
