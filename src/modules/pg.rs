//! The module `pg`: dumps by PostgreSQL's own programs, and all else in sessions with the server.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;

use mlua::{AnyUserData, Function, Lua, MultiValue, Value};

use crate::backup::pipeline::Pipeline;
use crate::backup::scratch_dir::ScratchRoot;
use crate::error::Result;
use crate::lua::exports::{Call, Module};
use crate::lua::traceback::from_lua;
use crate::lua::unknown::Unknown;
use crate::modules::process::unknown;
use crate::modules::stream::Stream;
use crate::postgres::dump::globals;
use crate::postgres::dump::globals::Globals;
use crate::postgres::dump::inspector::Inspector;
use crate::postgres::dump::warnings::heed;
use crate::postgres::server::client::server_options;
use crate::postgres::server::dump_options::DumpOptions;
use crate::postgres::server::expected::expected;
use crate::postgres::server::explain::explain;
use crate::postgres::server::load_line::of_dump;
use crate::postgres::server::maintenance::MAINTENANCE;
use crate::postgres::server::query::{ask, look};
use crate::postgres::server::talk;
use crate::stream::SharedFacts;
use crate::stream::stage::Staged;
use crate::stream::taps::Count;
use crate::world::Exit;
use crate::world::program::ProgramSource;

pub(crate) mod cluster;
pub(crate) mod databases;
pub(crate) mod inspect;
pub(crate) mod passing;
pub(crate) mod restore;
pub(crate) mod swap;
pub(crate) mod verify;

server_options!(GlobalsOptions {
    database: Option<String>,
    passwords: Option<bool>,
});
server_options!(QueryOptions {
    database: String,
    sql: String,
    #[serde(default)]
    vars: BTreeMap<String, String>,
    read_only: Option<bool>,
});
server_options!(ServerOptions { database: Option<String>, });

pub fn module(lua: &Lua) -> mlua::Result<Module> {
    Module::new(lua)?
        .add("pg.prove", proving_stream(lua)?)?
        .call("pg.dump", |call, (options,): (DumpOptions,)| dump(call, options))?
        .call("pg.dump_globals", |call, (options,): (GlobalsOptions,)| dump_globals(call, options))?
        .wait("pg.is_ready", |call, (options,): (ServerOptions,)| is_ready(call, options))?
        .wait("pg.query", |call, (options,): (QueryOptions,)| query(call, options))?
        .wait("pg.databases", |call, (options,): (ServerOptions,)| databases(call, options))?
        .wait("pg.inspect", |call, (path, options): (PathBuf, Option<inspect::InspectOptions>)| {
            inspect::inspect(call, path, options.unwrap_or_default())
        })?
        .wait("pg.verify", |call, (options,): (verify::VerifyOptions,)| verify::verify(call, options))?
        .wait("pg.create_database", |call, (options,): (databases::CreateOptions,)| databases::create(call, options))?
        .wait("pg.drop_database", |call, (options,): (databases::DropOptions,)| databases::drop_one(call, options))?
        .wait("pg.sweep_throwaways", |call, (options,): (databases::SweepOptions,)| databases::sweep(call, options))?
        .wait("pg.swap", |call, (options,): (swap::SwapOptions,)| swap::swap(call, options))?
        .wait("pg.temporary_cluster", |call, (options,): (cluster::ClusterOptions,)| cluster::start(call, options))?
        .wait("pg.drop_cluster", |call, (cluster,): (cluster::ClusterHandle,)| cluster::drop_one(call, cluster))?
        .wait("pg.restore", |call, (options,): (restore::RestoreOptions,)| restore::restore(call, options))
}

/// `pg.prove`, which takes a stream.
fn proving_stream(lua: &Lua) -> mlua::Result<Function> {
    lua.create_function(|lua, (stream, options): (Value, Value)| {
        let call = Call::new(lua, "pg.prove").map_err(mlua::Error::external)?;
        let options = || call.args(MultiValue::from_iter([options])).map(|(options,): (Option<_>,)| options);
        let proved = options().and_then(|options| passing::prove(&call, &stream, options.unwrap_or_default()));
        proved.map_err(|error| call.raise(error))
    })
}

/// A stream of the dump, inspected as it passes.
fn dump(call: &Call, options: DumpOptions) -> Result<AnyUserData> {
    let caller = options.limit(call.world()?);
    let facts = SharedFacts::default();
    facts.lock().load = of_dump(&options);
    let label = format!("dump of {}", options.database);
    if options.create {
        // The facts known to a plan; the dump itself has more.
        facts.lock().sections.insert("database".to_owned(), serde_json::json!({ "name": options.database }));
    }
    let (database, stage_facts) = (options.database.clone(), facts.clone());
    let pipeline = Pipeline::new(label, caller.limits, facts, move || async move {
        expected(&caller, &options, &stage_facts).await;
        let child = caller.spawn(options.command()).await?;
        let act = format!("cannot dump the database `{database}`");
        let source = ProgramSource::new("pg_dump", child).explain(move |exit: &Exit| explain(&act, "pg_dump", exit));
        let source = source.heeding(heed("pg_dump", Some(database.clone()), &stage_facts));
        let counted = Staged::new(Box::new(source), Count::new(&stage_facts));
        Ok(Box::new(Staged::new(Box::new(counted), Inspector::new(stage_facts, Some(database)))) as _)
    });
    Stream::create(call, pipeline, Vec::new())
}

/// A stream of the roles and tablespaces of the cluster, proved as it passes.
fn dump_globals(call: &Call, options: GlobalsOptions) -> Result<AnyUserData> {
    let caller = options.limit(call.world()?);
    let command = options.server().globals(options.database.as_deref(), options.passwords.unwrap_or(true));
    let facts = SharedFacts::default();
    facts.lock().load = Some(globals::LOAD.to_owned());
    let stage_facts = facts.clone();
    let label = "dump of the cluster's globals".to_owned();
    let pipeline = Pipeline::new(label, caller.limits, facts, move || async move {
        let child = caller.spawn(command).await?;
        let act = "cannot dump the roles and tablespaces of the cluster";
        let source =
            ProgramSource::new("pg_dumpall", child).explain(move |exit: &Exit| explain(act, "pg_dumpall", exit));
        let source = source.heeding(heed("pg_dumpall", None, &stage_facts));
        let counted = Staged::new(Box::new(source), Count::new(&stage_facts));
        Ok(Box::new(Staged::new(Box::new(counted), Globals::new(stage_facts))) as _)
    });
    Stream::create(call, pipeline, Vec::new())
}

/// Whether the server takes connections.
async fn is_ready(call: Rc<Call>, options: ServerOptions) -> Result<bool> {
    let caller = options.limit(call.world()?);
    let database = options.database.as_deref().unwrap_or(MAINTENANCE);
    talk::is_ready(&caller, &options.server(), database).await
}

/// The rows of a query, each a table by column name.
async fn query(call: Rc<Call>, options: QueryOptions) -> Result<Value> {
    let caller = options.limit(call.world()?);
    let (server, sql, vars) = (options.server(), &options.sql, &options.vars);
    let answer = match options.read_only {
        Some(true) => look(&caller, &server, &options.database, sql, vars).await,
        _ => ask(&caller, &server, &options.database, sql, vars).await,
    };
    if let Some(unknown) = unknown(&call, Unknown::row(), &answer)? {
        return Ok(unknown);
    }
    crate::lua::json::to_lua(&call.lua, &answer?).map_err(from_lua)
}

/// The names of the databases of the server that can be dumped, sorted.
async fn databases(call: Rc<Call>, options: ServerOptions) -> Result<Value> {
    let caller = options.limit(call.world()?);
    let sql =
        "SELECT datname AS name FROM pg_catalog.pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname";
    let database = options.database.clone().unwrap_or_else(|| MAINTENANCE.to_owned());
    let rows = ask(&caller, &options.server(), &database, sql, &BTreeMap::new()).await;
    if let Some(unknown) = unknown(&call, Unknown::row(), &rows)? {
        return Ok(unknown);
    }
    let rows = rows?;
    let names = rows.as_array().into_iter().flatten().filter_map(|row| row["name"].as_str().map(str::to_owned));
    call.lua.create_sequence_from(names).map(Value::Table).map_err(from_lua)
}

/// The folder in which a call may unpack, if the recipe names one.
fn scratch_root(call: &Call, folder: Option<PathBuf>) -> Result<Option<ScratchRoot>> {
    let Some(folder) = folder else { return Ok(None) };
    let (run_id, weak_guard) = (&call.session.identity.run_id, call.session.pool.weak_guard()?);
    Ok(Some(ScratchRoot::new(folder, run_id, call.session.number(), weak_guard)))
}
