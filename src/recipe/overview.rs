//! Checks all targets: whether each ran on schedule, and whether its last good backup is recent enough.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::claims::run_lock;
use super::declaration::{Declaration, RecipeKind};
use super::due::Clocks;
use super::job::DEFAULT_TIMEOUT;
use super::loader;
use super::schedule::{self, Schedule};
use crate::catalog::{Backup, Catalog, History, Moment, Overdue, Run, RunFilter, Wrong};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::world::real::config_files;
use crate::world::real::path_checks;
use crate::world::real::this_process;

/// The delay allowed for a scheduled run, and for a backup beyond a day (guide §5.1: 25 hours).
const GRACE: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// The time that a run may take beyond its timeout to end.
const LAST_WORDS: Duration = Duration::from_secs(300);
/// The number of past times of a schedule that are checked for the longest interval.
const LOOKED_AT: usize = 10;

/// The state of one target of a recipe.
pub struct Overview {
    pub recipe: String,
    /// The recipe alone if nothing else distinguishes its runs.
    pub target: String,
    /// The name shown: the recipe if it has only one target, else the target.
    pub shown: String,
    pub schedule: Option<String>,
    pub next_due: Option<Moment>,
    /// The maximum age of its last good backup.
    pub objective: Option<Duration>,
    pub history: Option<History>,
    /// The last backup that was proved and still exists.
    pub good: Option<Backup>,
    /// All problems, the worst first.
    pub wrong: Vec<Overdue>,
    /// Built in, never run, and not configured.
    pub unused: bool,
}

/// The facts about a recipe besides its history.
struct Known {
    name: String,
    declared: Option<Result<Declaration>>,
    /// The time when its file was put into the configuration folder.
    since: Option<Moment>,
    objective: Option<Duration>,
}

/// The current state, for an overview.
pub struct Present<'a> {
    pub now: Moment,
    pub clocks: Clocks<'a>,
    /// Whether a backup still exists; assumed if its place cannot be checked.
    pub is_there: &'a dyn Fn(&Path) -> bool,
}

/// Each target that has a history, and each recipe without one that has a schedule or an objective, by name.
pub fn overviews(config: &Arc<Config>, catalog: &Catalog) -> Result<Vec<Overview>> {
    let alive = |run: &_| is_alive(config, run);
    let mut histories: BTreeMap<String, Vec<History>> = BTreeMap::new();
    for history in catalog.histories(&alive)? {
        histories.entry(history.recipe.clone()).or_default().push(history);
    }
    let is_there = |path: &Path| !path.is_absolute() || !matches!(config_files::look(path), Ok(None));
    let present = Present { now: this_process::now(), clocks: &this_process::local, is_there: &is_there };
    let mut all: Vec<Overview> = Vec::new();
    for known in known(config)? {
        match histories.remove(&known.name) {
            Some(targets) => all.extend(each_target(&known, targets, &present)),
            None => all.extend(overview(&known, &known.name, None, &present)),
        }
    }
    for (name, targets) in histories {
        let objective = config.settings.objectives.get(&name).copied();
        let known = Known { name, declared: None, since: None, objective };
        all.extend(each_target(&known, targets, &present));
    }
    all.sort_by(|one, other| one.target.cmp(&other.target));
    Ok(all)
}

fn each_target(known: &Known, targets: Vec<History>, present: &Present) -> Vec<Overview> {
    let alone = targets.len() == 1;
    let shown = |history: &History| if alone { known.name.clone() } else { history.target.clone() };
    targets.into_iter().filter_map(|history| overview(known, &shown(&history), Some(history), present)).collect()
}

/// The recipes in use: those in the configuration folder, those that were run, and those that the settings name.
pub fn in_use(config: &Arc<Config>, catalog: &Catalog) -> Result<Vec<String>> {
    let settings = &config.settings;
    let ran: BTreeSet<String> =
        catalog.histories(&|run| is_alive(config, run))?.into_iter().map(|history| history.recipe).collect();
    let is_used = |name: &String| {
        let set = settings.objectives.contains_key(name) || settings.pings.contains_key(name);
        let own = config.recipe_source(name).is_ok_and(|source| source.folder.is_some());
        set || own || ran.contains(name) || settings.params.contains_key(name)
    };
    Ok(config.recipes()?.into_iter().filter(is_used).collect())
}

/// Problems that no run reports: a run that did not start or does not end, or a backup that is too old. Failures report themselves.
pub fn overdue(config: &Arc<Config>) -> Result<Vec<Overdue>> {
    let catalog = Catalog::open_existing(&config.state_dir.join("catalog.db"))?;
    let wrong = overviews(config, &catalog)?.into_iter().flat_map(|overview| overview.wrong);
    Ok(wrong.filter(|overdue| overdue.verdict != Wrong::Failing).collect())
}

/// The matching runs of the record, the newest first.
pub fn runs(config: &Arc<Config>, filter: &RunFilter) -> Result<Vec<Run>> {
    let catalog = Catalog::open_existing(&config.state_dir.join("catalog.db"))?;
    catalog.runs(filter, &|run| is_alive(config, run))
}

/// A run is alive while its lock is held; the kernel releases it however the process ends.
pub fn is_alive(config: &Config, run: &crate::catalog::NewRun) -> bool {
    path_checks::is_locked(&run_lock(&config.state_dir, &run.id))
}

fn known(config: &Arc<Config>) -> Result<Vec<Known>> {
    let of = |(source, declared): (crate::config::RecipeSource, _)| {
        let file = source.folder.map(|folder| folder.join(format!("{}.lua", source.name)));
        let seen = file.and_then(|file| config_files::look(&file).ok().flatten());
        let since = seen.and_then(|seen| chrono::DateTime::from_timestamp(seen.modified.0, 0));
        let since = since.map(|since| since.fixed_offset());
        let objective = config.settings.objectives.get(&source.name).copied();
        Known { name: source.name, declared: Some(declared), since, objective }
    };
    Ok(loader::all(config)?.into_iter().map(of).collect())
}

/// The state of a target; `None` if it has no schedule or objective, and never ran.
fn overview(known: &Known, shown: &str, history: Option<History>, present: &Present) -> Option<Overview> {
    let Known { name, declared, since, objective } = known;
    let (declared, broken) = match declared {
        Some(Ok(declared)) => (Some(declared), None),
        Some(Err(error)) => (None, Some(error)),
        None => (None, None),
    };
    let (since, objective) = (*since, *objective);
    let text = declared.and_then(|declared| declared.schedule.clone());
    let schedule = text.as_deref().and_then(|text| schedule::read(text).ok());
    let expected = since.is_some() || objective.is_some();
    if schedule.is_none() && objective.is_none() && history.is_none() && broken.is_none() {
        return None;
    }
    let objective = objective.or_else(|| declared.and_then(|declared| declared.objective));
    let objective = objective.or_else(|| usual_objective(declared?, &schedule?, present));
    let good = history.as_ref().and_then(|history| good(history, present));
    let target = history.as_ref().map_or_else(|| name.clone(), |history| history.target.clone());
    let looking = Looking { name, target: &target, shown, present, history: history.as_ref(), good: good.as_ref() };
    let wrong = [
        broken.map(|error| looking.broken(error)),
        looking.stuck(declared),
        looking.failing(),
        objective.and_then(|objective| looking.stale(objective, is_backup(declared, history.as_ref()))),
        schedule.and_then(|schedule| looking.late(&schedule)),
        expected.then(|| looking.never_ran(schedule, since)).flatten(),
    ];
    let wrong: Vec<Overdue> = wrong.into_iter().flatten().collect();
    let unused = history.is_none() && !expected && wrong.is_empty();
    let next_due = schedule.filter(|_| !unused).and_then(|schedule| schedule.next(present.now, present.clocks));
    let (recipe, shown) = (name.clone(), shown.to_owned());
    Some(Overview { recipe, target, shown, schedule: text, next_due, objective, history, good, wrong, unused })
}

/// A day, or the longest interval of the schedule if that is longer, plus an hour.
fn usual_objective(declared: &Declaration, schedule: &Schedule, present: &Present) -> Option<Duration> {
    if declared.kind != RecipeKind::Backup {
        return None;
    }
    let last = schedule.last(present.now, present.clocks)?;
    let before = |due: &Moment| schedule.last(*due - chrono::TimeDelta::seconds(1), present.clocks);
    let dues: Vec<Moment> = std::iter::successors(Some(last), before).take(LOOKED_AT).collect();
    let longest = dues.windows(2).filter_map(|pair| (pair[0] - pair[1]).to_std().ok()).max();
    Some(longest.unwrap_or(DAY).max(DAY) + GRACE)
}

fn is_backup(declared: Option<&Declaration>, history: Option<&History>) -> bool {
    let ran_as = || history.is_none_or(|history| history.last.kind == RecipeKind::Backup.word());
    declared.map_or_else(ran_as, |declared| declared.kind == RecipeKind::Backup)
}

fn good(history: &History, present: &Present) -> Option<Backup> {
    history.backups.iter().find(|backup| (present.is_there)(Path::new(&backup.path))).cloned()
}

/// A target to check for problems.
struct Looking<'a> {
    name: &'a str,
    target: &'a str,
    shown: &'a str,
    present: &'a Present<'a>,
    history: Option<&'a History>,
    good: Option<&'a Backup>,
}

impl Looking<'_> {
    fn wrong(&self, verdict: Wrong) -> Overdue {
        Overdue::new(self.name, self.target, self.shown, verdict)
    }

    fn broken(&self, error: &Error) -> Overdue {
        Overdue { why: Some(error.one_line()), ..self.wrong(Wrong::Broken) }
    }

    fn stuck(&self, declared: Option<&Declaration>) -> Option<Overdue> {
        let running: &Run = self.history?.running.as_ref()?;
        let timeout = declared.and_then(|declared| declared.timeout).unwrap_or(DEFAULT_TIMEOUT);
        let since = Some(running.started_at);
        let too_long = self.age(running.started_at) > timeout + LAST_WORDS;
        too_long.then(|| Overdue { since, objective_secs: Some(timeout.as_secs()), ..self.wrong(Wrong::Stuck) })
    }

    fn failing(&self) -> Option<Overdue> {
        let history = self.history.filter(|history| history.failures > 0)?;
        let why = history.last.error.as_ref().map(|error| error.message.clone());
        Some(Overdue { failures: Some(history.failures), why, ..self.wrong(Wrong::Failing) })
    }

    /// For recipes that are not backups, the age is that of their last success.
    fn stale(&self, objective: Duration, is_backup: bool) -> Option<Overdue> {
        let history = self.history?;
        let begins = history.running.is_some() && history.last_success.is_none() && history.failures == 0;
        let made = || self.good.map(|backup| backup.created_at);
        let worked = || history.last_success.as_ref().and_then(|run| run.ended_at);
        let age = if is_backup { made() } else { worked() }.map(|at| self.age(at));
        let stale = age.is_none_or(|age| age > objective) && !begins;
        let (age_secs, objective_secs) = (age.map(|age| age.as_secs()), Some(objective.as_secs()));
        stale.then(|| Overdue { age_secs, objective_secs, ..self.wrong(Wrong::Stale) })
    }

    fn late(&self, schedule: &Schedule) -> Option<Overdue> {
        let (since, due) = (self.history?.last.started_at, self.due(schedule)?);
        (due > since).then(|| Overdue { due: Some(due), since: Some(since), ..self.wrong(Wrong::Late) })
    }

    /// A file that was added after the last scheduled time is not late yet.
    fn never_ran(&self, schedule: Option<Schedule>, since: Option<Moment>) -> Option<Overdue> {
        let due = schedule.and_then(|schedule| self.due(&schedule));
        let waits = since.is_some_and(|since| due.is_none_or(|due| due <= since));
        (self.history.is_none() && !waits).then(|| Overdue { due, ..self.wrong(Wrong::NeverRan) })
    }

    /// The last time at which it should have begun by now.
    fn due(&self, schedule: &Schedule) -> Option<Moment> {
        schedule.last(self.present.now - GRACE, self.present.clocks)
    }

    fn age(&self, at: Moment) -> Duration {
        (self.present.now - at).to_std().unwrap_or_default()
    }
}
