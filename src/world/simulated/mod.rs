//! Performs effects in a world in memory, whose files, programs and clock come from a setup: for tests of recipes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, FixedOffset};
use futures_util::future::BoxFuture;

use super::paths::plain;
use super::{Effect, Limits, Machine, MemoryDir, Reply, Request, World};
use crate::error::Result;
use crate::world::recipe_run::RecipeEnd;
use clock::{Clock, Pace};
use part::Part;
use state::{Shared, State};

mod clock;
mod environment;
mod files;
mod founding;
pub mod setup_values;
pub mod http;
mod listing;
mod locks;
pub mod mail;
mod objects;
mod ownership;
mod packing;
mod part;
pub mod postgres;
pub mod programs;
pub mod routes;
pub mod setup;
mod seen;
mod sink;
pub mod snapshot;
mod source;
mod state;
mod tree;
mod ways;
pub use mail::SmtpSetup;
pub use objects::stores::StoreSetup;
pub use postgres::{Heard, PostgresServer, Said};
pub use programs::{Call, Canned, Program};
pub use routes::{CannedResponse, Route};
pub use seen::{Posted, Ran, Requested};
pub use setup::{
    BackupSetup, CatalogSetup, FileSetup, FileTable, ObjectSetup, ObjectTable, OverdueSetup, RunSetup, SimulatedSetup,
};
pub use setup_values::Age;
pub use snapshot::{Seen, SeenObject, Snapshot};

/// A world in memory. Clones are the same world.
///
/// Nothing takes real time: a wait advances the clock, and a wait past the limits of its request ends at once with their error.
#[derive(Clone)]
pub struct Simulated {
    shared: Shared,
    setup: Arc<SimulatedSetup>,
    clock: Arc<Clock>,
    environment: Arc<BTreeMap<String, String>>,
    machine: Machine,
}

impl Simulated {
    /// Builds a world from its setup; an impossible setup is an error.
    pub fn new(setup: SimulatedSetup) -> Result<Simulated> {
        let clock = Arc::new(Clock::starting_at(setup.now));
        let state = State {
            tree: founding::tree(&setup)?,
            roots: founding::roots(&setup)?,
            clock: clock.clone(),
            process_id: environment::PROCESS_ID,
            locks: founding::locks(&setup)?,
            writing: Default::default(),
            parts: 0,
            reading: Vec::new(),
            ran: Vec::new(),
            undeclared: Vec::new(),
            heard: seen::Heard::default(),
            stores: objects::found(&setup)?,
            posted: Vec::new(),
            put_off: 0,
        };
        let (environment, machine) = (Arc::new(environment::read(&setup)), environment::machine(&setup));
        Ok(Simulated { shared: Shared::new(state), setup: Arc::new(setup), clock, environment, machine })
    }

    /// The state of this world.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::of(&self.shared.lock())
    }

    /// Adds an entry that the run did not create, as if another program did it meanwhile.
    pub fn put(&self, path: &Path, file: &FileSetup) -> Result<()> {
        let mut state = self.shared.lock();
        let now = state.now();
        founding::found(&mut state.tree, &self.setup, now, path, file)
    }

    /// Acts as another program that writes a file, or removes an entry.
    pub fn change(&self, path: &Path, file: Option<&FileSetup>) -> Result<()> {
        let mut state = self.shared.lock();
        let now = state.now();
        state.tree.take(&plain(path)?, now);
        file.map_or(Ok(()), |file| founding::found(&mut state.tree, &self.setup, now, path, file))
    }

    /// Limits files to these paths from now on.
    pub fn reach(&self, roots: impl IntoIterator<Item = PathBuf>) -> Result<()> {
        let roots = roots.into_iter().map(|root| plain(&root)).collect::<Result<Vec<_>>>()?;
        self.shared.lock().roots = Some(roots);
        Ok(())
    }

    /// Makes another process hold this lock from now on.
    pub fn hold(&self, lock: &Path) -> Result<()> {
        let holder = founding::holder(self.now());
        self.shared.lock().locks.insert(plain(lock)?, holder);
        Ok(())
    }

    /// Lets time pass while nothing else happens.
    pub async fn pass(&self, time: Duration) -> Result<()> {
        let limits = Limits { total: Duration::MAX, idle: Duration::MAX };
        let request = Request { effect: Effect::Sleep { duration: time }, site: None, limits, why: None };
        self.perform(request).await.map(drop)
    }

    /// Waits until this much time has passed in this world; a longer wait stops there.
    pub async fn alarm(&self, after: Duration) {
        self.clock.alarm(self.clock.elapsed().saturating_add(after)).await;
    }

    /// Acts as a killed process: its locks are free and its partial files have no writer, but nothing is cleaned up.
    pub fn die(&self) {
        let mut state = self.shared.lock();
        let dead = state.process_id;
        state.locks.retain(|_, (holder, _)| *holder != dead);
        state.writing.clear();
        state.reading.clear();
        state.stores.reading.clear();
    }

    async fn answer(&self, request: Request) -> Result<Reply> {
        use Effect as E;
        let pace = Pace::of(&request, self.clock.clone());
        let done = |()| Reply::Done;
        Ok(match request.effect.checked()? {
            E::Open { path } => {
                let content = files::open(&self.shared.lock().view(), &path)?;
                Reply::Source(Box::new(source::FileSource::new(content, path, self.shared.clone())))
            }
            E::Read { path, max_bytes, head } => {
                Reply::Bytes(files::read(&self.shared.lock().view(), &path, max_bytes, head)?)
            }
            E::List(found) => Reply::Entries(listing::list(&self.shared.lock().view(), &found)?),
            E::Stat { path } => Reply::Stat(files::stat(&mut self.shared.lock().view(), &path)?),
            E::Pack(packing) => Reply::Packed(packing::pack(&self.shared, &self.setup, &packing)?),
            E::DiskFree { path } => Reply::Space(files::disk_free(&self.shared.lock().view(), &path)?),
            E::Create { path, mode } => {
                let part = Part::start(&mut self.shared.lock(), &path, mode, false)?;
                Reply::Sink(Box::new(sink::FileSink::new(part, self.shared.clone())))
            }
            E::Write { path, data, mode, replace } => {
                files::write(&mut self.shared.lock(), &path, data, mode, replace).map(done)?
            }
            E::MakeDir { path, mode } => files::make_dir(&mut self.shared.lock().view(), &path, mode).map(done)?,
            E::Rename { from, to } => files::rename(&mut self.shared.lock().view(), &from, &to).map(done)?,
            E::Remove { path } => files::remove(&mut self.shared.lock().view(), &path).map(done)?,
            E::RemoveMany { paths } => files::remove_many(&mut self.shared.lock().view(), paths).map(done)?,
            E::SetMode { path, mode } => ownership::set_mode(&mut self.shared.lock().view(), &path, mode).map(done)?,
            E::SetOwner { path, user, group } => {
                let mut state = self.shared.lock();
                ownership::set_owner(&mut state.view(), &self.setup, &path, (user, group)).map(done)?
            }
            E::Sweep { dir } => Reply::Entries(files::sweep(&mut self.shared.lock(), &dir)?),
            E::Spawn(command) => {
                Reply::Child(programs::start(command, &self.setup.programs, &self.environment, pace, &self.shared)?)
            }
            E::Get(object) => Reply::Source(objects::get(&self.shared, &object)?),
            E::Put(put) => Reply::Sink(objects::put(&self.shared, *put)?),
            E::ListObjects { store, prefix } => {
                Reply::Objects(objects::list(&mut self.shared.lock(), &store, &prefix)?)
            }
            E::StatObject(object) => Reply::ObjectStat(objects::stat(&mut self.shared.lock(), &object)?),
            E::RemoveObject(object) => objects::remove(&mut self.shared.lock(), &object).map(done)?,
            E::MakeBucket(store) => Reply::Made(objects::make_bucket(&mut self.shared.lock(), &store)?),
            E::AskStore(ask) => Reply::StoreText(objects::ask(&mut self.shared.lock(), &ask)?),
            E::Request(request) => Reply::Response(http::answer(*request, &self.setup.http, pace, &self.shared).await?),
            E::Upload(upload) => Reply::Sink(http::upload(*upload, self.setup.clone(), pace, self.shared.clone())?),
            // The harness runs it, in this world.
            E::RunRecipe(_) => Reply::Recipe(RecipeEnd::Play),
            E::Which { program } => Reply::Path(programs::which(&program, &self.setup.programs)),
            E::Connect(login) => {
                Reply::Session(postgres::connect(*login, self.setup.postgres.as_ref(), pace, &self.shared).await?)
            }
            E::Send(letter) => Reply::Sent(mail::send(&letter, &self.setup.smtp, &pace, &self.shared).await?),
            E::Sleep { duration } => pace.pass(duration).await.map(done)?,
            E::MakeMemoryDir { .. } => Reply::MemoryDir(MemoryDir::of_no_disk("simulated")),
            E::Lock { path } => Reply::LockGuard(locks::lock(&self.shared, &path)?),
        })
    }
}

impl World for Simulated {
    fn perform(&self, request: Request) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(self.answer(request))
    }

    fn now(&self) -> DateTime<FixedOffset> {
        self.clock.now()
    }

    fn elapsed(&self) -> Duration {
        self.clock.elapsed()
    }

    fn environment(&self) -> Arc<BTreeMap<String, String>> {
        self.environment.clone()
    }

    fn machine(&self) -> Machine {
        self.machine.clone()
    }
}
