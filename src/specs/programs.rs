//! Lets a Lua function of the spec play a program of the simulated world.

use std::collections::BTreeMap;
use std::future::Future;

use mlua::{Function, Lua, Table, Value};
use tokio::sync::{Mutex, mpsc, oneshot};

use crate::error::{Error, Kind, Result};
use crate::lua::options;
use crate::lua::plain::Plain;
use crate::lua::traceback::from_lua;
use crate::world::simulated::programs::{Call, Canned, Function as Answer, Program};

/// A call of a program that waits for its Lua function: the world calls from other threads, and Lua stays on its own.
struct Asked {
    call: Call,
    answer: oneshot::Sender<Result<Option<Canned>>>,
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
    asked: Mutex<mpsc::UnboundedReceiver<Asked>>,
}

impl Players {
    /// The players of a world, and the programs as the world takes them.
    pub fn new(lua: &Lua, given: BTreeMap<String, Player>) -> (Players, BTreeMap<String, Program>) {
        let (ask, asked) = mpsc::unbounded_channel();
        let program = |(name, player): (&String, &Player)| match player.talks {
            true => (name.clone(), Program::Talking(asking(ask.clone()))),
            false => (name.clone(), Program::Function(asking(ask.clone()))),
        };
        let programs = given.iter().map(program).collect();
        let functions = given.into_iter().map(|(name, player)| (name, player.function)).collect();
        (Players { lua: lua.clone(), functions, asked: Mutex::new(asked) }, programs)
    }

    /// Does `work`, and answers meanwhile for the programs that it calls.
    pub async fn beside<T>(&self, work: impl Future<Output = T>) -> Result<T> {
        let Ok(mut asked) = self.asked.try_lock() else {
            return Err(Error::new(Kind::Recipe, "a run is under way in this world already")
                .hint("let it end first, or make another world with `simulate { ... }`"));
        };
        let answering = async {
            while let Some(Asked { call, answer }) = asked.recv().await {
                // Nobody listens any more when the program was cut off meanwhile.
                let _unheard = answer.send(self.play(call).await);
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
        let told = told(&self.lua, call).map_err(from_lua)?;
        let answer: Value = function.call_async(told).await.map_err(from_lua)?;
        let what = format!("the function that plays `{name}`");
        match answer {
            Value::Nil => Ok(None),
            Value::String(text) => Ok(Some(Canned::says(text.as_bytes().to_vec()))),
            value => options::read_value(&what, Plain::from_lua(&value)?).map(Some),
        }
    }
}

/// A program that asks the spec's own thread.
fn asking(ask: mpsc::UnboundedSender<Asked>) -> Answer {
    std::sync::Arc::new(move |call| {
        let ask = ask.clone();
        Box::pin(async move {
            let gone = || Error::new(Kind::Other, "the spec that plays a program has ended");
            let (answer, answered) = oneshot::channel();
            ask.send(Asked { call, answer }).map_err(|_| gone())?;
            answered.await.map_err(|_| gone())?
        })
    })
}

/// What a function is told: `argv` as a program has it, with its own name at 0.
fn told(lua: &Lua, call: Call) -> mlua::Result<Table> {
    let Call { program, args, env, cwd, stdin, open } = call;
    let argv = lua.create_sequence_from(args)?;
    argv.raw_set(0, program.as_str())?;
    let told = lua.create_table()?;
    told.raw_set("program", program)?;
    told.raw_set("argv", argv)?;
    told.raw_set("env", env)?;
    told.raw_set("stdin", lua.create_string(&stdin)?)?;
    told.raw_set("open", open)?;
    told.raw_set("cwd", cwd.map(|cwd| cwd.display().to_string()))?;
    Ok(told)
}
