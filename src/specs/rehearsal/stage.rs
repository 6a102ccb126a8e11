//! The scene of a rehearsal: a simulated world with faults, its clock, no record, and Lua where it is called.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use tokio::sync::oneshot;

use crate::backup::usual::Content;
use crate::catalog::manifest;
use crate::catalog::{Catalog, Moment, NewRun};
use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::lua::fuse::Fuse;
use crate::lua::record_queries::RecordQueries;
use crate::lua::session::Play;
use crate::recipe::cut::Cut;
use crate::recipe::job::Job;
use crate::recipe::loader::run;
use crate::recipe::loader::run::LuaPart;
use crate::recipe::outcome::LuaEnd;
use crate::recipe::scene::Scene;
use crate::specs::rehearsal::{Rehearsal, Script, record, rehearse};
use crate::suggest;
use crate::world::faulty::{Fault, Faulty};
use crate::world::simulated::{CatalogSetup, FileSetup, FileTable, Simulated, SimulatedSetup, Snapshot};
use crate::world::{Caller, Limits, World};

/// Where hikae keeps its locks in every simulated world.
pub const STATE_DIR: &str = "/var/lib/hikae";

/// The file that holds the last moment of the previous run, instead of a catalog.
const LAST: &str = "/var/lib/hikae/last-run";

/// Limits for hikae's own effects, which take no time here.
const OWN: Limits = Limits { total: Duration::from_secs(60), idle: Duration::from_secs(60) };

/// A simulated world, ready for one run. Clones share it.
#[derive(Clone)]
pub struct Stage {
    world: Simulated,
    record: CatalogSetup,
    setup: SimulatedSetup,
    faulty: Arc<Faulty<Simulated>>,
}

impl Stage {
    /// Prepares the world for a run by this script.
    pub async fn set(world: &Simulated, script: &Script, faults: Vec<Fault>) -> Result<Stage> {
        let Script { job, locked, record, setup, .. } = script;
        let needs = &job.needs;
        world.reach(needs.read.iter().chain(&needs.write).cloned().chain([PathBuf::from(STATE_DIR)]))?;
        world.put(Path::new(STATE_DIR), &FileSetup(FileTable { dir: true, ..FileTable::default() }))?;
        if *locked {
            world.hold(&job.lock_path())?;
        }
        let stage = Stage {
            world: world.clone(),
            record: record.clone(),
            setup: setup.clone(),
            faulty: Arc::new(Faulty::new(world.clone(), faults)),
        };
        stage.unique_second().await?;
        Ok(stage)
    }

    /// The state of the world, without hikae's own folder.
    pub fn snapshot(&self) -> Snapshot {
        let mut snapshot = self.world.snapshot();
        snapshot.files.retain(|path, _| !path.starts_with(STATE_DIR));
        snapshot.partials.retain(|path| !path.starts_with(STATE_DIR));
        snapshot
    }

    pub fn is_killed(&self) -> bool {
        self.faulty.is_killed()
    }

    /// Whether the run has been killed, for its event listeners.
    pub fn killed(&self) -> impl Fn() -> bool + Send + Sync + 'static {
        let faulty = self.faulty.clone();
        move || faulty.is_killed()
    }

    pub fn all_met(&self) -> bool {
        self.faulty.all_met()
    }

    /// Clears the stage after a run.
    pub async fn strike(&self) -> Result<()> {
        if self.is_killed() {
            self.world.die();
        }
        self.caller().write(Path::new(LAST), self.world.now().to_rfc3339().into_bytes(), 0o600, true).await
    }

    /// As in real runs: names carry the second in them, so two runs never have the same one.
    async fn unique_second(&self) -> Result<()> {
        let (caller, now) = (self.caller(), self.world.now());
        let last = match caller.stat(Path::new(LAST)).await? {
            Some(_) => moment(&caller.read(Path::new(LAST), 64).await?),
            None => None,
        };
        match last.is_some_and(|last| last.timestamp() == now.timestamp()) {
            true => {
                let rest = 1000 - u64::from(now.timestamp_subsec_millis()).min(999);
                caller.sleep(Duration::from_millis(rest)).await
            }
            false => Ok(()),
        }
    }

    fn caller(&self) -> Caller {
        Caller::new(Arc::new(self.world.clone()), OWN)
    }
}

fn moment(text: &[u8]) -> Option<Moment> {
    DateTime::parse_from_rfc3339(std::str::from_utf8(text).ok()?).ok()
}

impl Scene for Stage {
    /// Runs in this world, on the same path; a fault breaks the caller's call.
    fn play(&self, job: &Job) -> Play {
        let (world, setup, config) = (self.world.clone(), self.setup.clone(), job.config.clone());
        let roots = job.needs.read.iter().chain(&job.needs.write).cloned().chain([PathBuf::from(STATE_DIR)]);
        let roots: Vec<PathBuf> = roots.collect();
        Box::new(move |run| {
            let (world, setup, config, roots) = (world.clone(), setup.clone(), config.clone(), roots.clone());
            Box::pin(async move {
                let source = config.recipe_source(&run.recipe)?;
                let set = run.set.iter().map(|(name, value)| (name.clone(), value.expose().to_owned())).collect();
                let rehearsal =
                    Rehearsal { setup, source, set, run_type: None, yes: true, faults: Vec::new(), coverage: None };
                let rehearsed = rehearse(&config, &world, rehearsal).await;
                // The other recipe's declared paths were set; from now on this recipe's paths apply again.
                world.reach(roots)?;
                let rehearsed = rehearsed?;
                serde_json::to_value(&rehearsed.run)
                    .map_err(|cause| Error::new(Kind::Other, "cannot show the outcome of a recipe").because(cause))
            })
        })
    }

    /// Without faults: those are for the recipe. After a kill, nothing runs here either.
    fn own(&self) -> Arc<dyn World> {
        Arc::new(self.faulty.beside(self.world.clone()))
    }

    fn catalog(&self, _path: &Path) -> Option<Result<Catalog>> {
        None
    }

    /// According to the manifests in this world.
    fn past(&self) -> Vec<Content> {
        let world = self.snapshot();
        let texts = world.files.iter().filter(|(path, _)| path.to_string_lossy().ends_with(manifest::SUFFIX));
        let mut found: Vec<serde_json::Value> =
            texts.filter_map(|(_, seen)| serde_json::from_slice(seen.content.as_deref()?).ok()).collect();
        found.sort_by_key(|manifest| std::cmp::Reverse(manifest["created_at"].as_str().unwrap_or_default().to_owned()));
        found.iter().map(Content::of_manifest).collect()
    }

    fn is_alive(&self, _run: &NewRun, _state_dir: &Path) -> bool {
        false
    }

    fn record(&self, _config: &Arc<Config>) -> RecordQueries {
        let record = self.record.clone();
        let of_runs = self.record.clone();
        let removed = self.record.removed.clone();
        RecordQueries {
            removed: Box::new(move || Ok(removed.iter().cloned().collect())),
            overdue: Box::new(move || record::overdue(&record)),
            runs: Box::new(move |filter| record::runs(&of_runs, filter)),
        }
    }

    fn enter(&mut self, _job: &Job) -> Result<Arc<dyn World>> {
        Ok(self.faulty.clone())
    }

    /// The deadline, by the clock of this world.
    async fn cut(&mut self, timeout: Duration) -> Cut {
        self.world.alarm(timeout).await;
        Cut::Deadline
    }

    async fn lua(part: LuaPart, fuse: oneshot::Sender<Fuse>) -> LuaEnd {
        run::run(part, fuse).await
    }

    async fn settle(&self, _grace: Duration) -> bool {
        true
    }
}

/// Whether the setup says that another process runs this recipe; a name that no recipe has is an error.
pub fn locked(config: &Config, setup: &SimulatedSetup, recipe: &str) -> Result<bool> {
    let names: Vec<String> = setup
        .locked
        .iter()
        .filter(|lock| !lock.is_absolute())
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    if let Some(unknown) = names.iter().find(|name| *name != recipe) {
        let known = config.recipes()?;
        if !known.contains(unknown) {
            let error = Error::new(Kind::Recipe, format!("`locked` names `{unknown}`, which is no recipe"));
            return Err(error.hint(suggest::hint(unknown, known.iter().map(String::as_str).chain([recipe]))));
        }
    }
    Ok(names.iter().any(|name| name == recipe))
}
