//! What a spec can say about a run: one file for each thing that it says something about.
//!
//! What is sent (http requests, mail, alerts) gets a file each here, with its methods in the list below.

mod complaints;
mod files;
mod journal;
mod outcome;
mod programs;
mod search;
mod showing;
mod written;

use mlua::Value;

use super::handle::{Method, Subject, give, method_names};
use super::told::Run;
use crate::bind::exports::Call;
use crate::error::Result;

impl Subject for Run {
    const NAME: &'static str = "run";
    const FIELDS: &'static [&'static str] = outcome::FIELDS;

    fn methods() -> Vec<Method<Run>> {
        let all: [&[Method<Run>]; 6] = [
            outcome::METHODS,
            files::METHODS,
            programs::METHODS,
            showing::METHODS,
            complaints::METHODS,
            journal::METHODS,
        ];
        all.concat()
    }

    fn field(&self, call: &Call, name: &str) -> Result<Value> {
        outcome::field(self, call, name)
    }
}

/// What a spec holds of a run, by the class that describes it, with its methods.
pub fn handles() -> Vec<(&'static str, Vec<&'static str>)> {
    vec![
        ("Run", method_names::<Run>()),
        ("Written", method_names::<written::Written>()),
        ("Ran", method_names::<programs::Calls>()),
    ]
}

/// The run itself, so that one assertion can follow another.
fn again(call: &Call, run: &Run) -> Result<Value> {
    give(call, run.clone())
}
