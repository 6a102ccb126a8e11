//! Defines the answers of a world to effects.

use std::path::PathBuf;

use bytes::Bytes;
use chrono::{DateTime, FixedOffset};
use futures_util::future::BoxFuture;

use super::command::Exit;
use super::http::HttpResponse;
use super::mail::Sent;
use super::objects::{ObjectEntry, ObjectStat};
use super::packing::Packed;
use super::postgres::Session;
use super::recipe_run::RecipeEnd;
use crate::error::Result;
use crate::stream::{Sink, Source, Stamp};

/// The answer to an effect; each effect documents its reply.
pub enum Reply {
    Source(Box<dyn Source>),
    Packed(Packed),
    Sink(Box<dyn Sink>),
    Bytes(Bytes),
    Entries(Vec<Entry>),
    Stat(Option<Stat>),
    Space(Space),
    Child(Child),
    Path(Option<PathBuf>),
    Recipe(RecipeEnd),
    Objects(Vec<ObjectEntry>),
    ObjectStat(Option<ObjectStat>),
    /// The text of the store's answer, if it sent any.
    StoreText(Option<String>),
    /// Whether it was created, or existed already.
    Made(bool),
    Response(HttpResponse),
    Sent(Sent),
    Session(Box<dyn Session>),
    LockGuard(Box<dyn LockGuard>),
    MemoryDir(MemoryDir),
    Done,
}

/// What exists at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stat {
    pub kind: EntryKind,
    pub size_bytes: u64,
    pub modified: DateTime<FixedOffset>,
    /// Permission bits, such as `0o600`.
    pub mode: u32,
    pub owner: u32,
    pub group: u32,
    pub inode: u64,
    /// When its content or metadata last changed, in nanoseconds of the file system's clock. No program can set it.
    pub changed_ns: i64,
}

impl Stat {
    /// The stat of something outside any file system: without owner and inode number.
    pub fn of_none(kind: EntryKind, size_bytes: u64, modified: DateTime<FixedOffset>, mode: u32) -> Stat {
        Stat { kind, size_bytes, modified, mode, owner: 0, group: 0, inode: 0, changed_ns: 0 }
    }

    /// The stamp that identifies this version of the file.
    pub fn stamp(&self) -> Stamp {
        Stamp(format!("{} {}", self.inode, self.changed_ns))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    File,
    Dir,
    Link,
    Other,
}

/// One entry of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub path: PathBuf,
    pub stat: Stat,
}

/// The space of a file system that is usable by an ordinary user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    pub free_bytes: u64,
    pub total_bytes: u64,
}

/// A private folder in memory. Dropping `held` removes it with everything in it.
pub struct MemoryDir {
    pub path: PathBuf,
    pub held: Box<dyn LockGuard>,
}

impl MemoryDir {
    /// A folder outside any file system, for simulated worlds.
    pub fn of_no_disk(name: &str) -> MemoryDir {
        struct Nothing;
        impl LockGuard for Nothing {}
        MemoryDir { path: PathBuf::from("/dev/shm").join(name), held: Box::new(Nothing) }
    }
}

/// A lock that is held until this is dropped.
pub trait LockGuard: Send + Sync {}

/// A running program. Dropping `process` ends it with its whole process group.
pub struct Child {
    pub stdin: Option<Box<dyn Sink>>,
    /// The output of the program; its `End` is the end of the pipe and proves nothing: only the exit does.
    pub stdout: Box<dyn Source>,
    pub process: Box<dyn Process>,
}

/// A program that was started.
pub trait Process: Send {
    /// Waits for the end of the program.
    fn wait(&mut self) -> BoxFuture<'_, Result<Exit>>;
}
