//! `:copies`: one reading goes to several places, each with its own stages, proof and manifest.

use std::pin::pin;
use std::rc::Rc;

use futures_util::future::{Either, select};
use futures_util::stream::{FuturesUnordered, StreamExt};
use mlua::{Function, MultiValue, Table, Value};
use tokio::sync::mpsc;

use crate::backup::pipeline::{Archived, Pipeline};
use crate::backup::pool::spawn_cancellable;
use crate::error::{Error, Kind, Result};
use crate::lua::catch::ends_the_run;
use crate::lua::exports::Call;
use crate::lua::failure::{CaughtError, ErrorHandle};
use crate::lua::traceback::from_lua;
use crate::modules::stream::Stream;
use crate::modules::stream_result::{LineTap, with_taps};
use crate::stream::split::{Branch, split};
use crate::stream::tar::listing::{share, shared};
use crate::stream::{Piece, SharedFacts};

/// More copies than this are a mistake.
const MOST: usize = 32;

/// Returns the results of the functions, and the errors of those that failed, by the names of the copies.
pub async fn copies(
    call: Rc<Call>,
    (pipeline, taps): (Pipeline, Vec<LineTap>),
    branches: Value,
) -> Result<(Table, Table)> {
    let branches = named(branches)?;
    if !pipeline.copies.is_empty() {
        return Err(Error::new(Kind::Recipe, "`:tee` comes before `:copies`")
            .hint("make the tee's file one of the copies: `plain = function(copy) return copy:save(path) end`"));
    }
    let (splitter, parts) = split(branches.len());
    let (label, limits, facts) = (pipeline.label, pipeline.limits, pipeline.facts);
    let mut lists = Lists::of(pipeline.archive);
    let mut running = FuturesUnordered::new();
    for ((name, function), part) in branches.into_iter().zip(parts) {
        let own = SharedFacts::of(facts.lock().clone());
        let pipeline = Pipeline { archive: lists.next(), ..branch(part, label.clone(), limits, own) };
        let stream = Stream::create(&call, pipeline, Vec::new())?;
        // Not `into_async` of a thread: that would leave the Rust future alive when the others are cancelled.
        let future = function.call_async::<MultiValue>(stream);
        running.push(async move { (name, future.await) });
    }
    let open = pipeline.open;
    let work = async move {
        // The list of an archive comes from the same reading, and ends with it.
        let reading = splitter.run(open(), &facts);
        match lists.share() {
            Some(listing) => {
                let mut listing = pin!(listing);
                // The archive ends after its list; an abandoned list must not keep the copies from ending.
                match select(pin!(reading), &mut listing).await {
                    Either::Left((true, _)) => drop(listing.await),
                    Either::Left((false, _)) => {}
                    Either::Right((_, reading)) => drop(reading.await),
                }
            }
            None => drop(reading.await),
        }
        Ok(())
    };
    let mut reading = pin!(with_taps(spawn_cancellable(call.session.pool.guard()?, work), taps));
    let mut all = Copies { call: &call, label, made: Vec::new(), failed: Vec::new() };
    let mut read = false;
    while !running.is_empty() {
        let next = match read {
            true => running.next().await,
            false => match select(running.next(), &mut reading).await {
                Either::Left((next, _)) => next,
                Either::Right((ended, _)) => {
                    ended?;
                    read = true;
                    continue;
                }
            },
        };
        let Some((name, answer)) = next else { break };
        all.take(name, answer)?;
    }
    all.finish()
}

/// The list of an archive, for each copy of it.
struct Lists {
    archive: Option<Archived>,
    outlets: Vec<mpsc::Sender<Piece>>,
}

impl Lists {
    fn of(archive: Option<Archived>) -> Lists {
        Lists { archive, outlets: Vec::new() }
    }

    /// For the next copy.
    fn next(&mut self) -> Option<Archived> {
        let archive = self.archive.as_ref()?;
        let (outlet, list) = shared();
        self.outlets.push(outlet);
        Some(Archived { packing: archive.packing.clone(), list })
    }

    fn share(self) -> Option<impl Future<Output = Result<()>> + Send> {
        self.archive.map(|archive| share(archive.list.claim(), self.outlets))
    }
}

fn branch(part: Branch, label: String, limits: crate::world::Limits, facts: SharedFacts) -> Pipeline {
    let own = facts.clone();
    Pipeline::new(label, limits, facts, move || part.open(own))
}

/// The functions by the names of their copies, in the order of the names.
fn named(branches: Value) -> Result<Vec<(String, Function)>> {
    let usage = "write `:copies { name = function(copy) return copy:save(path) end, ... }`";
    let wrong = |what: String| Error::new(Kind::Recipe, what).hint(usage);
    let Value::Table(branches) = branches else { return Err(wrong("`:copies` takes a table of functions".to_owned())) };
    let mut named = Vec::new();
    for pair in branches.pairs::<Value, Value>() {
        let (name, branch) = pair.map_err(from_lua)?;
        let Value::String(name) = name else { return Err(wrong("a copy of `:copies` has no name".to_owned())) };
        let name = name.to_string_lossy();
        let Value::Function(branch) = branch else {
            return Err(wrong(format!("the copy `{name}` of `:copies` is not a function")));
        };
        named.push((name, branch));
    }
    if named.is_empty() || named.len() > MOST {
        return Err(wrong(format!("`:copies` makes 1 to {MOST} copies, not {}", named.len())));
    }
    named.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(named)
}

/// The results of the copies so far.
struct Copies<'a> {
    call: &'a Call,
    label: String,
    made: Vec<(String, Value)>,
    failed: Vec<(String, Error)>,
}

impl Copies<'_> {
    fn take(&mut self, name: String, answer: mlua::Result<MultiValue>) -> Result<()> {
        match answer {
            Ok(mut values) => self.made.push((name, values.pop_front().unwrap_or(Value::Nil))),
            Err(error) if ends_the_run(&self.call.lua, &error) => return Err(from_lua(error)),
            Err(error) => self.failed.push((name, from_lua(error))),
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(Table, Table)> {
        self.failed.sort_by(|one, other| one.0.cmp(&other.0));
        if self.made.is_empty() {
            return Err(self.none());
        }
        let (made, failures) = (self.table()?, self.table()?);
        for (name, value) in self.made {
            made.raw_set(name, value).map_err(from_lua)?;
        }
        for (name, error) in self.failed {
            let sites: Vec<_> = error.sites().iter().chain(&self.call.sites).cloned().collect();
            let caught = CaughtError::of_copy(error.within(format!("the copy `{name}` failed")).at_all(sites));
            self.call.session.caught.borrow_mut().push(caught.clone());
            failures.raw_set(name, ErrorHandle(caught)).map_err(from_lua)?;
        }
        Ok((made, failures))
    }

    fn table(&self) -> Result<Table> {
        self.call.lua.create_table().map_err(from_lua)
    }

    /// The error if all have failed: if all errors are the same, the source failed, and its error is enough.
    fn none(self) -> Error {
        let all: Vec<String> =
            self.failed.iter().map(|(name, error)| format!("{name}: {}", error.one_line())).collect();
        let Some((_, first)) = self.failed.into_iter().next() else {
            return Error::new(Kind::Other, format!("no copy of `{}` was made", self.label));
        };
        let words = first.one_line();
        if all.iter().all(|line| line.ends_with(&words)) {
            return first;
        }
        let error =
            Error::new(first.kind(), format!("no copy of `{}` was made", self.label)).at(first.sites().to_vec());
        let error = error.because_text(all.join("\n"));
        match first.hint_text() {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}
