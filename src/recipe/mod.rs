//! Declares what a recipe is, and runs it once.

mod allowed_paths;
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
pub mod lint;
pub mod live;
pub mod loader;

pub mod misfit;
pub mod need_paths;
pub mod outcome;
pub mod overview;
pub mod params;
pub mod planning;
pub mod previewing;
pub mod problem;
pub mod scene;
pub mod schedule;
mod servers;
pub mod spec;
mod doubts;
mod final_check;
mod target;
mod uploads;
pub mod values;
mod wishes;
