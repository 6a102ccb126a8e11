//! Defines the content of an alert as plain data: channels get it as a table, templates as variables.

use chrono::{DateTime, FixedOffset, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The kind of an event; each has its template and its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    BackupFailure,
    /// A failed backup works again.
    Recovered,
    /// The same failure continues, or recurs.
    Digest,
    /// So many failures in a row that the next level must be notified.
    Escalation,
    RestoreFailure,
    DrillFailure,
    /// The warnings of a successful run.
    Warning,
    /// The findings of the monitor.
    Monitor,
    Report,
    /// A test whether alerts arrive.
    Test,
}

impl EventKind {
    pub const ALL: [EventKind; 10] = [
        EventKind::BackupFailure,
        EventKind::Recovered,
        EventKind::Digest,
        EventKind::Escalation,
        EventKind::RestoreFailure,
        EventKind::DrillFailure,
        EventKind::Warning,
        EventKind::Monitor,
        EventKind::Report,
        EventKind::Test,
    ];

    /// Its name in filters, in the record and for channels.
    pub fn word(self) -> &'static str {
        match self {
            EventKind::BackupFailure => "backup_failure",
            EventKind::Recovered => "recovered",
            EventKind::Digest => "digest",
            EventKind::Escalation => "escalation",
            EventKind::RestoreFailure => "restore_failure",
            EventKind::DrillFailure => "drill_failure",
            EventKind::Warning => "warning",
            EventKind::Monitor => "monitor",
            EventKind::Report => "report",
            EventKind::Test => "test",
        }
    }

    /// The name of its template, as the runbook (§5.3) names the first one.
    pub fn template(self) -> &'static str {
        match self {
            EventKind::BackupFailure => "backup-failure",
            EventKind::Recovered => "recovered",
            EventKind::Digest => "digest",
            EventKind::Escalation => "escalation",
            EventKind::RestoreFailure => "restore-failure",
            EventKind::DrillFailure => "drill-failure",
            EventKind::Warning => "warning",
            EventKind::Monitor => "monitor",
            EventKind::Report => "report",
            EventKind::Test => "test",
        }
    }
}

/// One thing to report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    pub kind: EventKind,
    /// The failure that continues, has recovered or escalates; else the same as `kind`.
    pub about: EventKind,
    /// The kind of the recipe, such as `backup` or `maintenance`; empty if the event is about no run.
    #[serde(default)]
    pub run_kind: String,
    /// The run's id, such as `BKP-20260215-030000-daily`.
    pub id: String,
    /// `daily`, `weekly`, `monthly` or `manual`.
    #[serde(rename = "type")]
    pub run_type: String,
    #[serde(serialize_with = "as_utc", deserialize_with = "moment")]
    pub time: DateTime<FixedOffset>,
    /// The same in local time, for people: `2026-02-15 12:00:15 +09:00`.
    #[serde(default)]
    pub local_time: String,
    pub recipe: String,
    pub host: String,
    /// The database of the run, if any.
    #[serde(default)]
    pub database: Option<String>,
    /// The outcome of the run, as in the catalog.
    pub outcome: String,
    /// What failed, on one line.
    pub error: Option<String>,
    /// What to try.
    pub hint: Option<String>,
    pub system_url: Option<String>,
    pub duration_secs: f64,
    pub backups: Vec<AlertedBackup>,
    /// The number of failures in a row.
    pub failures: u64,
    /// How often it has worked in between and failed again; `failures` counts only since the last success.
    #[serde(default)]
    pub relapses: u64,
    /// When the first of these failures was.
    #[serde(serialize_with = "as_utc_if_any", deserialize_with = "moment_if_any")]
    pub first_failure: Option<DateTime<FixedOffset>>,
    /// The same in local time.
    #[serde(default)]
    pub first_failure_local: Option<String>,
    /// The escalation level: 1 operators, 2 administrators, 3 developers (runbook §13).
    pub level: u8,
    /// Who to call, as free text: `Yamada, 03-1234-5678`.
    pub contacts: Vec<String>,
    /// The findings of a monitor, or the lines of a report.
    pub findings: Vec<Finding>,
    /// The period of a report: `2026-02`.
    pub period: Option<String>,
    /// Whether it is only a rehearsal.
    pub rehearsal: bool,
    /// Whether a person stopped the run from the keyboard.
    #[serde(default)]
    pub stopped_by_hand: bool,
}

/// A backup that the run has made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertedBackup {
    pub path: String,
    pub size_bytes: u64,
    pub sha256: String,
}

/// One line about one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub subject: String,
    pub message: String,
}

impl Event {
    /// An event with only the common fields; the rest is empty.
    pub fn new(
        kind: EventKind,
        id: impl Into<String>,
        run_type: impl Into<String>,
        time: DateTime<FixedOffset>,
    ) -> Event {
        Event {
            kind,
            about: kind,
            run_kind: String::new(),
            id: id.into(),
            run_type: run_type.into(),
            time,
            local_time: local(&time),
            recipe: String::new(),
            host: String::new(),
            database: None,
            outcome: String::new(),
            error: None,
            hint: None,
            system_url: None,
            duration_secs: 0.0,
            backups: Vec::new(),
            failures: 1,
            relapses: 0,
            first_failure: None,
            first_failure_local: None,
            level: 1,
            contacts: Vec::new(),
            findings: Vec::new(),
            period: None,
            rehearsal: false,
            stopped_by_hand: false,
        }
    }
}

/// The severity of an event; filters use this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Info,
    /// Something needs attention, but backups were made.
    Warning,
    Error,
    /// The next level must be notified.
    Critical,
}

impl Event {
    pub fn severity(&self) -> Severity {
        match self.kind {
            EventKind::Recovered | EventKind::Report | EventKind::Test => Severity::Info,
            EventKind::Escalation => Severity::Critical,
            EventKind::Warning => Severity::Warning,
            _ if self.stopped_by_hand || matches!(self.outcome.as_str(), "partial" | "locked") => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// Its name in the record: `backup_failure`, and `backup_recovered` for its follow-up, so that the runbook's
    /// query (§9.3) finds both.
    pub fn notification_type(&self) -> String {
        let family = match self.about {
            EventKind::RestoreFailure => "restore",
            EventKind::DrillFailure => "drill",
            EventKind::Monitor => "monitor",
            _ => "backup",
        };
        let rest = match self.kind {
            EventKind::Recovered => "recovered",
            EventKind::Digest => "digest",
            EventKind::Escalation => "escalation",
            EventKind::Warning => "warning",
            kind => return kind.word().to_owned(),
        };
        format!("{family}_{rest}")
    }

    /// Whether `word` names the event: its name, its failure, or its kind alone. Recipients of a failure also get
    /// its follow-ups.
    pub fn is_of(&self, word: &str) -> bool {
        // Everyone who was notified at a level also gets the recovery.
        if let Some(level) = word.strip_prefix("level-").and_then(|level| level.parse::<u8>().ok()) {
            return self.level >= level;
        }
        [self.notification_type().as_str(), self.about.word(), self.kind.word(), "all", "*"].contains(&word)
    }
}

/// Formats a moment as in the runbook (§1.3): ISO 8601, milliseconds, UTC.
pub fn iso(time: &DateTime<FixedOffset>) -> String {
    time.with_timezone(&Utc).to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Formats a moment in local time, for people: `2026-02-15 12:00:15 +09:00`.
pub fn local(time: &DateTime<FixedOffset>) -> String {
    time.format("%Y-%m-%d %H:%M:%S %:z").to_string()
}

fn as_utc<S: Serializer>(time: &DateTime<FixedOffset>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&iso(time))
}

fn as_utc_if_any<S: Serializer>(time: &Option<DateTime<FixedOffset>>, serializer: S) -> Result<S::Ok, S::Error> {
    time.as_ref().map(iso).serialize(serializer)
}

fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<FixedOffset>, D::Error> {
    let text = String::deserialize(deserializer)?;
    DateTime::parse_from_rfc3339(&text).map_err(serde::de::Error::custom)
}

fn moment_if_any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<FixedOffset>>, D::Error> {
    let text: Option<String> = Option::deserialize(deserializer)?;
    text.map(|text| DateTime::parse_from_rfc3339(&text).map_err(serde::de::Error::custom)).transpose()
}
