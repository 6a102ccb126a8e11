//! Defines the queries that a recipe may make on the record of all runs.

use std::collections::BTreeSet;

use crate::catalog::{Overdue, Run, RunFilter};
use crate::error::{Error, Kind, Result};

/// Checks all recipes for problems that no run reports.
pub type OverdueQuery = Box<dyn Fn() -> Result<Vec<Overdue>> + Send>;

/// The paths that the runs on record have removed.
pub type RemovedQuery = Box<dyn Fn() -> Result<BTreeSet<String>> + Send>;

/// Reads the matching runs from the record, the newest first.
pub type RunsQuery = Box<dyn Fn(&RunFilter) -> Result<Vec<Run>> + Send>;

/// The queries that a recipe may make on the record of all runs.
pub struct RecordQueries {
    pub overdue: OverdueQuery,
    pub runs: RunsQuery,
    pub removed: RemovedQuery,
}

impl RecordQueries {
    /// The queries without a record.
    pub fn none() -> RecordQueries {
        let none = || Error::new(Kind::Other, "there is no record of runs here");
        RecordQueries {
            overdue: Box::new(move || Err(none())),
            runs: Box::new(move |_| Err(none())),
            removed: Box::new(move || Err(none())),
        }
    }
}
