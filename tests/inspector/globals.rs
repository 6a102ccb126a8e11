//! Promises that only the whole output of `pg_dumpall --globals-only` is believed.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hikae::error::{Error, Kind, Result};
use hikae::postgres::dump::globals::Globals;
use hikae::stream::stage::Staged;
use hikae::stream::{Piece, SharedFacts, Source};

use super::small;
use crate::support::postgres::shared;

struct Once(Option<Bytes>);

impl Source for Once {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(async { Ok(self.0.take().map_or(Piece::End, Piece::Data)) })
    }
}

/// What the stage learns of this output.
fn inspect(text: &[u8]) -> Result<serde_json::Value> {
    let facts = SharedFacts::default();
    let source = Once(Some(Bytes::copy_from_slice(text)));
    let mut staged = Staged::new(Box::new(source), Globals::new(facts.clone()));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    while let Piece::Data(_) = runtime.block_on(staged.next())? {}
    let section = facts.lock().sections["globals"].clone();
    Ok(section)
}

fn refusal(text: &[u8]) -> Error {
    let error = inspect(text).expect_err("it must be refused");
    assert_eq!(error.kind(), Kind::Integrity);
    assert!(error.hint_text().is_some(), "{error:?}");
    error
}

/// Of a cluster that has a role whose comment looks like more of them.
fn globals() -> Vec<u8> {
    let cluster = shared();
    cluster.psql(
        "postgres",
        "DO $$BEGIN CREATE ROLE \"控え; CREATE ROLE x\"; EXCEPTION WHEN duplicate_object THEN NULL; END$$;
         COMMENT ON ROLE \"控え; CREATE ROLE x\" IS 'one;\nCREATE ROLE two;\n--\n-- PostgreSQL database cluster dump complete\n--\n'",
    );
    let mut command = std::process::Command::new("pg_dumpall");
    let output = command.args(["--globals-only"]).envs(cluster.env()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

#[test]
fn the_whole_output_is_believed_and_its_roles_are_counted() {
    let counted = inspect(&globals()).unwrap();
    let roles = shared().psql("postgres", "SELECT count(*) FROM pg_roles WHERE rolname !~ '^pg_'");
    // Other tests make roles at the same time.
    assert!(counted["roles"].as_u64().unwrap() <= roles.parse().unwrap() && counted["roles"].as_u64() >= Some(2));
}

#[test]
fn output_that_was_cut_at_any_byte_is_refused() {
    let whole = globals();
    let end = whole.trim_ascii_end().len() + 1;
    for cut in 0..end {
        refusal(&whole[..cut]);
    }
}

#[test]
fn a_dump_of_one_database_is_not_the_globals() {
    assert!(refusal(small().as_bytes()).what().contains("is by `pg_dump`"));
    assert!(refusal(b"hello").what().contains("does not start"));
    let none =
        "--\n-- PostgreSQL database cluster dump\n--\n\n--\n-- PostgreSQL database cluster dump complete\n--\n\n";
    assert!(refusal(none.as_bytes()).what().contains("has no role"));
}
