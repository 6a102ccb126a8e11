//! Decides which databases hikae may drop: how throwaways are named and marked, and how a run shows that it still needs one.
//!
//! A throwaway has a name that only hikae uses, a comment that says which run made it, and a keeper: a session of its
//! run that holds an advisory lock. The lock ends with the run, even after a kill, so the server itself knows which
//! throwaways are left over.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher, RandomState};

use chrono::{DateTime, FixedOffset};

use crate::postgres::server::quoting::{ident, literal};

/// The prefix of every throwaway's name.
pub const PREFIX: &str = "hikae_throwaway_";
/// The prefix of every temporary cluster's name.
pub const CLUSTER: &str = "hikae_cluster_";
/// The prefix of every throwaway's comment.
const MARK: &str = "made by hikae run ";

/// A name that no other run uses: it contains the time and the process.
pub fn name(now: DateTime<FixedOffset>, process_id: u32, number: usize) -> String {
    let more = if number > 1 { format!("_{number}") } else { String::new() };
    format!("{PREFIX}{}_{process_id}{more}", now.format("%Y%m%d_%H%M%S"))
}

/// The name of a temporary cluster. Its last part is unguessable, because its folder may be in a world-writable place.
pub fn cluster_name(now: DateTime<FixedOffset>, process_id: u32) -> String {
    let random = RandomState::new().build_hasher().finish();
    format!("{CLUSTER}{}_{process_id}_{random:016x}", now.format("%Y%m%d_%H%M%S"))
}

/// Whether hikae generated a name: prefix, stamp, process.
pub fn is_name(name: &str) -> bool {
    let Some(rest) = name.strip_prefix(PREFIX) else { return false };
    let parts: Vec<&str> = rest.split('_').collect();
    let digits = parts.iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    digits && matches!(parts.len(), 3 | 4) && parts[0].len() == 8 && parts[1].len() == 6
}

/// Whether a comment is hikae's. If a run was killed before it wrote the comment, there is none.
pub fn is_mark(comment: Option<&str>) -> bool {
    comment.is_none_or(|comment| comment.starts_with(MARK))
}

pub fn mark(run_id: &str, recipe: &str, host: &str) -> String {
    format!("{MARK}{run_id} of {recipe} on {host}; to be dropped when that run has ended")
}

/// Returns the statement that removes hikae's mark from a database that is no longer a throwaway; `name` is a SQL string.
pub fn unmark(name: &str) -> String {
    format!(
        "SELECT format('COMMENT ON DATABASE %I IS NULL', datname) FROM pg_catalog.pg_database WHERE datname = {name} \
         AND pg_catalog.starts_with(pg_catalog.shobj_description(oid, 'pg_database'), {})",
        literal(MARK)
    )
}

/// Queries whether the throwaway is unused; if so, this session holds its lock from then on.
pub fn lock(name: &str) -> String {
    format!(
        "SELECT pg_catalog.pg_try_advisory_lock(pg_catalog.hashtext('hikae throwaway'), pg_catalog.hashtext({}))",
        literal(name)
    )
}

/// Queries whether the throwaway exists, and is marked or not yet marked.
pub fn is_own(name: &str) -> String {
    format!(
        "SELECT pg_catalog.count(*) > 0 AS own FROM pg_catalog.pg_database WHERE datname = {} AND pg_catalog.starts_with(\
         coalesce(pg_catalog.shobj_description(oid, 'pg_database'), {mark}), {mark})",
        literal(name),
        mark = literal(MARK),
    )
}

/// Drops a throwaway and recreates it by the statement `create`, with its mark.
pub fn remake(name: &str, create: String, mark: &str) -> Vec<String> {
    vec![drop(name), create, comment(name, mark)]
}

/// Marks a throwaway as hikae's.
pub fn comment(name: &str, mark: &str) -> String {
    format!("COMMENT ON DATABASE {} IS {}", ident(name), literal(mark))
}

/// The names as the rows of `VALUES`.
fn rows(names: &BTreeSet<String>) -> String {
    names.iter().map(|name| format!("({})", literal(name))).collect::<Vec<_>>().join(", ")
}

/// Returns the statements that create the missing roles, without login.
pub fn make_roles(names: &BTreeSet<String>) -> String {
    format!(
        "SELECT format('CREATE ROLE %I NOLOGIN', name) FROM (VALUES {}) AS named (name) \
         WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = name)",
        rows(names)
    )
}

/// Allows tablespaces in the folder of the cluster itself.
pub const IN_PLACE: &str = "SET allow_in_place_tablespaces = on";

/// Returns the statements that create the missing tablespaces, usable by every role.
pub fn make_tablespaces(names: &BTreeSet<String>) -> String {
    format!(
        "SELECT format(change, name, '') FROM (VALUES (1, 'CREATE TABLESPACE %I LOCATION %L'), \
         (2, 'GRANT CREATE ON TABLESPACE %I TO PUBLIC')) AS changes (place, change), (VALUES {}) AS named (name) \
         WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_tablespace WHERE spcname = name) ORDER BY place, name",
        rows(names)
    )
}

/// Drops a database, and ends the sessions in it.
pub fn drop(name: &str) -> String {
    format!("DROP DATABASE {} WITH (FORCE)", ident(name))
}
