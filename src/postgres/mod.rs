//! PostgreSQL: what a dump contains, how it is restored, and the servers and databases that a run creates.

pub mod dump;
pub mod restore;
pub mod server;
