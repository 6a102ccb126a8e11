//! Restores a dump: judges it, loads it into a target, compares, and swaps it in.

pub mod archive;
pub mod calls;
pub mod checks;
pub mod directory;
pub mod fill;
pub mod inserting;
pub mod judge;
pub mod judging;
pub mod kinds;
pub mod live;
pub mod load;
pub mod nesting;
pub mod own;
pub mod prove;
pub mod psql_line;
pub mod read;
pub mod refusal;
pub mod rewriter;
pub mod roles;
pub mod rules;
pub mod steps;
pub mod swap;
pub mod watch;
