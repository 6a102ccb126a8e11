//! Every touch of the outside, as plain data.

use std::path::PathBuf;
use std::time::Duration;

use crate::secret::Secret;

/// One touch of the outside. New rooms of the world (objects, mail, http) add their effects here, each with its reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    // -- files: reads
    /// Opens a file for streaming. Reply: `Source`.
    Open { path: PathBuf },
    /// Reads a small file whole; a larger one is an error. Reply: `Bytes`.
    Read { path: PathBuf, max_bytes: u64 },
    /// Lists a folder, sorted by path. Reply: `Entries`.
    List(Found),
    /// Looks at a path without following a link at its end; an absent one is `None`. Reply: `Stat`.
    Stat { path: PathBuf },
    /// Asks for the space of the file system that holds `path`. Reply: `Space`.
    DiskFree { path: PathBuf },

    // -- files: writes
    /// Starts a file of mode `mode`: a partial under another name until its commit. Reply: `Sink`.
    Create { path: PathBuf, mode: u32 },
    /// Writes a small file of mode `mode` whole or not at all; `replace` lets it take the place of another. Reply: `Done`.
    Write { path: PathBuf, data: Vec<u8>, mode: u32, replace: bool },
    /// Makes a folder of mode `mode` and those above it; one that stands already is fine. Reply: `Done`.
    MakeDir { path: PathBuf, mode: u32 },
    /// Renames a file or folder on one file system; never over another. Reply: `Done`.
    Rename { from: PathBuf, to: PathBuf },
    /// Removes a file, or an empty folder; an absent one is an error. Reply: `Done`.
    Remove { path: PathBuf },
    /// Removes the partial files in a folder whose writers are dead. Reply: `Entries`, those removed.
    Sweep { dir: PathBuf },

    // -- programs
    /// Starts a program in a process group of its own. Reply: `Child`.
    Spawn(Command),
    /// Where a program lies on the `PATH`; an absent one is `None`. Reply: `Path`.
    Which { program: String },

    // -- clock and locks
    /// Waits. Reply: `Done`.
    Sleep { duration: Duration },
    /// Takes a lock that ends with the process, without waiting for it. Reply: `Held`, or an error of kind `locked`.
    Lock { path: PathBuf },
}

/// Which entries of a folder are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub dir: PathBuf,
    /// A file name pattern as the shell has them; all names when absent.
    pub name: Option<String>,
    /// Also in folders below; links are never followed.
    pub recursive: bool,
    /// Only entries whose age in whole days, as `find -mtime` counts them, is more than this.
    pub older_than_days: Option<u64>,
    /// Only entries whose age in whole days is less than this.
    pub newer_than_days: Option<u64>,
}

/// A program to start. Never a shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    pub program: String,
    pub args: Vec<String>,
    /// Variables beside the few that every child gets (`PATH`, `HOME`, `LANG`, `TZ`).
    pub env: Vec<(String, Value)>,
    pub cwd: Option<PathBuf>,
    /// Whether the child reads from us; otherwise its standard input is empty.
    pub stdin: bool,
}

/// The value of a child's variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Plain(String),
    Secret(Secret),
}

impl Effect {
    /// The word for this kind of effect, as DESIGN's vocabulary has it.
    pub fn verb(&self) -> &'static str {
        match self {
            Effect::Open { .. } => "open",
            Effect::Read { .. } => "read",
            Effect::List(_) => "list",
            Effect::Stat { .. } => "stat",
            Effect::DiskFree { .. } => "disk_free",
            Effect::Create { .. } => "create",
            Effect::Write { .. } => "write",
            Effect::MakeDir { .. } => "mkdir",
            Effect::Rename { .. } => "rename",
            Effect::Remove { .. } => "remove",
            Effect::Sweep { .. } => "sweep",
            Effect::Spawn(_) => "spawn",
            Effect::Which { .. } => "which",
            Effect::Sleep { .. } => "sleep",
            Effect::Lock { .. } => "lock",
        }
    }

    /// What the effect is about, for people: a path, or a program with its arguments.
    pub fn object(&self) -> String {
        match self {
            Effect::Open { path }
            | Effect::Read { path, .. }
            | Effect::Stat { path }
            | Effect::DiskFree { path }
            | Effect::Create { path, .. }
            | Effect::Write { path, .. }
            | Effect::MakeDir { path, .. }
            | Effect::Remove { path }
            | Effect::Lock { path } => path.display().to_string(),
            Effect::List(Found { dir, .. }) | Effect::Sweep { dir } => dir.display().to_string(),
            Effect::Rename { from, to } => format!("{} to {}", from.display(), to.display()),
            Effect::Spawn(command) => command.line(),
            Effect::Which { program } => program.clone(),
            Effect::Sleep { duration } => crate::units::show_duration(*duration),
        }
    }

    /// Whether the effect changes the outside: what a plan shows and withholds.
    pub fn changes(&self) -> bool {
        matches!(
            self,
            Effect::Create { .. }
                | Effect::Write { .. }
                | Effect::MakeDir { .. }
                | Effect::Rename { .. }
                | Effect::Remove { .. }
                | Effect::Sweep { .. }
                | Effect::Spawn(_)
        )
    }
}

impl Command {
    pub fn new(program: impl Into<String>) -> Command {
        Command { program: program.into(), args: Vec::new(), env: Vec::new(), cwd: None, stdin: false }
    }

    /// The program and its arguments on one line, for people.
    pub fn line(&self) -> String {
        let mut line = self.program.clone();
        for arg in &self.args {
            line.push(' ');
            let plain = !arg.is_empty() && !arg.contains(|c: char| c.is_whitespace() || "'\"$`\\".contains(c));
            line.push_str(&if plain { arg.clone() } else { format!("'{}'", arg.replace('\'', r"'\''")) });
        }
        line
    }
}
