//! The options of `pg.dump`, and the `pg_dump` command that they produce.

use crate::postgres::server::client::server_options;
use crate::world::Command;

server_options!(DumpOptions {
    pub(crate) database: String,
    #[serde(default = "yes")]
    pub(crate) create: bool,
    #[serde(default = "yes")]
    pub(crate) clean: bool,
    #[serde(default)]
    pub(crate) inserts: bool,
    #[serde(default)]
    pub(crate) schemas: Vec<String>,
    #[serde(default)]
    pub(crate) exclude_schemas: Vec<String>,
    #[serde(default)]
    pub(crate) tables: Vec<String>,
    #[serde(default)]
    pub(crate) exclude_tables: Vec<String>,
    #[serde(default)]
    pub(crate) exclude_table_data: Vec<String>,
});

fn yes() -> bool {
    true
}

impl DumpOptions {
    /// `pg_dump` with these options.
    pub(crate) fn command(&self) -> Command {
        let mut command = self.server().pg_dump(&self.database);
        let flags = [
            (self.clean, "--clean"),
            (self.clean, "--if-exists"),
            (self.create, "--create"),
            (self.inserts, "--inserts"),
        ];
        command.args.extend(flags.iter().filter(|(on, _)| *on).map(|(_, flag)| (*flag).to_owned()));
        let lists = [
            ("--schema", &self.schemas),
            ("--exclude-schema", &self.exclude_schemas),
            ("--table", &self.tables),
            ("--exclude-table", &self.exclude_tables),
            ("--exclude-table-data", &self.exclude_table_data),
        ];
        for (flag, names) in lists {
            command.args.extend(names.iter().map(|name| format!("{flag}={name}")));
        }
        command
    }

    /// Whether all tables are dumped with all their rows.
    pub(crate) fn is_whole(&self) -> bool {
        let parts =
            [&self.schemas, &self.exclude_schemas, &self.tables, &self.exclude_tables, &self.exclude_table_data];
        parts.iter().all(|part| part.is_empty())
    }
}
