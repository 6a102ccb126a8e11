//! Holds our splitter of statements to the server: random texts, in which both may differ, never run a second command.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hikae::postgres::restore::rewriter::Rewriter;
use hikae::secret::Secret;
use hikae::world::postgres::{Login, Session, Step};
use hikae::world::real::Real;
use hikae::world::{Caller, Limits};

use crate::support::postgres::Cluster;

/// How many texts are tried under each setting.
const TEXTS: u32 = 600;

/// What makes readers of SQL differ.
const PARTS: [&[u8]; 34] = [
    b"'",
    b"''",
    b"\\",
    b"\\'",
    b"\\\\",
    b"E'",
    b"e'",
    b"U&'",
    b"N'",
    b"B'",
    b"X'",
    b"\"",
    b"\"\"",
    b"$$",
    b"$a$",
    b"$",
    b"--",
    b"\n",
    b"\r",
    b"/*",
    b"*/",
    b"/",
    b"*",
    b";",
    b"(",
    b")",
    b" ",
    b"a",
    b"1",
    b"\x83",
    b"\xa4\xa2",
    b"\xe3\x81\x82",
    b"\xc3",
    b"\t",
];

/// What must never be run, and what hides it.
const EVIL: [&[u8]; 3] = [b"; CREATE ROLE evil; --", b"'; CREATE ROLE evil; --", b"$$; CREATE ROLE evil; /*"];

/// Numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

fn text(numbers: &mut Numbers) -> Vec<u8> {
    let starts: [&[u8]; 4] = [
        b"COMMENT ON SCHEMA public IS ",
        b"COMMENT ON SCHEMA public IS E",
        b"CREATE VIEW v AS SELECT ",
        b"INSERT INTO t VALUES (",
    ];
    let mut text = starts[numbers.below(starts.len())].to_vec();
    for _ in 0..numbers.below(8) {
        text.extend_from_slice(PARTS[numbers.below(PARTS.len())]);
    }
    text.extend_from_slice(EVIL[numbers.below(EVIL.len())]);
    for _ in 0..numbers.below(6) {
        text.extend_from_slice(PARTS[numbers.below(PARTS.len())]);
    }
    text.extend_from_slice(b"\n;\n';\n");
    text
}

/// The steps that a load would send; nothing where the dump is refused.
fn steps(text: &[u8]) -> VecDeque<Step> {
    let (mut rewriter, mut steps) = (Rewriter::new("target"), VecDeque::new());
    match rewriter.feed(Bytes::copy_from_slice(text), &mut steps) {
        // What was whole before the refusal may have been sent already.
        Ok(()) | Err(_) => steps,
    }
}

#[tokio::test]
async fn a_difference_never_runs_a_second_command() {
    let cluster = Cluster::start();
    cluster.create_database("fuzzed");
    cluster.psql("fuzzed", "CREATE TABLE t (a text)");
    let limits = Limits { total: Duration::from_secs(600), idle: Duration::from_secs(60) };
    let call = Caller::new(Arc::new(Real::ambient()), limits);
    let login = Login {
        host: Some("127.0.0.1".to_owned()),
        port: Some(cluster.port()),
        user: Some("postgres".to_owned()),
        password: Some(Secret::new(cluster.password.clone())),
        database: "fuzzed".to_owned(),
        expendable: false,
        read_only: false,
    };
    let (mut numbers, mut sent) = (Numbers(0x9e37_79b9_7f4a_7c15), 0);
    for encoding in ["UTF8", "SQL_ASCII", "LATIN1", "EUC_JP", "SJIS", "BIG5", "GBK", "UHC", "GB18030"] {
        for conforming in ["on", "off"] {
            let mut session = call.connect(login.clone()).await.unwrap();
            for sql in [
                format!("SET client_encoding = '{encoding}'"),
                format!("SET standard_conforming_strings = {conforming}"),
                "SET escape_string_warning = off".to_owned(),
            ] {
                session.ask(sql.into(), 1 << 20).await.unwrap();
            }
            for _ in 0..TEXTS {
                for step in steps(&text(&mut numbers)) {
                    sent += u32::from(ask(&mut *session, step).await);
                }
            }
            let evil = "SELECT count(*) FROM pg_roles WHERE rolname = 'evil'";
            assert_eq!(cluster.psql("postgres", evil), "0", "{encoding}, {conforming}");
        }
    }
    assert!(sent > 1000, "only {sent} statements reached the server");
}

/// Whether a statement was sent; what the server makes of it is its own affair.
async fn ask(session: &mut dyn Session, step: Step) -> bool {
    match step {
        Step::Statement { sql, .. } => {
            drop(session.ask(sql, 1 << 20).await);
            true
        }
        _ => false,
    }
}
