//! Performs effects on the real machine: the only module that touches files, programs and the clock.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "the other rooms must use this one")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, FixedOffset};
use futures_util::future::BoxFuture;

use super::{Effect, Machine, Reply, Request, World};
use crate::error::{Error, Kind, Result};
use crate::world::objects::record::UploadRecord;
use crate::world::recipe_run::RecipeEnd;
use blocking::blocking;
use fence::Fence;
use part::Part;
use undo::Undo;

pub mod account;
mod blocking;
pub mod clock;
mod described;
mod environment;
mod fence;
mod files;
pub mod http;
pub mod kernel;
pub mod launcher;
mod listing;
mod loads;
mod locks;
pub mod mail;
mod memory_dir;
mod naming;
pub mod objects;
mod ownership;
mod packing;
pub mod orphans;
mod part;
mod pipes;
pub mod postgres;
mod process;
pub mod probe;
pub mod shared_owner;
mod programs;
mod removing;
mod rights;
mod sink;
mod source;
mod spawner;
pub mod write_folders;
pub mod trust;
mod stderr;
mod stores;
mod syscalls;
mod system_paths;
mod tls;
mod trouble;
mod undo;
pub mod config_files;
pub mod path_checks;
pub mod terminal;
pub mod this_process;
pub mod view;
pub mod wall;
pub mod walls;

/// The real machine, within its limits.
pub struct Real {
    fence: Arc<Fence>,
    wall: Option<Arc<wall::Policy>>,
    account: Option<Arc<account::Account>>,
    launcher: Option<Arc<launcher::Launcher>>,
    cores: Option<usize>,
    environment: Arc<BTreeMap<String, String>>,
    undo: Undo,
    http: http::Http,
    lent: objects::Lent,
    learned: objects::Learned,
    uploads: Option<Arc<dyn UploadRecord>>,
    programs: Option<Arc<Vec<String>>>,
}

impl Real {
    /// Allows every file: for hikae's own files, such as its configuration and its catalog.
    pub fn ambient() -> Real {
        Real::within(Fence::everywhere())
    }

    /// Allows the declared files, and everything beneath the declared folders; no link leads out of them.
    pub fn beneath(roots: impl IntoIterator<Item = PathBuf>) -> Result<Real> {
        let roots = roots.into_iter().map(|root| super::paths::plain(&root)).collect::<Result<_>>()?;
        Ok(Real::within(Fence::around(roots)))
    }

    /// Builds this wall around each child.
    pub fn with_wall(self, policy: wall::Policy) -> Real {
        Real { wall: Some(Arc::new(policy)), ..self }
    }

    /// Starts programs and connects to databases as this user.
    pub fn with_account(self, account: Option<Arc<account::Account>>) -> Real {
        Real { account, ..self }
    }

    /// Starts other recipes through this launcher.
    pub fn with_launcher(self, launcher: Option<Arc<launcher::Launcher>>) -> Real {
        Real { launcher, ..self }
    }

    fn launcher(&self) -> Result<&launcher::Launcher> {
        self.launcher.as_deref().ok_or_else(|| {
            Error::new(Kind::Denied, "no other recipe can be run from here").hint("declare it in `needs.recipes`")
        })
    }

    /// Adds or replaces environment variables: the network settings from `.env`.
    pub fn with_variables(self, variables: impl IntoIterator<Item = (String, String)>) -> Real {
        let mut environment = (*self.environment).clone();
        for (name, value) in variables {
            environment.insert(name, value);
        }
        Real { environment: Arc::new(environment), ..self }
    }

    /// Limits the number of cores that compression may use.
    pub fn with_cores(self, cores: usize) -> Real {
        Real { cores: Some(cores), ..self }
    }

    /// Waits until every dropped child and partial file is cleaned up; `false` if that takes longer than `timeout`. Call this before the
    /// process ends.
    pub fn settle(&self, timeout: Duration) -> bool {
        self.undo.settle(timeout)
    }

    fn within(fence: Fence) -> Real {
        clock::elapsed();
        let environment = Arc::new(environment::read());
        let (fence, undo, http) = (Arc::new(fence), Undo::default(), http::Http::default());
        Real {
            fence,
            wall: None,
            account: None,
            launcher: None,
            cores: None,
            environment,
            undo,
            http,
            lent: objects::Lent::default(),
            learned: objects::Learned::default(),
            uploads: None,
            programs: None,
        }
    }

    /// The wall and the account for new programs.
    fn place(&self) -> programs::Place<'_> {
        programs::Place { wall: self.wall.as_deref(), account: self.account.as_ref() }
    }

    async fn answer(&self, effect: Effect) -> Result<Reply> {
        use Effect as E;
        let done = |()| Reply::Done;
        Ok(match effect.checked()? {
            E::Open { path } => {
                let source = self.on_files(move |fence| source::FileSource::open(fence, &path)).await?;
                Reply::Source(Box::new(source))
            }
            E::Read { path, max_bytes, head } => {
                Reply::Bytes(self.on_files(move |fence| files::read(fence, &path, max_bytes, head)).await?)
            }
            E::List(found) => {
                let now = clock::now();
                Reply::Entries(self.on_files(move |fence| listing::list(fence, &found, now)).await?)
            }
            E::Stat { path } => Reply::Stat(self.on_files(move |fence| files::stat(fence, &path)).await?),
            E::Pack(packing) => Reply::Packed(packing::pack(self.fence.clone(), *packing)?),
            E::DiskFree { path } => Reply::Space(blocking(move || files::disk_free(&path)).await?),
            E::Create { path, mode } => {
                let part = self.on_files(move |fence| Part::start(fence, &path, mode, false)).await?;
                Reply::Sink(Box::new(sink::FileSink::new(part, self.undo.clone())))
            }
            E::Write { path, data, mode, replace } => {
                self.on_files(move |fence| files::write(fence, &path, &data, mode, replace)).await.map(done)?
            }
            E::MakeDir { path, mode } => {
                self.on_files(move |fence| files::make_dir(fence, &path, mode)).await.map(done)?
            }
            E::Rename { from, to } => self.on_files(move |fence| files::rename(fence, &from, &to)).await.map(done)?,
            E::Remove { path } => self.on_files(move |fence| files::remove(fence, &path)).await.map(done)?,
            E::RemoveMany { paths } => {
                self.on_files(move |fence| removing::remove_many(fence, paths)).await.map(done)?
            }
            E::SetMode { path, mode } => {
                self.on_files(move |fence| ownership::set_mode(fence, &path, mode)).await.map(done)?
            }
            E::SetOwner { path, user, group } => {
                let set = move |fence: &Fence| ownership::set_owner(fence, &path, user.as_deref(), group.as_deref());
                self.on_files(set).await.map(done)?
            }
            E::Sweep { dir } => Reply::Entries(self.on_files(move |fence| files::sweep(fence, &dir)).await?),
            E::Spawn(command) => {
                Reply::Child(programs::start(command, &self.environment, self.place(), &self.undo).await?)
            }
            E::Upload(upload) => Reply::Sink(self.http.upload(*upload, &self.environment).await?),
            E::Request(request) => Reply::Response(self.http.send(*request, &self.environment).await?),
            E::Get(object) => Reply::Source(self.backend(&object.store)?.get(object).await?),
            E::Put(put) => Reply::Sink(self.backend(&put.object.store)?.put(*put).await?),
            E::ListObjects { store, prefix } => Reply::Objects(self.backend(&store)?.list(store, prefix).await?),
            E::StatObject(object) => Reply::ObjectStat(self.backend(&object.store)?.stat(object).await?),
            E::RemoveObject(object) => self.backend(&object.store)?.remove(object).await.map(done)?,
            E::MakeBucket(store) => Reply::Made(self.backend(&store)?.make_bucket(store).await?),
            E::AskStore(ask) => Reply::StoreText(self.backend(ask.store())?.ask(*ask).await?),
            E::RunRecipe(run) => Reply::Recipe(RecipeEnd::Outcome(self.launcher()?.run(*run).await?)),
            E::Which { program } => {
                let path = programs::search_path(&self.environment);
                Reply::Path(blocking(move || Ok(programs::which(&program, &path))).await?)
            }
            E::Connect(login) => {
                Reply::Session(postgres::connect(*login, &self.environment, self.account.clone()).await?)
            }
            E::Send(letter) => Reply::Sent(mail::send(&letter).await?),
            E::Sleep { duration } => {
                clock::sleep(duration).await;
                Reply::Done
            }
            E::MakeMemoryDir { files } => {
                let files: Vec<_> = files.into_iter().map(|(name, data)| (name, data.0)).collect();
                let (environment, undo) = (self.environment.clone(), self.undo.clone());
                Reply::MemoryDir(blocking(move || memory_dir::make(&files, &environment, &undo)).await?)
            }
            E::Lock { path } => {
                let now = clock::now();
                Reply::LockGuard(self.on_files(move |fence| locks::lock(fence, &path, now)).await?)
            }
        })
    }

    async fn on_files<T: Send + 'static>(&self, work: impl FnOnce(&Fence) -> Result<T> + Send + 'static) -> Result<T> {
        let fence = self.fence.clone();
        blocking(move || work(&fence)).await
    }
}

impl World for Real {
    fn perform(&self, request: Request) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(self.answer(request.effect))
    }

    fn now(&self) -> DateTime<FixedOffset> {
        clock::now()
    }

    fn elapsed(&self) -> Duration {
        clock::elapsed()
    }

    fn environment(&self) -> Arc<BTreeMap<String, String>> {
        self.environment.clone()
    }

    fn machine(&self) -> Machine {
        environment::machine(&self.environment, self.cores)
    }
}
