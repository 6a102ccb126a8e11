//! Checks whether `pg_dump` can dump the database: its version, and the read privileges of the role.

use std::collections::BTreeMap;

use super::point::Point;
use crate::error::{Error, Kind, Result};
use crate::postgres::server::client::Server;
use crate::postgres::server::query;
use crate::world::program::ask;
use crate::world::{Caller, Command};

/// How many names a message has.
const NAMED: usize = 5;
/// No version is longer.
const MAX_BYTES: usize = 1 << 16;

/// What a dump reads and the role may not, with what is in the way.
const UNREADABLE: &str = "
SELECT format('%I.%I', n.nspname, c.relname) AS name,
  CASE WHEN c.relrowsecurity AND row_security_active(c.oid) THEN 'policy' ELSE 'right' END AS why
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'S') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND (NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    OR EXISTS (SELECT 1 FROM pg_extension x WHERE c.oid = ANY (x.extconfig)))
  AND (NOT has_schema_privilege(n.oid, 'USAGE')
    OR CASE WHEN c.relkind = 'S' THEN NOT has_sequence_privilege(c.oid, 'SELECT')
       ELSE NOT has_table_privilege(c.oid, 'SELECT') OR (c.relrowsecurity AND row_security_active(c.oid)) END)
UNION ALL
SELECT 'large object ' || m.oid, 'right' FROM pg_largeobject_metadata m
WHERE NOT pg_has_role(m.lomowner, 'USAGE') AND NOT EXISTS (SELECT 1 FROM aclexplode(m.lomacl) a
  WHERE a.privilege_type = 'SELECT' AND (a.grantee = 0 OR pg_has_role(a.grantee, 'USAGE')))
ORDER BY 1";

const VERSION: &str = "SELECT current_setting('server_version_num')::int / 10000 AS major";

const ABOUT: &str = "SELECT current_user::text AS role, pg_database_size(current_database()) AS size_bytes";

/// The databases of a server that hold data of somebody.
const ALL: &str = "
SELECT datname AS name FROM pg_database
WHERE datallowconn AND datname NOT IN ('template0', 'template1') AND datname !~ '^hikae_throwaway_' ORDER BY 1";

const HASHES: &str =
    "SELECT current_user::text AS role, has_table_privilege('pg_catalog.pg_authid', 'SELECT') AS readable";

/// A server that could be reached, and who asks it.
pub struct Asking<'a> {
    pub caller: &'a Caller,
    pub server: &'a Server,
    pub subject: &'a str,
}

impl Asking<'_> {
    async fn ask(&self, database: &str, sql: &str) -> Result<serde_json::Value> {
        query::ask(self.caller, self.server, database, sql, &BTreeMap::new()).await
    }

    /// The names of all databases, as one of them lists them.
    pub async fn databases(&self, database: &str) -> Result<Vec<String>> {
        let listed = self.ask(database, ALL).await?;
        let rows = listed.as_array().into_iter().flatten();
        Ok(rows.filter_map(|row| row["name"].as_str().map(str::to_owned)).collect())
    }

    /// Whether `pg_dump` is as new as the server.
    pub async fn version(&self, database: &str) -> Result<Option<Point>> {
        let answer = self.ask(database, VERSION).await?;
        Ok(match answer[0]["major"].as_u64() {
            Some(server) => version(self.caller, self.subject, server).await,
            None => None,
        })
    }

    /// Whether the role may read the hashes of the roles' passwords.
    pub async fn hashes(&self, database: &str) -> Result<Point> {
        let answer = self.ask(database, HASHES).await?;
        let role = answer[0]["role"].as_str().unwrap_or_default();
        if answer[0]["readable"].as_bool().unwrap_or(true) {
            return Ok(Point::ok(self.subject, format!("the role `{role}` may read the passwords of roles")));
        }
        let what = format!("the role `{role}` may not read the passwords of roles, which only a superuser may");
        let hint = "dump as a superuser, or without them: `role_passwords = false`";
        Ok(Point::wrong(self.subject, &Error::new(Kind::Denied, what).hint(hint)))
    }
}

/// Whether the role may read all that a dump of a database reads; and the size of the database on its server.
pub async fn readable(asking: &Asking<'_>, database: &str) -> Result<(Point, u64)> {
    let subject = asking.subject;
    let about = asking.ask(database, ABOUT).await?;
    let role = about[0]["role"].as_str().unwrap_or_default().to_owned();
    let size_bytes = about[0]["size_bytes"].as_u64().unwrap_or_default();
    let unreadable = asking.ask(database, UNREADABLE).await?;
    let rows: Vec<(String, bool)> = unreadable
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|row| Some((row["name"].as_str()?.to_owned(), row["why"] == "policy")))
        .collect();
    let point = match rows.is_empty() {
        true => Point::ok(subject, format!("the role `{role}` may read all that is dumped of `{database}`")),
        false => Point::wrong(subject, &refused(&role, database, &rows)),
    };
    Ok((point, size_bytes))
}

fn refused(role: &str, database: &str, rows: &[(String, bool)]) -> Error {
    let named: Vec<String> = rows.iter().take(NAMED).map(|(name, _)| format!("`{name}`")).collect();
    let more = match rows.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let what = format!("the role `{role}` may not read all of `{database}`: {}{more}", named.join(", "));
    let objects = rows.iter().any(|(name, _)| name.starts_with("large object "));
    let hint = match rows.iter().any(|(_, policy)| *policy) {
        true => format!("row security is in the way: `ALTER ROLE {role} BYPASSRLS`"),
        false if objects => {
            format!("`GRANT SELECT ON LARGE OBJECT … TO {role}`: `pg_read_all_data` does not reach large objects")
        }
        false => format!("as a superuser: `GRANT pg_read_all_data TO {role}` (PostgreSQL 14), else `GRANT SELECT`"),
    };
    Error::new(Kind::Denied, what).hint(hint)
}

/// Whether `pg_dump` is as new as the server: an older one refuses to dump.
async fn version(caller: &Caller, subject: &str, server: u64) -> Option<Point> {
    let mut command = Command::new("pg_dump");
    command.args.push("--version".to_owned());
    // A missing program is reported as a separate point.
    let (said, _exit) = ask(caller, command, None, MAX_BYTES).await.ok()?;
    let said = String::from_utf8_lossy(&said);
    let own: u64 = said.split_whitespace().find_map(|word| word.split('.').next()?.parse().ok())?;
    Some(match own >= server {
        true => Point::ok(subject, format!("`pg_dump` {own} dumps the server's version {server}")),
        false => {
            let what = format!("`pg_dump` {own} is older than the server {server}, and refuses to dump it");
            Point::wrong(
                subject,
                &Error::new(Kind::Command, what).hint(format!("`apt-get install postgresql-client-{server}`")),
            )
        }
    })
}
