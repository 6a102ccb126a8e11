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
use crate::postgres::dump::facts::{DatabaseFacts, names};
use crate::postgres::restore::checks::{CHECK, Check, compare};
use crate::postgres::restore::data_checks;
use crate::postgres::restore::live;
use crate::postgres::restore::live::{Answers, Live, Target};
use crate::postgres::restore::read_back::ReadBack;
use crate::postgres::restore::structure::Structure;
use crate::postgres::restore::structure_checks::{self, Restored};
use crate::postgres::server::client::{Server, server_options};
use crate::postgres::server::query::ask_in;
use crate::postgres::server::talk::Talk;
use crate::postgres::server::throwaway_role::ThrowawayRoles;
use crate::world::Caller;
use crate::world::postgres::{QueryResult, message_of};

/// The most that a database may say about itself: some hundred thousand tables.
const MAX_LIVE_BYTES: usize = 128 << 20;

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
    let reader = call.session.at_end.of::<ThrowawayRoles>().reader(&options.server(), &options.database);
    let server = reader.unwrap_or_else(|| options.server());
    let structure = call.session.at_end.of::<Restored>().get(&options.database);
    let checked = check(&caller, &options, server, structure.as_deref(), call.session.cores).await;
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
    let checks = serde_json::to_value(answer?).unwrap_or_default(); // texts and numbers: it always can
    table.raw_set("checks", to_lua(&call.lua, &checks).map_err(from_lua)?).map_err(from_lua)?;
    Ok(table)
}

fn refuse(database: &str, checks: Vec<Check>) -> Error {
    let bad: Vec<String> = checks.iter().filter(|check| !check.ok).map(Check::to_string).collect();
    let what = format!(
        "the database `{database}` does not hold what the backup holds: {} of {} checks failed",
        bad.len(),
        checks.len()
    );
    let details = serde_json::to_value(&checks).unwrap_or_default(); // texts and numbers: it always can
    Error::new(Kind::Integrity, what)
        .because_details(bad.join("\n"), details)
        .hint("do not use this database: restore the backup again, or an earlier one")
}

async fn check(
    caller: &Caller,
    options: &VerifyOptions,
    server: Server,
    structure: Option<&Structure>,
    cores: usize,
) -> Result<Vec<Check>> {
    let mut expected = match &options.manifest {
        Manifest::Facts(facts) => (**facts).clone(),
        Manifest::Path(path) => facts_of(caller, path).await?,
    };
    expected.without_data &= !options.allow_empty;
    let database = options.database.as_str();
    let act = format!("cannot verify the database `{database}`");
    let mut talk = Talk::open(caller, &server, database, &act).await?;
    let checked = Asked { talk: &mut talk, database }.checks(&mut expected, options).await;
    let (mut checks, live) = talk.end(checked).await?;
    if options.verify == Depth::Data {
        let read_back = ReadBack { caller, server: &server, database, cores };
        let other = other_major(&expected, &live);
        checks.extend(data_checks::compare(&read_back, &expected, &live, other.as_deref()).await?);
    }
    checks.extend(structure_checks::compare(caller, &server, database, structure, &live.filled).await?);
    Ok(checks)
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

/// The database that is asked.
struct Asked<'a> {
    talk: &'a mut Talk,
    database: &'a str,
}

impl Asked<'_> {
    async fn checks(&mut self, expected: &mut DatabaseFacts, options: &VerifyOptions) -> Result<(Vec<Check>, Live)> {
        self.talk.run(live::PRELUDE.map(str::to_owned)).await?;
        self.read_names(expected).await?;
        let live: Live = self.json(live::query()).await?;
        let targets = live::targets(&live, expected);
        let answers = self.answers(&targets, expected).await?;
        let mut checks = vec![Check::new("connection", live.server_version.as_str(), live.server_version.as_str())];
        checks.extend(compare(expected, &live, &targets, &answers));
        if !options.queries.is_empty() {
            // The recipe's own queries find names as any session does.
            self.talk.run(["RESET search_path".to_owned()]).await?;
        }
        for (name, sql) in &options.queries {
            checks.push(self.holds(name, sql).await);
        }
        drop(targets);
        Ok((checks, live))
    }

    /// The one value that a query of hikae's own gives.
    async fn json<T: de::DeserializeOwned>(&mut self, sql: String) -> Result<T> {
        let answer = self.talk.ask_for(sql, MAX_LIVE_BYTES).await?;
        serde_json::from_str(&answer.value().unwrap_or_default()).map_err(|error| self.unreadable().because(error))
    }

    fn unreadable(&self) -> Error {
        Error::new(Kind::Other, format!("cannot read what the database `{}` answered", self.database))
            .hint("please report this as a bug in hikae")
    }

    /// The names of a dump in another encoding, as the database itself reads them.
    async fn read_names(&mut self, expected: &mut DatabaseFacts) -> Result<()> {
        let Some(encoding) = expected.encoding.clone() else { return Ok(()) };
        let sequences = expected.sequences.as_deref_mut().unwrap_or_default();
        let mut names: Vec<&mut String> = names(&mut expected.tables, sequences).collect();
        let read: Vec<String> = self.json(live::names_query(&encoding, &names)).await?;
        for (name, read) in names.iter_mut().zip(read) {
            **name = read;
        }
        Ok(())
    }

    /// Counts and reads every table, and looks at every sequence. What the server refuses is the answer.
    async fn answers(&mut self, targets: &[Target<'_>], expected: &DatabaseFacts) -> Result<Answers> {
        let mut answers = Answers::default();
        for target in targets {
            let count = self.said(target.count()).await?;
            answers.rows.push(Some(count.and_then(|answer| number(answer.value()))));
            answers.unreadable.push(self.said(target.sample()).await?.err());
        }
        for sequence in expected.sequences.as_deref().unwrap_or_default() {
            let said = self.said(live::sequence_value(sequence)).await?;
            let place = |answer: QueryResult| {
                let row: Vec<String> = answer
                    .rows
                    .into_iter()
                    .flatten()
                    .flatten()
                    .map(|v| String::from_utf8_lossy(&v).into_owned())
                    .collect();
                let [last, called] = row.as_slice() else { return Err("it gives no value".to_owned()) };
                Ok((number(Some(last.clone()))?, called == "t"))
            };
            answers.sequences.push(Some(said.and_then(place)));
        }
        Ok(answers)
    }

    /// What a statement gives, or the words with which the server refuses it.
    async fn said(&mut self, sql: String) -> Result<std::result::Result<QueryResult, String>> {
        match self.talk.ask(sql).await {
            Ok(answer) => Ok(Ok(answer)),
            Err(error) => match message_of(&error) {
                Some(message) => Ok(Err(message)),
                None => Err(error),
            },
        }
    }

    /// A query of the recipe's own, whose one row must be one true value.
    async fn holds(&mut self, name: &str, sql: &str) -> Check {
        let rows = ask_in(self.talk, self.database, sql).await;
        let check = match rows {
            Ok(rows) => {
                let row = rows.as_array().and_then(|rows| if rows.len() == 1 { rows[0].as_object() } else { None });
                let value = row.filter(|row| row.len() == 1).and_then(|row| row.values().next().cloned());
                Check::new("query", true, value.unwrap_or(rows.clone()))
            }
            Err(error) => Check::new("query", true, serde_json::Value::Null).because(|| error.one_line()),
        };
        check.of(name)
    }
}

fn number<T: std::str::FromStr>(text: Option<String>) -> std::result::Result<T, String> {
    let text = text.unwrap_or_default();
    text.parse().map_err(|_| format!("`{text}` is no number"))
}
