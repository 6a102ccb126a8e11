//! The result of `simulate { … }`: a world in which recipes run, once, or once for each way to fail, and channels send.

pub(crate) mod each_failure;
pub(crate) mod plan;
pub(crate) mod run_options;
pub(crate) mod sending;

use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use mlua::{AnyUserData, Function, Lua, LuaString, MetaMethod, MultiValue, UserData, UserDataMethods, Value};

use crate::alert::Verb;
use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::lua::exports::{Call, waiting};
use crate::specs::programs::Players;
use crate::specs::rehearsal::rehearse;
use crate::specs::trial::Trial;
use crate::specs::trial::run_handle::RunHandle;
use crate::specs::world_handle::run_options::{RunOptions, RunRequest};
use crate::specs::{handle, words};
use crate::suggest;
use crate::world::simulated::{FileSetup, Simulated, SimulatedSetup};

/// The most nested worlds whose programs simulate worlds, and so on.
const MAX_WORLDS_INSIDE: usize = 4;

/// The methods of a world.
pub const METHODS: [&str; 6] = ["run", "plan", "each_failure", "change", "send", "ping"];

/// A world of a spec.
pub struct World {
    pub setup: SimulatedSetup,
    pub world: Simulated,
    pub players: Players,
    pub config: Arc<Config>,
    pub trial: Rc<Trial>,
}

/// The handle by which a spec holds its world.
pub struct WorldHandle(pub Rc<World>);

impl UserData for WorldHandle {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_function(MetaMethod::Index, |lua, (_, name): (AnyUserData, LuaString)| {
            method(lua, &name.to_string_lossy())
        });
    }
}

fn method(lua: &Lua, name: &str) -> mlua::Result<Function> {
    match name {
        "run" => waiting(lua, "world:run", |call, args| async move {
            let (world, args) = world_of(&call, args)?;
            run(&call, &world, &args).await
        }),
        "plan" => waiting(lua, "world:plan", |call, args| async move {
            let (world, args) = world_of(&call, args)?;
            plan::plan(&call, &world, &args).await
        }),
        "each_failure" => waiting(lua, "world:each_failure", |call, args| async move {
            let (world, args) = world_of(&call, args)?;
            each_failure::each_failure(&call, &world, &args).await
        }),
        "change" => waiting(lua, "world:change", |call, args| async move {
            let (world, args) = world_of(&call, args)?;
            let (path, file): (PathBuf, Option<FileSetup>) = call.args(args.into_iter().collect())?;
            world.world.change(&path, file.as_ref())
        }),
        "send" => waiting(lua, "world:send", |call, args| async move {
            let (world, args) = world_of(&call, args)?;
            sending::send(&call, &world, &args, Verb::Send).await
        }),
        "ping" => waiting(lua, "world:ping", |call, args| async move {
            let (world, args) = world_of(&call, args)?;
            sending::send(&call, &world, &args, Verb::Ping).await
        }),
        other => {
            let call = Call::new(lua, "simulate").map_err(mlua::Error::external)?;
            let what = format!("a world of `simulate` has no `{other}`");
            Err(call.raise(Error::new(Kind::Recipe, what).hint(suggest::hint(other, METHODS))))
        }
    }
}

fn world_of(call: &Call, mut args: MultiValue) -> Result<(Rc<World>, Vec<Value>)> {
    let this = args.pop_front();
    let this = this.as_ref().and_then(Value::as_userdata).and_then(|this| this.borrow::<WorldHandle>().ok());
    let world = this.map(|this| this.0.clone()).ok_or_else(|| {
        Error::new(Kind::Recipe, format!("`{}` needs a colon", call.name.trim_start_matches("world:")))
            .hint("simulate { ... }:run(\"db-backup\")")
    })?;
    words::inside(call, &world.trial)?;
    if world.trial.depth.get() >= MAX_WORLDS_INSIDE {
        return Err(Error::new(Kind::Recipe, "too many worlds are simulated inside each other")
            .hint("a program of a world can answer without a world of its own"));
    }
    Ok((world, args.into_iter().collect()))
}

/// `world:run(recipe, options)`: one run, which sees what earlier runs in this world left.
async fn run(call: &Call, world: &World, args: &[Value]) -> Result<Value> {
    let [recipe, options] = run_options::two(call, args)?;
    let request = RunRequest::read::<RunOptions>(call, world, &recipe, &options)?;
    let _inside = world.trial.deeper();
    let rehearsed =
        world.players.beside(rehearse(&world.config, &world.world, request.rehearsal(call, world))).await??;
    let run = RunHandle::new(rehearsed, None, &world.trial);
    world.trial.runs.keep(&run);
    world.trial.excludes(&run.rehearsed, &[]);
    handle::give(call, run)
}
