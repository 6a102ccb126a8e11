//! Runs one temporary cluster: removes leftovers of dead runs, then creates, starts, stops and removes the cluster.
//!
//! Its server listens on a socket in its own private folder, and dies with hikae. After a
//! kill only a folder with a free lock is left; a server that still runs in it exits by itself when its files are gone.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::error::{Error, Kind, Result};
use crate::postgres::server::client::Server;
use crate::postgres::server::maintenance::MAINTENANCE;
use crate::postgres::server::programs::Programs;
use crate::postgres::server::talk::{self, MAX_ANSWER_BYTES};
use crate::postgres::server::throwaway;
use crate::report::{Level, log};
use crate::units::show_size;
use crate::world::command::Own;
use crate::world::program::failure;
use crate::world::{Caller, Child, Command, EntryKind, ListQuery, program};

/// The port is only part of the socket's name.
pub const PORT: u16 = 5432;
/// Settings that make the server unreachable for others.
const OWN: [&str; 7] = [
    "listen_addresses",
    "port",
    "unix_socket_directories",
    "unix_socket_permissions",
    "data_directory",
    "hba_file",
    "config_file",
];
/// The longest path of a socket that Linux accepts.
const MOST_SOCKET_BYTES: usize = 107;
/// Room for an empty cluster and its log.
const EMPTY_BYTES: u64 = 256 << 20;
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long a start may take on a slow machine.
const START: Duration = Duration::from_secs(60);
/// A server that does not stop within this time after a request is killed.
const END: Duration = Duration::from_secs(3);

pub struct TemporaryCluster {
    caller: Caller,
    dir: PathBuf,
    home: PathBuf,
    server_version: Option<String>,
    size_bytes: u64,
    /// Settings from the caller: `name=value`.
    settings: Vec<String>,
}

impl TemporaryCluster {
    pub fn new(
        caller: Caller,
        dir: PathBuf,
        name: String,
        version: Option<String>,
        size_bytes: Option<u64>,
    ) -> TemporaryCluster {
        let home = dir.join(name);
        TemporaryCluster {
            caller,
            dir,
            home,
            server_version: version,
            size_bytes: size_bytes.unwrap_or(0),
            settings: Vec::new(),
        }
    }

    /// The same with server settings, each `name=value`, that the database to be restored needs.
    pub fn with_settings(self, settings: Vec<String>) -> Result<TemporaryCluster> {
        for setting in &settings {
            let name = setting.split_once('=').map_or("", |(name, _)| name.trim());
            let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "._".contains(c));
            if !is_name || OWN.contains(&name.to_ascii_lowercase().as_str()) {
                return Err(Error::new(Kind::Recipe, format!("`{setting}` is no setting for a temporary cluster"))
                    .hint("write `name=value`; hikae decides where it listens and where its files are"));
            }
        }
        Ok(TemporaryCluster { settings, ..self })
    }

    /// Runs the cluster from its first file to its last; signals `ready`, and ends when the cluster is no longer needed.
    pub async fn run(self, ready: oneshot::Sender<()>, stop: CancellationToken) -> Result<()> {
        refuse_long(&self.home)?;
        self.caller.mkdir(&self.dir, 0o700).await?;
        // Locked before it exists, so another run never takes it for a leftover.
        let lock = lock_of(&self.home);
        let held = self.caller.lock(&lock).await?;
        let lived = self.live(ready, &stop).await;
        let removed = self.remove(&self.home).await;
        drop(held);
        lived.and(removed)
    }

    async fn live(&self, ready: oneshot::Sender<()>, stop: &CancellationToken) -> Result<()> {
        let started = tokio::select! {
            started = self.start() => started,
            () = stop.cancelled() => return Ok(()),
        };
        let act = || format!("cannot start a temporary cluster in `{}`", self.dir.display());
        let server = started.map_err(|error| error.within(act()))?;
        // If the run has ended meanwhile, this fails and the cluster ends too.
        if ready.send(()).is_ok() {
            stop.cancelled().await;
        }
        drop(server);
        Ok(())
    }

    /// Creates the cluster and starts its server, ready for connections.
    async fn start(&self) -> Result<Child> {
        self.sweep().await?;
        self.caller.mkdir(&self.home, 0o700).await?;
        let made = self.caller.stat(&self.home).await?;
        // A new folder is owned by the current user.
        let programs = Programs::find(&self.caller, made.is_some_and(|made| made.owner == 0)).await?;
        self.refuse_older(&programs)?;
        self.refuse_full().await?;
        if let Some(give) = programs.give(&self.home) {
            let hint = "PostgreSQL refuses to run as root, and here is no user `postgres`: run hikae as another user";
            self.do_one(give).await.map_err(|error| error.hint(hint))?;
        }
        let data = self.home.join("data");
        self.do_one(programs.initdb(&data, &["-A", "trust"])).await?;
        let settings: Vec<String> = settings(&self.home).into_iter().chain(self.settings.clone()).collect();
        let mut command = programs.server(&data, &settings);
        // It is stopped when it is no longer needed; its user reports errors.
        command.expendable = true;
        // A dump is code that runs as the user of the server, so the server may not open connections.
        command.own.serves = true;
        let mut server = self.caller.spawn(command).await?;
        self.until_ready(&mut server).await?;
        Ok(server)
    }

    /// Removes leftovers of killed runs from this folder.
    async fn sweep(&self) -> Result<()> {
        let name = Some(format!("{}*.lock", throwaway::CLUSTER));
        let locks = ListQuery { name, ..ListQuery::of(&self.dir) };
        let own = self.caller.stat(&lock_of(&self.home)).await?.map(|stat| stat.owner);
        for entry in self.caller.list(locks).await? {
            let home = entry.path.with_extension("");
            // Do not follow a lock file that another user created.
            if home == self.home || entry.stat.kind != EntryKind::File || Some(entry.stat.owner) != own {
                continue;
            }
            match self.caller.lock(&entry.path).await {
                Ok(_held) => {
                    self.remove(&home).await?;
                    log(Level::Info, &format!("left-over cluster removed: {}", home.display()), None);
                }
                Err(error) if error.kind() == Kind::Locked => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Removes a cluster whose server has ended or is about to, and the lock that this run holds.
    async fn remove(&self, home: &Path) -> Result<()> {
        let left = |error: Error| error.within(format!("cannot remove the temporary cluster `{}`", home.display()));
        let deadline = self.caller.world.elapsed() + END;
        // The server removes this file as its last step, unless it was killed.
        let state = home.join("data/postmaster.pid");
        while self.caller.stat(&state).await.map_err(left)?.is_some() && self.caller.world.elapsed() < deadline {
            self.caller.sleep(LOOK_EVERY).await.map_err(left)?;
        }
        if self.caller.stat(home).await.map_err(left)?.is_some() {
            let args = ["-rf", "--"].map(str::to_owned).into_iter().chain([home.display().to_string()]);
            let own = Own { stays: true, ..Own::default() };
            self.do_one(Command { args: args.collect(), own, ..Command::new("rm") }).await.map_err(left)?;
        }
        self.caller.remove(&lock_of(home)).await.map_err(left)
    }

    async fn until_ready(&self, server: &mut Child) -> Result<()> {
        let at = Server {
            host: Some(self.home.display().to_string()),
            port: Some(PORT),
            user: Some("postgres".to_owned()),
            password: None,
        };
        let deadline = self.caller.world.elapsed() + START;
        loop {
            if talk::is_ready(&self.caller, &at, MAINTENANCE).await? {
                return Ok(());
            }
            let ended = tokio::select! {
                exit = server.process.wait() => Some(exit?),
                slept = self.caller.sleep(LOOK_EVERY) => slept.map(|()| None)?,
            };
            if let Some(exit) = ended {
                return Err(failure("postgres", &exit));
            }
            if self.caller.world.elapsed() > deadline {
                return Err(Error::new(Kind::Timeout, "the server does not become ready"));
            }
        }
    }

    /// Runs a program that must succeed.
    async fn do_one(&self, command: Command) -> Result<()> {
        let program = command.program.clone();
        let (_, exit) = program::ask(&self.caller, command, None, MAX_ANSWER_BYTES).await?;
        if exit.success() { Ok(()) } else { Err(failure(&program, &exit)) }
    }

    /// Rejects an older server, which may not load the dump of a newer one.
    fn refuse_older(&self, programs: &Programs) -> Result<()> {
        let major = |version: &str| version.split('.').next()?.parse::<u32>().ok();
        match (self.server_version.as_deref().and_then(major), programs.release()) {
            (Some(needed), Some(found)) if found < needed => {
                let what =
                    format!("the dump is of PostgreSQL {needed}, and the newest server here is PostgreSQL {found}");
                Err(Error::new(Kind::NotFound, what)
                    .hint(format!("install the server: `apt-get install postgresql-{needed}`")))
            }
            _ => Ok(()),
        }
    }

    async fn refuse_full(&self) -> Result<()> {
        let free = self.caller.disk_free(&self.dir).await?.free_bytes;
        let needed = self.size_bytes.saturating_add(EMPTY_BYTES);
        if free >= needed {
            return Ok(());
        }
        let what = format!(
            "`{}` has {} free, and the cluster may take {}",
            self.dir.display(),
            show_size(free),
            show_size(needed)
        );
        Err(Error::new(Kind::Space, what).hint("give a folder on a larger disk"))
    }
}

/// A private socket, and no TCP.
fn settings(home: &Path) -> Vec<String> {
    let folder = home.display().to_string().replace('"', "\"\"");
    let socket = format!("unix_socket_directories=\"{folder}\"");
    let rest = [
        "listen_addresses=",
        "unix_socket_permissions=0700",
        "shared_buffers=128MB",
        "maintenance_work_mem=128MB",
        // A dump of thousands of tables locks them all at once.
        "max_locks_per_transaction=1024",
    ];
    rest.map(str::to_owned).into_iter().chain([format!("port={PORT}"), socket]).collect()
}

/// Next to the folder, so that it exists before and after the folder.
fn lock_of(home: &Path) -> PathBuf {
    home.with_extension("lock")
}

fn refuse_long(home: &Path) -> Result<()> {
    let socket = home.join(format!(".s.PGSQL.{PORT}"));
    if socket.as_os_str().len() <= MOST_SOCKET_BYTES {
        return Ok(());
    }
    Err(Error::new(Kind::Recipe, format!("the path `{}` is too long for a socket", socket.display()))
        .hint(format!("give a shorter `dir`: all of it may have {MOST_SOCKET_BYTES} bytes")))
}
