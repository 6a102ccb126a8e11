//! `world:each_failure`: a recipe once for each way in which it can fail, each looked at by the spec, and the lies counted.

use std::rc::Rc;

use mlua::{Function, Value};

use super::handle::Handle;
use super::run_options::Wanted;
use super::told::Told;
use super::world_handle::World;
use super::{Failed, faults};
use crate::bind::exports::Call;
use crate::bind::traceback::from_lua;
use crate::error::{Error, Kind, Result};
use crate::recipe::rehearsal::{self, Rehearsed};
use crate::world::faulty::Fault;

/// What a whole round came to so far.
#[derive(Default)]
struct Round {
    ways: usize,
    lies: usize,
    leftovers: usize,
    first: Option<Failed>,
}

/// `world:each_failure(recipe, options, look)`; the options may be left out.
pub async fn each_failure(call: &Rc<Call>, world: &Rc<World>, args: &[Value]) -> Result<usize> {
    let options = args.get(1).filter(|options| options.is_table()).unwrap_or(&Value::Nil);
    let wanted = Wanted::read(call, world, args.first().unwrap_or(&Value::Nil), options)?;
    let look = match args {
        [_, Value::Function(look)] | [_, _, Value::Function(look)] => look.clone(),
        _ => return Err(takes_a_function(call)),
    };
    let Wanted { source, set, run_type } = wanted;
    let mut round = Round::default();
    let setup = world.setup.clone();
    let work =
        rehearsal::each_failure(&world.config, &setup, &source, &set, run_type.as_deref(), async |fault, rehearsed| {
            look_at(call, world, &look, &mut round, fault, rehearsed).await
        });
    let tried = world.players.beside(work).await?;
    world.trial.note(summary(&round));
    tried?;
    judge(call, world, round)
}

/// One way to fail: what the spec says about it, and what no spec has to say.
async fn look_at(
    call: &Call,
    world: &World,
    look: &Function,
    round: &mut Round,
    fault: &Fault,
    rehearsed: &Rehearsed,
) -> Result<()> {
    round.ways += 1;
    let run = Told::new(
        rehearsed.clone(),
        Some(faults::words(fault, rehearsed)),
        world.config.state_dir.clone(),
        &world.trial,
    );
    let handle = call.lua.create_userdata(Handle(run.clone())).map_err(from_lua)?;
    look.call_async::<()>(handle).await.map_err(|error| {
        let error = from_lua(error);
        match &run.fault {
            Some(fault) => error.within(format!("the spec failed where {fault}")),
            None => error,
        }
    })?;
    if let Some((failed, lie)) = run.unexpected_complaint() {
        let count = if lie { &mut round.lies } else { &mut round.leftovers };
        *count += 1;
        round.first.get_or_insert(failed);
    }
    Ok(())
}

fn judge(call: &Call, world: &World, round: Round) -> Result<usize> {
    if let Some(mut failed) = round.first {
        failed.sites = call.sites.iter().cloned().chain(failed.sites).collect();
        world.trial.fail(failed);
        return Err(Error::new(Kind::Recipe, "a run lied or left something behind").at(call.sites.clone()));
    }
    match round.ways {
        0 => Err(Error::new(Kind::Recipe, "there is no way in which this run could fail")
            .hint("it has no effect at all: does the recipe do anything with these values?")),
        ways => Ok(ways),
    }
}

/// `47 ways to fail, 0 lies`.
fn summary(round: &Round) -> String {
    let count = |number: usize, one: &str, many: &str| format!("{number} {}", if number == 1 { one } else { many });
    let told = format!("{}, {}", count(round.ways, "way to fail", "ways to fail"), count(round.lies, "lie", "lies"));
    match round.leftovers {
        0 => told,
        left => format!("{told}, {}", count(left, "leftover", "leftovers")),
    }
}

fn takes_a_function(call: &Call) -> Error {
    Error::new(Kind::Recipe, format!("`{}` takes a recipe and a function that looks at each run", call.name))
        .hint("world:each_failure(\"db-backup\", function(run) run:left_nothing_partial() end)")
}
