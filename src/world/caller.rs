//! Provides a typed call for each effect, so that no code above needs to match on replies.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::http::upload::Upload;
use super::http::{HttpRequest, HttpResponse};
use super::objects::ask::StoreAsk;
use super::objects::{Object, ObjectEntry, ObjectStat, Put, Store};
use super::packing::{Packed, Packing};
use super::postgres::{Login, Session};
use super::recipe_run::{RecipeEnd, RecipeRun};
use super::{
    Child, Command, Effect, Entry, Hidden, Limits, ListQuery, LockGuard, Mail, MemoryDir, Reply, Request, Sent, Space,
    Stat, World,
};
use crate::error::{Error, Kind, Result, Site};
use crate::stream::{Sink, Source};

/// A world, with the calling place in the recipe and the limits that apply.
#[derive(Clone)]
pub struct Caller {
    pub world: Arc<dyn World>,
    pub site: Option<Site>,
    /// The reason that the recipe states, if any.
    pub why: Option<String>,
    pub limits: Limits,
}

/// Writes one typed call: its arguments, the effect built from them, and the reply to it.
macro_rules! calls {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) -> $out:ty = $effect:expr => $pattern:pat => $value:expr;)*) => {
        $($(#[$doc])* pub async fn $name(&self, $($arg: $type),*) -> Result<$out> {
            match self.perform($effect).await? {
                $pattern => Ok($value),
                _ => Err(misfit(stringify!($name))),
            }
        })*
    };
}

impl Caller {
    pub fn new(world: Arc<dyn World>, limits: Limits) -> Caller {
        Caller { world, site: None, why: None, limits }
    }

    /// The same caller under these limits, if given.
    pub fn limited(mut self, total: Option<Duration>, idle: Option<Duration>) -> Caller {
        self.limits.total = total.unwrap_or(self.limits.total);
        self.limits.idle = idle.unwrap_or(self.limits.idle);
        self
    }

    async fn perform(&self, effect: Effect) -> Result<Reply> {
        if let Some(answer) = self.at_address(&effect).await {
            return answer;
        }
        self.directly(effect).await
    }

    /// Performs an effect unchanged.
    pub(super) async fn directly(&self, effect: Effect) -> Result<Reply> {
        self.world.perform(self.asking(effect)).await
    }

    /// Refuses what the recipe may not do, before any preparation for it starts.
    pub fn permits(&self, effect: Effect) -> Result<()> {
        self.world.permits(&self.asking(effect))
    }

    fn asking(&self, effect: Effect) -> Request {
        Request { effect, site: self.site.clone(), why: self.why.clone(), limits: self.limits }
    }

    calls! {
        open(path: &Path) -> Box<dyn Source> = Effect::Open { path: path.into() } => Reply::Source(source) => source;
        read(path: &Path, max_bytes: u64) -> Bytes = Effect::Read { path: path.into(), max_bytes, head: false } => Reply::Bytes(bytes) => bytes;
        /// The first bytes of a file.
        head(path: &Path, max_bytes: u64) -> Bytes = Effect::Read { path: path.into(), max_bytes, head: true } => Reply::Bytes(bytes) => bytes;
        pack(packing: Packing) -> Packed = Effect::Pack(Box::new(packing)) => Reply::Packed(packed) => packed;
        list(found: ListQuery) -> Vec<Entry> = Effect::List(found) => Reply::Entries(entries) => entries;
        stat(path: &Path) -> Option<Stat> = Effect::Stat { path: path.into() } => Reply::Stat(stat) => stat;
        disk_free(path: &Path) -> Space = Effect::DiskFree { path: path.into() } => Reply::Space(space) => space;
        create(path: &Path, mode: u32) -> Box<dyn Sink> = Effect::Create { path: path.into(), mode } => Reply::Sink(sink) => sink;
        write(path: &Path, data: Vec<u8>, mode: u32, replace: bool) -> ()
            = Effect::Write { path: path.into(), data, mode, replace } => Reply::Done => ();
        mkdir(path: &Path, mode: u32) -> () = Effect::MakeDir { path: path.into(), mode } => Reply::Done => ();
        rename(from: &Path, to: &Path) -> () = Effect::Rename { from: from.into(), to: to.into() } => Reply::Done => ();
        remove(path: &Path) -> () = Effect::Remove { path: path.into() } => Reply::Done => ();
        remove_many(paths: Vec<PathBuf>) -> () = Effect::RemoveMany { paths } => Reply::Done => ();
        set_mode(path: &Path, mode: u32) -> () = Effect::SetMode { path: path.into(), mode } => Reply::Done => ();
        set_owner(path: &Path, user: Option<String>, group: Option<String>) -> ()
            = Effect::SetOwner { path: path.into(), user, group } => Reply::Done => ();
        sweep(dir: &Path) -> Vec<Entry> = Effect::Sweep { dir: dir.into() } => Reply::Entries(entries) => entries;
        spawn(command: Command) -> Child = Effect::Spawn(command) => Reply::Child(child) => child;
        which(program: &str) -> Option<PathBuf> = Effect::Which { program: program.into() } => Reply::Path(path) => path;
        run_recipe(run: RecipeRun) -> RecipeEnd = Effect::RunRecipe(Box::new(run)) => Reply::Recipe(end) => end;
        get(object: Object) -> Box<dyn Source> = Effect::Get(object) => Reply::Source(source) => source;
        put(put: Put) -> Box<dyn Sink> = Effect::Put(Box::new(put)) => Reply::Sink(sink) => sink;
        list_objects(store: Arc<Store>, prefix: &str) -> Vec<ObjectEntry>
            = Effect::ListObjects { store, prefix: prefix.into() } => Reply::Objects(entries) => entries;
        stat_object(object: Object) -> Option<ObjectStat> = Effect::StatObject(object) => Reply::ObjectStat(stat) => stat;
        remove_object(object: Object) -> () = Effect::RemoveObject(object) => Reply::Done => ();
        make_bucket(store: Arc<Store>) -> bool = Effect::MakeBucket(store) => Reply::Made(made) => made;
        ask_store(ask: StoreAsk) -> Option<String> = Effect::AskStore(Box::new(ask)) => Reply::StoreText(text) => text;
        request(request: HttpRequest) -> HttpResponse
            = Effect::Request(Box::new(request)) => Reply::Response(response) => response;
        upload(upload: Upload) -> Box<dyn Sink> = Effect::Upload(Box::new(upload)) => Reply::Sink(sink) => sink;
        connect(login: Login) -> Box<dyn Session> = Effect::Connect(Box::new(login)) => Reply::Session(session) => session;
        send(mail: Mail) -> Sent = Effect::Send(Box::new(mail)) => Reply::Sent(sent) => sent;
        sleep(duration: Duration) -> () = Effect::Sleep { duration } => Reply::Done => ();
        make_memory_dir(files: Vec<(String, Hidden)>) -> MemoryDir = Effect::MakeMemoryDir { files } => Reply::MemoryDir(made) => made;
        lock(path: &Path) -> Box<dyn LockGuard> = Effect::Lock { path: path.into() } => Reply::LockGuard(held) => held;
    }
}

/// Reports a reply that does not belong to the effect: a bug in the world.
pub(super) fn misfit(call: &str) -> Error {
    Error::new(Kind::Other, format!("the world gave the wrong reply to `{call}`"))
        .hint("please report this as a bug in hikae")
}
