//! Runs the specs of one file: each in its own Lua state and world.

pub(crate) mod assertions;
pub(crate) mod diff;
pub(crate) mod event;
pub mod excluded;
pub(crate) mod expectation;
pub(crate) mod ground;
pub(crate) mod handle;
pub(crate) mod journal;
pub(crate) mod matchers;
pub(crate) mod programs;
pub(crate) mod recipe_stage;
pub mod rehearsal;
pub mod samples;
pub(crate) mod shown;
pub(crate) mod simulate;
pub(crate) mod stage;
pub(crate) mod result_text;
pub(crate) mod trial;
pub(crate) mod words;
pub(crate) mod world_handle;

use std::rc::Rc;
use std::time::Duration;

use tokio::runtime::Handle;

pub use crate::specs::recipe_stage::RecipeStage;
pub use crate::specs::result_text::text_of;
pub use crate::specs::stage::Stage;
pub use crate::specs::trial::Trial;

use crate::error::{Error, Kind, Result, Site};
use crate::lua::fuse::LuaLimits;
use crate::lua::machine::Machine;
use crate::lua::session::Session;
use crate::modules::LIBRARY;
use crate::specs::excluded::ByRecipe;
use crate::units::show_duration;
use crate::world::real::Real;
use crate::world::{Caller, Limits, World};

/// The result of one spec. A file that cannot be tried has one result, under the file's own name.
#[derive(Clone, Debug)]
pub struct SpecResult {
    pub name: String,
    /// The place of the spec; `None` for a file that could not be read.
    pub site: Option<Site>,
    pub outcome: Outcome,
    /// The remarks of the spec besides its outcome: `47 ways to fail, 0 lies`.
    pub note: Option<String>,
    /// The kinds of lies that it excludes, if it passed.
    pub excluded: ByRecipe,
    pub took: Duration,
}

/// How a spec ended. An expectation that does not hold is a failure; anything else that ends a spec is an error.
#[derive(Clone, Debug)]
pub enum Outcome {
    Passed,
    Failed(Failed),
    Error(Error),
    /// Not written yet, and why.
    Pending(Option<String>),
}

/// An expectation that does not hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failed {
    /// The expected value, with its matcher: `to equal { 1, 2 }`.
    pub expected: String,
    pub found: String,
    /// Lines with `- ` before what was expected only and `+ ` before what was found only; empty when both are short.
    pub diff: Vec<String>,
    /// The innermost place first.
    pub sites: Vec<Site>,
    /// The fault injected into the reported run.
    pub fault: Option<String>,
    /// The effects of that run, one per line, each with its place in the recipe.
    pub journal: Vec<String>,
}

/// How a spec ended, its other remarks, and the kinds of lies that it excludes.
type Ended = (Outcome, Option<String>, ByRecipe);

/// The settings that all specs of a run share.
pub struct Runner<'a> {
    pub stage: &'a dyn Stage,
    pub runtime: Handle,
    pub limits: LuaLimits,
    /// The time limit for one spec with its hooks.
    pub timeout: Duration,
    /// Only specs with this in their name.
    pub filter: Option<String>,
    /// Measures how long a spec took; the clock of its own world may stand still.
    clock: Real,
}

impl<'a> Runner<'a> {
    pub fn new(stage: &'a dyn Stage, runtime: Handle) -> Runner<'a> {
        let (limits, timeout) = (LuaLimits::default(), Duration::from_secs(60));
        Runner { stage, runtime, limits, timeout, filter: None, clock: Real::ambient() }
    }

    /// The results of all specs of a file, in their order in the file.
    pub fn run(&self, file_shown: &str, text: &str) -> Vec<SpecResult> {
        self.runtime.block_on(async {
            let specs = match self.in_time("loading the file", self.collect(file_shown, text)).await {
                Ok(specs) => specs,
                Err(error) => return vec![SpecResult::broken(file_shown, error)],
            };
            let mut results = Vec::new();
            for (number, (name, site)) in specs.into_iter().enumerate() {
                if self.filter.as_ref().is_none_or(|filter| name.contains(filter)) {
                    let began = self.clock.elapsed();
                    let (outcome, note, excluded) = self.one(file_shown, text, number, &name).await;
                    let took = self.clock.elapsed().saturating_sub(began);
                    results.push(SpecResult { name, site, outcome, note, excluded, took });
                }
            }
            results
        })
    }

    /// The names and places of the specs of a file.
    async fn collect(&self, file_shown: &str, text: &str) -> Result<Vec<(String, Option<Site>)>> {
        let (_machine, trial, _session) = self.load(file_shown, text, "").await?;
        let specs = trial.names();
        if specs.is_empty() {
            let error = Error::new(Kind::Recipe, format!("`{file_shown}` has no spec"));
            return Err(error.hint("it(\"says what it promises\", function() ... end)"));
        }
        Ok(specs)
    }

    async fn one(&self, file_shown: &str, text: &str, number: usize, name: &str) -> Ended {
        let work = async {
            let (machine, trial, session) = self.load(file_shown, text, name).await?;
            session.loading.set(false);
            let outcome = trial.run(&machine, number).await;
            outcome.map(|outcome| {
                let passed = matches!(outcome, Outcome::Passed);
                let excluded = if passed { trial.excluded.take() } else { ByRecipe::new() };
                (outcome, trial.notes(), excluded)
            })
        };
        let ended = self.in_time("the spec", work).await;
        self.stage.ended(name);
        ended.unwrap_or_else(|error| (Outcome::Error(error), None, ByRecipe::new()))
    }

    async fn in_time<T>(&self, what: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::time::timeout(self.timeout, work).await.unwrap_or_else(|_| {
            let what = format!("{what} did not end within {}", show_duration(self.timeout));
            Err(Error::new(Kind::Timeout, what))
        })
    }

    /// The file in a fresh state; `name` is empty while the specs are only being collected, and then nothing outside can be accessed.
    async fn load(&self, file_shown: &str, text: &str, name: &str) -> Result<(Machine, Rc<Trial>, Rc<Session>)> {
        let caller = match name {
            "" => Caller::new(std::sync::Arc::new(Real::ambient()), NOTHING),
            name => Caller::new(self.stage.world(name)?, self.stage.limits()),
        };
        let (identity, recorder) = (self.stage.identity(name), self.stage.recorder(name));
        let session = Rc::new(Session::new(caller, identity, self.stage.translate(name), recorder));
        let trial = Rc::new(Trial::default());
        let config = self.stage.config()?;
        let words = |lua: &mlua::Lua| {
            let mut all = words::words(lua, &trial)?;
            all.extend(simulate::words(lua, &trial, &config)?);
            all.push(("samples", mlua::Value::Table(samples::module(lua)?.table)));
            all.extend(self.stage.words(lua, &trial, name)?);
            Ok(all)
        };
        let machine = Machine::with_words(session.clone(), LIBRARY, &self.limits, self.stage.finder(), words)?;
        crate::lua::state::seed(&machine.lua, 0)?;
        if let Some(coverage) = self.stage.coverage() {
            coverage.watch(&machine.lua, &machine.fuse)?;
        }
        machine.evaluate(file_shown, text).await?;
        trial.loaded();
        Ok((machine, trial, session))
    }
}

/// The handles in specs, by the class that describes each, with their methods.
pub fn handles() -> Vec<(&'static str, Vec<&'static str>)> {
    let mut handles = assertions::handles();
    handles.push(("World", world_handle::METHODS.to_vec()));
    handles
}

const NOTHING: Limits = Limits { total: Duration::ZERO, idle: Duration::ZERO };

/// Why a run of specs proves nothing; `None` if it does prove something.
pub fn tested_nothing(results: &[SpecResult]) -> Option<Error> {
    if results.iter().any(|result| !matches!(result.outcome, Outcome::Pending(_))) {
        return None;
    }
    Some(match results.is_empty() {
        true => Error::new(Kind::NotFound, "no spec was run").hint("specs are files whose names end in `_spec.lua`"),
        false => Error::new(Kind::NotFound, "nothing was tested: every spec is pending")
            .hint("write one: it(\"says what it promises\", function() ... end)"),
    })
}

impl SpecResult {
    /// The one result of a file that could not be tried.
    pub fn broken(file_shown: &str, error: Error) -> SpecResult {
        let site = error.sites().first().cloned();
        SpecResult {
            name: file_shown.to_owned(),
            site,
            outcome: Outcome::Error(error),
            note: None,
            excluded: ByRecipe::new(),
            took: Duration::ZERO,
        }
    }
}
