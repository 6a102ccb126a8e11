//! Connects to the database of each recipe that works on PostgreSQL, as the recipe would.

use std::collections::BTreeMap;

use super::super::alerting::block_on;
use super::super::context::Context;
use super::asking::{LONGEST, caller, caller_of};
use super::point::{Mark, Point};
use super::{machine, restoring, rights};
use crate::error::{Error, Kind, Result};
use crate::postgres::server::client::Server;
use crate::postgres::server::query;
use crate::recipe::declaration::RecipeKind;
use crate::recipe::job::Job;
use crate::recipe::values::ParamValue;
use crate::secret::Secret;
use crate::world::Caller;

/// Programs that say that a recipe works on a server of PostgreSQL.
const CLIENTS: [&str; 4] = ["pg_dump", "pg_dumpall", "pg_restore", "psql"];

/// The databases that were tried, with the results: two recipes of one database need one connection.
#[derive(Default)]
pub struct Databases(BTreeMap<String, std::result::Result<(), Error>>);

/// Whether a recipe dumps a database, so that its rights and the version of `pg_dump` matter.
fn dumps(job: &Job) -> bool {
    job.needs.run.iter().any(|program| program == "pg_dump")
}

impl Databases {
    /// What there is to say of the database of a recipe; nothing where it has none.
    pub fn points(&mut self, context: &Context, job: &Job, offline: bool) -> Vec<Point> {
        // A drill on its own throwaway server needs no other server, which may be down.
        if restoring::drills_apart(job, &context.environment) == Some(true) {
            return machine::space(context, job, 0).into_iter().collect();
        }
        // A user that does not exist has a point of its own.
        let Ok(caller) = caller_of(job) else { return machine::space(context, job, 0).into_iter().collect() };
        let connected = self.check(&caller, job, offline);
        let works = connected.as_ref().is_some_and(|point| point.mark == Mark::Ok);
        let mut points: Vec<Point> = connected.into_iter().collect();
        let Some((server, database)) = of_recipe(job).filter(|_| works) else {
            points.extend(machine::space(context, job, 0));
            return points;
        };
        let asked = match dumps(job) {
            true => block_on(async |_stop| dumped(context, &caller, &server, &database, job).await),
            false => Ok(Ok(machine::space(context, job, 0).into_iter().collect())),
        };
        match asked.and_then(|asked| asked) {
            Ok(asked) => points.extend(asked),
            // If the server is too old for a query, that is not the recipe's fault.
            Err(error) => {
                let what = format!("its rights are not known: {}", error.one_line());
                points.push(Point::not_tried(&job.source.name, what).in_summary());
            }
        }
        if dumps(job) || matches!(job.declaration.kind, RecipeKind::Restore | RecipeKind::Drill) {
            points.extend(restoring::rights(&caller, job, &server).unwrap_or_default()); // as above
        }
        points
    }

    /// Connects to the database of a recipe; nothing where it has none.
    fn check(&mut self, caller: &Caller, job: &Job, offline: bool) -> Option<Point> {
        let subject = &job.source.name;
        let (server, database) = of_recipe(job)?;
        let place = place(&server, &database);
        if offline {
            return Some(Point::not_tried(subject, format!("{place}: not connected (--offline)")));
        }
        let key = format!(
            "{place} {:?} {:?} {:?}",
            job.needs.user,
            job.network(),
            server.password.as_ref().map(Secret::expose)
        );
        let answer = self.0.entry(key).or_insert_with(|| connect_by(caller, &server, &database));
        Some(match answer {
            Ok(()) => Point::ok(subject, format!("{place}: connected")).in_summary(),
            Err(error) => Point::wrong(subject, error),
        })
    }
}

/// Whether each database that a recipe dumps can be dumped, and whether there is room for a first backup.
async fn dumped(context: &Context, caller: &Caller, server: &Server, database: &str, job: &Job) -> Result<Vec<Point>> {
    let subject = &job.source.name;
    let asking = rights::Asking { caller, server, subject };
    let mut points: Vec<Point> = asking.version(database).await?.into_iter().collect();
    let names = match job.params.get("database") {
        Some(_) => vec![database.to_owned()],
        None => chosen(asking.databases(database).await?, job),
    };
    let mut size = 0;
    for name in &names {
        match rights::readable(&asking, name).await {
            Ok((point, size_bytes)) => {
                points.push(point);
                size += size_bytes;
            }
            Err(error) => points.push(Point::wrong(subject, &error)),
        }
    }
    let keeps_hashes = job.params.get("role_passwords").is_none_or(|keep| *keep != ParamValue::Boolean(false));
    if job.needs.run.iter().any(|program| program == "pg_dumpall") && keeps_hashes {
        points.push(asking.hashes(database).await?);
    }
    points.extend(machine::space(context, job, size));
    Ok(points)
}

/// The databases of a server that a recipe dumps, where it dumps more than one.
fn chosen(all: Vec<String>, job: &Job) -> Vec<String> {
    let listed = |param: &str| match job.params.get(param) {
        Some(ParamValue::List(names)) => names.clone(),
        _ => Vec::new(),
    };
    let (only, exclude) = (listed("databases"), listed("exclude"));
    let named = if only.is_empty() { all } else { only };
    named.into_iter().filter(|name| !exclude.contains(name)).collect()
}

/// The server of a recipe, and the database that a run connects to first.
fn of_recipe(job: &Job) -> Option<(Server, String)> {
    let is_client = |program: &String| CLIENTS.contains(&program.as_str());
    let text = |name: &str| match job.params.get(name) {
        Some(ParamValue::String(text)) => Some(text.clone()),
        Some(ParamValue::Path(path)) => Some(path.display().to_string()),
        _ => None,
    };
    if !job.needs.run.iter().any(is_client) || job.params.get("host").is_none() {
        return None;
    }
    let server = Server {
        host: text("host"),
        port: match job.params.get("port") {
            Some(ParamValue::Integer(port)) => u16::try_from(*port).ok(),
            _ => None,
        },
        user: text("user"),
        password: match job.params.get("password") {
            Some(ParamValue::Secret(password)) => Some(password.clone()),
            _ => None,
        },
    };
    // The database to restore need not exist yet.
    let exists = matches!(job.declaration.kind, RecipeKind::Backup);
    let database = text("database").filter(|_| exists).unwrap_or_else(|| "postgres".to_owned());
    Some((server, database))
}

fn place(server: &Server, database: &str) -> String {
    let host = server.host.as_deref().unwrap_or("localhost");
    let port = server.port.map(|port| format!(":{port}")).unwrap_or_default();
    let user = server.user.as_ref().map(|user| format!(" as {user}")).unwrap_or_default();
    format!("the database `{database}` on {host}{port}{user}")
}

/// Connects and asks for one row.
pub fn connect(server: &Server, database: &str) -> Result<()> {
    connect_by(&caller(), server, database)
}

fn connect_by(caller: &Caller, server: &Server, database: &str) -> Result<()> {
    let answer =
        block_on(async |_stop| query::ask(caller, server, database, "SELECT 1 AS one", &BTreeMap::new()).await)?;
    answer.map(drop).map_err(|error| match error.kind() {
        Kind::Timeout => {
            let what = format!("{} does not answer within {} seconds", place(server, database), LONGEST.as_secs());
            Error::new(Kind::Timeout, what).hint("is it the right host and port, and does a firewall let it pass?")
        }
        _ => error,
    })
}
