//! `pg.verify`: compares a restored database with its manifest, item by item.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use futures_util::future::try_join;
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
use crate::postgres::restore::checks::{CHECK, Check, compare};
use crate::postgres::restore::data_checks::Data;
use crate::postgres::restore::live::{self, Live};
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
    /// The number of rows of each table.
    Rows,
    /// Every value of every row, and the large objects.
    #[default]
    Data,
}

/// The manifest to compare the database with: already read, or beside this backup.
enum Manifest {
    Path(PathBuf),
    Facts(Box<DatabaseFacts>),
}

/// The only fields used here of a manifest, or of a result of `:save` or `pg.inspect`.
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
    let structure_checked = || structure_checks::compare(caller, &server, database, structure);
    let ((mut checks, live), of_structure) = match definers {
        None => try_join(rows_and_data(caller, options, &server, cores, false), structure_checked()).await?,
        Some(definers) => {
            definers.take_rights(caller).await?;
            let checked = rows_and_data(caller, options, &server, cores, true).await;
            let given_back = definers.give_back(caller).await;
            let checked = checked.and_then(|checked| given_back.map(|()| checked))?;
            // Not at the same time: the structure would include the rights that are granted for reading.
            (checked, structure_checked().await?)
        }
    };
    checks.extend(of_structure);
    checks.extend(structure_checks::filled(structure, &live.filled));
    Ok(checks)
}

/// The checks that read the database, which may run code in it; `apart` if that code is not trusted.
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
    let read_back = (options.verify == Depth::Data).then_some(ReadBack { caller, server, database, cores, apart });
    let mut asked = Asked { talk: &mut talk, database, apart };
    let checked = compared(&mut asked, &mut expected, &options.queries, read_back.as_ref()).await;
    talk.end(checked).await
}

/// The checks of the structure, the rows, the queries and the data; and the structure found.
async fn compared(
    asked: &mut Asked<'_>,
    expected: &mut DatabaseFacts,
    queries: &BTreeMap<String, String>,
    read_back: Option<&ReadBack<'_>>,
) -> Result<(Vec<Check>, Live)> {
    let live = asked.live(expected).await?;
    let expected = &*expected;
    let targets = live::targets(&live, expected);
    let (answers, of_data) = match read_back {
        None => (asked.answers(&targets, expected, |_| false).await?, Vec::new()),
        Some(read_back) => {
            let data = Data::of(expected, &live);
            let answers = asked.answers(&targets, expected, |table| data.reads(table));
            let (mut answers, found) = try_join(answers, data.read(read_back)).await?;
            for (target, rows) in targets.iter().zip(&mut answers.rows) {
                *rows = data.rows(&found, target.table).or(rows.take());
            }
            let other = other_major(expected, &live);
            (answers, data.checks(read_back, found, (other.as_deref(), live.event_triggers)).await?)
        }
    };
    let mut checks = vec![Check::new("connection", live.server_version.as_str(), live.server_version.as_str())];
    checks.extend(compare(expected, &live, &targets, &answers));
    checks.extend(asked.queries(queries).await?);
    checks.extend(of_data);
    drop(targets);
    Ok((checks, live))
}

/// The difference of the servers, if they have other major versions.
fn other_major(expected: &DatabaseFacts, live: &Live) -> Option<String> {
    let major = |version: &str| version.split('.').next().map(str::to_owned);
    let (said, found) = (expected.server_version.as_deref().and_then(major)?, major(&live.server_version)?);
    (said != found).then(|| format!("the backup is of a server {said}, and this is {found}"))
}

/// The database section of the manifest beside a backup.
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
