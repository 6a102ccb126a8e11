//! Whether the role of a restore or a drill may do what it does: make a database, rename the live one, end sessions.

use std::collections::BTreeMap;

use super::point::Point;
use crate::error::{Error, Kind, Result};
use crate::postgres::server::client::Server;
use crate::postgres::server::query;
use crate::recipe::declaration::RecipeKind;
use crate::recipe::job::Job;
use crate::world::Caller;

/// Where the database of the recipe is not there yet, nobody has to own it.
const RIGHTS: &str = "
SELECT current_user::text AS role, rolsuper OR rolcreatedb AS creates,
  coalesce((SELECT pg_has_role(datdba, 'USAGE') FROM pg_database WHERE datname = :'live'), true) AS owns,
  pg_has_role('pg_signal_backend', 'USAGE') AS signals
FROM pg_roles WHERE rolname = current_user";

/// A right that is missing.
struct Missing {
    what: String,
    hint: String,
}

/// The points of a server that was reached.
pub async fn points(caller: &Caller, server: &Server, database: &str, job: &Job) -> Result<Vec<Point>> {
    let subject = &job.source.name;
    let live = job.params.get("database").map(ToString::to_string).unwrap_or_default();
    let vars = BTreeMap::from([("live".to_owned(), live.clone())]);
    let rights = query::ask(caller, server, database, RIGHTS, &vars).await?;
    let has = |right: &str| rights[0][right].as_bool().unwrap_or(true);
    let role = rights[0]["role"].as_str().unwrap_or_default();
    let replaces = job.declaration.kind == RecipeKind::Restore;
    let mut points: Vec<Point> = Vec::new();
    if !has("creates") {
        let what = format!("the role `{role}` may not create databases, so it cannot restore");
        let hint = format!("as a superuser: `ALTER ROLE {role} CREATEDB`; or set another `user` for restores");
        points.push(point(job, Missing { what, hint }));
    }
    if replaces && !has("owns") {
        let what = format!("the role `{role}` does not own the database `{live}`, so it cannot replace it");
        let hint = format!("restore as its owner: `hikae run {subject} --set user=OWNER`");
        points.push(point(job, Missing { what, hint }));
    }
    if replaces && !has("signals") {
        let what =
            format!("the role `{role}` may not end the sessions of others, which keep a database from being replaced");
        points.push(Point::warning(subject, what, format!("as a superuser: `GRANT pg_signal_backend TO {role}`")));
    }
    if points.is_empty() {
        points.push(Point::ok(subject, format!("the role `{role}` may create and replace databases")));
    }
    Ok(points)
}

/// A built-in recipe fails without the right; one of the site's own may not need it.
fn point(job: &Job, Missing { what, hint }: Missing) -> Point {
    match job.source.folder {
        None => Point::wrong(&job.source.name, &Error::new(Kind::Denied, what).hint(hint)),
        Some(_) => Point::warning(&job.source.name, what, hint),
    }
}
