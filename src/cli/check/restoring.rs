//! Checks the missing privileges for a restore or a drill, and on which server a drill restores.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::alerting::block_on;
use super::asking::caller;
use super::point::Point;
use crate::error::{Error, Kind, Result};
use crate::postgres::server::client::Server;
use crate::postgres::server::programs::Programs;
use crate::postgres::server::query;
use crate::postgres::server::quoting::{ident, literal};
use crate::recipe::declaration::RecipeKind;
use crate::recipe::job::Job;
use crate::recipe::values::ParamValue;
use crate::world::real::account::Account;
use crate::world::real::{this_process, write_folders};
use crate::world::{Caller, Command, program};

/// What the role of a recipe may do with databases, and whose the live one is.
struct Role {
    name: String,
    creates: bool,
    owns: bool,
    owner: String,
}

/// Whether a drill starts a server of its own, where its recipe says on which it restores.
pub fn drills_apart(job: &Job, environment: &BTreeMap<String, String>) -> Option<bool> {
    let Some(ParamValue::String(cluster)) = job.params.get("cluster") else { return None };
    match cluster.as_str() {
        "temporary" => Some(true),
        "server" => Some(false),
        "auto" => Some(this_process::find_program("initdb", environment).is_ok()),
        _ => None,
    }
}

/// What there is to say of the server on which a drill restores.
pub fn drill(job: &Job, environment: &BTreeMap<String, String>) -> Option<Point> {
    let subject = &job.source.name;
    let place = match drills_apart(job, environment)? {
        true => match own_server(job) {
            Ok(place) => place,
            Err(error) => return Some(Point::wrong(subject, &error)),
        },
        false if this_process::find_program("initdb", environment).is_err() => {
            "restores beside the live database: the programs of a PostgreSQL server are not installed here".to_owned()
        }
        false => "restores beside the live database".to_owned(),
    };
    Some(Point::ok(subject, place).in_summary())
}

/// Whether a server of its own can be started.
fn own_server(job: &Job) -> Result<String> {
    let as_root = this_process::user_id() == 0;
    let found = block_on(async |_stop| Programs::find(&caller(), as_root).await)??;
    let release = found.release().map(|release| format!(" (PostgreSQL {release})")).unwrap_or_default();
    if let (true, Some(ParamValue::Path(dir))) = (as_root, job.params.get("cluster_dir")) {
        Account::named("postgres")?;
        passable(dir)?;
    }
    Ok(format!("restores on a temporary server of its own{release}"))
}

/// As root the server runs as another user, who must get through to its folder.
fn passable(dir: &Path) -> Result<()> {
    let mut command = Command::new("setpriv");
    let args = ["--reuid=postgres", "--regid=postgres", "--init-groups", "--", "test", "-x"].map(str::to_owned);
    let nearest = write_folders::folder_for(dir).unwrap_or_else(|| dir.to_owned());
    command.args = args.into_iter().chain([nearest.display().to_string()]).collect();
    let (_, exit) = block_on(async |_stop| program::ask(&caller(), command, None, 1024).await)??;
    match exit.success() {
        true => Ok(()),
        false => {
            let what =
                format!("the user `postgres` may not enter `{}`, where a temporary server would lie", dir.display());
            Err(Error::new(Kind::Denied, what)
                .hint("as root it runs as that user: choose another `cluster_dir`, such as `/var/tmp`"))
        }
    }
}

/// What the role lacks for what the recipe does; of one that only backs up, what a restore would need.
pub fn rights(caller: &Caller, job: &Job, server: &Server) -> Result<Vec<Point>> {
    let database = job.params.get("database").map(ToString::to_string).unwrap_or_default();
    let role = block_on(async |_stop| ask(caller, server, &database).await)??;
    let (subject, kind) = (&job.source.name, job.declaration.kind);
    let lacks = role.lacks(&database, kind != RecipeKind::Drill);
    let name = &role.name;
    if lacks.is_empty() {
        return Ok(match kind {
            RecipeKind::Backup => Vec::new(),
            RecipeKind::Drill => vec![Point::ok(subject, format!("the role `{name}` may make databases"))],
            _ => vec![Point::ok(subject, format!("the role `{name}` may make and rename databases"))],
        });
    }
    let what = lacks.iter().map(|(what, _)| what.as_str()).collect::<Vec<_>>().join(", nor ");
    let grants = lacks.iter().map(|(_, grant)| format!("`{grant}`")).collect::<Vec<_>>().join(", ");
    Ok(vec![match kind {
        RecipeKind::Backup => Point::not_tried(
            subject,
            format!(
                "the role `{name}` can back up and not restore: it may not {what}; a restore takes another (`user=postgres`), or {grants}"
            ),
        )
        .in_summary(),
        _ => Point::wrong(
            subject,
            &Error::new(Kind::Denied, format!("the role `{name}` may not {what}"))
                .hint(format!("as a superuser: {grants}; or name another role: `user=postgres`")),
        ),
    }])
}

impl Role {
    /// What it may not do, each with what would let it.
    fn lacks(&self, database: &str, renames: bool) -> Vec<(String, String)> {
        let name = ident(&self.name);
        let mut lacks = Vec::new();
        if !self.creates {
            lacks.push(("make databases".to_owned(), format!("ALTER ROLE {name} CREATEDB")));
        }
        if renames && !self.owns {
            let what = format!("rename `{database}`, which belongs to `{}`", self.owner);
            lacks.push((what, format!("GRANT {} TO {name}", ident(&self.owner))));
        }
        lacks
    }
}

async fn ask(caller: &Caller, server: &Server, database: &str) -> Result<Role> {
    let sql = format!(
        "SELECT rolname AS name, rolsuper OR rolcreatedb AS creates, \
         coalesce((SELECT pg_has_role(datdba, 'USAGE') FROM pg_database WHERE datname = {0}), true) AS owns, \
         coalesce((SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = {0}), '') AS owner \
         FROM pg_roles WHERE rolname = current_user",
        literal(database)
    );
    let rows = query::ask(caller, server, "postgres", &sql, &BTreeMap::new()).await?;
    let text = |name: &str| rows[0][name].as_str().unwrap_or_default().to_owned();
    let holds = |name: &str| rows[0][name].as_bool().unwrap_or(true);
    Ok(Role { name: text("name"), creates: holds("creates"), owns: holds("owns"), owner: text("owner") })
}
