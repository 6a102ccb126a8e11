//! Rehearses every way in which a recipe can fail: once per effect and fault, each in a fresh world.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::catalog::Status;
use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::specs::rehearsal::complaints::{Complaint, Sort, act, complaints};
use crate::specs::rehearsal::{Rehearsal, Rehearsed, Script};
use crate::units::{show_duration, show_size};
use crate::world::Effect;
use crate::world::faulty::{Fault, FaultKind, Nth, ways};
use crate::world::journal::{Outcome, Record};
use crate::world::simulated::Simulated;

/// The results of all ways to fail.
#[derive(Debug, Default)]
pub struct Tried {
    pub ways: usize,
    /// The problems, whatever the spec asserts; empty if there are none.
    pub found: Vec<FailureReport>,
}

/// The problem with one way to fail.
#[derive(Clone, Debug)]
pub struct FailureReport {
    /// Describes the way to fail.
    pub way: String,
    pub complaint: Complaint,
}

impl Tried {
    /// The number of ways that ended in a lie.
    pub fn lies(&self) -> usize {
        let mut lies: Vec<&str> =
            self.found.iter().filter(|found| found.complaint.sort == Sort::Lie).map(|found| &*found.way).collect();
        lies.dedup();
        lies.len()
    }

    fn note(&mut self, way: &str, complaints: Vec<Complaint>) {
        self.found.extend(complaints.into_iter().map(|complaint| FailureReport { way: way.to_owned(), complaint }));
    }
}

/// Tries every way in which this recipe can fail, each in a fresh world without other faults. `fresh` is called before each world,
/// and `on_each` receives each way; the first error of either stops everything.
///
/// After a killed run, another run follows in the same world, a minute later and without a kill: it must succeed.
pub async fn each_failure(
    config: &Arc<Config>,
    rehearsal: Rehearsal,
    mut fresh: impl AsyncFnMut() -> Result<()>,
    mut on_each: impl AsyncFnMut(&Fault, &Rehearsed) -> Result<()>,
) -> Result<Tried> {
    let setup = rehearsal.setup.clone();
    let script = Script::new(config, rehearsal)?;
    fresh().await?;
    let clean = script.play(&Simulated::new(setup.clone())?, Vec::new()).await?;
    if clean.run.status != Status::Success {
        return Err(fails_anyway(&clean));
    }
    let mut tried = Tried::default();
    tried.note("without any fault", complaints(&clean));
    let reached = reached(&clean);
    for fault in ways(&reached).into_iter().chain(changes(&reached, &clean)) {
        let way = way(&fault, &reached);
        fresh().await?;
        let world = Simulated::new(setup.clone())?;
        let rehearsed = script.play(&world, vec![fault.clone()]).await?;
        tried.ways += 1;
        tried.note(&way, complaints(&rehearsed));
        on_each(&fault, &rehearsed).await?;
        if rehearsed.killed {
            world.pass(Duration::from_secs(60)).await?;
            let next = script.play(&world, Vec::new()).await?;
            tried.note(&format!("the run after that: {way}"), after_a_kill(&next));
        }
    }
    Ok(tried)
}

/// Each program that could leave a process behind that changes the backups of the run. Programs after the removal of old backups are left
/// out: no recipe can restore those.
fn changes(reached: &[Record], clean: &Rehearsed) -> Vec<Fault> {
    let files = clean.run.backups.iter().map(|backup| PathBuf::from(&backup.path));
    let paths: Vec<PathBuf> = files.filter(|path| path.is_absolute()).collect();
    if paths.is_empty() {
        return Vec::new();
    }
    let removes = |record: &Record| {
        matches!(record.effect, Effect::Remove { .. } | Effect::RemoveMany { .. } | Effect::RemoveObject(_))
    };
    let before = reached.iter().zip(1..).take_while(|(record, _)| !removes(record));
    let programs = before.filter(|(record, _)| matches!(record.effect, Effect::Spawn(_)));
    programs
        .map(|(_, n)| Fault { at: Nth { verb: None, n }, what: FaultKind::Changed { paths: paths.clone() } })
        .collect()
}

/// The effects that reached the world: effects refused earlier do not count for its faults.
pub fn reached(clean: &Rehearsed) -> Vec<Record> {
    let refused = |record: &Record| match &record.outcome {
        Outcome::Failed { message, .. } => clean.refused.iter().any(|error| error.one_line() == *message),
        _ => false,
    };
    clean.journal.iter().filter(|record| !refused(record)).cloned().collect()
}

fn fails_anyway(clean: &Rehearsed) -> Error {
    let what = format!("cannot try each failure: `{}` ends as `{}` without any", clean.run.recipe, clean.run.status);
    let error = Error::new(Kind::Recipe, what).hint("give the world what a run needs to succeed");
    match &clean.error {
        Some(cause) => error.because(cause.clone()).at(cause.sites().to_vec()),
        None => error,
    }
}

/// The problems of a run that follows a killed one.
fn after_a_kill(next: &Rehearsed) -> Vec<Complaint> {
    let mut found = complaints(next);
    if next.run.status != Status::Success {
        let error = Error::new(Kind::Other, "the run after one that was killed does not succeed");
        let error = next.error.iter().fold(error, |error, cause| error.because(cause.clone()));
        found.push(Complaint::new(Sort::Leftover, error));
    }
    for path in &next.after.partials {
        let what = format!("the partial file `{}` of a run that was killed was not removed", path.display());
        found.push(Complaint::new(Sort::Leftover, Error::new(Kind::Other, what)));
    }
    found
}

/// Describes a fault, with its effect from a clean run's journal and the place in the recipe.
pub fn way(fault: &Fault, journal: &[Record]) -> String {
    let record = match &fault.at.verb {
        None => journal.get(fault.at.n.wrapping_sub(1)),
        Some(verb) => journal.iter().filter(|record| record.effect.verb() == verb).nth(fault.at.n.wrapping_sub(1)),
    };
    let Some(record) = record else { return format!("effect {} {}", fault.at.n, words(&fault.what)) };
    let site = record.site.as_ref().map_or_else(String::new, |site| format!(" ({site})"));
    format!("{} {}{site}", act(record), words(&fault.what))
}

fn words(fault: &FaultKind) -> String {
    match fault {
        FaultKind::Fail { kind } => format!("fails: {}", kind.word()),
        FaultKind::Cut { after_bytes } => format!("breaks off after {}", show_size(*after_bytes)),
        FaultKind::Exit { code } => format!("exits with code {code}"),
        FaultKind::Hang { after_bytes } => format!("hangs after {}", show_size(*after_bytes)),
        FaultKind::Answer { status } => format!("is answered with status {status}"),
        FaultKind::Slow { by } => format!("takes {} longer at each step", show_duration(*by)),
        FaultKind::FullDisk { after_bytes } => format!("finds the disk full after {}", show_size(*after_bytes)),
        FaultKind::Changed { .. } => "leaves a child that changes the backup after it was proved".to_owned(),
        FaultKind::Killed => "is where the run is killed".to_owned(),
    }
}
