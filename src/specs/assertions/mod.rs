//! The assertions of a spec about a run: one file per subject.
//!
//! Runs (`sent.rs`) and channels (`sendings.rs`) share the assertions about sent data (`requests.rs`, `mails.rs`).

pub(crate) mod complaints;
pub(crate) mod files;
pub(crate) mod journal;
pub(crate) mod mails;
pub(crate) mod outcome;
pub(crate) mod programs;
pub(crate) mod requests;
pub(crate) mod search;
pub mod sendings;
pub(crate) mod sent;
pub(crate) mod showing;
pub(crate) mod written;

use mlua::Value;

use crate::error::Result;
use crate::lua::exports::Call;
use crate::specs::handle::{Method, Subject, give, method_names};
use crate::specs::trial::run_handle::Run;

impl Subject for Run {
    const NAME: &'static str = "run";
    const FIELDS: &'static [&'static str] = outcome::FIELDS;

    fn methods() -> Vec<Method<Run>> {
        let all: [&[Method<Run>]; 7] = [
            outcome::METHODS,
            files::METHODS,
            programs::METHODS,
            showing::METHODS,
            complaints::METHODS,
            journal::METHODS,
            sent::METHODS,
        ];
        all.concat()
    }

    /// Its journal is only returned: a spec asserts on it with `expect`.
    fn asked(&self, name: &str) {
        if journal::METHODS.iter().all(|(shown, _)| *shown != name) {
            self.trial.asked();
        }
    }

    fn field(&self, call: &Call, name: &str) -> Result<Value> {
        outcome::field(self, call, name)
    }
}

/// The handles of a run in a spec, by the class that describes each, with their methods.
pub fn handles() -> Vec<(&'static str, Vec<&'static str>)> {
    vec![
        ("Run", method_names::<Run>()),
        ("Written", method_names::<written::Written>()),
        ("Ran", method_names::<programs::Calls>()),
        ("Requests", method_names::<requests::Requests>()),
        ("Mails", method_names::<mails::Mails>()),
        ("Sending", method_names::<sendings::Sending>()),
    ]
}

/// The run itself, so that one assertion can follow another.
fn again(call: &Call, run: &Run) -> Result<Value> {
    give(call, run.clone())
}
