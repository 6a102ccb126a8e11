//! Reads tar archives back: opens, checks names, unpacks.

pub mod names;
pub mod opened;
pub mod unpack;
