//! `world:each_failure`: runs a recipe once for each way in which it can fail, lets the spec examine each run, and counts the lies.

use std::rc::Rc;

use mlua::{Function, Value};

use crate::error::{Error, Kind, Result};
use crate::lua::exports::Call;
use crate::lua::traceback::from_lua;
use crate::specs::excluded::Lie;
use crate::specs::handle::Handle;
use crate::specs::rehearsal::Rehearsed;
use crate::specs::rehearsal::complaints::Sort;
use crate::specs::rehearsal::failures::{FailureReport, Tried};
use crate::specs::trial::run_handle::{RunHandle, complained, words};
use crate::specs::world_handle::World;
use crate::specs::world_handle::run_options::{FailureOptions, RunRequest};
use crate::specs::{Failed, rehearsal};
use crate::world::faulty::{Fault, FaultKind};

/// The results of all ways to fail, for the spec.
#[derive(Default)]
struct Seen {
    /// The ways and the complaints that the spec expects.
    expected: Vec<(String, String)>,
    /// The first unexpected complaint, with the journal of its run.
    first: Option<Failed>,
}

/// `world:each_failure(recipe, options, look)`; the options may be left out.
pub async fn each_failure(call: &Rc<Call>, world: &Rc<World>, args: &[Value]) -> Result<usize> {
    let (options, before_each) = apart(call, args.get(1)).map_err(from_lua)?;
    let request = RunRequest::read::<FailureOptions>(call, world, args.first().unwrap_or(&Value::Nil), &options)?;
    let look = match args {
        [_, Value::Function(look)] | [_, _, Value::Function(look)] => look.clone(),
        _ => return Err(takes_a_function(call)),
    };
    let mut seen = Seen::default();
    let _inside = world.trial.deeper();
    let fresh = async || match &before_each {
        Some(function) => function.call_async::<()>(()).await.map_err(from_lua),
        None => Ok(()),
    };
    let on_each =
        async |fault: &Fault, rehearsed: &Rehearsed| look_at(call, world, &look, &mut seen, fault, rehearsed).await;
    let work = rehearsal::each_failure(&world.config, request.rehearsal(call, world), fresh, on_each);
    let tried = world.players.beside(work).await??;
    judge(call, world, &tried, seen)
}

/// The options of a run, and the function to call before each world.
fn apart(call: &Call, options: Option<&Value>) -> mlua::Result<(Value, Option<Function>)> {
    let Some(Value::Table(given)) = options else { return Ok((Value::Nil, None)) };
    let copy = call.lua.create_table()?;
    let mut before_each = None;
    for pair in given.pairs::<Value, Value>() {
        match pair? {
            (Value::String(key), Value::Function(function)) if key == "before_each" => {
                copy.raw_set(key, true)?;
                before_each = Some(function);
            }
            (Value::String(key), _) if key == "before_each" => {
                let what = format!("`before_each` of `{}` must be a function", call.name);
                return Err(call.raise(Error::new(Kind::Recipe, what).hint("{ before_each = server.reset }")));
            }
            (key, value) => copy.raw_set(key, value)?,
        }
    }
    Ok((Value::Table(copy), before_each))
}

/// One way to fail, for the spec to examine.
async fn look_at(
    call: &Call,
    world: &World,
    look: &Function,
    seen: &mut Seen,
    fault: &Fault,
    rehearsed: &Rehearsed,
) -> Result<()> {
    let way = rehearsal::way(fault, &rehearsal::reached(rehearsed));
    let run = RunHandle::new(rehearsed.clone(), Some(way.clone()), &world.trial);
    let changed = matches!(fault.what, FaultKind::Changed { .. });
    world.trial.excludes(rehearsed, if changed { &[Lie::Changed] } else { &[Lie::Swallowed, Lie::HalfMade] });
    let handle = call.lua.create_userdata(Handle(run.clone())).map_err(from_lua)?;
    let looked = look.call_async::<()>(handle).await;
    looked.map_err(|error| {
        run.explains_failure();
        from_lua(error).within(format!("the spec stumbled where {way}"))
    })?;
    seen.expected.extend(run.expected_complaints().map(|words| (way.clone(), words)));
    seen.first = seen.first.take().or_else(|| run.unexpected_complaint());
    Ok(())
}

/// Fails the spec for an unexpected lie or leftover.
fn judge(call: &Call, world: &World, tried: &Tried, seen: Seen) -> Result<usize> {
    let expects = |found: &FailureReport| {
        seen.expected.iter().any(|(way, said)| *way == found.way && *said == words(&found.complaint))
    };
    let found: Vec<&FailureReport> = tried.found.iter().filter(|found| !expects(found)).collect();
    world.trial.note(summary(tried.ways, &found, tried.found.len() - found.len()));
    let Some(first) = found.first() else {
        return match tried.ways {
            0 => Err(Error::new(Kind::Recipe, "there is no way in which this run could fail")
                .hint("it has no effect at all: does the recipe do anything with these values?")),
            ways => Ok(ways),
        };
    };
    let failed = complained(&first.complaint, Some(first.way.clone()));
    let journal = seen.first.filter(|seen| seen.fault == failed.fault).map(|seen| seen.journal).unwrap_or_default();
    let sites = call.sites.iter().cloned().chain(failed.sites).collect();
    world.trial.fail(Failed { sites, journal, ..failed });
    Err(Error::new(Kind::Recipe, "a run lied, lost or left something").at(call.sites.clone()))
}

/// `47 ways to fail, 0 lies`.
fn summary(ways: usize, found: &[&FailureReport], expected: usize) -> String {
    let is_lie = |found: &&&FailureReport| matches!(found.complaint.sort, Sort::Lie | Sort::Loss);
    let mut lies: Vec<&str> = found.iter().filter(is_lie).map(|found| found.way.as_str()).collect();
    lies.dedup();
    let others = found.iter().filter(|found| !is_lie(found)).count();
    let count = |number: usize, one: &str| format!("{number} {one}{}", if number == 1 { "" } else { "s" });
    let ways = if ways == 1 { "1 way to fail".to_owned() } else { format!("{ways} ways to fail") };
    let mut failed = vec![ways, count(lies.len(), "lie")];
    failed.extend((others > 0).then(|| count(others, "other complaint")));
    failed.extend((expected > 0).then(|| count(expected, "expected complaint")));
    failed.join(", ")
}

fn takes_a_function(call: &Call) -> Error {
    Error::new(Kind::Recipe, format!("`{}` takes a recipe and a function that looks at each run", call.name))
        .hint("world:each_failure(\"db-backup\", function(run) run:left_nothing_partial() end)")
}
