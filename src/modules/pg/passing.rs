//! `pg.prove`: proves a dump from elsewhere while its bytes are written to a file.

use std::path::PathBuf;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use mlua::{AnyUserData, Value};
use serde::Deserialize;
use tokio::sync::mpsc;

use crate::error::{Error, Kind, Result};
use crate::lua::exports::Call;
use crate::modules::pg::scratch_root;
use crate::modules::stream::Stream;
use crate::postgres::dump::inspector::Inspector;
use crate::postgres::restore::read::{Format, Reader, Reading};
use crate::postgres::server::load_line::{psql, psql_at_once};
use crate::stream::ahead::Ahead;
use crate::stream::stage::Staged;
use crate::stream::{Facts, Piece, SharedFacts, Source};
use crate::world::command::quoted;

/// The number of passed pieces that may wait for their proof.
const PIECES_AHEAD: usize = 8;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct ProveOptions {
    database: Option<String>,
    name: Option<String>,
    work: Option<PathBuf>,
}

/// The same stream, which succeeds only if its bytes are one whole dump.
pub fn prove(call: &Call, stream: &Value, options: ProveOptions) -> Result<AnyUserData> {
    let reader = Reader { caller: call.world()?, work: scratch_root(call, options.work)?, identity: None };
    let Some(Ok(stream)) = stream.as_userdata().map(AnyUserData::borrow::<Stream>) else {
        return Err(Error::new(Kind::Recipe, "`pg.prove` was called without a stream")
            .hint("pg.prove(http.download(url), { database = \"shop\" }):save(path)"));
    };
    let (pipeline, taps) = stream.take(call)?;
    let ProveOptions { database, name, .. } = options;
    let expected = Expected { database, name: name.unwrap_or_default() };
    let pipeline = pipeline.then(move |source, facts| Box::new(Passing::new(source, reader, expected, facts)));
    Stream::create(call, pipeline, taps)
}

/// The requirements for the dump.
struct Expected {
    database: Option<String>,
    /// The name of its file: a file named `.gz` must be gzip.
    name: String,
}

struct Passing {
    source: Box<dyn Source>,
    /// The receiver of the copies; `None` once all have passed.
    copies: Option<mpsc::Sender<Bytes>>,
    checking: Ahead,
}

impl Passing {
    fn new(source: Box<dyn Source>, reader: Reader, expected: Expected, facts: &SharedFacts) -> Passing {
        let (copies, passed) = mpsc::channel(PIECES_AHEAD);
        let inspector = Inspector::new(facts.clone(), expected.database.clone());
        let checking = Ahead::new(check(Copies(passed), reader, inspector, facts.clone(), expected));
        Passing { source, copies: Some(copies), checking }
    }

    async fn step(&mut self) -> Result<Piece> {
        let piece = self.checking.alongside(self.source.next()).await??;
        match (&piece, &self.copies) {
            (Piece::Data(data), Some(copies)) => {
                // If the check has ended, there is no receiver, and the check reports why.
                let _untaken = self.checking.alongside(copies.send(data.clone())).await?;
            }
            _ => {
                self.copies = None;
                self.checking.finish().await?;
            }
        }
        Ok(piece)
    }
}

impl Source for Passing {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(self.step())
    }
}

/// The passed bytes as a second source.
struct Copies(mpsc::Receiver<Bytes>);

impl Source for Copies {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        // The source itself distinguishes a true end from a broken one.
        Box::pin(async { Ok(self.0.recv().await.map_or(Piece::End, Piece::Data)) })
    }
}

/// Reads the dump to its end, and records in the manifest what it is and how it is restored.
async fn check(
    copies: Copies,
    reader: Reader,
    inspector: Inspector,
    facts: SharedFacts,
    expected: Expected,
) -> Result<()> {
    let unpacked = SharedFacts::default();
    let Reading { source, format, packed, folder, .. } =
        reader.open(Box::new(copies), &expected.name, &unpacked).await?;
    let mut dump = Staged::new(Box::new(source), inspector);
    while let Piece::Data(_) = dump.next().await? {}
    let mut facts = facts.lock();
    facts.plain_bytes = unpacked.lock().plain_bytes;
    let created = facts.sections.get("database").and_then(|dump| dump["name"].as_str()).map(str::to_owned);
    let names = (created.as_deref(), expected.database.as_deref());
    record_undoing(&mut facts, format, packed, folder.as_deref(), names);
    Ok(())
}

/// The standard tools that restore it. A plain dump that creates no database is for the database that it names.
fn record_undoing(
    facts: &mut Facts,
    format: Format,
    packed: Option<&str>,
    folder: Option<&str>,
    (created, expected): (Option<&str>, Option<&str>),
) {
    if let Some(tool) = packed {
        // It was packed before anything else was done to it.
        facts.packed = Some(format!("{tool} -dc"));
    }
    // A session cannot drop or create the database that it is connected to.
    let into = if created.or(expected) == Some("postgres") { "template1" } else { "postgres" };
    let decode = format!("pg_restore --create --exit-on-error -d {into}");
    if format != Format::Plain {
        facts.filters.clear();
    }
    facts.load = match format {
        Format::Plain => match (created, expected) {
            (Some(_), _) => Some(psql(into)),
            (None, Some(database)) => Some(psql_at_once(database)),
            (None, None) => None,
        },
        Format::Archive | Format::Tar => Some(decode),
        Format::Directory => {
            let folder = quoted(folder.unwrap_or_default());
            let env = facts.load_env.take().map(|env| env + " ").unwrap_or_default();
            Some(format!(
                r#"{{ d=$(mktemp -d) && tar -xf - -C "$d" && {env}{decode} "$d"/{folder}; s=$?; rm -rf "$d"; exit $s; }}"#
            ))
        }
    };
}
