//! `pg.verify`: whether a restored database has what its manifest says, item by item.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use mlua::Table;
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

use crate::catalog::described;
use crate::error::{Error, Kind, Result};
use crate::lua::exports::Call;
use crate::lua::json::to_lua;
use crate::lua::traceback::from_lua;
use crate::postgres::dump::facts::DatabaseFacts;
use crate::postgres::restore::asked::Asked;
use crate::postgres::restore::checks::{CHECK, Check};
use crate::postgres::restore::data_checks;
use crate::postgres::restore::live::Live;
use crate::postgres::restore::read_back::ReadBack;
use crate::postgres::restore::structure::Structure;
use crate::postgres::restore::structure_checks::{self, Restored};
use crate::postgres::server::client::{Server, server_options};
use crate::postgres::server::definers::Definers;
use crate::postgres::server::talk::Talk;
use crate::postgres::server::throwaway_role::ThrowawayRoles;
use crate::report::translate::translated;
use crate::world::Caller;

server_options!(VerifyOptions {
    database: String,
    manifest: Manifest,
    #[serde(default)]
    queries: BTreeMap<String, String>,
    #[serde(default)]
    verify: Depth,
    #[serde(default)]
    allow_empty: bool,
});

/// How much of the data is compared.
#[derive(Deserialize, Default, Clone, Copy, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Depth {
    /// How many rows each table has.
    Rows,
    /// Every value of every row, and the large objects.
    #[default]
    Data,
}

/// What the database is compared with: a manifest that was read already, or the backup beside which it is.
enum Manifest {
    Path(PathBuf),
    Facts(Box<DatabaseFacts>),
}

/// Of a manifest, or of what `:save` or `pg.inspect` gave, only this matters here.
#[derive(Deserialize)]
struct WithDatabase {
    database: DatabaseFacts,
}

impl<'de> Deserialize<'de> for Manifest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Manifest, D::Error> {
        struct ManifestVisitor;
        impl<'de> Visitor<'de> for ManifestVisitor {
            type Value = Manifest;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the path of a backup, or a table with the `database` of its manifest")
            }

            fn visit_str<E: de::Error>(self, path: &str) -> Result<Manifest, E> {
                Ok(Manifest::Path(path.into()))
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Manifest, A::Error> {
                let given = WithDatabase::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(Manifest::Facts(Box::new(given.database)))
            }
        }
        deserializer.deserialize_any(ManifestVisitor)
    }
}

pub async fn verify(call: Rc<Call>, options: VerifyOptions) -> Result<Table> {
    let caller = options.limit(call.world()?);
    let step = call.session.step(format!("verify {}", options.database), call.site());
    let definers = call.session.at_end.of::<ThrowawayRoles>().definers(&options.server(), &options.database);
    let structure = call.session.at_end.of::<Restored>().get(&options.database);
    let checked = check(&caller, &options, definers.as_ref(), structure.as_deref(), call.session.cores).await;
    let answer = match checked {
        Ok(checks) => {
            for check in &checks {
                let wrong = (!check.ok).then(|| check.to_string());
                call.session.noted(format!("{CHECK}{}", check.finding()), wrong, call.site().as_ref());
            }
            if checks.iter().all(|check| check.ok) { Ok(checks) } else { Err(refuse(&options.database, checks)) }
        }
        Err(error) => Err(error),
    };
    step.end(0, 0, answer.as_ref().err());
    let table = call.lua.create_table().map_err(from_lua)?;
    table.raw_set("ok", true).map_err(from_lua)?;
    table.raw_set("database", options.database.as_str()).map_err(from_lua)?;
    let checks = described(&answer?);
    table.raw_set("checks", to_lua(&call.lua, &checks).map_err(from_lua)?).map_err(from_lua)?;
    Ok(table)
}

/// The checks, each with its detail in the reader's language as well.
fn described(checks: &[Check]) -> serde_json::Value {
    let mut all = serde_json::to_value(checks).unwrap_or_default(); // texts and numbers: it always can
    for check in all.as_array_mut().into_iter().flatten() {
        if let Some(detail) = check["detail"].as_str().map(|detail| translated(detail).into_owned()) {
            check["shown"] = detail.into();
        }
    }
    all
}

fn refuse(database: &str, checks: Vec<Check>) -> Error {
    let bad: Vec<String> = checks.iter().filter(|check| !check.ok).map(Check::to_string).collect();
    let what = format!(
        "the database `{database}` does not hold what the backup holds: {} of {} checks failed",
        bad.len(),
        checks.len()
    );
    let details = described(&checks);
    Error::new(Kind::Integrity, what)
        .because_details(bad.join("\n"), details)
        .hint("do not use this database: restore the backup again, or an earlier one")
}

async fn check(
    caller: &Caller,
    options: &VerifyOptions,
    definers: Option<&Definers>,
    structure: Option<&Structure>,
    cores: usize,
) -> Result<Vec<Check>> {
    let server = definers.map_or_else(|| options.server(), |definers| definers.reader.clone());
    let database = options.database.as_str();
    let (mut checks, live) = match definers {
        None => rows_and_data(caller, options, &server, cores, false).await?,
        Some(definers) => {
            definers.take_rights(caller).await?;
            let checked = rows_and_data(caller, options, &server, cores, true).await;
            let given_back = definers.give_back(caller).await;
            checked.and_then(|checked| given_back.map(|()| checked))?
        }
    };
    checks.extend(structure_checks::compare(caller, &server, database, structure, &live.filled).await?);
    Ok(checks)
}

/// What is compared by reading the database, which may run code in it; `apart` where nobody vouches for that.
async fn rows_and_data(
    caller: &Caller,
    options: &VerifyOptions,
    server: &Server,
    cores: usize,
    apart: bool,
) -> Result<(Vec<Check>, Live)> {
    let mut expected = match &options.manifest {
        Manifest::Facts(facts) => (**facts).clone(),
        Manifest::Path(path) => facts_of(caller, path).await?,
    };
    expected.without_data &= !options.allow_empty;
    let database = options.database.as_str();
    let act = format!("cannot verify the database `{database}`");
    let mut talk = Talk::open(caller, server, database, &act).await?;
    let checked = Asked { talk: &mut talk, database, apart }.checks(&mut expected, &options.queries).await;
    let (mut checks, live) = talk.end(checked).await?;
    if options.verify == Depth::Data {
        let read_back = ReadBack { caller, server, database, cores, apart };
        let other = other_major(&expected, &live);
        checks.extend(data_checks::compare(&read_back, &expected, &live, other.as_deref()).await?);
    }
    Ok((checks, live))
}

/// How the servers differ, where it is by their major version.
fn other_major(expected: &DatabaseFacts, live: &Live) -> Option<String> {
    let major = |version: &str| version.split('.').next().map(str::to_owned);
    let (said, found) = (expected.server_version.as_deref().and_then(major)?, major(&live.server_version)?);
    (said != found).then(|| format!("the backup is of a server {said}, and this is {found}"))
}

/// What the manifest beside a backup says about the database in it.
async fn facts_of(caller: &Caller, path: &Path) -> Result<DatabaseFacts> {
    let cannot = |kind| Error::new(kind, format!("cannot compare with the manifest of `{}`", path.display()));
    let hint = "read the backup itself: `manifest = pg.inspect(path)`";
    let Some(manifest) = described::read(caller, path).await? else {
        return Err(cannot(Kind::NotFound).because_text("it has no manifest").hint(hint));
    };
    let Some(section) = manifest.sections.get("database") else {
        return Err(cannot(Kind::Integrity).because_text("it says nothing about a database").hint(hint));
    };
    DatabaseFacts::deserialize(section).map_err(|cause| cannot(Kind::Integrity).because(cause).hint(hint))
}
