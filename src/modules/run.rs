//! The module `run`: what the current run is, and what it has proved so far.

use std::time::Duration;

use mlua::{Lua, Table};
use serde::Deserialize;

use crate::catalog::RTO;
use crate::error::{Error, Kind, Result, brief};
use crate::lua::budget::Budget;
use crate::lua::exports::Module;
use crate::lua::options::Text;
use crate::lua::traceback::from_lua;
use crate::report::remark::{Level, Remark};

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct NoteOptions {
    took: Option<f64>,
    failed: Option<String>,
    measure: Option<Measure>,
}

/// The kind of work that a step's time measures.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Measure {
    /// How long a restore took.
    Rto,
}

impl Measure {
    fn word(&self) -> &'static str {
        match self {
            Measure::Rto => RTO,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RemarkOptions {
    level: Level,
    kind: String,
    message: String,
    hint: Option<String>,
}

pub fn module(lua: &Lua) -> mlua::Result<Module> {
    Module::new(lua)?
        .call("run.id", |call, ()| Ok(call.session.identity.run_id.clone()))?
        .call("run.recipe", |call, ()| Ok(call.session.identity.recipe.clone()))?
        .call("run.kind", |call, ()| Ok(call.session.identity.kind.clone()))?
        .call("run.confirmed", |call, ()| Ok(call.session.identity.confirmed))?
        .call("run.note", |call, (name, options): (String, Option<NoteOptions>)| {
            let NoteOptions { took, failed, measure } = options.unwrap_or_default();
            let time = Duration::try_from_secs_f64(took.unwrap_or_default()).map_err(|_| {
                Error::new(Kind::Recipe, "`took` of `run.note` must be a number of seconds").hint("see `clock.elapsed`")
            })?;
            let (name, failed) = (brief(name), failed.map(brief));
            Budget::of(&call.lua).keep(&[&name, failed.as_deref().unwrap_or_default()])?;
            let measure = measure.map(|measure| measure.word().to_owned());
            call.session.took(name, time, failed, measure, call.site().as_ref());
            Ok(())
        })?
        .wait("run.ask", |call, (question,): (String,)| async move {
            let Some(ask) = call.session.ask.clone() else { return Ok(None) };
            let answer = tokio::task::spawn_blocking(move || ask(&question)).await;
            answer.map(Some).map_err(|cause| Error::new(Kind::Other, "cannot ask").because(cause))
        })?
        .call("run.accept_warnings", |call, (patterns,): (Vec<String>,)| {
            *call.session.accepting.borrow_mut() = patterns;
            Ok(())
        })?
        .call("run.remark", |call, (remark,): (RemarkOptions,)| {
            let RemarkOptions { level, kind, message, hint } = remark;
            Budget::of(&call.lua).keep(&[&kind, &message, hint.as_deref().unwrap_or_default()])?;
            let remark = Remark { hint, ..Remark::new(level, &kind, message) };
            call.session.remark(remark, call.site().as_ref());
            Ok(())
        })?
        .call("run.contacts", |call, ()| contacts(&call.lua, &call.session.contacts))?
        .call("run.reported", |call, (address,): (Text,)| {
            call.session.recorder.reported(address.0.expose());
            Ok(())
        })?
        .call("run.backups", |call, ()| {
            let paths: Vec<String> = call.session.backups.borrow().iter().map(|backup| backup.path.clone()).collect();
            call.lua.create_sequence_from(paths).map_err(from_lua)
        })
}

/// The people to call, the first level first.
fn contacts(lua: &Lua, groups: &[(&'static str, Vec<String>)]) -> Result<Table> {
    let rows = groups.iter().map(|(level, names)| {
        let row = lua.create_table()?;
        row.raw_set("level", *level)?;
        row.raw_set("names", names.as_slice())?;
        Ok(row)
    });
    let rows: mlua::Result<Vec<Table>> = rows.collect();
    rows.and_then(|rows| lua.create_sequence_from(rows)).map_err(from_lua)
}
