//! Records a run while it goes on, and remembers what could not be written: the record never stops a backup.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::backup::recorder::Recorder;
use crate::backup::unchanged::Proved;
use crate::backup::usual::Content;
use crate::catalog::{AuditEntry, Backup, Catalog, Moment, NewRun, Run, Step};
use crate::error::{Error, Kind, Result};
use crate::report::remark::Remark;
use crate::secret::Secret;

/// The record of one run: in the catalog if it can be written, and always in memory, for the last line of `--json`.
#[derive(Default)]
pub struct Ledger(Mutex<Pages>);

#[derive(Default)]
struct Pages {
    catalog: Option<Catalog>,
    /// The path of the catalog that could be opened.
    path: Option<PathBuf>,
    run: Option<NewRun>,
    steps: Vec<Step>,
    backups: Vec<Backup>,
    manifests: Vec<serde_json::Value>,
    /// How many of the steps, and of the backups, are already in the catalog.
    written: (usize, usize),
    proved: Vec<Proved>,
    /// The earlier backups, if there is no catalog.
    past: Vec<Content>,
    changed: Vec<serde_json::Value>,
    troubles: Vec<Error>,
    remarks: Vec<Remark>,
    reported: Vec<Secret>,
}

impl Ledger {
    /// With the catalog at `path`, or without one.
    pub fn new(catalog: Result<Option<Catalog>>, path: &Path) -> Ledger {
        let mut pages = Pages::default();
        match catalog {
            Ok(catalog) => {
                pages.path = catalog.is_some().then(|| path.to_owned());
                pages.catalog = catalog;
            }
            Err(error) => pages.troubles.push(error),
        }
        Ledger(Mutex::new(pages))
    }

    /// The same ledger with the earlier backups, if there is no catalog.
    pub fn after(self, past: Vec<Content>) -> Ledger {
        self.with(|pages| pages.past = past);
        self
    }

    /// Records the start of a run. Only a taken id is returned as an error; any other failure is remembered.
    pub fn start(&self, run: &NewRun) -> Result<()> {
        self.with(|pages| {
            let started = pages.catalog.as_ref().map_or(Ok(()), |catalog| catalog.start_run(run));
            match started {
                Err(error) if error.kind() == Kind::AlreadyExists => return Err(error),
                Err(error) => pages.give_up(error),
                Ok(()) => {}
            }
            pages.run = Some(run.clone());
            Ok(())
        })
    }

    /// Remembers a failure of hikae itself.
    pub fn trouble(&self, error: Error) {
        self.with(|pages| pages.troubles.push(error));
    }

    /// Remembers only the first failure: one broken state folder is one failure, however many of its files are needed.
    pub fn first_trouble(&self, error: Error) {
        self.with(|pages| {
            if pages.troubles.is_empty() {
                pages.troubles.push(error);
            }
        });
    }

    /// The failures of hikae itself so far.
    pub fn troubles(&self) -> Vec<Error> {
        self.with(|pages| pages.troubles.clone())
    }

    /// The remarks of the run besides its result so far.
    pub fn remarks(&self) -> Vec<Remark> {
        self.with(|pages| pages.remarks.clone())
    }

    /// The addresses to which the run has reported its own end.
    pub fn reported(&self) -> Vec<Secret> {
        self.with(|pages| pages.reported.clone())
    }

    /// The backups of the run, as they were proved.
    pub fn proved(&self) -> Vec<Proved> {
        self.with(|pages| pages.proved.clone())
    }

    /// The results for databases so far.
    pub fn changes(&self) -> Vec<serde_json::Value> {
        self.with(|pages| pages.changed.clone())
    }

    pub fn audit(&self, entry: &AuditEntry) {
        self.with(|pages| pages.write(|catalog, _| catalog.audit(entry)));
    }

    /// Marks the runs whose process is gone as interrupted.
    pub fn settle(&self, alive: &dyn Fn(&NewRun) -> bool) {
        self.with(|pages| pages.write(|catalog, _| catalog.settle(alive).map(drop)));
    }

    /// Whether a run of this recipe ended in the second of `now`.
    pub fn ended_within(&self, recipe: &str, now: Moment) -> bool {
        let mut ends = Vec::new();
        self.with(|pages| pages.write(|catalog, _| catalog.last_ends(recipe).map(|found| ends = found)));
        ends.iter().any(|end| end.timestamp() == now.timestamp())
    }

    /// Records the end of the run, and adds its backups and steps.
    pub fn finish(&self, run: &mut Run) {
        self.with(|pages| {
            pages.write(|catalog, _| catalog.finish_run(run));
            pages.write_again(run);
            run.backups = std::mem::take(&mut pages.backups);
            run.steps = std::mem::take(&mut pages.steps);
        });
    }

    /// Closes the ledger, and returns the catalog if it could be written to the end.
    pub fn close(&self) -> Option<Catalog> {
        self.with(|pages| pages.catalog.take())
    }

    fn with<T>(&self, work: impl FnOnce(&mut Pages) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(|broken| broken.into_inner()))
    }
}

impl Pages {
    fn write(&mut self, work: impl FnOnce(&Catalog, &str) -> Result<()>) {
        let run_id = self.run.as_ref().map_or("", |run| run.id.as_str());
        if let Some(Err(error)) = self.catalog.as_ref().map(|catalog| work(catalog, run_id)) {
            self.give_up(error);
        }
    }

    /// Retries at the end, for a catalog that was only busy: a run that ended normally must not be recorded as interrupted.
    fn write_again(&mut self, ended: &Run) {
        let (None, Some(path), Some(run)) = (&self.catalog, &self.path, &self.run) else { return };
        let again = Catalog::open(path).and_then(|catalog| {
            match catalog.start_run(run) {
                // The catalog already has these.
                Err(error) if error.kind() == Kind::AlreadyExists => {}
                started => started?,
            }
            for step in &self.steps[self.written.0..] {
                catalog.add_step(&run.id, step)?;
            }
            for (backup, manifest) in self.backups.iter().zip(&self.manifests).skip(self.written.1) {
                catalog.add_backup(&run.id, backup, Some(manifest))?;
            }
            catalog.finish_run(ended)
        });
        match again {
            Ok(()) => tracing::info!("the record of the run was written at its end"),
            Err(error) => tracing::debug!("{}", error.one_line()), // why it could not be written is reported already
        }
    }

    /// Reports one failure; after it, the catalog is not used until the end, so that a slow one cannot delay every step.
    fn give_up(&mut self, error: Error) {
        self.catalog = None;
        self.troubles.push(error);
    }
}

impl Recorder for Ledger {
    fn step(&self, step: Step) {
        self.with(|pages| {
            pages.write(|catalog, run_id| catalog.add_step(run_id, &step));
            pages.written.0 += usize::from(pages.catalog.is_some());
            pages.steps.push(step);
        });
    }

    fn backup(&self, backup: &Backup, manifest: &serde_json::Value) {
        self.with(|pages| {
            pages.write(|catalog, run_id| catalog.add_backup(run_id, backup, Some(manifest)));
            pages.written.1 += usize::from(pages.catalog.is_some());
            pages.backups.push(backup.clone());
            pages.manifests.push(manifest.clone());
        });
    }

    fn proved(&self, proved: &Proved) {
        self.with(|pages| pages.proved.push(proved.clone()));
    }

    fn remark(&self, remark: &Remark) {
        self.with(|pages| pages.remarks.push(remark.clone()));
    }

    fn reported(&self, address: &str) {
        self.with(|pages| pages.reported.push(Secret::new(address)));
    }

    fn past(&self, now: &Content) -> Vec<Content> {
        let mut found = Vec::new();
        self.with(|pages| {
            let target = pages.run.as_ref().map(|run| run.target.clone()).unwrap_or_default();
            found = pages.past.clone();
            pages.write(|catalog, _| catalog.last_backups(&target).map(|manifests| found.extend(of_all(&manifests))));
        });
        found.retain(|before| before.series == now.series || (now.tables.is_some() && before.database == now.database));
        found
    }

    fn changed(&self, what: serde_json::Value) {
        self.with(|pages| pages.changed.push(what));
    }
}

fn of_all(manifests: &[serde_json::Value]) -> impl Iterator<Item = Content> {
    manifests.iter().map(Content::of_manifest)
}
