//! A database with every kind of object that `pg_dump` writes: whatever it holds is backed up, restored and compared.

mod alarms;
mod differences;
mod judged;
mod regression;
mod servers;

use std::sync::OnceLock;

use crate::support::postgres::{Cluster, shared};

/// The statements that make the database; its roles exist.
pub const EVERY: &str = include_str!("every/every_kind.sql");

pub const ROLES: &str = "CREATE ROLE every_owner; CREATE ROLE every_reader; CREATE ROLE every_grantor";

/// Makes the database in this cluster under this name; its roles exist.
pub fn make(cluster: &Cluster, name: &str) {
    cluster.create_database(name);
    cluster.psql(name, EVERY);
}

/// The database in the shared cluster, made once.
pub fn every() -> &'static str {
    static MADE: OnceLock<()> = OnceLock::new();
    MADE.get_or_init(|| {
        shared().psql("postgres", ROLES);
        make(shared(), "every kind");
    });
    "every kind"
}
