//! `pg.restore`: proves a dump from its first byte to its last, and then loads it into the database that the recipe names.

use std::path::PathBuf;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use mlua::Table;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use crate::backup::decrypting::{Identity, SecretKey};
use crate::backup::pool::spawn_uncancellable;
use crate::error::{Error, Kind, Result};
use crate::lua::exports::Call;
use crate::lua::traceback::from_lua;
use crate::modules::pg::scratch_root;
use crate::postgres::restore::read::Reader;
use crate::postgres::restore::steps::{Restored, Restoring};
use crate::postgres::restore::structure_checks;
use crate::postgres::server::client::server_options;
use crate::postgres::server::clusters::Clusters;
use crate::postgres::server::created::CreatedDatabases;
use crate::postgres::server::throwaway;
use crate::postgres::server::throwaway_role::ThrowawayRoles;
use crate::secret::Secret;
use crate::world::Caller;

/// The longest name that PostgreSQL keeps whole: it truncates longer names, which could then name another database.
const MOST_NAME_BYTES: usize = 63;

/// More connections than this do not speed up a restore.
const MOST_JOBS: u32 = 64;

server_options!(RestoreOptions {
    source: PathBuf,
    database: String,
    dump_of: Option<String>,
    #[serde(default)]
    if_exists: IfExists,
    make_roles: Option<bool>,
    jobs: Option<u32>,
    work: Option<PathBuf>,
    identity: Option<SecretKey>,
    passphrase: Option<Secret>,
    maintenance_database: Option<String>,
    #[serde(default)]
    trust: Trust,
});

/// The source of trust for a file: its code runs while it is loaded.
#[derive(Deserialize, Default, Clone, Copy, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Trust {
    /// The record of backups.
    #[default]
    Recorded,
    /// A person.
    Dump,
}

/// How to handle a target that already exists.
#[derive(Deserialize, Default, Clone, Copy, PartialEq)]
#[serde(rename_all = "snake_case")]
enum IfExists {
    #[default]
    Refuse,
    Use,
    /// A throwaway of this run is recreated, with the encoding and the locale of the dump.
    Remake,
}

pub async fn restore(call: Rc<Call>, options: RestoreOptions) -> Result<Table> {
    check(&options)?;
    let caller = call.world()?;
    let remade = match options.if_exists {
        IfExists::Remake => Some(mark_of(&call, &caller, &options.database)?),
        _ => None,
    };
    let makes_roles = options.make_roles.unwrap_or(false);
    if makes_roles && !options.host.as_deref().is_some_and(|host| call.session.at_end.of::<Clusters>().has(host)) {
        return Err(Error::new(Kind::Denied, "refused to make roles on a server that others use")
            .hint("`make_roles` is for what `pg.temporary_cluster` gave"));
    }
    let limits = options.limit(caller.clone()).limits;
    let step =
        call.session.step(format!("restore of {} into {}", options.source.display(), options.database), call.site());
    // The server is silent while it builds an index, however long that takes.
    let idle = options.idle_timeout.unwrap_or(limits.total);
    let work = scratch_root(&call, options.work.clone())?;
    let left_role = Arc::new(Mutex::new(None));
    let identity = Identity::of(options.identity.clone(), options.passphrase.clone());
    let restoring = Restoring {
        loader: caller.clone().limited(Some(limits.total), Some(idle)),
        reader: Reader { caller: caller.limited(options.timeout, options.idle_timeout), work, identity },
        server: options.server(),
        source: options.source,
        target: options.database,
        dump_of: options.dump_of,
        maintenance: options.maintenance_database.unwrap_or_else(|| "postgres".to_owned()),
        reuse: options.if_exists == IfExists::Use,
        remade,
        makes_roles,
        jobs: options.jobs.unwrap_or(1),
        trusted: options.trust == Trust::Dump,
        is_recorded: call.session.recorded_query.clone(),
        left_role: left_role.clone(),
        step: step.number,
    };
    let (file, target) = (restoring.source.display().to_string(), restoring.target.clone());
    let cancel = CancellationToken::new();
    let cancel_on_drop = cancel.clone().drop_guard();
    // A cancelled restore must still drop the database that it created.
    let mut answer = spawn_uncancellable(call.session.pool.guard()?, restoring.run(cancel)).await;
    drop(cancel_on_drop);
    let outcome = answer.as_ref().err().map(Error::one_line);
    call.session.recorder.changed(serde_json::json!({
        "restored": file, "into": target, "sha256": answer.as_ref().ok().map(|restored| restored.sha256.clone()), "error": outcome,
    }));
    match &answer {
        Ok(restored) => step.end(restored.size_bytes, restored.plain_bytes, None),
        Err(error) => step.end(0, 0, Some(error)),
    }
    let role = match &mut answer {
        Ok(restored) => restored.role.take(),
        Err(_) => left_role.lock().unwrap_or_else(|broken| broken.into_inner()).take(),
    };
    call.session.at_end.of::<ThrowawayRoles>().loaded_again(&target);
    if let Some(role) = role {
        call.session.at_end.of::<ThrowawayRoles>().add(&target, role);
    }
    let restored = answer?;
    call.session.at_end.of::<structure_checks::Restored>().keep(&restored.target, restored.structure.clone());
    table(&call, &restored).map_err(from_lua)
}

/// The comment of this run's own throwaway; no other database is recreated.
fn mark_of(call: &Call, caller: &Caller, name: &str) -> Result<String> {
    if !call.session.at_end.of::<CreatedDatabases>().keeps(name) {
        return Err(Error::new(Kind::Denied, format!("refused to make the database `{name}` again"))
            .because_text("it is no throwaway of this run")
            .hint("`if_exists = \"remake\"` takes the name that `pg.create_database` gave"));
    }
    let identity = &call.session.identity;
    Ok(throwaway::mark(&identity.run_id, &identity.recipe, &caller.world.machine().host))
}

fn check(options: &RestoreOptions) -> Result<()> {
    let wrong = |what: String, hint: &str| Err(Error::new(Kind::Recipe, what).hint(hint));
    let name = &options.database;
    if name.is_empty() || name.len() > MOST_NAME_BYTES || name.contains('\0') {
        let what = format!("`{name}` cannot be the name of a database");
        return wrong(what, "a name has 1 to 63 bytes: PostgreSQL would cut it off");
    }
    match options.jobs {
        Some(jobs) if jobs == 0 || jobs > MOST_JOBS => {
            let what = format!("`jobs` of `pg.restore` must be a whole number from 1 to {MOST_JOBS}, not `{jobs}`");
            wrong(what, "as many as the server has cores is a good number")
        }
        _ => Ok(()),
    }
}

fn table(call: &Call, restored: &Restored) -> mlua::Result<Table> {
    let table = call.lua.create_table()?;
    table.raw_set("database", restored.target.as_str())?;
    table.raw_set("created", restored.created)?;
    table.raw_set("source", restored.source.as_str())?;
    table.raw_set("size_bytes", restored.size_bytes)?;
    table.raw_set("plain_bytes", restored.plain_bytes)?;
    table.raw_set("sha256", restored.sha256.as_str())?;
    table.raw_set("dump", crate::lua::json::to_lua(&call.lua, &restored.dump)?)?;
    Ok(table)
}
