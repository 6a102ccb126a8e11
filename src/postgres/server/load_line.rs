//! The end of the command line that restores a dump with `psql`, without hikae.

use crate::postgres::server::dump_options::DumpOptions;
use crate::world::command::quoted;

/// For a dump that creates its database itself: run from another one.
pub fn psql(from: &str) -> String {
    format!("psql -X -q -o /dev/null -v ON_ERROR_STOP=1 -d {}", quoted(from))
}

/// For a dump into an existing database: all or nothing, because it may drop objects and then fail to recreate them.
pub fn psql_at_once(database: &str) -> String {
    format!("psql -X -q -1 -o /dev/null -v ON_ERROR_STOP=1 -d {}", quoted(database))
}

/// For a dump with these options; none if the line would destroy data that the dump does not restore.
pub(crate) fn of_dump(options: &DumpOptions) -> Option<String> {
    let lists = [&options.schemas, &options.exclude_schemas, &options.tables, &options.exclude_tables];
    let is_part = lists.iter().any(|list| !list.is_empty());
    let drops_more = options.clean && (is_part && options.create || !options.exclude_table_data.is_empty());
    match (options.create, options.database.as_str()) {
        _ if drops_more => None,
        (false, database) => Some(psql_at_once(database)),
        // A session cannot drop and recreate the database that it is connected to.
        (true, "postgres") => Some(psql("template1")),
        (true, _) => Some(psql("postgres")),
    }
}
