//! How PostgreSQL's programs are called to make, fill and drop the target of a restore, and how an archive is decoded.

use crate::postgres::server::client::Server;
use crate::postgres::server::quoting::ident;
use crate::world::Command;

impl Server {
    /// `psql` that loads a dump from its standard input, tells errors with their line, and ends at the first.
    pub fn load(&self, database: &str) -> Command {
        let mut command = self.psql(database);
        command.args.push("--file=-".to_owned());
        command
    }

    /// `psql` for statements about databases; an error shows its code, which is the same in every language.
    pub fn manage(&self, database: &str) -> Command {
        let mut command = self.psql(database);
        command.args.push("--set=VERBOSITY=verbose".to_owned());
        command
    }

    /// `pg_restore` of the archive `file` by `jobs` connections at once.
    pub fn load_archive(&self, file: &str, database: &str, jobs: u32) -> Command {
        let mut command = self.command("pg_restore", Some(database));
        let flags = ["--no-password", "--exit-on-error"].map(str::to_owned);
        command.args.extend(flags);
        command.args.extend([format!("--jobs={jobs}"), "--".to_owned(), file.to_owned()]);
        command
    }
}

/// `pg_restore` that decodes all of an archive, from its standard input, into plain SQL.
pub fn decode_archive() -> Command {
    let mut command = Command::new("pg_restore");
    command.args = ["--create", "--file=-"].map(str::to_owned).to_vec();
    command.stdin = true;
    command
}

/// `pg_restore` that decodes all of a folder by `pg_dump --format=directory` into plain SQL.
pub fn decode_folder(folder: &str) -> Command {
    let mut command = Command::new("pg_restore");
    command.args = ["--create", "--file=-", "--format=directory", "--", folder].map(str::to_owned).to_vec();
    command
}

/// The statements that drop `database`, also when a connection hangs on or it is a template.
pub fn drop_database(database: &str) -> String {
    let name = ident(database);
    format!("ALTER DATABASE {name} IS_TEMPLATE false;\nDROP DATABASE {name} WITH (FORCE);\n")
}
