//! Emits the reports of a run as `tracing` events; only this file and `report_event.rs` know their names and fields.

use std::time::Duration;

use serde_json::Value;

use crate::error::Site;

/// The level of a line; the filter uses this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

impl Level {
    /// The name of this level in Lua and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        }
    }
}

/// Emits an event at a level known only at run time; `tracing` needs each level written out.
macro_rules! log_at {
    ($level:expr, $target:literal, $($fields:tt)*) => {
        match $level {
            Level::Debug => tracing::event!(name: "log", target: $target, tracing::Level::DEBUG, $($fields)*),
            Level::Info => tracing::event!(name: "log", target: $target, tracing::Level::INFO, $($fields)*),
            Level::Warn => tracing::event!(name: "log", target: $target, tracing::Level::WARN, $($fields)*),
            Level::Error => tracing::event!(name: "log", target: $target, tracing::Level::ERROR, $($fields)*),
        }
    };
}

/// A log line, from a recipe (at `site`) or from hikae itself.
pub fn log(level: Level, message: &str, site: Option<&Site>) {
    let (file, line) = parts(site);
    log_at!(level, "hikae", message = message, file = file, line = line);
}

/// A line that a child wrote to its standard error; shown only with `--verbose`.
pub fn child_said(program: &str, line: &str) {
    log_at!(Level::Debug, "hikae::child", message = line, program = program);
}

/// A run has begun.
pub fn run_started(id: &str, recipe: &str, r#type: &str) {
    tracing::event!(name: "run_started", target: "hikae", tracing::Level::INFO, id = id, recipe = recipe, r#type = r#type);
}

/// A step of the run has begun; `step` is its number in the run.
pub fn step_started(step: u64, name: &str, site: Option<&Site>) {
    let (file, line) = parts(site);
    tracing::event!(name: "step_started", target: "hikae", tracing::Level::INFO, step = step, name = name, file = file, line = line);
}

/// A step is going to move `total_bytes`, so that progress and remaining time can be shown.
pub fn step_expects(step: u64, total_bytes: u64) {
    tracing::event!(name: "step_expects", target: "hikae::progress", tracing::Level::TRACE, step = step, bytes = total_bytes);
}

/// The same for an estimated total, such as the size of the last backup.
pub fn step_expects_about(step: u64, total_bytes: u64) {
    tracing::event!(name: "step_expects", target: "hikae::progress", tracing::Level::TRACE, step = step, bytes = total_bytes, about = true);
}

/// Whether anybody sees the progress of steps: only then is it worth determining the total.
pub fn is_watched() -> bool {
    tracing::enabled!(target: "hikae::progress", tracing::Level::TRACE)
}

/// A step has moved `bytes` so far. Call it for every chunk: it costs almost nothing if no bars are drawn.
pub fn step_progress(step: u64, bytes: u64) {
    tracing::event!(name: "step_progress", target: "hikae::progress", tracing::Level::TRACE, step = step, bytes = bytes);
}

/// A step has ended; `status` is `success`, or the kind of failure.
pub fn step_ended(step: u64, name: &str, status: &str, bytes: u64, duration: Duration) {
    let secs = duration.as_secs_f64();
    tracing::event!(name: "step_ended", target: "hikae", tracing::Level::INFO, step = step, name = name, status = status, bytes = bytes, secs = secs);
}

/// The run has ended: its outcome as JSON, the last report of a run.
pub fn run_ended(outcome: &Value) {
    tracing::event!(name: "run_ended", target: "hikae", tracing::Level::INFO, outcome = %outcome);
}

fn parts(site: Option<&Site>) -> (Option<&str>, Option<u64>) {
    (site.map(|site| site.file.as_str()), site.map(|site| u64::from(site.line)))
}
