//! Restores a dump: judges it, loads it into a target, compares, and swaps it in.

pub mod archive;
pub mod checks;
pub mod inserting;
pub mod live;
pub mod load;
pub mod nesting;
pub mod own;
pub mod psql_line;
pub mod read;
pub mod refusal;
pub mod rewriter;
pub mod roles;
pub mod rules;
pub mod steps;
pub mod swap;
