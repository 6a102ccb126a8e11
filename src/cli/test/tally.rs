//! Counts the results of specs.

use std::time::Duration;

use crate::specs::{Outcome, SpecResult};

/// How specs ended.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    pub passed: usize,
    pub failed: usize,
    pub errors: usize,
    pub pending: usize,
    pub took: Duration,
}

impl Tally {
    pub fn of<'a>(results: impl IntoIterator<Item = &'a SpecResult>) -> Tally {
        let mut tally = Tally::default();
        for result in results {
            match result.outcome {
                Outcome::Passed => tally.passed += 1,
                Outcome::Failed(_) => tally.failed += 1,
                Outcome::Error(_) => tally.errors += 1,
                Outcome::Pending(_) => tally.pending += 1,
            }
            tally.took += result.took;
        }
        tally
    }

    pub fn specs(&self) -> usize {
        self.passed + self.failed + self.errors + self.pending
    }

    pub fn is_bad(&self) -> bool {
        self.failed + self.errors > 0
    }

    /// `12 specs, 11 passed, 1 failed, 0 errors, 0 pending`
    pub fn line(&self) -> String {
        let many = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
        format!(
            "{}, {} passed, {} failed, {}, {} pending",
            many(self.specs(), "spec"),
            self.passed,
            self.failed,
            many(self.errors, "error"),
            self.pending
        )
    }
}
