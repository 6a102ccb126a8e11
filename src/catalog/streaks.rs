//! Processes each ended run once, in one transaction: decides what to report, and updates the streak of its target.

pub(crate) mod news;
pub(super) mod take_over;

use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::column::{number, some_moment};
use super::outbox::{Notice, put};
use super::record::{Moment, Run, Status, moment_text};
use super::{Catalog, read};
use crate::catalog::streaks::news::brings_news;
use crate::error::Result;
use crate::secret;

/// The streak of a target: its failures in a row, and what was reported about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Streak {
    /// Failures in a row; 0 while it works.
    pub failures: u64,
    pub first_failure: Option<Moment>,
    /// The number of failure notices.
    pub notices: u64,
    pub last_notice: Option<Moment>,
    /// The highest level that was notified.
    pub level: u8,
    /// The number of successes since it failed, and the time of the first one.
    pub worked: u64,
    pub worked_since: Option<Moment>,
    /// Whether the recipients of the failure notice still have to hear of the recovery.
    pub alarmed: bool,
    /// How often it failed again before the streak was over.
    pub relapses: u64,
}

impl Default for Streak {
    fn default() -> Streak {
        Streak {
            failures: 0,
            first_failure: None,
            notices: 0,
            last_notice: None,
            level: 1,
            worked: 0,
            worked_since: None,
            alarmed: false,
            relapses: 0,
        }
    }
}

/// The aspect of a run that is judged; each has a separate streak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Its outcome.
    Outcome,
    /// The warnings of a success.
    Warnings,
}

/// The streak of a target after a run, and what to report about it.
pub type Judging<'a> = &'a mut dyn FnMut(&Run, &Streak, About) -> (Streak, Vec<Notice>);

impl Catalog {
    /// Judges each ended run that was not considered yet, the oldest first: `judge` returns the new streak and
    /// what to report. If the process dies meanwhile, no run counts as considered.
    pub fn consider(&self, judge: Judging<'_>) -> Result<Vec<String>> {
        self.writing(|tx| {
            let mut considered = Vec::new();
            for run in pending(tx)? {
                tx.execute("UPDATE backup_logs SET considered = 1 WHERE id = ?", [&run.id])?;
                if is_reported_by_parent(tx, &run)? {
                    considered.push(run.id);
                    continue;
                }
                let target = secret::redact(&run.target);
                let mut before = take_over::take_over(tx, &run.recipe, &target)?;
                if brings_news(tx, &run, &before)? {
                    // Without a last notice, a report is due now.
                    before.last_notice = None;
                }
                let (streak, mut notices) = judge(&run, &before, About::Outcome);
                save(tx, &target, &streak)?;
                notices.extend(warnings(tx, &run, &target, judge)?);
                notices.into_iter().try_for_each(|notice| put(tx, notice))?;
                considered.push(run.id);
            }
            Ok(considered)
        })
    }

    /// Judges an unrecorded run that could not begin. Its target is unknown, so the streak of the recipe is used.
    pub fn consider_unrecorded(&self, run: &Run, judge: Judging<'_>) -> Result<()> {
        self.writing(|tx| {
            let subject = take_over::not_begun(&run.recipe);
            let (streak, notices) = judge(run, &load(tx, &subject)?, About::Outcome);
            save(tx, &subject, &streak)?;
            notices.into_iter().try_for_each(|notice| put(tx, notice))
        })
    }

    /// Whether a run was considered; false if it is not in the catalog.
    pub fn is_considered(&self, id: &str) -> Result<bool> {
        self.reading(|tx| {
            let sql = "SELECT considered FROM backup_logs WHERE id = ?";
            Ok(tx.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?.unwrap_or(false))
        })
    }
}

/// Judges the warnings of a success. Warnings of a failed run wait until a run succeeds.
fn warnings(tx: &Transaction, run: &Run, target: &str, judge: Judging<'_>) -> rusqlite::Result<Vec<Notice>> {
    let subject = take_over::of_warnings(target);
    let mut before = load(tx, &subject)?;
    if run.status != Status::Success || (before == Streak::default() && run.warnings().next().is_none()) {
        return Ok(Vec::new());
    }
    if news::brings_new_warning(tx, run, &before)? {
        before.last_notice = None;
    }
    let (streak, notices) = judge(run, &before, About::Warnings);
    save(tx, &subject, &streak)?;
    Ok(notices)
}

fn pending(tx: &Transaction) -> rusqlite::Result<Vec<Run>> {
    // A child run is judged only after its parent has ended.
    let sql = "SELECT * FROM runs WHERE considered = 0 AND shown <> 'running'
               AND (parent IS NULL OR parent NOT IN (SELECT id FROM runs WHERE shown = 'running')) ORDER BY number";
    tx.prepare_cached(sql)?.query_map([], |row| read::run(tx, row))?.collect()
}

/// Whether this run and its parent both failed: then the alert of the parent covers both.
fn is_reported_by_parent(tx: &Transaction, run: &Run) -> rusqlite::Result<bool> {
    let Some(parent) = run.parent.as_deref().filter(|_| run.status != Status::Success) else { return Ok(false) };
    let sql = "SELECT EXISTS (SELECT 1 FROM runs WHERE id = ? AND shown <> 'success')";
    tx.prepare_cached(sql)?.query_row([parent], |row| row.get(0))
}

pub(super) fn load(tx: &Transaction, subject: &str) -> rusqlite::Result<Streak> {
    let streak = |row: &Row| {
        Ok(Streak {
            failures: number(row, "failures")?,
            first_failure: some_moment(row, "first_failure")?,
            notices: number(row, "told")?,
            last_notice: some_moment(row, "last_told")?,
            level: row.get("level")?,
            worked: number(row, "worked")?,
            worked_since: some_moment(row, "worked_since")?,
            alarmed: row.get("alarmed")?,
            relapses: number(row, "relapses")?,
        })
    };
    let found = tx.prepare_cached("SELECT * FROM alert_streaks WHERE subject = ?")?.query_row([subject], streak);
    Ok(found.optional()?.unwrap_or_default())
}

pub(super) fn save(tx: &Transaction, subject: &str, streak: &Streak) -> rusqlite::Result<()> {
    if *streak == Streak::default() {
        return tx.execute("DELETE FROM alert_streaks WHERE subject = ?", [subject]).map(drop);
    }
    let sql = "INSERT OR REPLACE INTO alert_streaks
               (subject, failures, first_failure, told, last_told, level, worked, worked_since, alarmed, relapses)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let [failures, notices, worked, relapses] =
        [streak.failures, streak.notices, streak.worked, streak.relapses].map(column);
    let [first, last, since] =
        [streak.first_failure, streak.last_notice, streak.worked_since].map(|moment| moment.map(moment_text));
    let row = params![subject, failures, first, notices, last, streak.level, worked, since, streak.alarmed, relapses];
    tx.prepare_cached(sql)?.execute(row).map(drop)
}

/// A count as SQLite keeps it.
fn column(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
