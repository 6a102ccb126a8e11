//! Starts and stops a throwaway PostgreSQL with the server's own programs.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::narrator::Shell;
use crate::cli::scratch::{run, words};
use crate::error::{Error, Kind, Result};
use crate::postgres::server::programs::Programs;
use crate::secret::Secret;
use crate::world::program::failure;
use crate::world::real::this_process;
use crate::world::{Caller, Child, Command, Exit, World};

/// Ports that neither well-known services nor outgoing connections use.
const PORTS: std::ops::Range<u64> = 20_000..30_000;
const ATTEMPTS: u32 = 5;
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long a start may take on a slow machine.
const START: Duration = Duration::from_secs(60);

/// A PostgreSQL that only the demo knows.
pub struct Server {
    own: Caller,
    programs: Programs,
    pub port: u64,
    pub password: Secret,
    data: PathBuf,
    running: Option<Child>,
}

impl Server {
    /// Finds the programs of a server; nothing is started yet.
    pub async fn find(own: &Caller) -> Result<Server> {
        let programs = Programs::find(own, this_process::user_id() == 0).await?;
        let password = Secret::new(format!("{:016x}", random()));
        Ok(Server { own: own.clone(), programs, port: 0, password, data: PathBuf::new(), running: None })
    }

    /// The folder of the server's programs.
    pub fn bin(&self) -> &Path {
        &self.programs.bin
    }

    /// Makes an empty cluster below `folder` and starts it: loopback only, and only for those who know the password.
    pub async fn start(&mut self, folder: &Path) -> Result<()> {
        let home = folder.join("server");
        self.own.mkdir(&home, 0o700).await?;
        let password = home.join("password");
        self.own.write(&password, self.password.expose().into(), 0o600, false).await?;
        for given in [&home, &password] {
            let Some(give) = self.programs.give(given) else { continue };
            let hint = "PostgreSQL refuses to run as root, and here is no user `postgres`: run the demo as yourself";
            run(&self.own, give).await.map_err(|error| error.hint(hint))?;
        }
        if self.programs.as_root {
            // That user must be able to reach its folder.
            run(&self.own, Command { args: words(["711", "--"], folder), ..Command::new("chmod") }).await?;
        }
        self.data = home.join("data");
        let password_file = format!("--pwfile={}", password.display());
        run(&self.own, self.programs.initdb(&self.data, &["-A", "scram-sha-256", &password_file])).await?;
        for _ in 0..ATTEMPTS {
            match self.try_port().await? {
                None => return Ok(()),
                // Another process uses the port; any other error would recur.
                Some(exit) if exit.stderr.contains("could not bind") => {}
                Some(exit) => return Err(failure("postgres", &exit)),
            }
        }
        Err(Error::new(Kind::Network, "cannot find a free port for the server"))
    }

    /// A shell whose environment says where the server is.
    pub fn client(&self) -> Shell<'_> {
        Shell::Client { port: self.port, password: &self.password }
    }

    /// `None` when the server is ready; its exit when it ended instead.
    async fn try_port(&mut self) -> Result<Option<Exit>> {
        self.port = PORTS.start + random() % (PORTS.end - PORTS.start);
        let settings =
            ["listen_addresses=127.0.0.1", "unix_socket_directories=", "shared_buffers=32MB", "max_connections=20"];
        let settings = settings.map(str::to_owned).into_iter().chain([format!("port={}", self.port)]);
        let command = self.programs.server(&self.data, &settings.collect::<Vec<_>>());
        // Kept from the start, so that the server is stopped even if its start is interrupted.
        let child = self.running.insert(self.own.spawn(command).await?);
        let deadline = self.own.world.elapsed() + START;
        loop {
            let ended = tokio::select! {
                exit = child.process.wait() => Some(exit?),
                slept = self.own.sleep(LOOK_EVERY) => slept.map(|()| None)?,
            };
            if ended.is_some() {
                self.running = None;
                return Ok(ended);
            }
            if is_ready(&self.own, &self.data).await? {
                return Ok(None);
            }
            if self.own.world.elapsed() > deadline {
                return Err(Error::new(Kind::Timeout, "the server of the demo does not become ready"));
            }
        }
    }

    /// Ends the server; one that does not end by being asked is ended by being dropped.
    pub async fn stop(&mut self) {
        let Some(child) = self.running.take() else { return };
        let stop = ["stop", "-m", "fast", "-w", "-t", "5"].map(str::to_owned);
        let command = self.programs.command("pg_ctl", &self.data, stop);
        if let Err(error) = run(&self.own, command).await {
            tracing::debug!(error = error.one_line(), "the server is killed");
        }
        drop(child);
    }
}

/// The server writes its state into its own folder: no other server on the port can answer in its place.
async fn is_ready(own: &Caller, data: &Path) -> Result<bool> {
    let state = data.join("postmaster.pid");
    if own.stat(&state).await?.is_none() {
        return Ok(false);
    }
    let state = own.read(&state, 4096).await?;
    Ok(String::from_utf8_lossy(&state).lines().any(|line| line.trim_end() == "ready"))
}

/// Seeded by the operating system for each process, and new with each call.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}
