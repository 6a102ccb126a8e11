//! Declares what a recipe is, and runs it once.

pub mod claims;
mod clearing;
pub mod cut;
pub mod declaration;
pub mod execute;
pub mod expand;
mod fields;
pub mod job;
pub mod ledger;
pub mod loading;
mod lua_thread;
mod lua_params;
pub mod outcome;
pub mod params;
pub mod problem;
mod schedule;
pub mod spec;
pub mod specs;
mod standing;
pub mod values;
