//! `pg.verify`: whether a restored database has what its manifest says, item by item.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use mlua::Table;
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

use crate::catalog::described;
use crate::error::{Error, Kind, Result};
use crate::lua::exports::Call;
use crate::lua::json::to_lua;
use crate::lua::options::duration;
use crate::lua::traceback::from_lua;
use crate::postgres::dump::facts::DatabaseFacts;
use crate::postgres::restore::checks::{CHECK, Check, compare};
use crate::postgres::restore::live;
use crate::postgres::restore::live::{Answers, Live, Target};
use crate::postgres::server::client::Server;
use crate::postgres::server::explain::explain;
use crate::postgres::server::query::ask;
use crate::secret::Secret;
use crate::world::{Caller, SecretOrText, program};

/// The most that a database may say about itself: some hundred thousand tables.
const MAX_LIVE_BYTES: usize = 128 << 20;

options!(VerifyOptions {
    database: String,
    manifest: Manifest,
    #[serde(default)]
    queries: BTreeMap<String, String>,
});

/// What the database is compared with: a manifest that was read already, or the backup beside which it lies.
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
        struct Given;
        impl<'de> Visitor<'de> for Given {
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
        deserializer.deserialize_any(Given)
    }
}

pub async fn verify(call: Rc<Call>, options: VerifyOptions) -> Result<Table> {
    let caller = options.limit(call.world()?);
    let step = call.session.step(format!("verify {}", options.database), call.site());
    let checked = check(&caller, &options).await;
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

async fn check(caller: &Caller, options: &VerifyOptions) -> Result<Vec<Check>> {
    let mut expected = match &options.manifest {
        Manifest::Facts(facts) => (**facts).clone(),
        Manifest::Path(path) => facts_of(caller, path).await?,
    };
    let asked = Asked { caller, server: options.server(), database: &options.database };
    asked.read_names(&mut expected).await?;
    let live: Live = asked.read(&asked.psql(live::query(), false).await?)?;
    let targets = live::targets(&live, &expected);
    let answers = asked.answers(&targets, &expected).await?;
    let mut checks = vec![Check::new("connection", live.server_version.as_str(), live.server_version.as_str())];
    checks.extend(compare(&expected, &live, &targets, &answers));
    for (name, sql) in &options.queries {
        checks.push(asked.holds(name, sql).await);
    }
    Ok(checks)
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
    caller: &'a Caller,
    server: Server,
    database: &'a str,
}

impl Asked<'_> {
    /// What psql writes when it reads `script`.
    async fn psql(&self, script: String, go_on: bool) -> Result<String> {
        let mut command = self.server.psql(self.database);
        if go_on {
            command.args.push("--set=ON_ERROR_STOP=0".to_owned());
        }
        let (stdout, exit) =
            program::ask(self.caller, command, Some(&SecretOrText::Plain(script)), MAX_LIVE_BYTES).await?;
        if !exit.success() {
            return Err(explain(&format!("cannot verify the database `{}`", self.database), "psql", &exit));
        }
        Ok(String::from_utf8_lossy(&stdout).into_owned())
    }

    fn read<T: de::DeserializeOwned>(&self, text: &str) -> Result<T> {
        serde_json::from_str(text).map_err(|error| self.unreadable().because(error))
    }

    fn unreadable(&self) -> Error {
        Error::new(Kind::Other, format!("cannot read what the database `{}` answered", self.database))
            .hint("is a strange `psql` on the PATH? `psql --version` tells")
    }

    /// The names of a dump in another encoding, as the database itself reads them.
    async fn read_names(&self, expected: &mut DatabaseFacts) -> Result<()> {
        let Some(encoding) = expected.encoding.clone() else { return Ok(()) };
        let tables = expected.tables.iter_mut().flat_map(|table| [&mut table.schema, &mut table.name]);
        let sequences = expected.sequences.iter_mut().flatten();
        let sequences = sequences.flat_map(|sequence| [&mut sequence.schema, &mut sequence.name]);
        let mut names: Vec<&mut String> = tables.chain(sequences).collect();
        let said = self.psql(live::names_query(&encoding, &names), false).await?;
        let read: Vec<String> = self.read(&said)?;
        for (name, read) in names.iter_mut().zip(read) {
            **name = read;
        }
        Ok(())
    }

    /// Counts and reads every table, in one conversation.
    async fn answers(&self, targets: &[Target<'_>], expected: &DatabaseFacts) -> Result<Answers> {
        let sequences = expected.sequences.as_deref().unwrap_or_default();
        let said = self.psql(live::script(targets, sequences), true).await?;
        let answers = Answers::read(&said, targets.len(), sequences.len());
        let answers = answers.map_err(|error| self.unreadable().because(error))?;
        match answers.complete {
            true => Ok(answers),
            false => Err(self.unreadable().because_text("the answers end too early")),
        }
    }

    /// A query of the recipe's own, whose one row must be one true value.
    async fn holds(&self, name: &str, sql: &str) -> Check {
        let rows = ask(self.caller, &self.server, self.database, sql, &BTreeMap::new()).await;
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
