//! Holds one Lua state: sandbox, limits, traceback.

mod absent;
mod arguments;
mod base;
mod class;
mod compiled;
mod later;
mod line_table;
mod replace;
pub mod seal;
mod strings;
mod tables;
mod text;

pub mod coverage;
pub mod limits;
pub mod loader;
pub mod machine;
pub mod pattern;
pub mod sandbox;
pub mod state;
