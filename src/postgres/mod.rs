//! PostgreSQL: what a dump contains, how it is restored, and the servers and databases that a run makes.

pub mod dump;
pub mod restore;
pub mod server;
