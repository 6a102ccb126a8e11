//! Describes every access to the outside as plain data.

mod classes;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, FixedOffset};

use super::Command;
use super::http::HttpRequest;
use super::http::upload::Upload;
use super::mail::Mail;
use super::objects::ask::StoreAsk;
use super::objects::{Object, Put, Store};
use super::packing::Packing;
use super::paths::plain;
use super::postgres::Login;
use super::recipe_run::RecipeRun;
use crate::error::Result;
use crate::secret::MASK;

/// One access to the outside. New parts of the world add their effects here, each with its reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    // -- files: reads
    /// Opens a file for streaming. Reply: `Source`.
    Open { path: PathBuf },
    /// Reads a small file whole, or the first `head` bytes of any; otherwise a larger file is an error. Reply: `Bytes`.
    Read { path: PathBuf, max_bytes: u64, head: bool },
    /// Lists a folder, sorted by path byte by byte. Reply: `Entries`.
    List(ListQuery),
    /// Looks at a path without following a final link; `None` if it does not exist. Reply: `Stat`.
    Stat { path: PathBuf },
    /// Reads files and folders into a tar archive. Reply: `Packed`.
    Pack(Box<Packing>),
    /// Queries the space of the file system that holds `path`. Reply: `Space`.
    DiskFree { path: PathBuf },

    // -- files: writes
    /// Starts a file of mode `mode`: a partial file under another name until its commit. Reply: `Sink`.
    Create { path: PathBuf, mode: u32 },
    /// Writes a small file of mode `mode` whole or not at all; with `replace` it may overwrite an existing file. Reply: `Done`.
    Write { path: PathBuf, data: Vec<u8>, mode: u32, replace: bool },
    /// Creates a folder of mode `mode` and its missing parents; an existing folder is fine. Reply: `Done`.
    MakeDir { path: PathBuf, mode: u32 },
    /// Renames a file or folder within one file system; never over an existing one. Reply: `Done`.
    Rename { from: PathBuf, to: PathBuf },
    /// Removes a file, or an empty folder; a missing one is an error. Reply: `Done`.
    Remove { path: PathBuf },
    /// Removes many files, links and empty folders; one failure does not stop the others; a missing one is an error. Reply: `Done`.
    RemoveMany { paths: Vec<PathBuf> },
    /// Sets the permission bits of a file or folder; a link is an error. Reply: `Done`.
    SetMode { path: PathBuf, mode: u32 },
    /// Sets the owner of a file or folder, by name or number; a link is an error. Reply: `Done`.
    SetOwner { path: PathBuf, user: Option<String>, group: Option<String> },
    /// Removes the partial files in a folder whose writers are dead. Reply: `Entries`, the removed ones.
    Sweep { dir: PathBuf },

    // -- programs
    /// Starts a program in its own process group. Reply: `Child`.
    Spawn(Command),
    /// Finds a program on the `PATH`; `None` if it is missing. Reply: `Path`.
    Which { program: String },
    /// Runs another recipe in a separate run, and waits for its end. Reply: `Recipe`.
    RunRecipe(Box<RecipeRun>),

    // -- objects
    /// Opens an object for streaming. Reply: `Source`.
    Get(Object),
    /// Starts an object, which is invisible until its commit. Reply: `Sink`.
    Put(Box<Put>),
    /// Lists the objects whose keys begin with `prefix`, sorted by key byte by byte. Reply: `Objects`.
    ListObjects { store: Arc<Store>, prefix: String },
    /// Looks at an object; `None` if it does not exist. Reply: `ObjectStat`.
    StatObject(Object),
    /// Removes an object; a missing one is an error. Reply: `Done`.
    RemoveObject(Object),
    /// Creates the bucket, unless it exists already. Reply: `Made`.
    MakeBucket(Arc<Store>),
    /// Queries a store for something other than its objects. Reply: `StoreText`.
    AskStore(Box<StoreAsk>),

    // -- network
    /// Sends one HTTP request and follows no redirect. Reply: `Response`.
    Request(Box<HttpRequest>),

    /// Sends one HTTP request whose body is a stream; the commit returns the answer. Reply: `Sink`.
    Upload(Box<Upload>),

    // -- databases
    /// Connects to a database of a PostgreSQL server and logs in. Reply: `Session`.
    Connect(Box<Login>),

    // -- mail
    /// Hands a mail over to its server. Reply: `Sent`.
    Send(Box<Mail>),

    // -- keys
    /// Creates a private folder in memory with these files; it is removed when the reply is dropped. Reply: `MemoryDir`.
    MakeMemoryDir { files: Vec<(String, Hidden)> },

    // -- clock and locks
    /// Waits. Reply: `Done`.
    Sleep { duration: Duration },
    /// Takes a lock that ends with the process, without waiting. Reply: `LockGuard`, or an error of kind `locked`.
    Lock { path: PathBuf },
}

/// Bytes that appear in no journal and no log.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(pub Vec<u8>);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// Selects entries of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListQuery {
    pub dir: PathBuf,
    /// A file name pattern in shell syntax; all names when absent.
    pub name: Option<String>,
    /// Whether subfolders are included; links are never followed.
    pub recursive: bool,
    /// Only entries whose age in whole days, as `find -mtime` counts them, is more than this.
    pub older_than_days: Option<u64>,
    /// Only entries whose age in whole days is less than this.
    pub newer_than_days: Option<u64>,
    /// Only entries that were modified before this moment.
    pub modified_before: Option<DateTime<FixedOffset>>,
    /// Only entries that were modified at this moment or later.
    pub modified_after: Option<DateTime<FixedOffset>>,
    /// Only files of more bytes than this.
    pub larger_than: Option<u64>,
    /// Only files of fewer bytes than this.
    pub smaller_than: Option<u64>,
}

impl ListQuery {
    /// All direct entries of a folder, without those of its subfolders.
    pub fn of(dir: impl Into<PathBuf>) -> ListQuery {
        ListQuery {
            dir: dir.into(),
            name: None,
            recursive: false,
            older_than_days: None,
            newer_than_days: None,
            modified_before: None,
            modified_after: None,
            larger_than: None,
            smaller_than: None,
        }
    }
}

impl Effect {
    /// The word for this kind of effect, from DESIGN's vocabulary.
    pub fn verb(&self) -> &'static str {
        match self {
            Effect::Open { .. } => "open",
            Effect::Read { .. } => "read",
            Effect::List(_) => "list",
            Effect::Stat { .. } => "stat",
            Effect::Pack(_) => "pack",
            Effect::DiskFree { .. } => "disk_free",
            Effect::Create { .. } => "create",
            Effect::Write { .. } => "write",
            Effect::MakeDir { .. } => "mkdir",
            Effect::Rename { .. } => "rename",
            Effect::Remove { .. } => "remove",
            Effect::RemoveMany { .. } => "remove_many",
            Effect::SetMode { .. } => "set_mode",
            Effect::SetOwner { .. } => "set_owner",
            Effect::Sweep { .. } => "sweep",
            Effect::Spawn(_) => "spawn",
            Effect::Which { .. } => "which",
            Effect::RunRecipe(_) => "run_recipe",
            Effect::Get(_) => "get",
            Effect::Put(_) => "put",
            Effect::ListObjects { .. } => "list_objects",
            Effect::StatObject(_) => "stat_object",
            Effect::RemoveObject(_) => "remove_object",
            Effect::MakeBucket(_) => "make_bucket",
            Effect::AskStore(ask) => ask.verb(),
            Effect::Request(_) => "request",
            Effect::Upload(_) => "upload",
            Effect::Connect(_) => "connect",
            Effect::Send(_) => "send",
            Effect::MakeMemoryDir { .. } => "make_memory_dir",
            Effect::Sleep { .. } => "sleep",
            Effect::Lock { .. } => "lock",
        }
    }

    /// What the effect is about, for messages: a path, or a program with its arguments.
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
            | Effect::SetMode { path, .. }
            | Effect::SetOwner { path, .. }
            | Effect::Lock { path } => path.display().to_string(),
            Effect::RemoveMany { paths } => match paths.as_slice() {
                [] => "nothing".to_owned(),
                [path] => path.display().to_string(),
                [first, others @ ..] => format!("{} and {} more", first.display(), others.len()),
            },
            Effect::List(ListQuery { dir, .. }) | Effect::Sweep { dir } => dir.display().to_string(),
            Effect::Pack(packing) => packing.title(),
            Effect::Rename { from, to } => format!("{} to {}", from.display(), to.display()),
            Effect::Spawn(command) => command.line(),
            Effect::Which { program } => program.clone(),
            Effect::RunRecipe(run) => run.title(),
            Effect::Get(object) | Effect::StatObject(object) | Effect::RemoveObject(object) => object.to_string(),
            Effect::Put(put) => put.object.to_string(),
            Effect::ListObjects { store, prefix } => store.title_of(prefix),
            Effect::MakeBucket(store) => store.container(),
            Effect::AskStore(ask) => ask.title(),
            Effect::Request(request) => request.title(),
            Effect::Upload(upload) => upload.request.title(),
            Effect::Connect(login) => login.title(),
            Effect::Send(mail) => mail.line(),
            Effect::MakeMemoryDir { .. } => "a private folder in memory".to_owned(),
            Effect::Sleep { duration } => crate::units::show_duration(*duration),
        }
    }

    /// The same effect with each path normalized for comparison; refused when the system could not accept it.
    pub fn checked(mut self) -> Result<Effect> {
        for path in self.paths_mut() {
            *path = plain(path)?;
        }
        if let Effect::Spawn(command) = &self {
            command.checked()?;
        }
        Ok(self)
    }
}
