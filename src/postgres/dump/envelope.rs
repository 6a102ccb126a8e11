//! Decides whether a dump is complete by its header, its completion trailer, and its psql lock (`\restrict`).

use crate::error::{Error, Kind};

pub(crate) const CUT: &str =
    "the dump was cut off: look for a full disk, a killed `pg_dump` or a lost connection, and dump again";

/// The first version that knows `transaction_timeout`.
const KNOWS_TIMEOUT: u32 = 17;
/// The first version that knows `LOCALE_PROVIDER`.
const KNOWS_PROVIDER: u32 = 15;

/// The first bytes of every plain dump of one database.
const HEADER: &[u8] = b"--\n-- PostgreSQL database dump\n--\n";
/// The first bytes of every dump by `pg_dumpall`.
const CLUSTER_HEADER: &[u8] = b"--\n-- PostgreSQL database cluster dump\n--\n";

/// Enough of the first bytes to identify data that is not a dump.
const START_BYTES: usize = 64;

/// The reason why a dump is rejected.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    Empty,
    Compressed,
    CustomFormat,
    WholeCluster,
    OneDatabase,
    NoHeader,
    CutInHeader,
    NoTrailer,
    /// Newer releases lock psql against commands in the data by `\restrict`, and unlock it by `\unrestrict`, which
    /// is then the last line of the dump.
    StillRestricted,
    MoreAfterTrailer,
}

/// The kind of dump, which decides which words begin and end it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// One database, by `pg_dump`.
    Database,
    /// Cluster-wide objects, by `pg_dumpall --globals-only`.
    Cluster,
}

impl Form {
    fn header(self) -> &'static [u8] {
        match self {
            Form::Database => HEADER,
            Form::Cluster => CLUSTER_HEADER,
        }
    }

    fn trailer(self) -> &'static [u8] {
        match self {
            Form::Database => b" PostgreSQL database dump complete",
            Form::Cluster => b" PostgreSQL database cluster dump complete",
        }
    }

    /// Whether data that begins with `head` can be such a dump.
    fn begins(self, head: &[u8]) -> bool {
        let compared = head.len().min(self.header().len());
        head[..compared] == self.header()[..compared]
    }
}

impl Flaw {
    /// The error that rejects `subject` for this reason.
    pub(crate) fn refuse(self, subject: &str) -> Error {
        let (which, hint) = match self {
            Flaw::Empty => ("is empty", "`pg_dump` wrote nothing: run it by hand and read what it says"),
            Flaw::Compressed => {
                ("is compressed already", "give the plain SQL of `pg_dump`, and compress it afterwards")
            }
            Flaw::CustomFormat => ("is in the custom format", "let `pg_dump` write plain SQL: `--format=plain`"),
            Flaw::WholeCluster => ("is by `pg_dumpall`", "dump one database with `pg_dump`"),
            Flaw::OneDatabase => ("is by `pg_dump`", "dump the cluster's globals with `pg_dumpall --globals-only`"),
            Flaw::NoHeader => ("does not start as `pg_dump` starts", "look at its first lines: they are not a dump's"),
            Flaw::CutInHeader => ("ends in its first lines", CUT),
            Flaw::NoTrailer => ("ends without its completion trailer", CUT),
            Flaw::StillRestricted => ("ends before its `\\unrestrict` line", CUT),
            Flaw::MoreAfterTrailer => {
                ("goes on after its completion trailer", "keep one dump in a file, with nothing written behind it")
            }
        };
        Error::new(Kind::Integrity, format!("cannot accept {subject}, which {which}")).hint(hint)
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Trailer {
    Absent,
    /// Its text was read, but not yet the `--` line that closes it.
    Begun,
    Whole,
    /// Something follows that is neither blank, nor a comment, nor `\unrestrict`.
    Followed,
}

/// Whether data that begins with `head` can be a plain dump of one database.
pub fn begins_as_dump(head: &[u8]) -> bool {
    Form::Database.begins(head)
}

pub(crate) struct Envelope {
    form: Form,
    start: Vec<u8>,
    restricted_by: Option<Vec<u8>>,
    trailer: Trailer,
    pub(crate) server_version: Option<String>,
    pub(crate) pg_dump_version: Option<String>,
}

impl Envelope {
    pub(crate) fn new(form: Form) -> Envelope {
        let start = Vec::with_capacity(START_BYTES);
        let trailer = Trailer::Absent;
        Envelope { form, start, restricted_by: None, trailer, server_version: None, pg_dump_version: None }
    }

    /// Checks the first bytes; returns whether the data can still be a dump.
    pub(crate) fn looks_like_dump(&mut self, data: &[u8]) -> bool {
        let room = START_BYTES - self.start.len();
        self.start.extend_from_slice(&data[..data.len().min(room)]);
        self.form.begins(&self.start)
    }

    /// Takes a comment between statements.
    pub(crate) fn comment(&mut self, text: &[u8]) {
        match self.trailer {
            Trailer::Absent if text == self.form.trailer() => self.trailer = Trailer::Begun,
            Trailer::Absent => self.read_version(text),
            Trailer::Begun if text.is_empty() => self.trailer = Trailer::Whole,
            _ => {}
        }
    }

    /// Takes a line for psql.
    pub(crate) fn psql_line(&mut self, line: &[u8]) {
        if let Some(key) = line.strip_prefix(b"\\restrict ") {
            self.more();
            self.restricted_by = Some(key.to_vec());
        } else if line.strip_prefix(b"\\unrestrict ").is_some_and(|key| self.restricted_by.as_deref() == Some(key)) {
            self.restricted_by = None;
        } else {
            self.more();
        }
    }

    /// Records an item that cannot follow the trailer.
    pub(crate) fn more(&mut self) {
        if self.trailer != Trailer::Absent {
            self.trailer = Trailer::Followed;
        }
    }

    /// The first reason to reject the dump, after its end; `cut` means that something began and did not end.
    pub(crate) fn flaw(&self, cut: bool) -> Option<Flaw> {
        self.flaw_of_start().or(match self.trailer {
            Trailer::Absent | Trailer::Begun => Some(Flaw::NoTrailer),
            Trailer::Followed => Some(Flaw::MoreAfterTrailer),
            Trailer::Whole if self.restricted_by.is_some() => Some(Flaw::StillRestricted),
            Trailer::Whole if cut => Some(Flaw::MoreAfterTrailer),
            Trailer::Whole => None,
        })
    }

    fn flaw_of_start(&self) -> Option<Flaw> {
        match self.start.as_slice() {
            start if start.starts_with(self.form.header()) => None,
            [] => Some(Flaw::Empty),
            start if self.form.header().starts_with(start) => Some(Flaw::CutInHeader),
            start if start.starts_with(HEADER) => Some(Flaw::OneDatabase),
            start if start.starts_with(CLUSTER_HEADER.trim_ascii_end()) => Some(Flaw::WholeCluster),
            [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Flaw::Compressed),
            start if start.starts_with(b"PGDMP") => Some(Flaw::CustomFormat),
            _ => Some(Flaw::NoHeader),
        }
    }

    /// Whether `pg_dump` writes a setting that the server does not know: 17 does, for every server.
    pub(crate) fn is_of_newer_pg_dump(&self) -> bool {
        self.only_program_knows(KNOWS_TIMEOUT)
    }

    /// Whether `pg_dump` names the locale provider, which the server's syntax does not have.
    pub(crate) fn names_provider(&self) -> bool {
        self.only_program_knows(KNOWS_PROVIDER)
    }

    /// Whether `pg_dump` has what came with this major version, and the server does not.
    fn only_program_knows(&self, since: u32) -> bool {
        let major = |version: &Option<String>| version.as_ref()?.split('.').next()?.parse::<u32>().ok();
        let (program, server) = (major(&self.pg_dump_version), major(&self.server_version));
        program.is_some_and(|program| program >= since) && server.is_some_and(|server| server < since)
    }

    fn read_version(&mut self, text: &[u8]) {
        let text = String::from_utf8_lossy(text);
        let number = |rest: &str| rest.split_whitespace().next().map(str::to_owned);
        if let Some(rest) = text.strip_prefix(" Dumped from database version ") {
            self.server_version = number(rest);
        } else if let Some(rest) = text.strip_prefix(" Dumped by pg_dump version ") {
            self.pg_dump_version = number(rest);
        }
    }
}
