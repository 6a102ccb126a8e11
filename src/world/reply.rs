//! What a world answers to an effect.

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

/// The answer to an effect; each effect names the one that it gets.
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
    /// What a store said, where it said something.
    StoreText(Option<String>),
    /// Whether it was made, or existed already.
    Made(bool),
    Response(HttpResponse),
    Sent(Sent),
    Session(Box<dyn Session>),
    LockGuard(Box<dyn LockGuard>),
    MemoryDir(MemoryDir),
    Done,
}

/// What is at a path.
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
    /// When its bytes or what is known of it were last changed, in nanoseconds of the file system's clock. No program can set it.
    pub changed_ns: i64,
}

impl Stat {
    /// That of what no file system has: nobody owns it, and it has no number.
    pub fn of_none(kind: EntryKind, size_bytes: u64, modified: DateTime<FixedOffset>, mode: u32) -> Stat {
        Stat { kind, size_bytes, modified, mode, owner: 0, group: 0, inode: 0, changed_ns: 0 }
    }

    /// By what the file is known again.
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

/// The space of a file system, as an ordinary user may use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    pub free_bytes: u64,
    pub total_bytes: u64,
}

/// A private folder in memory. It goes, with all that is in it, when `held` is dropped.
pub struct MemoryDir {
    pub path: PathBuf,
    pub held: Box<dyn LockGuard>,
}

impl MemoryDir {
    /// One that no file system has, for worlds that are in memory themselves.
    pub fn of_no_disk(name: &str) -> MemoryDir {
        struct Nothing;
        impl LockGuard for Nothing {}
        MemoryDir { path: PathBuf::from("/dev/shm").join(name), held: Box::new(Nothing) }
    }
}

/// A lock that is held until this is dropped.
pub trait LockGuard: Send + Sync {}

/// A program that runs. Dropping `process` ends it with its whole process group.
pub struct Child {
    pub stdin: Option<Box<dyn Sink>>,
    /// What the program writes; its `End` is the end of the pipe and proves nothing: the exit does.
    pub stdout: Box<dyn Source>,
    pub process: Box<dyn Process>,
}

/// The life of a program that was started.
pub trait Process: Send {
    /// Waits for the end of the program.
    fn wait(&mut self) -> BoxFuture<'_, Result<Exit>>;
}
