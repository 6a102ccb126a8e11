//! PostgreSQL servers and databases: how they are called, started, created, locked and dropped.

pub mod client;
pub mod clusters;
pub mod expected;
pub mod created;
pub mod definers;
pub(crate) mod dump_options;
pub mod explain;
pub mod load_line;
pub mod maintenance;
pub mod programs;
pub mod query;
pub mod quoting;
pub mod removal;
pub mod talk;
pub mod temporary_cluster;
pub mod throwaway;
pub mod throwaway_lock;
pub mod throwaway_role;
pub mod variables;
