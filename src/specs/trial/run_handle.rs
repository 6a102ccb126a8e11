//! One run of a recipe in a simulated world, as the words of a spec look at it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::error::{Error, Kind, Result};
use crate::lua::exports::Call;
use crate::secret::redact;
use crate::specs::ground::Ground;
use crate::specs::rehearsal::complaints::{Complaint, Sort};
use crate::specs::rehearsal::{Rehearsed, complaints};
use crate::specs::trial::Trial;
use crate::specs::{Failed, journal};
use crate::world::simulated::{Posted, Requested};

/// A run that has ended, with its result.
pub struct RunHandle {
    pub rehearsed: Rehearsed,
    /// Describes the injected fault; `None` in a run without one.
    pub fault: Option<String>,
    pub trial: Rc<Trial>,
    complaints: Vec<Noted>,
}

/// A complaint, and whether the spec expects it.
struct Noted {
    complaint: Complaint,
    expected: Cell<bool>,
}

/// The handle of a run in a spec.
pub type Run = Rc<RunHandle>;

impl RunHandle {
    pub fn new(rehearsed: Rehearsed, fault: Option<String>, trial: &Rc<Trial>) -> Run {
        let noted = |complaint| Noted { complaint, expected: Cell::new(false) };
        let complaints = complaints(&rehearsed).into_iter().map(noted).collect();
        Rc::new(RunHandle { rehearsed, fault, trial: trial.clone(), complaints })
    }

    /// Ends the spec: its assertion does not hold.
    pub fn fail<T>(
        &self,
        call: &Call,
        expected: impl Into<String>,
        found: impl Into<String>,
        diff: Vec<String>,
    ) -> Result<T> {
        self.trial.fail(Failed {
            expected: redact(&expected.into()),
            found: redact(&found.into()),
            diff: diff.iter().map(|line| redact(line)).collect(),
            sites: call.sites.clone(),
            fault: self.fault.clone(),
            journal: journal::lines(&self.rehearsed.journal),
        });
        Err(Error::new(Kind::Recipe, "an expectation does not hold").at(call.sites.clone()))
    }

    /// An expectation failed while this run was examined: the run is shown with the failure.
    pub fn explains_failure(&self) {
        if let Some(failed) = self.trial.failed.borrow_mut().as_mut().filter(|failed| failed.fault.is_none()) {
            failed.fault.clone_from(&self.fault);
            failed.journal = journal::lines(&self.rehearsed.journal);
        }
    }

    /// Marks the complaints that the spec expects; returns whether there is one.
    pub fn expects_complaint(&self, is_it: impl Fn(&Complaint) -> bool) -> bool {
        let mut found = false;
        for noted in self.complaints.iter().filter(|noted| is_it(&noted.complaint)) {
            noted.expected.set(true);
            found = true;
        }
        found
    }

    /// Describes all complaints, for a failed search for another one.
    pub fn complaint_words(&self) -> String {
        let words: Vec<String> = self.complaints.iter().map(|noted| words(&noted.complaint)).collect();
        if words.is_empty() { "no complaint".to_owned() } else { words.join("; ") }
    }

    /// The complaints that the spec expects.
    pub fn expected_complaints(&self) -> impl Iterator<Item = String> {
        self.complaints.iter().filter(|noted| noted.expected.get()).map(|noted| words(&noted.complaint))
    }

    /// The first lie or leftover that the spec does not expect; it always counts.
    pub fn unexpected_complaint(&self) -> Option<Failed> {
        let noted = self.complaints.iter().find(|noted| !noted.expected.get())?;
        Some(Failed {
            journal: journal::lines(&self.rehearsed.journal),
            ..complained(&noted.complaint, self.fault.clone())
        })
    }
}

impl Ground for RunHandle {
    fn refute(&self, call: &Call, expected: String, found: String, diff: Vec<String>) -> Result<()> {
        self.fail(call, expected, found, diff)
    }

    fn requested(&self) -> &[Requested] {
        let Rehearsed { before, after, .. } = &self.rehearsed;
        after.requested.get(before.requested.len()..).unwrap_or_default()
    }

    fn mailed(&self) -> &[Posted] {
        let Rehearsed { before, after, .. } = &self.rehearsed;
        after.mails.get(before.mails.len()..).unwrap_or_default()
    }
}

/// A complaint as the failure of a spec.
pub fn complained(complaint: &Complaint, fault: Option<String>) -> Failed {
    let expected = match complaint.sort {
        Sort::Lie => "a run that does not lie",
        Sort::Loss => "a run that loses nothing",
        Sort::Leftover => "a run that leaves nothing behind",
        Sort::Secret => "a run that shows no secret",
        Sort::Undeclared => "a run that needs only what its recipe declares and its world has",
        Sort::Unused => "a run that consumes each stream that it makes",
        Sort::Unmet => "a run that comes as far as its fault",
    };
    let sites = complaint.error.sites().to_vec();
    Failed { expected: expected.to_owned(), found: redact(&words(complaint)), sites, fault, ..Failed::default() }
}

/// A complaint on one line.
pub fn words(complaint: &Complaint) -> String {
    let hint = complaint.error.hint_text().map(|hint| format!(" (hint: {hint})")).unwrap_or_default();
    format!("{}{hint}", complaint.error.one_line())
}

/// The runs of one spec whose complaints are not checked yet.
#[derive(Default)]
pub struct Runs(RefCell<Vec<Run>>);

impl Runs {
    pub fn keep(&self, run: &Run) {
        self.0.borrow_mut().push(run.clone());
    }

    /// The first complaint that no assertion expected, in the order of the runs.
    pub fn first_complaint(&self) -> Option<Failed> {
        self.0.take().iter().find_map(|run| run.unexpected_complaint())
    }
}
