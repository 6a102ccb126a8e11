//! How hikae calls PostgreSQL's own programs: where the server is, as whom, and nothing secret on the command line.

use crate::secret::Secret;
use crate::world::{Command, SecretOrText};

/// The server and the person, as every call of the module `pg` takes them.
#[derive(Clone, Debug)]
pub struct Server {
    pub host: Option<String>,
    pub port: Option<u16>,
    pub user: Option<String>,
    pub password: Option<Secret>,
}

/// What of a database is dumped, and how.
#[derive(Clone, Debug, Default)]
pub struct DumpShape {
    pub create: bool,
    pub clean: bool,
    pub inserts: bool,
    pub schemas: Vec<String>,
    pub exclude_schemas: Vec<String>,
    pub tables: Vec<String>,
    pub exclude_tables: Vec<String>,
    pub exclude_table_data: Vec<String>,
}

impl DumpShape {
    /// Whether all tables are dumped with all their rows.
    pub fn is_whole(&self) -> bool {
        let parts =
            [&self.schemas, &self.exclude_schemas, &self.tables, &self.exclude_tables, &self.exclude_table_data];
        parts.iter().all(|part| part.is_empty())
    }
}

impl Server {
    /// `program` as a client of `database` on this server. It never asks for a password: nobody is there to answer.
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
        // A server that does not answer at all would hold the client for minutes.
        command.env.push(("PGCONNECT_TIMEOUT".to_owned(), SecretOrText::Plain("15".to_owned())));
        command.env.push(("PGAPPNAME".to_owned(), SecretOrText::Plain("hikae".to_owned())));
        command
    }

    /// `pg_dump` of `database` as plain SQL.
    pub fn dump(&self, database: &str, shape: &DumpShape) -> Command {
        let mut command = self.command("pg_dump", Some(database));
        command.args.push("--no-password".to_owned());
        // Moments have their offset from UTC beside them: so they are written alike wherever they are dumped.
        command.env.push(("PGTZ".to_owned(), SecretOrText::Plain("UTC".to_owned())));
        let flags = [
            (shape.clean, "--clean"),
            (shape.clean, "--if-exists"),
            (shape.create, "--create"),
            (shape.inserts, "--inserts"),
        ];
        command.args.extend(flags.iter().filter(|(on, _)| *on).map(|(_, flag)| (*flag).to_owned()));
        let lists = [
            ("--schema", &shape.schemas),
            ("--exclude-schema", &shape.exclude_schemas),
            ("--table", &shape.tables),
            ("--exclude-table", &shape.exclude_tables),
            ("--exclude-table-data", &shape.exclude_table_data),
        ];
        for (flag, names) in lists {
            command.args.extend(names.iter().map(|name| format!("{flag}={name}")));
        }
        command
    }

    /// `pg_dump` of the structure of `database` alone, in the shape of another dump.
    pub fn dump_structure(&self, database: &str, flags: &[&str], encoding: Option<&str>) -> Command {
        let mut command = self.dump(database, &DumpShape::default());
        // Not `--schema-only`: that leaves out the owners and rights of large objects.
        command.args.extend(["--section=pre-data", "--section=post-data"].map(str::to_owned));
        command.args.extend(flags.iter().map(|flag| (*flag).to_owned()));
        command.args.extend(encoding.map(|encoding| format!("--encoding={encoding}")));
        command
    }

    /// `pg_dumpall` of what belongs to the whole cluster; only a superuser may read the `passwords`.
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

/// A database name as a connection string, so that a name with `=` or `://` in it is a name and nothing else (libpq §34.1.1).
fn conninfo(database: &str) -> String {
    if database.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c)) && !database.is_empty() {
        return database.to_owned();
    }
    format!("dbname='{}'", database.replace('\\', r"\\").replace('\'', r"\'"))
}
