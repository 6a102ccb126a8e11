//! Reads an event of `tracing` back into a `ReportEvent`, with every text cleaned of secrets.

use std::fmt;
use std::time::Duration;

use serde_json::Value;
use tracing::field::{Field, Visit};

use super::event::Level;
use super::outgoing;
use crate::error::Site;

/// An event as listeners receive it.
#[derive(Clone, Debug, PartialEq)]
pub enum ReportEvent {
    Log { level: Level, program: Option<String>, message: String, site: Option<Site> },
    RunStarted { id: String, recipe: String, r#type: String },
    StepStarted { step: u64, name: String, site: Option<Site> },
    StepExpects { step: u64, total_bytes: u64, about: bool },
    StepProgress { step: u64, bytes: u64 },
    StepEnded { step: u64, name: String, status: String, bytes: u64, duration: Duration },
    RunEnded { outcome: Value },
}

impl ReportEvent {
    /// Reads an event of the target `hikae`.
    ///
    /// An event without a name from `event.rs` becomes a log line, so that a warning from anywhere in hikae is reported.
    pub fn read(event: &tracing::Event<'_>) -> ReportEvent {
        let mut said = Fields::default();
        event.record(&mut said);
        let site = said.file.map(|file| Site { file, line: u32::try_from(said.line).unwrap_or(u32::MAX) });
        let (step, bytes) = (said.step, said.bytes);
        match event.metadata().name() {
            "run_started" => ReportEvent::RunStarted { id: said.id, recipe: said.recipe, r#type: said.r#type },
            "step_started" => ReportEvent::StepStarted { step, name: said.name, site },
            "step_expects" => ReportEvent::StepExpects { step, total_bytes: bytes, about: said.about },
            "step_progress" => ReportEvent::StepProgress { step, bytes },
            "step_ended" => {
                let duration = Duration::try_from_secs_f64(said.secs).unwrap_or(Duration::ZERO);
                ReportEvent::StepEnded { step, name: said.name, status: said.status, bytes, duration }
            }
            "run_ended" => ReportEvent::RunEnded { outcome: said.outcome },
            _ => {
                let level = level_of(event.metadata().level());
                ReportEvent::Log { level, program: said.program, message: said.message, site }
            }
        }
    }

    /// Its level for people.
    pub fn level(&self) -> Level {
        match self {
            ReportEvent::Log { level, .. } => *level,
            ReportEvent::RunStarted { .. } => Level::Info,
            ReportEvent::StepStarted { .. } | ReportEvent::StepExpects { .. } | ReportEvent::StepProgress { .. } => {
                Level::Debug
            }
            ReportEvent::StepEnded { status, .. } if status != "success" => Level::Warn,
            ReportEvent::StepEnded { bytes: 0, .. } => Level::Debug,
            ReportEvent::StepEnded { .. } => Level::Info,
            ReportEvent::RunEnded { outcome } => match outcome["status"].as_str() {
                Some("success") => Level::Info,
                Some("partial") => Level::Warn,
                _ => Level::Error,
            },
        }
    }
}

fn level_of(level: &tracing::Level) -> Level {
    match *level {
        tracing::Level::ERROR => Level::Error,
        tracing::Level::WARN => Level::Warn,
        tracing::Level::INFO => Level::Info,
        _ => Level::Debug,
    }
}

/// The fields of all events; each event sets only its own.
#[derive(Default)]
struct Fields {
    id: String,
    recipe: String,
    r#type: String,
    name: String,
    status: String,
    message: String,
    program: Option<String>,
    file: Option<String>,
    line: u64,
    step: u64,
    bytes: u64,
    secs: f64,
    about: bool,
    outcome: Value,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        let key = field.name();
        if key == "outcome" {
            // Invalid JSON is still shown: a strange last line is better than none.
            let outcome = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
            self.outcome = outgoing::json(outcome);
            return;
        }
        let text = outgoing::field(key, value);
        match key {
            "id" => self.id = text,
            "recipe" => self.recipe = text,
            "type" => self.r#type = text,
            "name" => self.name = text,
            "status" => self.status = text,
            "message" => self.message = text,
            "program" => self.program = Some(text),
            "file" => self.file = Some(text),
            _ => {}
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "line" => self.line = value,
            "step" => self.step = value,
            "bytes" => self.bytes = value,
            _ => {}
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        if field.name() == "about" {
            self.about = value;
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "secs" {
            self.secs = value;
        }
    }
}
