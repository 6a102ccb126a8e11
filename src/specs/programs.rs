//! Lets a Lua function of the spec play a program of the simulated world, or its PostgreSQL server.

use std::collections::BTreeMap;
use std::future::Future;

use mlua::{Function, Lua, Table, Value};
use tokio::sync::{Mutex, mpsc, oneshot};

use crate::error::{Error, Kind, Result};
use crate::lua::options;
use crate::lua::plain::Plain;
use crate::lua::traceback::from_lua;
use crate::world::simulated::SimulatedSetup;
use crate::world::simulated::postgres::{Heard, PostgresServer, Said, Server};
use crate::world::simulated::programs::{Call, Canned, Function as CallFunction, Program};

/// A call that waits for its Lua function: the world calls from other threads, and Lua stays on its own thread.
enum Asked {
    Program { call: Call, answer: oneshot::Sender<Result<Option<Canned>>> },
    Server { said: Said, answer: oneshot::Sender<Result<Heard>> },
}

/// A Lua function that plays a program.
pub struct Player {
    pub function: Function,
    /// Whether it may answer before its input has ended.
    pub talks: bool,
}

/// The Lua functions that play programs in one world.
pub struct Players {
    lua: Lua,
    functions: BTreeMap<String, Function>,
    server: Option<Function>,
    asked: Mutex<mpsc::UnboundedReceiver<Asked>>,
}

impl Players {
    /// Returns the players of a world; they then play its programs and server.
    pub fn new(
        lua: &Lua,
        given: BTreeMap<String, Player>,
        server: Option<Function>,
        setup: &mut SimulatedSetup,
    ) -> Players {
        let (ask, asked) = mpsc::unbounded_channel();
        let program = |(name, player): (&String, &Player)| match player.talks {
            true => (name.clone(), Program::Talking(asking(ask.clone()))),
            false => (name.clone(), Program::Function(asking(ask.clone()))),
        };
        setup.programs.extend(given.iter().map(program));
        if server.is_some() {
            setup.postgres = Some(PostgresServer(answering(ask.clone())));
        }
        let functions = given.into_iter().map(|(name, player)| (name, player.function)).collect();
        Players { lua: lua.clone(), functions, server, asked: Mutex::new(asked) }
    }

    /// Runs `work`, and meanwhile answers for the programs that it calls.
    pub async fn beside<T>(&self, work: impl Future<Output = T>) -> Result<T> {
        let Ok(mut asked) = self.asked.try_lock() else {
            return Err(Error::new(Kind::Recipe, "a run is under way in this world already")
                .hint("let it end first, or make another world with `simulate { ... }`"));
        };
        let answering = async {
            while let Some(asked) = asked.recv().await {
                // The receiver is gone if the program or the session was cut off meanwhile.
                match asked {
                    Asked::Program { call, answer } => drop(answer.send(self.play(call).await)),
                    Asked::Server { said, answer } => drop(answer.send(self.serve(said).await)),
                }
            }
            std::future::pending().await // no program of this world is a function
        };
        tokio::select! {
            done = work => Ok(done),
            never = answering => never,
        }
    }

    async fn play(&self, call: Call) -> Result<Option<Canned>> {
        let name = call.program.rsplit('/').next().unwrap_or(&call.program).to_owned();
        let function = self.functions.get(&call.program).or_else(|| self.functions.get(&name));
        let Some(function) = function else {
            return Err(Error::new(Kind::Other, format!("nobody plays the program `{name}`")));
        };
        let shown = shown(&self.lua, call).map_err(from_lua)?;
        let answer: Value = function.call_async(shown).await.map_err(from_lua)?;
        let what = format!("the function that plays `{name}`");
        match answer {
            Value::Nil => Ok(None),
            Value::String(text) => Ok(Some(Canned::says(text.as_bytes().to_vec()))),
            value => options::read_value(&what, Plain::from_lua(&value)?).map(Some),
        }
    }
}

impl Players {
    /// The answer of this world's server.
    async fn serve(&self, said: Said) -> Result<Heard> {
        let Some(function) = &self.server else {
            return Err(Error::new(Kind::Other, "nobody plays the PostgreSQL server"));
        };
        let shown = statement(&self.lua, said).map_err(from_lua)?;
        let answer: Value = function.call_async(shown).await.map_err(from_lua)?;
        match answer {
            Value::Nil => Ok(Heard::default()),
            Value::String(text) => Ok(Heard::value(text.as_bytes().to_vec())),
            value => options::read_value("the function that plays the PostgreSQL server", Plain::from_lua(&value)?),
        }
    }
}

/// A server that calls the spec's own thread.
fn answering(ask: mpsc::UnboundedSender<Asked>) -> Server {
    std::sync::Arc::new(move |said| {
        let ask = ask.clone();
        Box::pin(async move {
            let gone = || Error::new(Kind::Other, "the spec that plays a server has ended");
            let (answer, answered) = oneshot::channel();
            ask.send(Asked::Server { said, answer }).map_err(|_| gone())?;
            answered.await.map_err(|_| gone())?
        })
    })
}

/// The arguments of the function of a server: a statement, or a login, whose statement is empty.
fn statement(lua: &Lua, said: Said) -> mlua::Result<Table> {
    let shown = lua.create_table()?;
    shown.raw_set("database", said.login.database)?;
    shown.raw_set("host", said.login.host)?;
    shown.raw_set("port", said.login.port)?;
    shown.raw_set("user", said.login.user)?;
    shown.raw_set("password", said.login.password.map(|password| password.expose().to_owned()))?;
    shown.raw_set("sql", lua.create_string(&said.sql)?)?;
    shown.raw_set("rows", said.rows.map(|rows| lua.create_string(&rows)).transpose()?)?;
    Ok(shown)
}

/// A program that calls the spec's own thread.
fn asking(ask: mpsc::UnboundedSender<Asked>) -> CallFunction {
    std::sync::Arc::new(move |call| {
        let ask = ask.clone();
        Box::pin(async move {
            let gone = || Error::new(Kind::Other, "the spec that plays a program has ended");
            let (answer, answered) = oneshot::channel();
            ask.send(Asked::Program { call, answer }).map_err(|_| gone())?;
            answered.await.map_err(|_| gone())?
        })
    })
}

/// The arguments of a function: `argv` as a program has it, with its own name at 0.
fn shown(lua: &Lua, call: Call) -> mlua::Result<Table> {
    let Call { program, args, env, cwd, stdin, open } = call;
    let argv = lua.create_sequence_from(args)?;
    argv.raw_set(0, program.as_str())?;
    let shown = lua.create_table()?;
    shown.raw_set("program", program)?;
    shown.raw_set("argv", argv)?;
    shown.raw_set("env", env)?;
    shown.raw_set("stdin", lua.create_string(&stdin)?)?;
    shown.raw_set("open", open)?;
    shown.raw_set("cwd", cwd.map(|cwd| cwd.display().to_string()))?;
    Ok(shown)
}
