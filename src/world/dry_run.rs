//! Shows what would change, and changes nothing: reads pass through, writes are withheld, and later reads see the planned state.
//!
//! A planned file exists with its size, and a planned removal is gone, so that the recipe continues as in a real run. The output of
//! a withheld program is unknown: it breaks off with the error `Withheld`, which passes through every stage like any error, so that
//! no stage can take it for a proved end. Code that saves such a stream checks `is_withheld`, and then commits the (withheld)
//! file unsealed: as planned, not as proved. Reading it back breaks off with `Withheld` as well.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::{BoxFuture, ready};

use super::http::HttpResponse;
use super::program::passed_on;
use super::{Child, Effect, Entry, EntryKind, Exit, MemoryDir, Reply, Request, Stat, World, reply::Process};
use crate::error::{Error, Kind, Result, Site};
use crate::stream::{Piece, Sink, Source};
use crate::units::show_size;
use plan::{Shared, Where};
use sink::PlannedSink;
use swallow::Swallow;

mod listing;
mod objects;
mod packing;
mod plan;
mod postgres;
mod sink;
mod swallow;
mod withheld;
pub use withheld::{Withheld, is_withheld};

/// A world in which nothing changes.
pub struct DryRun<W> {
    inner: Arc<W>,
    plan: Shared,
}

/// One change that a run would make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    pub verb: &'static str,
    pub object: String,
    /// How much would be written or lost.
    pub detail: Option<String>,
    /// The reason that the recipe states, if any.
    pub why: Option<String>,
    pub site: Option<Site>,
}

impl Planned {
    /// The entry as the audit stores it.
    pub fn to_json(&self) -> serde_json::Value {
        let Planned { verb, object, detail, why, site } = self;
        let site = site.as_ref().map(Site::to_string);
        serde_json::json!({ "effect": verb, "object": object, "detail": detail, "why": why, "site": site })
    }
}

impl<W> DryRun<W> {
    pub fn new(inner: W) -> DryRun<W> {
        DryRun { inner: Arc::new(inner), plan: Shared::default() }
    }

    /// The changes planned so far, in order.
    pub fn plan(&self) -> Vec<Planned> {
        self.plan.lock().planned()
    }
}

impl<W: World + 'static> DryRun<W> {
    async fn answer(&self, request: Request) -> Result<Reply> {
        use Effect as E;
        let request = Request { effect: request.effect.clone().checked()?, ..request };
        let note = |detail| self.plan.lock().note(&request, detail);
        match &request.effect {
            E::Open { path } => self.open(path, &request).await,
            E::Read { path, max_bytes, head } => self.read(path, *max_bytes, *head, &request).await,
            E::List(found) => listing::list(self, found, &request).await.map(Reply::Entries),
            E::Pack(packing) => packing::pack(self, packing, &request).await.map(Reply::Packed),
            E::Stat { path } => self.stat(path, &request).await.map(Reply::Stat),
            E::Create { path, mode } => {
                self.may_create(path, false, &request).await?;
                let number = note(None);
                Ok(Reply::Sink(Box::new(PlannedSink::file(path, *mode, number, self.now(), self.plan.clone()))))
            }
            E::Write { path, data, mode, replace } => {
                self.may_create(path, *replace, &request).await?;
                let number = note(None);
                let data = Bytes::copy_from_slice(data);
                self.plan.lock().written(path, data.len() as u64, Some(data), *mode, number, self.now());
                Ok(Reply::Done)
            }
            E::MakeDir { path, mode } => self.make_dir(path, *mode, &request).await,
            E::Rename { from, to } => self.rename(from, to, &request).await,
            E::Remove { path } => self.remove(path, &request).await,
            E::RemoveMany { paths } => self.remove_many(paths, &request).await,
            E::SetMode { path, mode } => self.set("set the mode of", path, &format!("{mode:04o}"), &request).await,
            E::SetOwner { path, user, group } => {
                let name = |name: &Option<String>| name.clone().unwrap_or_default();
                let detail = format!("{}:{}", name(user), name(group));
                self.set("set the owner of", path, &detail, &request).await
            }
            E::Sweep { .. } => {
                note(Some("partial files of dead runs".to_owned()));
                Ok(Reply::Entries(Vec::new()))
            }
            E::Spawn(command) => {
                self.must_be_there(&command.program, &request).await?;
                note(None);
                let stdin = command.stdin.then(|| Box::new(Swallow) as Box<dyn Sink>);
                let end = Unknown(command.program.clone());
                Ok(Reply::Child(Child { stdin, stdout: Box::new(end.clone()), process: Box::new(end) }))
            }
            E::RunRecipe(run) => {
                note(None);
                Err(Unknown(run.recipe.clone()).error())
            }
            E::Request(request) if !request.method.only_reads() => {
                note(Some(crate::units::show_size(request.body.data.len() as u64)));
                let body = Box::new(Unknown(request.title()));
                let end_is_known = true;
                Ok(Reply::Response(HttpResponse {
                    status: 200,
                    headers: Vec::new(),
                    body,
                    end_is_known,
                    certificate: None,
                    withheld: true,
                }))
            }
            E::Get(object) => objects::get(self, object, &request).await,
            E::Put(put) => objects::put(self, put, &request).await,
            E::ListObjects { store, prefix } => objects::list(self, store, prefix, &request).await.map(Reply::Objects),
            E::StatObject(object) => objects::stat(self, object, "look at", &request).await.map(Reply::ObjectStat),
            E::RemoveObject(object) => objects::remove(self, object, &request).await,
            E::MakeBucket(store) => objects::make_bucket(self, store, &request).await.map(Reply::Made),
            E::AskStore(ask) if ask.changes() => {
                note(None);
                Ok(Reply::StoreText(None))
            }
            E::AskStore(ask) if self.plan.lock().buckets.contains(&ask.store().container()) => {
                Ok(Reply::StoreText(None))
            }
            E::Upload(upload) => {
                upload.request.check()?;
                note(upload.size_bytes.map(show_size));
                Ok(Reply::Sink(Box::new(Swallow)))
            }
            E::Lock { path } => {
                note(None);
                Ok(Reply::LockGuard(plan::hold(&self.plan, path, self.machine().process_id, self.now())?))
            }
            E::Connect(login) if login.read_only => self.inner.perform(request).await,
            E::Connect(login) => {
                note(None);
                Ok(Reply::Session(Box::new(postgres::Unsaid(login.title()))))
            }
            E::Send(mail) => {
                mail.check()?;
                note(Some(show_size(mail.size_bytes())));
                Ok(Reply::Sent(mail.withheld()))
            }
            // No program is started that could use it.
            E::MakeMemoryDir { .. } => Ok(Reply::MemoryDir(MemoryDir::of_no_disk("planned"))),
            E::AskStore(_) | E::DiskFree { .. } | E::Request(_) | E::Which { .. } | E::Sleep { .. } => {
                self.inner.perform(request).await
            }
        }
    }

    async fn open(&self, path: &std::path::Path, request: &Request) -> Result<Reply> {
        let at = self.plan.lock().locate(path);
        match at {
            Where::Below(path) => self.inner_perform(Effect::Open { path }, request).await,
            Where::Planned(_, Some(data)) => Ok(Reply::Source(Box::new(Known(Some(data))))),
            Where::Planned(stat, None) if stat.kind == EntryKind::File => {
                Ok(Reply::Source(Box::new(Unread(plan::only_planned(path)))))
            }
            other => Err(plan::unreadable(path, &other)),
        }
    }

    async fn read(&self, path: &std::path::Path, max_bytes: u64, head: bool, request: &Request) -> Result<Reply> {
        let at = self.plan.lock().locate(path);
        match at {
            Where::Below(path) => self.inner_perform(Effect::Read { path, max_bytes, head }, request).await,
            Where::Planned(_, Some(data)) if data.len() as u64 > max_bytes => match head {
                true => Ok(Reply::Bytes(data.slice(..max_bytes as usize))),
                false => Err(super::refusals::too_large(path, max_bytes)),
            },
            Where::Planned(_, Some(data)) => Ok(Reply::Bytes(data)),
            other => Err(plan::unreadable(path, &other)),
        }
    }

    /// What exists at a path, with the planned changes applied.
    async fn stat(&self, path: &std::path::Path, request: &Request) -> Result<Option<Stat>> {
        let at = self.plan.lock().locate(path);
        match at {
            Where::Planned(stat, _) => Ok(Some(stat)),
            Where::Nothing => Ok(None),
            Where::Below(path) => match self.inner_perform(Effect::Stat { path }, request).await? {
                Reply::Stat(stat) => Ok(stat),
                _ => Ok(None),
            },
        }
    }

    /// Fails if a program is missing: a real run would fail too, so the plan must not continue.
    async fn must_be_there(&self, program: &str, request: &Request) -> Result<()> {
        match self.inner_perform(Effect::Which { program: program.to_owned() }, request).await? {
            Reply::Path(None) => {
                let environment = passed_on(&self.environment());
                Err(super::refusals::not_on_path(program, environment.get("PATH").map_or("", String::as_str)))
            }
            _ => Ok(()),
        }
    }

    async fn inner_list(&self, found: super::ListQuery, request: &Request) -> Result<Vec<Entry>> {
        match self.inner_perform(Effect::List(found), request).await? {
            Reply::Entries(entries) => Ok(entries),
            _ => Ok(Vec::new()),
        }
    }

    /// Reads from the world below, under the limits of the effect that needs it.
    async fn inner_perform(&self, effect: Effect, request: &Request) -> Result<Reply> {
        let (site, why) = (request.site.clone(), request.why.clone());
        self.inner.perform(Request { effect, site, why, limits: request.limits }).await
    }
}

impl<W: World + 'static> World for DryRun<W> {
    fn perform(&self, request: Request) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(self.answer(request))
    }

    rest_from!(self => self.inner);
}

/// A program that was not started: its output and its exit are unknown.
#[derive(Clone)]
struct Unknown(String);

impl Unknown {
    fn error(&self) -> Error {
        Error::new(Kind::Cancelled, format!("`{}` was not started", self.0)).because(Withheld::Program)
    }
}

impl Source for Unknown {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(ready(Err(self.error())))
    }
}

impl Process for Unknown {
    fn wait(&mut self) -> BoxFuture<'_, Result<Exit>> {
        Box::pin(ready(Err(self.error())))
    }
}

/// A small file that only exists in the plan.
struct Known(Option<Bytes>);

impl Source for Known {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        let data = self.0.take().filter(|data| !data.is_empty());
        Box::pin(ready(Ok(data.map_or(Piece::End, Piece::Data))))
    }
}

/// A file that only exists in the plan, and whose bytes are known only in a real run.
struct Unread(Error);

impl Source for Unread {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(ready(Err(self.0.clone())))
    }
}
