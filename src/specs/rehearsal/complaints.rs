//! Finds the problems of a rehearsal, whatever its spec asserts: lies, leftovers, and undeclared effects.

pub(crate) mod leaks;
pub(crate) mod proof;

use crate::catalog::Status;
use crate::error::{Error, Kind, Site};
use crate::recipe::outcome::unanswered;
use crate::specs::rehearsal::Rehearsed;
use crate::world::Effect;
use crate::world::journal::{Outcome, Record};

/// One thing that is wrong: its sentence, its place in the recipe, and what to try.
#[derive(Clone, Debug)]
pub struct Complaint {
    pub sort: Sort,
    pub error: Error,
}

/// The kind of problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// The run reported success, but something important failed or is missing.
    Lie,
    /// The run removed old backups without a replacement.
    Loss,
    /// Something was left behind: a partial file, an open file, a lock, a program.
    Leftover,
    /// A secret was shown.
    Secret,
    /// The run requested something undeclared, or something that its world does not have.
    Undeclared,
    /// A stream that was never consumed.
    Unused,
    /// An injected fault did not occur: the recipe behaved differently than before.
    Unmet,
}

impl Complaint {
    pub fn new(sort: Sort, error: Error) -> Complaint {
        Complaint { sort, error }
    }
}

/// All problems. A killed run need not clean up, but must not leave a half-made file under a final name.
pub fn complaints(rehearsed: &Rehearsed) -> Vec<Complaint> {
    let mut found = proof::half_made(rehearsed);
    found.extend(proof::lost(rehearsed));
    found.extend(proof::emptied(rehearsed));
    found.extend(leaks::leaks(rehearsed));
    found.extend(undeclared(rehearsed));
    if !rehearsed.killed {
        found.extend(lies(rehearsed));
        found.extend(leftovers(rehearsed));
        found.extend(unused(rehearsed));
    }
    if !rehearsed.all_met {
        let error = Error::new(Kind::Recipe, "a fault met no effect: the recipe has ended before it came to that");
        found.push(Complaint::new(Sort::Unmet, error.hint("count the effects of a run without faults")));
    }
    found
}

fn undeclared(rehearsed: &Rehearsed) -> Vec<Complaint> {
    let mut errors = rehearsed.refused.clone();
    let before = rehearsed.before.undeclared.len();
    for program in rehearsed.after.undeclared.iter().skip(before) {
        let called = |record: &&Record| match &record.effect {
            Effect::Spawn(command) => command.program == *program,
            Effect::Request(request) => request.title() == *program,
            Effect::Upload(upload) => upload.request.title() == *program,
            _ => false,
        };
        for record in rehearsed.journal.iter().filter(called) {
            if let Outcome::Failed { kind, message } = &record.outcome {
                let hint = match &record.effect {
                    Effect::Request(_) | Effect::Upload(_) => format!("declare it: `http = {{ [{program:?}] = … }}`"),
                    _ => format!("declare it: `programs = {{ {program} = … }}`"),
                };
                errors.push(Error::new(*kind, message).at(record.site.clone()).hint(hint));
            }
        }
    }
    let mut seen: Vec<String> = Vec::new();
    errors.retain(|error| {
        !seen.contains(&error.one_line()) && {
            seen.push(error.one_line());
            true
        }
    });
    errors.into_iter().map(|error| Complaint::new(Sort::Undeclared, error)).collect()
}

fn unused(rehearsed: &Rehearsed) -> Vec<Complaint> {
    // A recipe that raised had no time to consume it.
    let streams = rehearsed.lua.unused_streams.iter().filter(|_| rehearsed.lua.error.is_none());
    streams.map(|error| Complaint::new(Sort::Unused, error.clone())).collect()
}

fn leftovers(rehearsed: &Rehearsed) -> Vec<Complaint> {
    let Rehearsed { before, after, journal, .. } = rehearsed;
    let left =
        |what: String, site: Option<Site>| Complaint::new(Sort::Leftover, Error::new(Kind::Other, what).at(site));
    let mut found = Vec::new();
    for path in after.partials.iter().filter(|path| !before.partials.contains(path)) {
        found.push(left(format!("the partial file `{}` was left behind", path.display()), None));
    }
    for object in after.uploads.iter().filter(|object| !before.uploads.contains(object)) {
        found.push(left(format!("the upload of `{object}` was left behind"), None));
    }
    for path in after.open.iter().filter(|path| !before.open.contains(path)) {
        found.push(left(format!("the file `{}` is still open", path.display()), None));
    }
    for path in after.locks.iter().filter(|path| !before.locks.contains(path)) {
        found.push(left(format!("the lock `{}` is still held", path.display()), None));
    }
    for record in journal.iter().filter(|record| record.outcome == Outcome::Underway) {
        found.push(left(format!("{} was still under way at the end", act(record)), record.site.clone()));
    }
    found
}

/// Compares the report of the run with what happened.
fn lies(rehearsed: &Rehearsed) -> Vec<Complaint> {
    let Rehearsed { run, lua, journal, .. } = rehearsed;
    let lie = |error| Complaint::new(Sort::Lie, error);
    let mut found: Vec<Complaint> = Vec::new();
    if lua.error.is_none() && matches!(run.status, Status::Success | Status::Partial) {
        found.extend(lua.swallowed.iter().map(|cause| lie(unanswered(cause))));
    }
    if run.status == Status::Success {
        let matter = |record: &&Record| matters(record) && !answered(record, rehearsed) && !made_good(record, journal);
        let failed = journal.iter().filter(matter);
        found.extend(failed.filter(|_| lua.swallowed.is_empty()).map(|record| lie(denied(record))));
        found.extend(proof::unproved(rehearsed).into_iter().map(lie));
    }
    found
}

/// Whether an effect has failed that is not hikae's own cleanup: a failed cleanup only warns, and the recipe gets an error for the
/// same folder. The result of an expendable program shows in the work that it was for.
fn matters(record: &Record) -> bool {
    let clearing = record.site.is_none() && matches!(record.effect, Effect::Sweep { .. } | Effect::Stat { .. });
    let expendable = match &record.effect {
        Effect::Spawn(command) => command.expendable,
        Effect::Connect(login) => login.expendable,
        _ => false,
    };
    // A store that denies reading back, or deleting a locked object, ends no run: hikae warns, and a recipe gets an error.
    let kept = matches!(record.effect, Effect::StatObject(_) | Effect::Get(_) | Effect::RemoveObject(_))
        && matches!(record.outcome, Outcome::Failed { kind: Kind::Denied | Kind::Locked, .. });
    !clearing && !expendable && !kept && matches!(record.outcome, Outcome::Failed { .. } | Outcome::Dropped)
}

/// Whether the failed effect was retried from the same place and succeeded: a request, a file that was read, an object.
fn made_good(record: &Record, journal: &[Record]) -> bool {
    if matches!(record.effect, Effect::Open { .. } | Effect::Put(_)) {
        let again =
            |later: &Record| later.started >= record.started && later.site == record.site && act(later) == act(record);
        return journal.iter().any(|later| again(later) && later.outcome == Outcome::Done);
    }
    let Effect::Request(failed) = &record.effect else { return false };
    journal.iter().any(|later| match &later.effect {
        Effect::Request(request) => {
            let again =
                later.started >= record.started && later.site == record.site && request.title() == failed.title();
            again && later.outcome == Outcome::Done && later.status.is_some_and(|status| status < 400)
        }
        _ => false,
    })
}

/// Whether the recipe has accepted the failure with a reason.
fn answered(record: &Record, rehearsed: &Rehearsed) -> bool {
    rehearsed.lua.accepted.iter().any(|error| match &record.outcome {
        // An error is raised where a stream is consumed, but its program, and what it caused to be abandoned, started elsewhere.
        _ if matches!(record.effect, Effect::Spawn(_)) || record.outcome == Outcome::Dropped => true,
        Outcome::Failed { kind, .. } if error.kind() == *kind => true,
        _ => record.site.as_ref().is_some_and(|site| error.sites().contains(site)),
    })
}

fn denied(record: &Record) -> Error {
    let (kind, what, why) = match &record.outcome {
        Outcome::Failed { kind, message } => {
            (*kind, format!("the run says success, but {} failed", act(record)), message)
        }
        _ if matches!(record.effect, Effect::Spawn(_)) => {
            let what = format!("the run says success, but nobody waited for the end of {}", act(record));
            (Kind::Other, what, &String::new())
        }
        _ => (Kind::Other, format!("the run says success, but {} was abandoned", act(record)), &String::new()),
    };
    let error = Error::new(kind, what).at(record.site.clone());
    if why.is_empty() { error } else { error.because_text(why) }
}

/// Describes the effect: ``write `/backups/x` ``.
pub fn act(record: &Record) -> String {
    match &record.effect {
        Effect::Spawn(command) => format!("`{}`", command.program),
        effect => format!("{} `{}`", effect.verb(), effect.object()),
    }
}
