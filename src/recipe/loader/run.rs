//! Runs the recipe's own part of a run: one Lua state, from its start to its end.

use std::rc::Rc;
use std::sync::Arc;

use mlua::{FromLua, Function, Table, Value};
use tokio::sync::oneshot;

use super::{finder, params};
use crate::config::translations;
use crate::error::{Error, Kind, Result};
use crate::lua::fuse::{Fuse, LuaLimits};
use crate::lua::machine::Machine;
use crate::lua::record_queries::RecordQueries;
use crate::lua::session::{Play, RecordedQuery, Session};
use crate::lua::state;
use crate::lua::traceback::from_lua;
use crate::modules::LIBRARY;
use crate::recipe::doubts;
use crate::recipe::job::Job;
use crate::recipe::ledger::Ledger;
use crate::recipe::outcome::LuaEnd;
use crate::world::Caller;

/// The input of Lua for a run; it can cross threads, and no Lua value leaves it.
pub struct LuaPart {
    pub job: Arc<Job>,
    pub caller: Caller,
    pub run_id: String,
    pub ledger: Arc<Ledger>,
    pub record: RecordQueries,
    pub recorded_query: RecordedQuery,
    pub play: Play,
    pub preview: Preview,
}

/// Whether the recipe shows a preview before it runs.
#[derive(Clone, Copy, PartialEq)]
pub enum Preview {
    /// Only runs.
    No,
    /// Shows the preview, and then runs.
    First,
    /// Only shows the preview.
    Only,
}

/// The result of the recipe, with the failures that it caught.
fn end_of(session: &Session, error: Option<Error>) -> LuaEnd {
    let mut end = LuaEnd { error, ..LuaEnd::default() };
    for caught in session.caught.borrow().iter() {
        if caught.swallowed() && caught.of_copy {
            end.failed_copies.push(caught.error.clone());
        } else if caught.swallowed() {
            end.swallowed.push(caught.error.clone());
        } else if caught.accepted.borrow().is_some() {
            end.accepted.push(caught.error.clone());
        }
    }
    let streams = session.streams.borrow();
    end.unused_streams.extend(streams.iter().filter(|stream| !stream.used.get()).map(|stream| stream.error()));
    end
}

/// Runs Lua to its end. It sends its fuse first, so that it can be stopped.
pub async fn run(part: LuaPart, fuse: oneshot::Sender<Fuse>) -> LuaEnd {
    let LuaPart { job, caller, run_id, ledger, record, recorded_query, play, preview } = part;
    let config = job.config.clone();
    let session = Session::new(caller, job.identity(&run_id), translations(&config), ledger);
    let session = session.with_smtp(Box::new(move || config.smtp())).with_record(record);
    let mut session = session.with_recorded_query(recorded_query);
    session.play = play;
    session.contacts = job.config.settings.contacts.groups();
    session.ask = job.ask.get().cloned();
    let session = Rc::new(session);
    if let Some(remark) = doubts::of_needs(&job.needs.run) {
        session.remark(remark, None);
    }
    let mut said = Vec::new();
    let mut answer = call(&session, &job, fuse, (preview, &mut said)).await;
    // Lua and everything that it waited for has ended: unfinished work is undone, unless it is a commit.
    session.at_end.release();
    session.pool.settle().await;
    if answer.is_ok() {
        // On the heap: recipes that run recipes would need deep stacks.
        answer = Box::pin(doubts::say(&session)).await;
    }
    session.at_end.finish(&session.caller, answer.is_ok()).await;
    LuaEnd { preview: said, ..end_of(&session, answer.err()) }
}

async fn call(
    session: &Rc<Session>,
    job: &Job,
    fuse: oneshot::Sender<Fuse>,
    (preview, said): (Preview, &mut Vec<String>),
) -> Result<()> {
    let machine = Machine::new(session.clone(), LIBRARY, &LuaLimits::default(), finder(&job.config, &job.source))?;
    // There is no receiver if the run was cut before it began; then the cut ends it.
    let _unheard = fuse.send(machine.fuse.clone());
    if let Some(coverage) = &job.coverage {
        coverage.watch(&machine.lua, &machine.fuse)?;
    }
    state::seed(&machine.lua, 0)?;
    let declaration = machine.load(&job.source.file_shown, &job.source.text)?;
    let function = run_function(&declaration, &job.source.file_shown)?;
    let previewing = preview_function(&declaration, &job.source.file_shown)?;
    super::refuse_another(&declaration, &job.source, &job.declaration)?;
    state::unseed(&machine.lua)?;
    let params = params::table(&machine.lua, &job.params).map_err(from_lua)?;
    session.loading.set(false);
    if let (Some(previewing), true) = (previewing, preview != Preview::No) {
        // An error of `preview` is shown in its place; an error of the run is reported by the run.
        *said = match machine.call(&previewing, params.clone()).await {
            Ok(lines) => Vec::from_lua(lines, &machine.lua).map_err(|cause| {
                Error::new(Kind::Recipe, "`preview` must give a list of lines").because(from_lua(cause))
            })?,
            Err(error) => vec![format!("cannot say what will be done: {}", error.one_line())],
        };
    }
    match preview {
        Preview::Only => Ok(()),
        _ => machine.call(&function, params).await.map(drop),
    }
}

/// The function `preview` of a declaration, if it has one.
pub fn preview_function(declaration: &Table, file_shown: &str) -> Result<Option<Function>> {
    match declaration.raw_get::<Value>("preview").map_err(from_lua)? {
        Value::Function(function) => Ok(Some(function)),
        Value::Nil => Ok(None),
        other => {
            let what = format!("`preview` of `{file_shown}` is a {}, not a function", other.type_name());
            Err(Error::new(Kind::Recipe, what).hint("write `preview = function(p) ... end`"))
        }
    }
}

/// The function `run` of a declaration.
pub fn run_function(declaration: &Table, file_shown: &str) -> Result<Function> {
    match declaration.raw_get::<Value>("run").map_err(from_lua)? {
        Value::Function(function) => Ok(function),
        Value::Nil => Err(Error::new(Kind::Recipe, format!("the recipe in `{file_shown}` has no `run`"))
            .hint("add `run = function(p) ... end`")),
        other => {
            let what = format!("`run` of `{file_shown}` is a {}, not a function", other.type_name());
            Err(Error::new(Kind::Recipe, what).hint("write `run = function(p) ... end`"))
        }
    }
}
