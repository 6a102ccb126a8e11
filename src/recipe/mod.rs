//! Declares what a recipe is, and runs it once.

pub mod claims;
mod clearing;
pub mod command_line;
pub mod cut;
pub mod declaration;
pub mod due;
pub mod execute;
pub mod expand;
mod fields;
pub mod job;
pub mod ledger;
pub mod loading;
mod live;
pub mod lua_part;
mod lua_params;
pub mod outcome;
pub mod overview;
pub mod params;
pub mod planning;
pub mod problem;
pub mod rehearsal;
pub mod scene;
pub mod schedule;
pub mod spec;
pub mod specs;
mod standing;
pub mod values;
