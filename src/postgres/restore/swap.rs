//! Replaces one database by another in one transaction: at every moment the name refers to a complete database.
//!
//! The transaction alone makes this safe: `ALTER DATABASE … RENAME` locks out new sessions until it is
//! committed (they wait, and then find the new database), and rolls back if anything fails or the client is
//! gone. It waits one second for existing sessions; a second session terminates those meanwhile. So no
//! database is ever left with connections disabled. Sessions that may not be terminated are searched for first.

use serde::Deserialize;

use crate::error::Result;
use crate::postgres::server::quoting::{ident, literal};
use crate::postgres::server::talk::Talk;
use crate::postgres::server::throwaway::unmark;

/// The OIDs of the three databases, which stay the same when names change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct State {
    pub live: Option<u32>,
    pub staged: Option<u32>,
    pub kept: Option<u32>,
}

/// The live database, its replacement, and the name under which the old one is kept.
#[derive(Clone, Debug)]
pub struct Swap {
    pub live: String,
    pub staged: String,
    pub kept: String,
}

/// The result of an attempt to swap that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swapped {
    Done,
    /// Another swap of it is in progress.
    Busy,
    /// Another run was faster.
    Changed,
}

/// The number of times that sessions are terminated while the renames wait for them.
const EVICTIONS: u32 = 120;

/// A rename would wait five seconds for sessions, and each new session would wait with it.
const PATIENCE: &str = "SET LOCAL statement_timeout = '1s'";

impl Swap {
    /// The query whose only row is a [`State`] as JSON.
    pub fn look(&self) -> String {
        let oid =
            |name: &str| format!("(SELECT oid::bigint FROM pg_catalog.pg_database WHERE datname = {})", literal(name));
        format!(
            "SELECT pg_catalog.json_build_object('live', {}, 'staged', {}, 'kept', {})",
            oid(&self.live),
            oid(&self.staged),
            oid(&self.kept)
        )
    }

    /// Whether `after` is the result of a swap from `before`.
    pub fn led_to(&self, before: &State, after: &State) -> bool {
        after.live == before.staged && after.staged.is_none() && after.kept == before.live
    }

    /// Performs the swap. The properties of the name stay with it: owner, grants, settings, limit and comment.
    pub async fn perform(&self, before: &State, talk: &mut Talk) -> Result<Swapped> {
        let (live, staged) = (literal(&self.live), literal(&self.staged));
        talk.run(["SET search_path = pg_catalog", "SET lock_timeout = '1s'", "BEGIN"].map(str::to_owned)).await?;
        let mine = format!("SELECT pg_try_advisory_xact_lock(hashtext('hikae swap'), hashtext({live})) AS mine");
        if !talk.ask(mine).await?.is_true() {
            return Ok(Swapped::Busy);
        }
        let same = format!(
            "SELECT {} IS NOT DISTINCT FROM (SELECT oid FROM pg_database WHERE datname = {live}) \
             AND {} = (SELECT oid FROM pg_database WHERE datname = {staged}) AS same",
            number(before.live),
            number(before.staged),
        );
        if !talk.ask(same).await?.is_true() {
            return Ok(Swapped::Changed);
        }
        let rename = |from: &str, to: &str| format!("ALTER DATABASE {} RENAME TO {}", ident(from), ident(to));
        if before.live.is_some() {
            talk.run_each(carry_over(&live, &staged)).await?;
            talk.run([PATIENCE.to_owned(), rename(&self.live, &self.kept)]).await?;
        } else {
            talk.run_each(unmark(&staged)).await?;
            talk.ask(PATIENCE).await?;
        }
        let last =
            [rename(&self.staged, &self.live), "SET LOCAL statement_timeout = 0".to_owned(), "COMMIT".to_owned()];
        talk.run(last).await?;
        Ok(Swapped::Done)
    }

    /// Queries the sessions in both databases that this user may not terminate: one row each, `pid (user, application)`.
    pub fn untouchable(&self, before: &State) -> String {
        format!(
            "SELECT pg_catalog.format('%s (%s, %s)', a.pid, r.rolname, coalesce(nullif(a.application_name, ''), '-')) \
             FROM pg_catalog.pg_stat_activity a JOIN pg_catalog.pg_roles r ON r.oid = a.usesysid, pg_catalog.pg_roles me \
             WHERE a.datid IN ({}) AND a.pid <> pg_backend_pid() AND me.rolname = current_user AND NOT me.rolsuper \
             AND (r.rolsuper OR NOT (pg_has_role(r.oid, 'USAGE') OR pg_has_role('pg_signal_backend', 'USAGE'))) \
             ORDER BY a.pid",
            numbers(before)
        )
    }

    /// Terminates the sessions in both databases repeatedly while the renames wait for them. By OID: as soon
    /// as the names are swapped, reconnecting sessions are not affected. Failures are reported by the renames.
    pub async fn evict(&self, before: &State, talk: &mut Talk) {
        let ends = format!(
            "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity \
             WHERE datid IN ({}) AND pid <> pg_catalog.pg_backend_pid()",
            numbers(before)
        );
        for _ in 0..EVICTIONS {
            for sql in [ends.as_str(), "SELECT pg_catalog.pg_sleep(0.05)"] {
                if let Err(error) = talk.ask(sql.to_owned()).await {
                    tracing::debug!(error = error.one_line(), "sessions were not ended");
                }
            }
        }
    }
}

/// The databases whose sessions block the swap.
fn numbers(before: &State) -> String {
    let numbers: Vec<String> = [before.live, before.staged].iter().flatten().map(u32::to_string).collect();
    numbers.join(", ")
}

fn number(oid: Option<u32>) -> String {
    oid.map_or("NULL::oid".to_owned(), |oid| format!("{oid}::oid"))
}

/// Copies everything except the contents from the live database to the staged one; both names are SQL strings. A setting that only
/// the staged one has, from its dump, stays.
fn carry_over(live: &str, staged: &str) -> String {
    format!(
        "SELECT statement FROM (
WITH l AS (SELECT * FROM pg_database WHERE datname = {live}), s AS (SELECT * FROM pg_database WHERE datname = {staged})
SELECT 1 AS step, format('ALTER DATABASE %I OWNER TO %I', s.datname, pg_get_userbyid(l.datdba)) AS statement
  FROM l, s WHERE l.datdba <> s.datdba
UNION ALL SELECT 2, format('ALTER DATABASE %I CONNECTION LIMIT %s', s.datname, l.datconnlimit)
  FROM l, s WHERE l.datconnlimit <> s.datconnlimit
UNION ALL SELECT 3, format('REVOKE ALL ON DATABASE %I FROM %s CASCADE', s.datname, who)
  FROM l, s, LATERAL (SELECT DISTINCT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END AS who
    FROM aclexplode(coalesce(s.datacl, acldefault('d', s.datdba)))) AS had WHERE l.datacl IS DISTINCT FROM s.datacl
UNION ALL SELECT 4, format('GRANT %s ON DATABASE %I TO %s%s', privilege_type, s.datname,
    CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
    CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
  FROM l, s, LATERAL aclexplode(coalesce(l.datacl, acldefault('d', l.datdba))) WHERE l.datacl IS DISTINCT FROM s.datacl
UNION ALL SELECT 5, format('ALTER %s SET %I TO %s',
    CASE setrole WHEN 0 THEN format('DATABASE %I', s.datname)
      ELSE format('ROLE %I IN DATABASE %I', pg_get_userbyid(setrole), s.datname) END,
    name, CASE WHEN lower(name) IN ('search_path', 'temp_tablespaces', 'session_preload_libraries', 'local_preload_libraries')
      THEN regexp_replace(value, '(^|, *)\"\"(?=,|$)', '\\1''''', 'g') ELSE quote_literal(value) END)
  FROM s, l JOIN pg_db_role_setting ON setdatabase = l.oid, unnest(setconfig) AS setting,
    LATERAL (SELECT split_part(setting, '=', 1) AS name, substr(setting, strpos(setting, '=') + 1) AS value) AS parts
UNION ALL SELECT 6, format('COMMENT ON DATABASE %I IS %s', s.datname, coalesce(quote_literal(shobj_description(l.oid, 'pg_database')), 'NULL'))
  FROM l, s
) AS carried ORDER BY step, statement"
    )
}
