//! Rehearses an unmodified recipe in a simulated world, by the same code as a real run, and returns all results.

pub(crate) mod complaints;
pub(crate) mod failures;
pub(crate) mod record;
pub(crate) mod said;
pub(crate) mod stage;

use std::sync::Arc;

use tracing::instrument::WithSubscriber;

use crate::catalog::{Run, Status};
use crate::config::{Config, Contacts, RecipeSource};
use crate::error::{Error, Kind, Result};
use crate::lua::coverage::Coverage;
use crate::recipe::execute::Finished;
use crate::recipe::job::{Job, Wishes};
use crate::recipe::outcome::LuaEnd;
use crate::recipe::planning::Plan;
use crate::recipe::values::ParamValue;
use crate::recipe::{execute, loader, planning};
use crate::secret;
use crate::secret::Secret;
use crate::world::SecretOrText;
use crate::world::faulty::Fault;
use crate::world::journal::Record;
use crate::world::shells::is_shell;
use crate::world::simulated::{CatalogSetup, Simulated, SimulatedSetup, Snapshot};

pub use crate::specs::rehearsal::complaints::proof::is_replaced;
pub use crate::specs::rehearsal::complaints::{Complaint, Sort, complaints};
pub use crate::specs::rehearsal::failures::{FailureReport, Tried, each_failure, reached, way};
use crate::specs::rehearsal::said::Paper;
pub use crate::specs::rehearsal::stage::STATE_DIR;
use crate::specs::rehearsal::stage::Stage;

/// The rehearsal to run.
pub struct Rehearsal {
    /// The setup of the world: the variables that the recipe sees, and the recipes that another process runs.
    pub setup: SimulatedSetup,
    pub source: RecipeSource,
    pub set: Vec<(String, String)>,
    pub run_type: Option<String>,
    pub yes: bool,
    pub faults: Vec<Fault>,
    /// Counts the lines of the recipe that run, if requested.
    pub coverage: Option<Coverage>,
}

/// The result of a rehearsal.
#[derive(Clone)]
pub struct Rehearsed {
    /// Same as for a real run, with its exit code. A killed run is `interrupted`, as in the catalog.
    pub run: Run,
    pub error: Option<Error>,
    pub troubles: Vec<Error>,
    /// Every effect that the recipe, or hikae for it, requested; including undeclared ones.
    pub journal: Vec<Record>,
    /// The world before and after, without hikae's own state folder.
    pub before: Snapshot,
    pub after: Snapshot,
    /// Every line that a person would see: the log as under cron, with its debug lines and steps, the errors, the outcome as JSON.
    ///
    /// Only secrets that the recipe declares as such or has in its hooks are masked: a real run shows the rest.
    pub said: Vec<String>,
    /// The end of the recipe's Lua: its error, caught failures, and unused streams.
    pub lua: LuaEnd,
    /// Undeclared things that the recipe requested.
    pub refused: Vec<Error>,
    /// The secrets of the world, by the name of the variable or the param that holds each.
    pub secrets: Vec<(String, Secret)>,
    /// The params that take such a secret without being declared as one.
    pub bare: Vec<String>,
    /// Whether a `Killed` fault occurred: nothing was cleaned up.
    pub killed: bool,
    /// Whether every fault occurred at its effect.
    pub all_met: bool,
    /// `backup`, `restore`, `check` or `maintenance`.
    pub kind: &'static str,
    /// The injected faults.
    pub faults: Vec<Fault>,
    /// The shells that the recipe may run.
    pub shells: Vec<String>,
}

/// Rehearses once, in this world. An error means that the run could not start, such as for a bad recipe or param.
pub async fn rehearse(config: &Arc<Config>, world: &Simulated, rehearsal: Rehearsal) -> Result<Rehearsed> {
    let faults = rehearsal.faults.clone();
    Script::new(config, rehearsal)?.play(world, faults).await
}

/// Plans once, in this world, without changing it.
pub async fn plan(config: &Arc<Config>, world: &Simulated, rehearsal: Rehearsal) -> Result<Plan> {
    let faults = rehearsal.faults.clone();
    let script = Script::new(config, rehearsal)?;
    let stage = Stage::set(world, &script, faults).await?;
    let (before, paper) = (stage.snapshot().files, Paper::new(stage.killed()));
    let own = own_secrets(&script.job);
    let work = planning::plan_in(script.job.clone(), stage.clone());
    let plan = secret::apart(own, work.with_subscriber(paper.dispatch(world.clone()))).await?;
    match stage.snapshot().files == before {
        true => Ok(plan),
        false => {
            Err(Error::new(Kind::Other, "the plan changed the world").hint("please report this as a bug in hikae"))
        }
    }
}

/// A recipe with everything that its rehearsal needs except the world; it can run many times.
pub(crate) struct Script {
    job: Arc<Job>,
    secrets: Vec<(String, Secret)>,
    /// Whether another process runs it.
    locked: bool,
    /// The record of runs.
    record: CatalogSetup,
    /// The setup of the world, for recipes that it runs.
    setup: SimulatedSetup,
}

impl Script {
    fn new(config: &Arc<Config>, rehearsal: Rehearsal) -> Result<Script> {
        let Rehearsal { setup, source, set, run_type, yes, coverage, faults: _ } = rehearsal;
        let locked = stage::locked(config, &setup, &source.name)?;
        let environment = setup.env.iter().map(|(name, value)| (name.clone(), value.expose().to_owned())).collect();
        let mut config = config.simulated(environment, stage::STATE_DIR.into());
        config.settings.contacts = Contacts::of_groups(&setup.contacts)?;
        let config = Arc::new(config);
        let declaration = loader::declaration(&config, &source)?;
        let job = Job { coverage, ..Job::new(config, source, declaration, Wishes { set, run_type, yes })? };
        let mut secrets: Vec<(String, Secret)> = Vec::new();
        for (name, value) in &setup.env {
            if let SecretOrText::Secret(secret) = value {
                secrets.push((name.clone(), secret.clone()));
            }
        }
        for (name, secret) in declared(&job) {
            if !secrets.iter().any(|(_, known)| known == secret) {
                secrets.push((name.to_owned(), secret.clone()));
            }
        }
        record::check(&setup.catalog)?;
        Ok(Script { job: Arc::new(job), secrets, locked, record: setup.catalog.clone(), setup })
    }

    fn bare(&self) -> Vec<String> {
        let holds = |value: &ParamValue| match value {
            ParamValue::String(text) => self.secrets.iter().any(|(_, secret)| secret.expose() == text),
            _ => false,
        };
        self.job.params.iter().filter(|(_, value)| holds(value)).map(|(name, _)| name.to_owned()).collect()
    }

    async fn play(&self, world: &Simulated, faults: Vec<Fault>) -> Result<Rehearsed> {
        let stage = Stage::set(world, self, faults.clone()).await?;
        let before = stage.snapshot();
        let paper = Paper::new(stage.killed());
        let work = async {
            let finished = execute::run(self.job.clone(), stage.clone()).await;
            paper.end(&finished);
            finished
        };
        let own = own_secrets(&self.job);
        let finished = secret::apart(own, work.with_subscriber(paper.dispatch(world.clone()))).await;
        let killed = stage.is_killed();
        stage.strike().await?;
        let Finished { mut run, mut error, troubles, lua, journal, refused, .. } = finished;
        if killed {
            run.status = Status::Interrupted;
            error = Some(Error::new(Kind::Cancelled, "the run was killed"));
        }
        Ok(Rehearsed {
            run,
            error,
            troubles,
            journal,
            before,
            after: stage.snapshot(),
            said: paper.lines(),
            lua,
            refused,
            secrets: self.secrets.clone(),
            bare: self.bare(),
            killed,
            all_met: stage.all_met(),
            kind: self.job.declaration.kind.word(),
            faults,
            shells: self.job.needs.run.iter().filter(|program| is_shell(program)).cloned().collect(),
        })
    }
}

/// The secrets that a real run of the recipe masks.
fn own_secrets(job: &Job) -> Vec<Secret> {
    let hooks = job.params.iter().filter_map(|(_, value)| match value {
        ParamValue::Address(address) => Some(address.hook_secrets()),
        _ => None,
    });
    let addresses = job.params.address_secrets().iter().cloned();
    declared(job).map(|(_, secret)| secret.clone()).chain(hooks.flatten()).chain(addresses).collect()
}

/// The secrets that the recipe declares as such.
fn declared(job: &Job) -> impl Iterator<Item = (&str, &Secret)> {
    job.params.iter().filter_map(|(name, value)| match value {
        ParamValue::Secret(secret) => Some((name, secret)),
        _ => None,
    })
}
