//! Declares what a recipe is and runs it once.

pub mod params;
