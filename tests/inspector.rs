//! Promises that a dump is believed only when it is whole, and that what the inspector counts is what the database holds.

mod counts;
mod fingerprint;
mod globals;
mod header;
mod proof;
mod warnings;

use std::collections::VecDeque;
use std::sync::OnceLock;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hikae::error::Result;
use hikae::postgres::dump::facts::DatabaseFacts;
use hikae::postgres::dump::inspector::Inspector;
use hikae::stream::stage::Staged;
use hikae::stream::{Facts, Piece, SharedFacts, Source};

use crate::support::postgres::{Cluster, shared};

struct Pieces(VecDeque<Bytes>);

impl Source for Pieces {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        let piece = self.0.pop_front().map_or(Piece::End, Piece::Data);
        Box::pin(async { Ok(piece) })
    }
}

/// What comes out of the inspector when `pieces` go in, and what it has learnt.
pub fn pass(pieces: impl IntoIterator<Item = Bytes>, expected: Option<&str>) -> Result<(Vec<Bytes>, Facts)> {
    let facts = SharedFacts::default();
    let inspector = Inspector::new(facts.clone(), expected.map(str::to_owned));
    let mut staged = Staged::new(Box::new(Pieces(pieces.into_iter().collect())), inspector);
    let mut out = Vec::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    while let Piece::Data(data) = runtime.block_on(staged.next())? {
        out.push(data);
    }
    let facts = facts.lock().clone();
    Ok((out, facts))
}

fn inspect(dump: &[u8]) -> Result<DatabaseFacts> {
    let (_, facts) = pass([Bytes::copy_from_slice(dump)], None)?;
    Ok(database(&facts))
}

fn database(facts: &Facts) -> DatabaseFacts {
    serde_json::from_value(facts.sections["database"].clone()).unwrap()
}

/// The database of `cafe.sql`, made once.
fn cafe() -> &'static str {
    static MADE: OnceLock<()> = OnceLock::new();
    let name = "控え \"cafe\" = 'x'";
    MADE.get_or_init(|| {
        shared().create_database(name);
        shared().psql(name, include_str!("support/cafe.sql"));
    });
    name
}

/// A dump small enough to cut at each of its bytes, with some of everything in it.
fn small() -> &'static str {
    static DUMP: OnceLock<String> = OnceLock::new();
    DUMP.get_or_init(|| {
        let sql = "CREATE TABLE \"t;\" (a text CHECK (a <> ';')); INSERT INTO \"t;\" VALUES ('\\.'), ('b'),
            ('--'), ('-- PostgreSQL database dump complete'), ('--');
            CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$SELECT '--\n-- PostgreSQL database dump complete\n--\n'$$;";
        shared().create_database("small");
        shared().psql("small", sql);
        String::from_utf8(shared().dump("small", &["--create", "--no-owner"])).unwrap()
    })
}

/// The same as a `pg_dump` before `\restrict` wrote it.
fn small_unrestricted() -> String {
    let lines = small().split_inclusive('\n');
    lines.filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict")).collect()
}

/// `sql` inside what an earlier `pg_dump` puts around it.
fn wrapped(sql: &str) -> String {
    ["--\n-- PostgreSQL database dump\n--\n\n", sql, "--\n-- PostgreSQL database dump complete\n--\n\n"].concat()
}

#[test]
fn a_throwaway_cluster_leaves_nothing() {
    let cluster = Cluster::start();
    let (dir, port) = (cluster.dir().to_owned(), cluster.port());
    assert_eq!(cluster.psql("postgres", "SELECT 'あ'; SHOW server_encoding"), "あ\nUTF8");
    assert!(dir.exists());
    drop(cluster);
    assert!(!dir.exists());
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
}
