//! Says how `psql` takes a dump back: the end of the line that restores it without hikae.

use crate::postgres::server::dump_options::DumpOptions;
use crate::world::command::quoted;

/// For a dump that makes its database itself: run from another one.
pub fn psql(from: &str) -> String {
    format!("psql -X -q -o /dev/null -v ON_ERROR_STOP=1 -d {}", quoted(from))
}

/// For a dump that fills a database which is there: all of it or nothing, for it may drop what it then fails to make again.
pub fn psql_at_once(database: &str) -> String {
    format!("psql -X -q -1 -o /dev/null -v ON_ERROR_STOP=1 -d {}", quoted(database))
}

/// For a dump with these options; none where the line would destroy what the dump does not bring back.
pub(crate) fn of_dump(options: &DumpOptions) -> Option<String> {
    let lists = [&options.schemas, &options.exclude_schemas, &options.tables, &options.exclude_tables];
    let is_part = lists.iter().any(|list| !list.is_empty());
    let drops_more = options.clean && (is_part && options.create || !options.exclude_table_data.is_empty());
    match (options.create, options.database.as_str()) {
        _ if drops_more => None,
        (false, database) => Some(psql_at_once(database)),
        // A database cannot be dropped and created by who is connected to it.
        (true, "postgres") => Some(psql("template1")),
        (true, _) => Some(psql("postgres")),
    }
}
