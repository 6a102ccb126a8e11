//! Passes the output of `pg_dumpall --globals-only` on unchanged, counts its roles and tablespaces, and rejects incomplete output.

use std::collections::VecDeque;

use bytes::Bytes;
use serde_json::json;

use crate::error::{Error, Kind, Result};
use crate::postgres::dump::envelope::{Envelope, Form};
use crate::postgres::dump::item::Item;
use crate::postgres::dump::lexer::Lexer;
use crate::stream::SharedFacts;
use crate::stream::stage::Stage;

/// The command that restores globals on a server that already has some of the roles: every cluster has its first one. That is
/// no failure, anything else is. (psql's own commands cannot do this: a dump that begins with `\restrict` forbids them.)
pub const LOAD: &str = r#"sed -E 's/^CREATE ROLE ([a-z0-9_]+|"([^"]|"")+");$/DO $hikae$BEGIN & EXCEPTION WHEN duplicate_object THEN NULL; END$hikae$;/' | psql -X -q -o /dev/null -v ON_ERROR_STOP=1 -d postgres"#;

const SUBJECT: &str = "the dump of the cluster's globals";

/// The stage that verifies and counts cluster-wide objects.
pub struct Globals {
    facts: SharedFacts,
    lexer: Lexer,
    envelope: Envelope,
    /// The first words of the current statement.
    head: Vec<Vec<u8>>,
    roles: u64,
    tablespaces: u64,
}

impl Globals {
    /// Writes its results into `facts`.
    pub fn new(facts: SharedFacts) -> Globals {
        facts.lock().shapes.insert("globals".to_owned(), json!({ "roles": 0, "tablespaces": 0 }));
        let (lexer, envelope) = (Lexer::new(), Envelope::new(Form::Cluster));
        Globals { facts, lexer, envelope, head: Vec::new(), roles: 0, tablespaces: 0 }
    }

    fn read(&mut self, mut data: &[u8]) {
        if !self.envelope.looks_like_dump(data) {
            return;
        }
        while let Some(item) = self.lexer.next(&mut data) {
            match item {
                Item::Comment if self.lexer.in_statement() => {}
                Item::Comment => self.envelope.comment(self.lexer.text()),
                Item::PsqlLine => self.envelope.psql_line(self.lexer.text()),
                Item::Semicolon => {
                    self.envelope.more();
                    self.count();
                }
                Item::Rows(_) | Item::Word | Item::Name | Item::String | Item::Sign(_) => {
                    self.envelope.more();
                    if self.head.len() < 2 {
                        self.head.push(self.lexer.text().to_ascii_uppercase());
                    } else {
                        self.lexer.skip_statement();
                    }
                }
            }
        }
    }

    fn count(&mut self) {
        let head: Vec<&[u8]> = self.head.iter().map(Vec::as_slice).collect();
        match head.as_slice() {
            [b"CREATE", b"ROLE"] => self.roles += 1,
            [b"CREATE", b"TABLESPACE"] => self.tablespaces += 1,
            _ => {}
        }
        self.head.clear();
    }
}

impl Stage for Globals {
    fn feed(&mut self, data: Bytes, out: &mut VecDeque<Bytes>) -> Result<()> {
        self.read(&data);
        out.push_back(data);
        Ok(())
    }

    fn end(&mut self, _out: &mut VecDeque<Bytes>) -> Result<()> {
        if let Some(flaw) = self.envelope.flaw(self.lexer.is_cut()) {
            return Err(flaw.refuse(SUBJECT));
        }
        if self.roles == 0 {
            // Every cluster already has the role that initialized it.
            return Err(Error::new(Kind::Integrity, format!("cannot accept {SUBJECT}, which has no role"))
                .hint("look at it: `pg_dumpall --globals-only`"));
        }
        let section = json!({ "roles": self.roles, "tablespaces": self.tablespaces });
        self.facts.lock().sections.insert("globals".to_owned(), section);
        Ok(())
    }
}
