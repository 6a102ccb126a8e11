//! Restores a dump: judges it, loads it into a target, compares, and swaps it in.

pub mod archive;
pub mod checks;
pub mod cutter;
pub mod directory;
pub mod fill;
pub mod inserting;
pub mod live;
pub mod load;
pub mod nesting;
pub mod other_reading;
pub mod own;
pub mod parallel;
pub mod post_data;
pub mod prove;
pub mod psql_line;
pub mod read;
pub mod refusal;
pub mod rewriter;
pub mod rights;
pub mod roles;
pub mod routing;
pub mod rules;
pub mod steps;
pub mod swap;
pub mod watch;
