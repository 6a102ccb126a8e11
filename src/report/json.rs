//! Shows a run as JSON: one object per line on standard output, the outcome last.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Map, Value, json};

use super::Clock;
use super::listen::Listener;
use super::pen::Pens;
use super::report_event::ReportEvent;
use crate::error::Site;

pub struct Json {
    pens: Pens,
    clock: Clock,
    ended: AtomicBool,
}

impl Json {
    pub fn new(pens: Pens, clock: Clock) -> Json {
        Json { pens, clock, ended: AtomicBool::new(false) }
    }

    /// Reports after the outcome go to standard error, so that the outcome is the last line of standard output.
    fn event(&self, name: &str, fields: Value) {
        let mut object = Map::new();
        object.insert("event".into(), name.into());
        object.insert("time".into(), (self.clock)().to_rfc3339().into());
        if let Value::Object(fields) = fields {
            object.extend(fields.into_iter().filter(|(_, value)| !value.is_null()));
        }
        let line = Value::Object(object).to_string();
        if self.ended.load(Ordering::SeqCst) { self.pens.err(&line) } else { self.pens.out(&line) }
    }
}

impl Listener for Json {
    fn hear(&self, event: ReportEvent) {
        match event {
            ReportEvent::Log { level, program, message, site } => {
                let site = place(site);
                self.event("log", json!({"level": level.word(), "message": message, "program": program, "site": site}));
            }
            ReportEvent::RunStarted { id, recipe, r#type } => {
                self.ended.store(false, Ordering::SeqCst);
                self.event("run", json!({"id": id, "recipe": recipe, "type": r#type, "status": "running"}));
            }
            ReportEvent::StepStarted { step, name, site } => {
                self.event("step", json!({"step": step, "name": name, "status": "running", "site": place(site)}));
            }
            ReportEvent::StepEnded { step, name, status, bytes, duration } => {
                let secs = duration.as_secs_f64();
                self.event(
                    "step",
                    json!({"step": step, "name": name, "status": status, "size_bytes": bytes, "duration_secs": secs}),
                );
            }
            ReportEvent::StepExpects { .. } | ReportEvent::StepProgress { .. } => {}
            ReportEvent::RunEnded { outcome } => {
                self.pens.out(&outcome.to_string());
                self.ended.store(true, Ordering::SeqCst);
            }
        }
    }
}

fn place(site: Option<Site>) -> Value {
    site.map_or(Value::Null, |site| json!({"file": site.file, "line": site.line}))
}
