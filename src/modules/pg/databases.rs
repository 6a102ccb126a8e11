//! `pg.create_database`, `pg.drop_database`, `pg.sweep_throwaways`: makes databases, and drops only databases that hikae made.

use std::collections::BTreeMap;
use std::rc::Rc;

use mlua::Table;

use crate::backup::at_end::CLEANUP_TIME;
use crate::backup::pool::spawn_uncancellable;
use crate::error::{Error, Kind, Result};
use crate::lua::exports::Call;
use crate::lua::traceback::from_lua;
use crate::postgres::server::client::server_options;
use crate::postgres::server::created::{CreatedDatabases, Hold};
use crate::postgres::server::maintenance::{DatabaseRow, Maintenance, cannot, maintenance};
use crate::postgres::server::query::ask;
use crate::postgres::server::quoting::{check_name, ident, literal};
use crate::postgres::server::throwaway;
use crate::postgres::server::throwaway_lock::ThrowawayLock;
use crate::report::{Level, log};
use crate::world::Caller;

server_options!(CreateOptions {
    name: Option<String>,
    like: Option<String>,
    connect_to: Option<String>,
});
server_options!(DropOptions {
    name: String,
    connect_to: Option<String>,
});
server_options!(SweepOptions {
    connect_to: Option<String>,
});

pub async fn create(call: Rc<Call>, options: CreateOptions) -> Result<String> {
    let caller = options.limit(call.world()?);
    let at = maintenance(&caller, options.server(), options.connect_to.as_deref());
    let created_databases = call.session.at_end.of::<CreatedDatabases>();
    let name = match &options.name {
        Some(name) => name.clone(),
        None => created_databases.take_reserved().unwrap_or_else(|| next_name(&caller, &created_databases)),
    };
    check_name(&name)?;
    let like = match &options.like {
        Some(like) => shape_of(&at, like).await?,
        None => String::new(),
    };
    let mut script = vec![format!("CREATE DATABASE {} TEMPLATE template0{like}", ident(&name))];
    // Recorded before it exists: another run can never mistake the throwaway for a leftover.
    let hold = match options.name {
        Some(_) => None,
        None => {
            let identity = &call.session.identity;
            let mark = throwaway::mark(&identity.run_id, &identity.recipe, &caller.world.machine().host);
            script.push(throwaway::comment(&name, &mark));
            let keeper = ThrowawayLock::start(&at, &name).await?;
            Some(Hold { keeper, server: at.server.clone(), connect_to: at.database.clone() })
        }
    };
    let step = call.session.step(format!("create database {name}"), call.site());
    created_databases.expect(&name, hold);
    // Not cancelled: an interrupted run must know which databases to drop.
    let (caller, server, database, new) = (caller.clone(), at.server, at.database, name.clone());
    let creating = async move {
        let created = create_and_find(
            &Maintenance { caller: &caller, server: server.clone(), database: database.clone() },
            &new,
            script,
        )
        .await;
        let left = left_by(
            &created,
            &Maintenance { caller: &caller.limited(Some(CLEANUP_TIME), Some(CLEANUP_TIME)), server, database },
            &new,
        )
        .await;
        Ok((created, left))
    };
    let (created, left) = spawn_uncancellable(call.session.pool.guard()?, creating).await?;
    step.end(0, 0, created.as_ref().err());
    match left {
        Left::Database(oid) => created_databases.is_done(&name, oid),
        Left::Nothing => created_databases.forget(&name),
        Left::Unknown => {}
    }
    created.map(|_| name)
}

/// The name of this run's next throwaway.
pub fn next_name(caller: &Caller, created: &CreatedDatabases) -> String {
    throwaway::name(caller.world.now(), caller.world.machine().process_id, created.next_number())
}

/// The state of a database after an attempt to create it.
enum Left {
    Database(u32),
    Nothing,
    Unknown,
}

/// A failed creation may still have created it: the connection broke after it, or its comment failed.
async fn left_by(created: &Result<u32>, at: &Maintenance<'_>, name: &str) -> Left {
    match created {
        Ok(oid) => Left::Database(*oid),
        Err(error) if error.kind() == Kind::AlreadyExists => Left::Nothing,
        Err(_) => match at.named(name).await {
            Ok(Some(found)) => Left::Database(found.oid),
            Ok(None) => Left::Nothing,
            Err(_) => Left::Unknown,
        },
    }
}

async fn create_and_find(at: &Maintenance<'_>, name: &str, script: Vec<String>) -> Result<u32> {
    at.run(&cannot("create", name), script).await.map_err(|error| match error.kind() {
        Kind::AlreadyExists => Error::new(Kind::AlreadyExists, cannot("create", name))
            .because_text("it is there already")
            .hint("give another name"),
        _ => error,
    })?;
    let found = at.named(name).await?;
    found
        .map(|found| found.oid)
        .ok_or_else(|| Error::new(Kind::NotFound, format!("the database `{name}` was made, and is gone")))
}

/// The encoding and the locale of a database, as `CREATE DATABASE` takes them; which columns have them differs with the release.
async fn shape_of(at: &Maintenance<'_>, like: &str) -> Result<String> {
    let sql = format!(
        "SELECT pg_catalog.pg_encoding_to_char(encoding) AS name, d.* FROM pg_catalog.pg_database d WHERE datname = {}",
        literal(like)
    );
    let rows = ask(at.caller, &at.server, &at.database, &sql, &BTreeMap::new()).await?;
    let Some(row) = rows.get(0) else {
        return Err(Error::new(Kind::NotFound, format!("there is no database `{like}` to be like"))
            .hint("`psql --list` shows those of the server; leave `like` out for the server's own locale"));
    };
    let text = |key: &str| row.get(key).and_then(serde_json::Value::as_str);
    let icu = text("datlocprovider") == Some("i");
    let builtin = text("datlocprovider") == Some("b");
    let provider = if icu {
        Some("icu")
    } else if builtin {
        Some("builtin")
    } else {
        None
    };
    let locale = text("datlocale").or(text("daticulocale"));
    let parts = [
        ("ENCODING", text("name")),
        ("LC_COLLATE", text("datcollate")),
        ("LC_CTYPE", text("datctype")),
        ("LOCALE_PROVIDER", provider),
        ("ICU_LOCALE", locale.filter(|_| icu)),
        ("BUILTIN_LOCALE", locale.filter(|_| builtin)),
    ];
    let given = parts.iter().filter_map(|(key, value)| Some(format!(" {key} {}", literal((*value)?))));
    Ok(given.collect())
}

pub async fn drop_one(call: Rc<Call>, options: DropOptions) -> Result<()> {
    let caller = options.limit(call.world()?);
    let at = maintenance(&caller, options.server(), options.connect_to.as_deref());
    let (name, created_databases) = (&options.name, call.session.at_end.of::<CreatedDatabases>());
    let Some(found) = at.named(name).await? else {
        created_databases.forget(name);
        return Err(Error::new(Kind::NotFound, cannot("drop", name)).because_text("there is no such database"));
    };
    let left_over = throwaway::is_name(name) && throwaway::is_mark(found.comment.as_deref());
    // A recreated throwaway has another number; while this run holds its name, no other run can have made it.
    let own = created_databases.has(name, found.oid) || created_databases.keeps(name) && left_over;
    if !own && !left_over {
        return Err(Error::new(Kind::Denied, format!("refused to drop the database `{name}`"))
            .because_text("this run did not make it, and it is no throwaway of hikae's")
            .hint("a recipe drops only what hikae made; if it is not needed any more, drop it yourself: `dropdb`"));
    }
    let step = call.session.step(format!("drop database {name}"), call.site());
    let dropped = match own {
        true => at.drop_own(name).await,
        false => at.drop_unless_needed(name).await.and_then(|dropped| if dropped { Ok(()) } else { Err(needed(name)) }),
    };
    step.end(0, 0, dropped.as_ref().err());
    dropped?;
    created_databases.forget(name);
    Ok(())
}

fn needed(name: &str) -> Error {
    Error::new(Kind::Locked, cannot("drop", name))
        .because_text("the run that made it is under way")
        .hint("`hikae runs --status running` shows it; it drops the database itself")
}

/// Drops the throwaways of killed runs, whatever else fails; returns their names.
pub async fn sweep(call: Rc<Call>, options: SweepOptions) -> Result<Table> {
    let caller = options.limit(call.world()?);
    let at = maintenance(&caller, options.server(), options.connect_to.as_deref());
    let prefix = literal(throwaway::PREFIX);
    let all = at.find(&format!("pg_catalog.starts_with(datname::text, {prefix})")).await?;
    let left =
        all.into_iter().filter(|found| throwaway::is_name(&found.name) && throwaway::is_mark(found.comment.as_deref()));
    let (mut dropped, mut failed) = (Vec::new(), None);
    for DatabaseRow { name, .. } in left {
        match at.drop_unless_needed(&name).await {
            Ok(true) => {
                log(Level::Info, &format!("left-over database dropped: {name}"), call.site().as_ref());
                call.session.noted(format!("drop left-over database {name}"), None, call.site().as_ref());
                dropped.push(name);
            }
            Ok(false) => {}
            // Its own run, or another run's sweep, dropped it first.
            Err(error) if error.kind() == Kind::NotFound => {}
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    if let Err(error) = at.sweep_roles().await {
        failed = failed.or(Some(error));
    }
    match failed {
        Some(error) => Err(error),
        None => call.lua.create_sequence_from(dropped).map_err(from_lua),
    }
}
