//! Defines what the catalog keeps about a run, and the JSON of a run.

use std::fmt;

use chrono::{DateTime, FixedOffset, SecondsFormat};
use serde::{Serialize, Serializer};

use crate::error::{Error, Kind};

/// The measure of a step that holds the duration of a restore.
pub const RTO: &str = "rto";

/// The prefix of the name of a warning step; the kind of the warning follows.
pub const WARNING: &str = "warning: ";

/// A moment with the offset of the place where it was read.
pub type Moment = DateTime<FixedOffset>;

/// The state of a run or a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Running,
    Success,
    Failure,
    Partial,
    Locked,
    Interrupted,
}

impl Status {
    /// Every status, in the order of the documentation.
    pub const ALL: [Status; 6] =
        [Status::Running, Status::Success, Status::Failure, Status::Partial, Status::Locked, Status::Interrupted];

    /// The word for this status in JSON, on the command line and in the catalog.
    pub fn word(self) -> &'static str {
        match self {
            Status::Running => "running",
            Status::Success => "success",
            Status::Failure => "failure",
            Status::Partial => "partial",
            Status::Locked => "locked",
            Status::Interrupted => "interrupted",
        }
    }

    /// The status that `word` names.
    pub fn of_word(word: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|status| status.word() == word)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The id of a run that starts at `at`: `BKP-20260215-020000-daily`.
pub fn run_id(at: Moment, backup_type: &str) -> String {
    format!("BKP-{}-{backup_type}", at.format("%Y%m%d-%H%M%S"))
}

/// A run as it is recorded when it starts. Host and process tell where to check whether it is still alive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRun {
    pub id: String,
    pub recipe: String,
    pub recipe_sha256: String,
    pub backup_type: String,
    /// The kind of its recipe: `backup`, `restore`, `drill`, `monitor`, `report`, `check` or `maintenance`.
    pub kind: String,
    /// The recipe and its `--set` values: earlier versions counted failures by this.
    pub subject: String,
    /// The target: the recipe with its database, folder and so on. Failures are counted by target.
    pub target: String,
    pub started_at: Moment,
    pub host: String,
    pub username: String,
    pub process_id: u32,
    /// The run whose recipe has started this one.
    pub parent: Option<String>,
}

/// A recorded error: its kind, its message with its causes on one line, and what to try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    pub kind: Kind,
    pub message: String,
    pub hint: Option<String>,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Failure {
        Failure { kind: error.kind(), message: error.one_line(), hint: error.hint_text().map(str::to_owned) }
    }
}

/// One step of a run, once it is over. `site` is the place in the recipe, as `file:line`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    pub name: String,
    pub status: Status,
    pub site: Option<String>,
    pub bytes_in: Option<u64>,
    pub bytes_out: Option<u64>,
    #[serde(serialize_with = "as_moment")]
    pub started_at: Moment,
    #[serde(rename = "duration_secs", serialize_with = "as_secs")]
    pub duration_ms: u64,
    /// What was wrong; for a success, the remark of the run.
    pub error: Option<String>,
    /// What its duration measures, such as `rto`.
    #[serde(skip)]
    pub measure: Option<String>,
}

impl Step {
    /// Whether it is a remark of the run and not a failure: its text is in `error`.
    pub fn is_said(&self) -> bool {
        self.status == Status::Success && self.error.is_some()
    }
}

/// One proved copy of one backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Backup {
    pub path: String,
    pub size_bytes: u64,
    pub sha256: String,
    #[serde(skip)]
    pub created_at: Moment,
}

/// A run with all its recorded data. Outside scripts rely on its JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Run {
    pub id: String,
    pub recipe: String,
    #[serde(rename = "type")]
    pub backup_type: String,
    pub status: Status,
    #[serde(serialize_with = "as_moment")]
    pub started_at: Moment,
    #[serde(serialize_with = "as_moment_or_null")]
    pub ended_at: Option<Moment>,
    #[serde(rename = "duration_secs", serialize_with = "as_secs_or_null")]
    pub duration_ms: Option<u64>,
    pub error: Option<Failure>,
    pub backups: Vec<Backup>,
    pub steps: Vec<Step>,
    pub target: String,
    /// The run whose recipe has started this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    #[serde(skip)]
    pub kind: String,
    #[serde(skip)]
    pub subject: String,
    #[serde(skip)]
    pub recipe_sha256: String,
    #[serde(skip)]
    pub host: String,
    #[serde(skip)]
    pub username: String,
    #[serde(skip)]
    pub process_id: u32,
}

impl Run {
    /// A run that has just started. It needs no catalog, so an unrecorded run shows the same JSON.
    pub fn of(new: NewRun) -> Run {
        let NewRun { id, recipe, recipe_sha256, backup_type, kind, subject, target, started_at, host, .. } = new;
        let NewRun { username, process_id, parent, .. } = new;
        Run {
            id,
            recipe,
            backup_type,
            status: Status::Running,
            started_at,
            ended_at: None,
            duration_ms: None,
            error: None,
            backups: Vec::new(),
            steps: Vec::new(),
            target,
            parent,
            kind,
            subject,
            recipe_sha256,
            host,
            username,
            process_id,
        }
    }
}

impl Run {
    /// Whether the run inspects other things; then its failed notes are its findings.
    pub fn has_findings(&self) -> bool {
        matches!(self.kind.as_str(), "monitor" | "check" | "report")
    }

    /// Whether the run tested that a backup restores.
    pub fn is_drill(&self) -> bool {
        self.kind == "drill"
    }

    /// The duration of its restore, if it succeeded and was measured.
    pub fn rto_ms(&self) -> Option<u64> {
        let measured = self.steps.iter().find(|step| step.measure.as_deref() == Some(RTO));
        measured.filter(|_| self.status == Status::Success).map(|step| step.duration_ms)
    }

    /// Its warnings, which do not affect its outcome.
    pub fn warnings(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| step.is_said() && step.name.starts_with(WARNING))
    }

    /// Its findings, reported with `run.note`; not the steps that moved bytes.
    pub fn findings(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| step.status == Status::Failure && step.bytes_in.is_none())
    }
}

/// One audited action.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AuditEntry {
    pub operation: String,
    /// The run of the action.
    pub backup_id: Option<String>,
    pub username: String,
    pub ip_address: Option<String>,
    pub status: String,
    pub details: serde_json::Value,
    #[serde(serialize_with = "as_moment")]
    pub created_at: Moment,
}

/// One notice to one recipient, and whether it arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Notification {
    pub notification_type: String,
    pub channel: String,
    pub recipient: Option<String>,
    pub subject: Option<String>,
    pub status: String,
    pub error_message: Option<String>,
    /// The run that it is about.
    pub backup_id: Option<String>,
    #[serde(serialize_with = "as_moment")]
    pub sent_at: Moment,
}

/// Formats a moment for the catalog and the JSON: `2026-02-15T02:00:00.000+09:00`.
pub(super) fn moment_text(moment: Moment) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Millis, false)
}

fn as_moment<S: Serializer>(moment: &Moment, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&moment_text(*moment))
}

fn as_moment_or_null<S: Serializer>(moment: &Option<Moment>, to: S) -> Result<S::Ok, S::Error> {
    moment.map(moment_text).serialize(to)
}

fn as_secs<S: Serializer>(ms: &u64, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64(*ms as f64 / 1000.0)
}

fn as_secs_or_null<S: Serializer>(ms: &Option<u64>, to: S) -> Result<S::Ok, S::Error> {
    ms.map(|ms| ms as f64 / 1000.0).serialize(to)
}
