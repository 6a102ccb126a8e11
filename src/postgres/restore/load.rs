//! Builds the calls of PostgreSQL's programs that decode an archive, and the statements that drop a target.

use crate::postgres::server::quoting::ident;
use crate::world::Command;

/// `pg_restore` that decodes all of an archive, from its standard input, into plain SQL.
pub fn decode_archive() -> Command {
    let mut command = Command::new("pg_restore");
    command.args = ["--create", "--file=-"].map(str::to_owned).to_vec();
    command.stdin = true;
    command.own.stays = true;
    command
}

/// `pg_restore` that decodes all of a folder by `pg_dump --format=directory` into plain SQL.
pub fn decode_folder(folder: &str) -> Command {
    let mut command = Command::new("pg_restore");
    command.args = ["--create", "--file=-", "--format=directory", "--", folder].map(str::to_owned).to_vec();
    command.own.stays = true;
    command
}

/// The statements that drop `database`, even if it has connections or is a template.
pub fn drop_database(database: &str) -> [String; 2] {
    let name = ident(database);
    [format!("ALTER DATABASE {name} IS_TEMPLATE false"), format!("DROP DATABASE {name} WITH (FORCE)")]
}
