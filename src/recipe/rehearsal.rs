//! Runs a recipe once in a simulated world, and tells all that came of it.

use std::sync::Arc;

use crate::catalog;
use crate::config::{Config, RecipeSource};
use crate::error::{Error, Kind, Result};
use crate::world::faulty::Fault;
use crate::world::journal;
use crate::world::simulated::{Simulated, SimulatedSetup, Snapshot};

pub struct Rehearsal {
    pub setup: SimulatedSetup,
    pub source: RecipeSource,
    pub set: Vec<(String, String)>,
    pub run_type: Option<String>,
    pub faults: Vec<Fault>,
}

#[derive(Clone)]
pub struct Rehearsed {
    pub run: catalog::Run,
    pub error: Option<Error>,
    pub troubles: Vec<Error>,
    pub journal: Vec<journal::Record>,
    pub before: Snapshot,
    pub after: Snapshot,
    pub said: Vec<String>,
    pub swallowed: Vec<Error>,
    pub unused_streams: Vec<Error>,
    pub killed: bool,
    pub all_met: bool,
}

#[derive(Clone)]
pub struct Complaint {
    pub lie: bool,
    pub what: Error,
}

impl Complaint {
    pub fn words(&self) -> String {
        self.what.one_line()
    }
}

pub struct Tried {
    pub ways: usize,
}

pub async fn rehearse(_config: &Arc<Config>, _world: &Simulated, _rehearsal: Rehearsal) -> Result<Rehearsed> {
    Err(Error::new(Kind::Other, "placeholder"))
}

pub async fn each_failure(
    _config: &Arc<Config>,
    _setup: &SimulatedSetup,
    _source: &RecipeSource,
    _set: &[(String, String)],
    _run_type: Option<&str>,
    _on_each: impl AsyncFnMut(&Fault, &Rehearsed) -> Result<()>,
) -> Result<Tried> {
    Err(Error::new(Kind::Other, "placeholder"))
}

pub fn complaints(_rehearsed: &Rehearsed) -> Vec<Complaint> {
    Vec::new()
}
