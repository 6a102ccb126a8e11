//! Queries the contents of a restored database, table by table, and compares them with its backup.

use std::collections::BTreeMap;

use serde::de;

use crate::error::{Error, Kind, Result};
use crate::postgres::dump::facts::{DatabaseFacts, names};
use crate::postgres::restore::checks::Check;
use crate::postgres::restore::live::{self, Answers, Live, LiveTable, Target};
use crate::postgres::server::query::ask_in;
use crate::postgres::server::talk::Talk;
use crate::world::postgres::{QueryResult, message_of};

/// The largest answer of a database about itself: a few hundred thousand tables.
const MOST_LIVE_BYTES: usize = 128 << 20;

/// The database that is queried.
pub struct Asked<'a> {
    pub talk: &'a mut Talk,
    pub database: &'a str,
    /// Whether the code in it, which reading may run, is not trusted.
    pub apart: bool,
}

impl Asked<'_> {
    /// What the database contains; names that the dump has in another encoding are decoded as well.
    pub async fn live(&mut self, expected: &mut DatabaseFacts) -> Result<Live> {
        self.talk.run(live::PRELUDE.map(str::to_owned)).await?;
        self.talk.set_apart(self.apart);
        self.read_names(expected).await?;
        self.json(live::query()).await
    }

    /// The checks of the recipe's own queries, which resolve names as any session does.
    pub async fn queries(&mut self, queries: &BTreeMap<String, String>) -> Result<Vec<Check>> {
        let mut checks = Vec::new();
        if !queries.is_empty() {
            self.talk.set_apart(false);
            self.talk.run(["RESET search_path".to_owned()]).await?;
            self.talk.set_apart(self.apart);
        }
        for (name, sql) in queries {
            checks.push(self.holds(name, sql).await);
        }
        Ok(checks)
    }

    /// The one value that a query of hikae returns.
    async fn json<T: de::DeserializeOwned>(&mut self, sql: String) -> Result<T> {
        let answer = self.talk.ask_for(sql, MOST_LIVE_BYTES).await?;
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

    /// Counts every table except those that are `read_whole` anyway, reads a row of each, and queries every sequence.
    /// An error of the server is the result.
    pub async fn answers(
        &mut self,
        targets: &[Target<'_>],
        expected: &DatabaseFacts,
        read_whole: impl Fn(&LiveTable) -> bool,
    ) -> Result<Answers> {
        let mut answers = Answers::default();
        for target in targets {
            answers.rows.push(match read_whole(target.table) {
                true => None,
                false => Some(self.said(target.count()).await?.and_then(|answer| number(answer.value()))),
            });
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

    /// The result of a statement, or the error message of the server.
    async fn said(&mut self, sql: String) -> Result<std::result::Result<QueryResult, String>> {
        match self.talk.ask(sql).await {
            Ok(answer) => Ok(Ok(answer)),
            Err(error) => match message_of(&error) {
                Some(message) => Ok(Err(message)),
                None => Err(error),
            },
        }
    }

    /// A query of the recipe, which must return one row with one true value.
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
