//! `pg.temporary_cluster`, `pg.drop_cluster`: a private server of the run, in its own folder, removed when the run ends.

use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use mlua::Table;
use serde::Deserialize;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::backup::pool::spawn;
use crate::error::{Error, Kind, Result};
use crate::lua::exports::Call;
use crate::lua::traceback::from_lua;
use crate::modules::pg::databases::next_name;
use crate::postgres::server::clusters::Clusters;
use crate::postgres::server::created::CreatedDatabases;
use crate::postgres::server::temporary_cluster::{PORT, TemporaryCluster};
use crate::postgres::server::throwaway;
use crate::units::duration;

/// In a setting, replaced by the name of the run's next throwaway: some extensions work only in the database that a setting names.
const DATABASE: &str = "{database}";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterOptions {
    dir: PathBuf,
    server_version: Option<String>,
    size_bytes: Option<u64>,
    /// Settings of the server, such as `shared_preload_libraries = 'pg_cron'`.
    #[serde(default)]
    settings: Vec<String>,
    #[serde(default, deserialize_with = "duration")]
    timeout: Option<Duration>,
}

/// The result of `pg.temporary_cluster`; only its folder matters.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterHandle {
    host: String,
    #[serde(rename = "port")]
    _port: u16,
    #[serde(rename = "user")]
    _user: String,
}

pub async fn start(call: Rc<Call>, options: ClusterOptions) -> Result<Table> {
    let caller = call.world()?.limited(options.timeout, None);
    let step = call.session.step("temporary cluster".to_owned(), call.site());
    let name = throwaway::cluster_name(caller.world.now(), caller.world.machine().process_id);
    let home = options.dir.join(&name).display().to_string();
    let cluster = TemporaryCluster::new(caller.clone(), options.dir, name, options.server_version, options.size_bytes);
    let created = call.session.at_end.of::<CreatedDatabases>();
    let database = next_name(&caller, &created);
    let settings = options.settings.iter().map(|setting| setting.replace(DATABASE, &database)).collect();
    let cluster = cluster.with_settings(settings)?;
    if options.settings.iter().any(|setting| setting.contains(DATABASE)) {
        created.reserve(database);
    }
    let stop = CancellationToken::new();
    let (ready, answered) = oneshot::channel();
    let ended = spawn(call.session.pool.guard()?, cluster.run(ready, stop.clone()));
    // From now on it is removed with the run, however that ends.
    call.session.at_end.of::<Clusters>().add(home.clone(), stop.drop_guard(), ended);
    let ready = answered.await.is_ok();
    let answer = if ready {
        Ok(())
    } else {
        call.session.at_end.of::<Clusters>().end(&home).await.and_then(|()| Err(vanished()))
    };
    step.end(0, 0, answer.as_ref().err());
    answer?;
    let table = call.lua.create_table().map_err(from_lua)?;
    table.raw_set("host", home).map_err(from_lua)?;
    table.raw_set("port", PORT).map_err(from_lua)?;
    table.raw_set("user", "postgres").map_err(from_lua)?;
    Ok(table)
}

pub async fn drop_one(call: Rc<Call>, given: ClusterHandle) -> Result<()> {
    if !call.session.at_end.of::<Clusters>().has(&given.host) {
        return Err(Error::new(Kind::NotFound, format!("there is no cluster `{}` of this run", given.host))
            .hint("give what `pg.temporary_cluster` gave"));
    }
    let step = call.session.step("drop temporary cluster".to_owned(), call.site());
    let dropped = call.session.at_end.of::<Clusters>().end(&given.host).await;
    step.end(0, 0, dropped.as_ref().err());
    dropped
}

fn vanished() -> Error {
    Error::new(Kind::Other, "the temporary cluster ended before it was ready")
}
