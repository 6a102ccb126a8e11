//! Runs the recipe's own part of a run, on a thread that holds nothing but Lua.

use std::rc::Rc;
use std::sync::Arc;

use mlua::{Function, Table, Value};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::job::Job;
use super::ledger::Ledger;
use super::loading::{self, translations};
use super::lua_params;
use crate::bind::session::Session;
use crate::bind::traceback::from_lua;
use crate::error::{Error, Kind, Result};
use crate::host::limits::{Fuse, LuaLimits};
use crate::host::machine::Machine;
use crate::world::Caller;

/// What the Lua thread needs; everything that goes in can cross threads, and nothing of Lua comes out.
pub struct LuaSetup {
    pub job: Arc<Job>,
    pub caller: Caller,
    pub run_id: String,
    pub ledger: Arc<Ledger>,
    pub runtime: Handle,
}

/// What the recipe came to.
#[derive(Default)]
pub struct LuaEnd {
    pub error: Option<Error>,
    pub swallowed: Vec<Error>,
    pub unused_streams: Vec<Error>,
}

impl LuaEnd {
    pub fn failed(error: Error) -> LuaEnd {
        LuaEnd { error: Some(error), ..LuaEnd::default() }
    }
}

/// Starts the thread. It hands out its fuse first, so that it can be stopped, and its end last.
pub fn spawn(setup: LuaSetup, fuse: oneshot::Sender<Fuse>, end: oneshot::Sender<LuaEnd>) -> Result<()> {
    let work = move || {
        let _entered = setup.runtime.enter();
        let ended = run(&setup, fuse);
        // Nobody is left to hear it when the run was given up already.
        let _unheard = end.send(ended);
    };
    let thread = std::thread::Builder::new().name("lua".to_owned()).spawn(work);
    thread.map(drop).map_err(|cause| Error::io("cannot start the Lua thread", cause))
}

fn run(setup: &LuaSetup, fuse: oneshot::Sender<Fuse>) -> LuaEnd {
    let job = &setup.job;
    let config = job.config.clone();
    let session = Session::new(
        setup.caller.clone(),
        job.identity(&setup.run_id),
        translations(&job.config),
        setup.ledger.clone(),
    );
    let session = Rc::new(session.with_smtp(Box::new(move || config.smtp())));
    let answer = Machine::new(session.clone(), &LuaLimits::default(), loading::finder(&job.config, &job.source))
        .and_then(|machine| {
            // Nobody listens when the run was cut before it began; then the cut ends it.
            let _unheard = fuse.send(machine.fuse.clone());
            setup.runtime.block_on(call(&machine, &session, job))
        });
    // Lua is gone, and with it everything that it waited for: what it had under way is taken back, or is a commit.
    setup.runtime.block_on(session.pool.settle());
    LuaEnd {
        error: answer.err(),
        swallowed: session
            .caught
            .borrow()
            .iter()
            .filter(|caught| caught.swallowed())
            .map(|caught| caught.error.clone())
            .collect(),
        unused_streams: session
            .streams
            .borrow()
            .iter()
            .filter(|stream| !stream.used.get())
            .map(|stream| stream.error())
            .collect(),
    }
}

async fn call(machine: &Machine, session: &Session, job: &Job) -> Result<()> {
    let declaration = machine.load(&job.source.file_shown, &job.source.text)?;
    let function = run_function(&declaration, &job.source.file_shown)?;
    let params = lua_params::table(&machine.lua, &job.params).map_err(from_lua)?;
    session.loading.set(false);
    machine.call(&function, params).await.map(drop)
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
