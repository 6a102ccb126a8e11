//! Compares the structure of a restored database with its backup's, using a new schema dump.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use crate::backup::at_end::AtEnd;
use crate::error::{Error, Kind, Result};
use crate::postgres::restore::checks::Check;
use crate::postgres::restore::differences;
use crate::postgres::restore::rewriter::Rewriter;
use crate::postgres::restore::structure::{Collector, Structure};
use crate::postgres::server::client::Server;
use crate::postgres::server::explain::explain;
use crate::postgres::server::talk;
use crate::stream::{Piece, Source};
use crate::world::program::ProgramSource;
use crate::world::{Caller, Exit};

/// The structures of the backups that this run has restored, by the database that each was restored into.
#[derive(Default)]
pub struct Restored(RefCell<HashMap<String, Rc<Structure>>>);

impl AtEnd for Restored {}

impl Restored {
    pub fn keep(&self, database: &str, structure: Structure) {
        self.0.borrow_mut().insert(database.to_owned(), Rc::new(structure));
    }

    pub fn get(&self, database: &str) -> Option<Rc<Structure>> {
        self.0.borrow().get(database).cloned()
    }
}

/// The checks of the structure; `said` is the backup's, if this run restored it.
pub async fn compare(caller: &Caller, server: &Server, database: &str, said: Option<&Structure>) -> Result<Vec<Check>> {
    let Some(said) = said else {
        return Ok(vec![Check::not_compared("structure", "this run has not restored the backup, and did not read it")]);
    };
    if !said.shape.schema {
        return Ok(vec![Check::not_compared("structure", "the backup has no statement that makes something")]);
    }
    let found = match dump(caller, server, database, said).await {
        Ok(found) => found,
        Err(error) if matches!(error.kind(), Kind::NotFound | Kind::Denied) => {
            return Ok(vec![Check::not_compared(
                "structure",
                format!("`pg_dump` could not be asked: {}", error.one_line()),
            )]);
        }
        Err(error) => return Err(error),
    };
    let other = said.shape.made_by.and_then(|said| {
        let found = found.shape.made_by?;
        (said != found).then(|| {
            format!(
                "the backup is by pg_dump {} of a server {}, and this is pg_dump {} of a server {}",
                said.1, said.0, found.1, found.0
            )
        })
    });
    Ok(differences::compare(said, &found, other.as_deref()))
}

/// The checks of the materialized views that are filled in the database.
pub fn filled(said: Option<&Structure>, filled: &[String]) -> Option<Check> {
    said.filter(|said| said.shape.schema).and_then(|said| differences::filled(said, filled))
}

/// The structure of the database by its own dump, in the shape of the backup.
async fn dump(caller: &Caller, server: &Server, database: &str, said: &Structure) -> Result<Structure> {
    let shape = &said.shape;
    let flags = [
        (shape.creates, "--create"),
        (shape.cleans, "--clean"),
        (shape.if_exists, "--if-exists"),
        (shape.by_session, "--use-set-session-authorization"),
    ];
    let flags: Vec<&str> = flags.iter().filter(|(on, _)| *on).map(|(_, flag)| *flag).collect();
    let command = server.dump_structure(database, &flags, shape.encoding.as_deref());
    let child = caller.spawn(command).await?;
    let act = format!("cannot dump the structure of the database `{database}`");
    let mut source = ProgramSource::new("pg_dump", child).explain(move |exit: &Exit| explain(&act, "pg_dump", exit));
    let (mut rewriter, mut nowhere, mut collector) =
        (Rewriter::judging(database), VecDeque::new(), Collector::default());
    while let Piece::Data(data) = source.next().await? {
        collector.feed(&data);
        rewriter.feed(data, &mut nowhere).map_err(other_than_backup)?;
    }
    rewriter.end().map_err(other_than_backup)?;
    let own = rewriter.own().clone();
    let mut found = collector.end(&own);
    if found.shape.made_by.is_some_and(|(_, program)| program >= APART_SINCE) {
        large_objects(caller, server, database, &mut found).await?;
    }
    Ok(found)
}

/// Since this version `pg_dump` writes its statements about large objects in the data section.
const APART_SINCE: u32 = 17;

/// The statements of `pg_dump` about large objects: owners, comments and rights.
const LARGE_OBJECTS: &str = "\
SELECT format('ALTER LARGE OBJECT %s OWNER TO %I;', m.oid, pg_get_userbyid(m.lomowner)) FROM pg_largeobject_metadata m
UNION ALL SELECT format('COMMENT ON LARGE OBJECT %s IS %L;', m.oid, obj_description(m.oid, 'pg_largeobject'))
FROM pg_largeobject_metadata m WHERE obj_description(m.oid, 'pg_largeobject') IS NOT NULL
UNION ALL SELECT CASE WHEN grantor <> lomowner THEN format('[as %I] ', pg_get_userbyid(grantor)) ELSE '' END
  || format('GRANT %s ON LARGE OBJECT %s TO %s%s;', CASE WHEN count(*) = 2 THEN 'ALL' ELSE min(privilege_type) END, oid,
    CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
    CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
FROM (SELECT m.oid, m.lomowner, (aclexplode(m.lomacl)).* FROM pg_largeobject_metadata m) AS acl
WHERE grantee <> lomowner GROUP BY oid, lomowner, grantor, grantee, is_grantable";

async fn large_objects(caller: &Caller, server: &Server, database: &str, found: &mut Structure) -> Result<()> {
    let act = format!("cannot look at the large objects of the database `{database}`");
    let statements = vec!["SET search_path = pg_catalog".to_owned(), LARGE_OBJECTS.to_owned()];
    let answer = talk::run(caller, server, database, &act, statements).await?;
    answer.values().for_each(|statement| found.note(&statement));
    Ok(())
}

/// The restored database has something that a restore rejects and that the backup did not have.
fn other_than_backup(error: Error) -> Error {
    Error::new(Kind::Integrity, "the restored database has what its backup cannot have").because(error)
}
