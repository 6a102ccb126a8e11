//! Starts programs: found in `PATH`, with a clean environment, each in a separate process group.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use rustix::fs::Access;

use super::account::Account;
use super::pipes::{ProgramInput, ProgramOutput, enlarge};
use super::postgres::clients;
use super::process::RealProcess;
use super::undo::Undo;
use super::wall::{Policy, Wall};
use super::{spawner, stderr};
use crate::error::{Error, Kind, Result};
use crate::world::program::{environment_of_child, passed_on};
use crate::world::refusals::{no_such_cwd, not_on_path};
use crate::world::{Child, Command};

/// What a child may reach, and the user that it runs as.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub wall: Option<&'a Policy>,
    pub account: Option<&'a Arc<Account>>,
}

/// Starts `command`; `ours` is hikae's own environment.
pub async fn start(command: Command, ours: &BTreeMap<String, String>, place: Place<'_>, undo: &Undo) -> Result<Child> {
    let command = clients::with_variables(command, ours)?;
    let account = place.account.filter(|_| !command.own.stays).cloned();
    let inherited = account.as_ref().map(|account| account.environment(ours));
    let env = environment_of_child(&command, inherited.as_ref().unwrap_or(ours));
    let program = unwrapped(find(&command.program, env.get("PATH").map_or("", String::as_str))?);
    let wall = place.wall.map(|policy| Wall::for_child(policy, &command, &program)).transpose()?;
    let system = assemble(&command, &program, env);
    let mut child = spawner::spawn(system, wall, account).await.map_err(|cause| cannot_start(&command, cause))?;

    let stdin = child.stdin.take().map(|pipe| {
        enlarge(&pipe);
        Box::new(ProgramInput::new(pipe, &command.program)) as Box<_>
    });
    let (Some(stdout), Some(errors), Some(pid)) = (child.stdout.take(), child.stderr.take(), child.id()) else {
        return Err(Error::new(Kind::Other, format!("cannot start `{}`", command.program)).because_text("no pipes"));
    };
    enlarge(&stdout);
    let stdout = ProgramOutput::new(stdout, &command.program).map_err(|cause| cannot_start(&command, cause))?;
    let tail = stderr::follow(errors, &command.program);
    Ok(Child {
        stdin,
        stdout: Box::new(stdout),
        process: Box::new(RealProcess::new(child, pid, tail, &command.program, undo.clone())),
    })
}

fn assemble(command: &Command, program: &Path, env: BTreeMap<String, String>) -> tokio::process::Command {
    let mut system = tokio::process::Command::new(program);
    system.args(&command.args).env_clear().envs(env).kill_on_drop(true);
    system.stdin(if command.stdin { Stdio::piped() } else { Stdio::null() });
    system.stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(cwd) = &command.cwd {
        system.current_dir(cwd);
    }
    system
}

fn cannot_start(command: &Command, cause: io::Error) -> Error {
    let error = Error::io(format!("cannot start `{}`", command.program), cause);
    match (&command.cwd, error.kind()) {
        (Some(cwd), Kind::NotFound) if !cwd.is_dir() => no_such_cwd(error, cwd),
        (_, Kind::NotFound) => error.hint("the interpreter that its first line names is missing"),
        _ => error,
    }
}

/// The path of `program`: itself if it is a path, else found in `path`.
pub fn find(program: &str, path: &str) -> Result<PathBuf> {
    let fail = |kind, what: &str| Error::new(kind, format!("cannot start `{program}`: {what}"));
    if let Some(found) = which(program, path) {
        return Ok(found);
    }
    match candidates(program, path).find(|candidate| candidate.is_file()) {
        Some(found) => {
            Err(fail(Kind::Denied, "it is not executable").hint(format!("`chmod +x {}` as its owner", found.display())))
        }
        None if program.contains('/') => Err(fail(Kind::NotFound, "there is no such file")),
        None => Err(not_on_path(program, path)),
    }
}

/// The first executable file with this name in `path`.
pub fn which(program: &str, path: &str) -> Option<PathBuf> {
    let runs = |file: &PathBuf| file.is_file() && rustix::fs::access(file, Access::EXEC_OK).is_ok();
    candidates(program, path).find(runs)
}

/// Debian's `pg_restore` is a script that starts the real program, and takes longer than that program. Here it only reads files, and the
/// newest version reads all of them.
fn unwrapped(program: PathBuf) -> PathBuf {
    let is_restore = program.file_name().is_some_and(|name| name == READS_ARCHIVES);
    let is_wrapper = || program.canonicalize().is_ok_and(|real| real.ends_with("postgresql-common/pg_wrapper"));
    let real = (is_restore && is_wrapper()).then(servers).into_iter().flatten().map(|bin| bin.join(READS_ARCHIVES));
    real.into_iter().find(|found| found.is_file()).unwrap_or(program)
}

/// Converts archives to SQL.
const READS_ARCHIVES: &str = "pg_restore";

/// Where Debian keeps the PostgreSQL servers: one folder per release, not in `PATH`.
const SERVERS: &str = "/usr/lib/postgresql";
/// The PostgreSQL programs that hikae starts.
const OF_SERVERS: [&str; 3] = ["initdb", "pg_ctl", "postgres"];

/// The candidate paths of `program`. An empty entry in `PATH` means the current folder, from which nothing is started.
fn candidates<'a>(program: &'a str, path: &'a str) -> impl Iterator<Item = PathBuf> + 'a {
    let direct = program.contains('/').then(|| PathBuf::from(program));
    let search = if direct.is_some() || program.is_empty() { "" } else { path };
    let along = search.split(':').filter(|folder| !folder.is_empty());
    let servers = OF_SERVERS.contains(&program).then(servers).unwrap_or_default();
    // Before the entries of `PATH`, where a program may be without the others of its release.
    let folders = servers.into_iter().chain(along.map(PathBuf::from));
    direct.into_iter().chain(folders.map(move |folder| folder.join(program)))
}

/// The folders of the installed servers, newest first.
fn servers() -> Vec<PathBuf> {
    let installed = std::fs::read_dir(SERVERS).into_iter().flatten().flatten(); // not there: none is installed
    let mut releases: Vec<(u32, PathBuf)> = installed
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    releases.sort_unstable();
    releases.into_iter().rev().map(|(_, bin)| bin).collect()
}

/// The `PATH` used to look up programs.
pub fn search_path(ours: &BTreeMap<String, String>) -> String {
    passed_on(ours).remove("PATH").unwrap_or_default()
}
