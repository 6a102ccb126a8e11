//! Creates and starts a throwaway server with PostgreSQL's own programs, which refuse to run as root.

use std::path::{Path, PathBuf};

use crate::error::{Error, Kind, Result};
use crate::world::capability::Capability;
use crate::world::command::Own;
use crate::world::{Caller, Command};

/// The user that the server runs as when hikae is root.
const USER: &str = "postgres";

/// Settings for a fast and small throwaway server: it need not survive a power cut, and everything of
/// it is in its folder, so removing the folder removes it even after a kill.
const THROWAWAY: [&str; 6] = [
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "autovacuum=off",
    "dynamic_shared_memory_type=mmap",
    "wal_level=minimal",
];

/// The programs of a server, and how they are started.
#[derive(Clone, Debug)]
pub struct Programs {
    /// The folder that contains them.
    pub bin: PathBuf,
    /// Whether hikae runs as root, which the server must not.
    pub as_root: bool,
}

impl Programs {
    pub async fn find(caller: &Caller, as_root: bool) -> Result<Programs> {
        match caller.which("initdb").await?.and_then(|initdb| Some(initdb.parent()?.to_owned())) {
            Some(bin) => Ok(Programs { bin, as_root }),
            None => Err(Error::new(Kind::NotFound, "cannot find the PostgreSQL server's program `initdb`")
                .because_text("it is neither on the PATH nor in `/usr/lib/postgresql/*/bin`")
                .hint("install the server: `apt-get install postgresql`")),
        }
    }

    /// The major version of the server, such as 15, if its folder names it.
    pub fn release(&self) -> Option<u32> {
        self.bin.parent()?.file_name()?.to_str()?.parse().ok()
    }

    /// Changes the owner of `folder` to the user that the server runs as; does nothing if that is the current user.
    pub fn give(&self, folder: &Path) -> Option<Command> {
        let args = [USER, "--"].map(str::to_owned).into_iter().chain([folder.display().to_string()]);
        let own = Own { capabilities: vec![Capability::CHOWN], stays: true, ..Own::default() };
        self.as_root.then(|| Command { args: args.collect(), own, ..Command::new("chown") })
    }

    /// Creates the cluster `data`.
    pub fn initdb(&self, data: &Path, args: &[&str]) -> Command {
        let always = ["-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"];
        self.command("initdb", data, always.iter().chain(args).map(|arg| (*arg).to_owned()))
    }

    /// The server of a throwaway cluster. It ends with this process.
    pub fn server(&self, data: &Path, settings: &[String]) -> Command {
        let all = THROWAWAY.iter().map(|setting| (*setting).to_owned()).chain(["max_wal_senders=0".to_owned()]);
        let flags = all.chain(settings.iter().cloned()).flat_map(|setting| ["-c".to_owned(), setting]);
        self.command("postgres", data, flags)
    }

    /// `program` on the cluster `data`.
    pub fn command(&self, program: &str, data: &Path, args: impl IntoIterator<Item = String>) -> Command {
        let mut command = match self.as_root {
            true => {
                let mut command = Command::new("setpriv");
                let user = [format!("--reuid={USER}"), format!("--regid={USER}")];
                // A change of user would reset the signal that ends it with this process.
                let flags = ["--init-groups", "--pdeathsig=QUIT", "--"].map(str::to_owned);
                command.args = user.into_iter().chain(flags).collect();
                command.args.push(self.bin.join(program).display().to_string());
                command
            }
            false => Command::new(program),
        };
        command.args.extend(["-D".to_owned(), data.display().to_string()]);
        command.args.extend(args);
        command.cwd = data.parent().map(Path::to_owned);
        // For switching to the other user, and for connections of its clients.
        let capabilities = vec![Capability::SETUID, Capability::SETGID];
        command.own = Own { capabilities, sockets: true, stays: true, ..Own::default() };
        command
    }
}
