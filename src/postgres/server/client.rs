//! Calls PostgreSQL's own programs with a server and a user, and with no secret on the command line.

use crate::secret::Secret;
use crate::world::{Command, SecretOrText};

/// The server and the user, as every call of the module `pg` takes them.
#[derive(Clone, Debug)]
pub struct Server {
    pub host: Option<String>,
    pub port: Option<u16>,
    pub user: Option<String>,
    pub password: Option<Secret>,
}

/// Defines an option table with the fields that every call to a server has; serde's `flatten` would accept misspelt ones.
macro_rules! server_options {
    ($name:ident { $($(#[$attr:meta])* $visible:vis $field:ident: $type:ty,)* }) => {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct $name {
            $($(#[$attr])* $visible $field: $type,)*
            host: Option<String>,
            port: Option<u16>,
            user: Option<String>,
            password: Option<$crate::secret::Secret>,
            #[serde(default, deserialize_with = "crate::units::duration")]
            timeout: Option<std::time::Duration>,
            #[serde(default, deserialize_with = "crate::units::duration")]
            idle_timeout: Option<std::time::Duration>,
        }

        impl $name {
            pub(crate) fn server(&self) -> $crate::postgres::server::client::Server {
                let (host, user, password) = (self.host.clone(), self.user.clone(), self.password.clone());
                $crate::postgres::server::client::Server { host, port: self.port, user, password }
            }

            pub(crate) fn limit(&self, caller: $crate::world::Caller) -> $crate::world::Caller {
                caller.limited(self.timeout, self.idle_timeout)
            }
        }
    };
}
pub(crate) use server_options;

impl Server {
    /// `program` as a client of `database` on this server. It never prompts for a password: hikae is not interactive.
    pub fn command(&self, program: &str, database: Option<&str>) -> Command {
        let mut command = Command::new(program);
        if let Some(host) = &self.host {
            command.args.push(format!("--host={host}"));
        }
        if let Some(port) = self.port {
            command.args.push(format!("--port={port}"));
        }
        if let Some(user) = &self.user {
            command.args.push(format!("--username={user}"));
        }
        if let Some(database) = database {
            command.args.push(format!("--dbname={}", conninfo(database)));
        }
        if let Some(password) = self.password.as_ref().filter(|password| !password.is_empty()) {
            command.env.push(("PGPASSWORD".to_owned(), SecretOrText::Secret(password.clone())));
        }
        // A server that does not answer would block the client for minutes.
        command.env.push(("PGCONNECT_TIMEOUT".to_owned(), SecretOrText::Plain("15".to_owned())));
        command.env.push(("PGAPPNAME".to_owned(), SecretOrText::Plain("hikae".to_owned())));
        command
    }

    /// `pg_dump` of `database` as plain SQL.
    pub fn pg_dump(&self, database: &str) -> Command {
        let mut command = self.command("pg_dump", Some(database));
        command.args.push("--no-password".to_owned());
        // Timestamps include their UTC offset, so this makes dumps identical on every machine.
        command.env.push(("PGTZ".to_owned(), SecretOrText::Plain("UTC".to_owned())));
        command
    }

    /// `pg_dump` of the structure of `database` alone, in the shape of another dump.
    pub fn dump_structure(&self, database: &str, flags: &[&str], encoding: Option<&str>) -> Command {
        let mut command = self.pg_dump(database);
        // Not `--schema-only`: that leaves out the owners and rights of large objects.
        command.args.extend(["--section=pre-data", "--section=post-data"].map(str::to_owned));
        command.args.extend(flags.iter().map(|flag| (*flag).to_owned()));
        command.args.extend(encoding.map(|encoding| format!("--encoding={encoding}")));
        command
    }

    /// `pg_dumpall` of cluster-wide objects; only a superuser may read the `passwords`.
    pub fn globals(&self, database: Option<&str>, passwords: bool) -> Command {
        let mut command = self.command("pg_dumpall", None);
        command.args.extend(database.map(|database| format!("--database={database}")));
        command.args.extend(["--globals-only", "--no-password"].map(str::to_owned));
        if !passwords {
            command.args.push("--no-role-passwords".to_owned());
        }
        command
    }
}

/// A database name as a connection string, so that a name with `=` or `://` in it is only a name (libpq §34.1.1).
fn conninfo(database: &str) -> String {
    if database.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c)) && !database.is_empty() {
        return database.to_owned();
    }
    format!("dbname='{}'", database.replace('\\', r"\\").replace('\'', r"\'"))
}
