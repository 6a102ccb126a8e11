//! One run of a recipe in a simulated world, as the words of a spec look at it.

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::trial::Trial;
use super::{Failed, journal};
use crate::bind::exports::Call;
use crate::error::{Error, Kind, Result};
use crate::recipe::rehearsal::{Complaint, Rehearsed, complaints};
use crate::world::simulated::Seen;

/// A run that has ended, with what it came to.
pub struct Told {
    pub rehearsed: Rehearsed,
    /// What went wrong on purpose, in words; nothing in a run without a fault.
    pub fault: Option<String>,
    /// The folder of hikae's own record, which no recipe touches.
    pub state_dir: PathBuf,
    pub trial: Rc<Trial>,
    complaints: Vec<Noted>,
}

/// A complaint, and whether the spec has said that it expects it.
struct Noted {
    complaint: Complaint,
    expected: Cell<bool>,
}

/// What a spec holds of a run.
pub type Run = Rc<Told>;

impl Told {
    pub fn new(rehearsed: Rehearsed, fault: Option<String>, state_dir: PathBuf, trial: &Rc<Trial>) -> Run {
        let noted = |complaint| Noted { complaint, expected: Cell::new(false) };
        let complaints = complaints(&rehearsed).into_iter().map(noted).collect();
        Rc::new(Told { rehearsed, fault, state_dir, trial: trial.clone(), complaints })
    }

    /// Ends the spec: what was asked for does not hold.
    pub fn fail<T>(
        &self,
        call: &Call,
        expected: impl Into<String>,
        found: impl Into<String>,
        diff: Vec<String>,
    ) -> Result<T> {
        let mut failed = Failed { diff, sites: call.sites.clone(), ..self.failed(expected, found) };
        failed.expected = crate::secret::redact(&failed.expected);
        self.trial.fail(failed);
        Err(Error::new(Kind::Recipe, "an expectation does not hold").at(call.sites.clone()))
    }

    fn failed(&self, expected: impl Into<String>, found: impl Into<String>) -> Failed {
        Failed {
            expected: expected.into(),
            found: crate::secret::redact(&found.into()),
            fault: self.fault.clone(),
            journal: journal::lines(&self.rehearsed.journal),
            ..Failed::default()
        }
    }

    /// Marks the complaints that the spec expects; says whether there is one.
    pub fn expects_complaint(&self, is_it: impl Fn(&Complaint) -> bool) -> bool {
        let mut found = false;
        for noted in self.complaints.iter().filter(|noted| is_it(&noted.complaint)) {
            noted.expected.set(true);
            found = true;
        }
        found
    }

    /// All complaints in words, for a failure that looks for another one.
    pub fn complaint_words(&self) -> String {
        let words: Vec<String> = self.complaints.iter().map(|noted| noted.complaint.words()).collect();
        if words.is_empty() { "no complaint".to_owned() } else { words.join("; ") }
    }

    /// What the run did that no spec has to look for: the first lie or leftover that nobody said was expected.
    pub fn unexpected_complaint(&self) -> Option<(Failed, bool)> {
        let noted = self.complaints.iter().find(|noted| !noted.expected.get())?;
        let Complaint { lie, what, .. } = &noted.complaint;
        let expected = if *lie { "a run that does not lie" } else { "a run that leaves nothing behind" };
        let sites = what.sites().to_vec();
        Some((Failed { sites, ..self.failed(expected, noted.complaint.words()) }, *lie))
    }

    /// What a path was before the run, unless it is hikae's own.
    pub fn before(&self) -> impl Iterator<Item = (&PathBuf, &Seen)> {
        self.rehearsed.before.files.iter().filter(|(path, _)| !self.is_own(path))
    }

    pub fn after(&self) -> impl Iterator<Item = (&PathBuf, &Seen)> {
        self.rehearsed.after.files.iter().filter(|(path, _)| !self.is_own(path))
    }

    fn is_own(&self, path: &Path) -> bool {
        path.starts_with(&self.state_dir)
    }
}

/// The runs of one spec whose complaints are still to be looked at.
#[derive(Default)]
pub struct Runs(RefCell<Vec<Run>>);

impl Runs {
    pub fn keep(&self, run: &Run) {
        self.0.borrow_mut().push(run.clone());
    }

    /// The first complaint that no assertion expected, in the order of the runs.
    pub fn first_complaint(&self) -> Option<Failed> {
        self.0.take().iter().find_map(|run| run.unexpected_complaint()).map(|(failed, _)| failed)
    }
}
