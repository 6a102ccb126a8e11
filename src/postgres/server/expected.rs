//! Estimates the size of a dump from its tables' sizes, for the progress display of a first backup.

use std::collections::BTreeMap;

use crate::backup::expected::asking;
use crate::postgres::server::dump_options::DumpOptions;
use crate::postgres::server::query;
use crate::stream::{Expected, SharedFacts};
use crate::world::Caller;

/// The rows and their TOAST data; an index is only one line of a dump.
const SIZE: &str = "
SELECT coalesce(sum(pg_catalog.pg_table_size(c.oid)), 0)::bigint AS bytes
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";

/// Records the estimate. It is only for display: without an answer it is left out.
pub(crate) async fn expected(caller: &Caller, options: &DumpOptions, facts: &SharedFacts) {
    let Some(caller) = asking(caller).filter(|_| options.is_whole()) else { return };
    let answer = query::look(&caller, &options.server(), &options.database, SIZE, &BTreeMap::new()).await;
    let bytes = answer.ok().and_then(|answer| answer[0]["bytes"].as_u64());
    facts.lock().expected = bytes.filter(|bytes| *bytes > 0).map(|bytes| Expected { bytes, about: true });
}
