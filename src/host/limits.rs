//! Names the limits of a Lua state; the fuse lies a floor below, where the primitives can reach it.

pub use crate::bind::budget::Budget;
pub use crate::bind::fuse::{Fuse, LuaLimits, Stop};
