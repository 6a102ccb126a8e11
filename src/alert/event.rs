//! What an alert is about, as plain data: channels get it as a table, templates as variables.

use chrono::{DateTime, FixedOffset, SecondsFormat, Utc};
use serde::{Serialize, Serializer};

/// What has happened; each kind has its template and its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    BackupFailure,
    /// A backup works again that had failed.
    Recovered,
    /// The same failure goes on.
    Digest,
    /// Failures in a row that the next level has to look at.
    Escalation,
    RestoreFailure,
    DrillFailure,
    /// What the monitor has found.
    Monitor,
    Report,
}

impl EventKind {
    pub const ALL: [EventKind; 8] = [
        EventKind::BackupFailure,
        EventKind::Recovered,
        EventKind::Digest,
        EventKind::Escalation,
        EventKind::RestoreFailure,
        EventKind::DrillFailure,
        EventKind::Monitor,
        EventKind::Report,
    ];

    /// The name of its template, as the runbook (§5.3) names the first one.
    pub fn template(self) -> &'static str {
        match self {
            EventKind::BackupFailure => "backup-failure",
            EventKind::Recovered => "recovered",
            EventKind::Digest => "digest",
            EventKind::Escalation => "escalation",
            EventKind::RestoreFailure => "restore-failure",
            EventKind::DrillFailure => "drill-failure",
            EventKind::Monitor => "monitor",
            EventKind::Report => "report",
        }
    }
}

/// One thing to be told.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    pub kind: EventKind,
    /// The run's id, as `BKP-20260215-030000-daily`.
    pub id: String,
    /// `daily`, `weekly`, `monthly` or `manual`.
    #[serde(rename = "type")]
    pub run_type: String,
    #[serde(serialize_with = "as_utc")]
    pub time: DateTime<FixedOffset>,
    pub recipe: String,
    pub host: String,
    /// How the run ended, as the catalog has it.
    pub outcome: String,
    /// What failed, on one line.
    pub error: Option<String>,
    /// What to try.
    pub hint: Option<String>,
    pub system_url: Option<String>,
    pub duration_secs: f64,
    pub backups: Vec<AlertedBackup>,
    /// How often it has failed in a row.
    pub failures: u64,
    /// When the first of these failures was.
    #[serde(serialize_with = "as_utc_if_any")]
    pub first_failure: Option<DateTime<FixedOffset>>,
    /// Who has to look at it: 1 operators, 2 administrators, 3 developers (runbook §13).
    pub level: u8,
    /// Whom to call, as people write it: `Yamada, 03-1234-5678`.
    pub contacts: Vec<String>,
    /// What a monitor has found, or the lines of a report.
    pub findings: Vec<Finding>,
    /// What a report is about: `2026-02`.
    pub period: Option<String>,
    /// Whether nothing has really happened: a rehearsal.
    pub rehearsal: bool,
}

/// A backup that the run has made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AlertedBackup {
    pub path: String,
    pub size_bytes: u64,
    pub sha256: String,
}

/// One line about one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub subject: String,
    pub message: String,
}

impl Event {
    /// An event with what every one has; the rest is empty.
    pub fn new(
        kind: EventKind,
        id: impl Into<String>,
        run_type: impl Into<String>,
        time: DateTime<FixedOffset>,
    ) -> Event {
        Event {
            kind,
            id: id.into(),
            run_type: run_type.into(),
            time,
            recipe: String::new(),
            host: String::new(),
            outcome: String::new(),
            error: None,
            hint: None,
            system_url: None,
            duration_secs: 0.0,
            backups: Vec::new(),
            failures: 1,
            first_failure: None,
            level: 1,
            contacts: Vec::new(),
            findings: Vec::new(),
            period: None,
            rehearsal: false,
        }
    }
}

/// A moment as the runbook (§1.3) has it: ISO 8601, milliseconds, UTC.
pub fn iso(time: &DateTime<FixedOffset>) -> String {
    time.with_timezone(&Utc).to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn as_utc<S: Serializer>(time: &DateTime<FixedOffset>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&iso(time))
}

fn as_utc_if_any<S: Serializer>(time: &Option<DateTime<FixedOffset>>, serializer: S) -> Result<S::Ok, S::Error> {
    time.as_ref().map(iso).serialize(serializer)
}
