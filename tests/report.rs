//! Promises of the report: what people and programs read, in each form, and that no secret is in it.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::DateTime;
use hikae::error::{Error, Kind, Site};
use hikae::report::diagnostic::{Style, render};
use hikae::report::table::{Column, print_json_lines, print_table, print_text};
use hikae::report::{self, Clock, Facts, Form, Level, Mode, Outputs};
use hikae::secret::{Secret, redact};
use indicatif::{ProgressDrawTarget, TermLike};
use insta::assert_snapshot;
use screen::{Screen, as_wide, on, screens, width_of};
use serde_json::{Value, json};

mod a_diagnostic;
mod a_log_under_cron;
mod a_remark;
mod japanese;
mod a_secret;
mod a_table;
mod a_terminal;
mod an_output_that_fails;
mod json_lines;
mod screen;
mod the_facts;
mod translated;

const TEXT: Mode = Mode { form: Form::Text, quiet: false, verbose: false };
const JSON: Mode = Mode { form: Form::Json, quiet: false, verbose: false };
const TERMINAL: Mode = Mode { form: Form::Terminal, quiet: false, verbose: false };

/// What was written to one output.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Paper {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An output that refuses every write in the same way, and counts them.
#[derive(Clone)]
struct Refusing(io::ErrorKind, Arc<Mutex<u32>>);

impl Write for Refusing {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        *self.1.lock().unwrap() += 1;
        Err(self.0.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn two_in_the_morning() -> Clock {
    let time = DateTime::parse_from_rfc3339("2026-02-15T02:00:00+09:00").unwrap();
    Arc::new(move || time)
}

fn facts(terminal: bool) -> Facts {
    Facts {
        stdout_is_terminal: terminal,
        stderr_is_terminal: terminal,
        draws: terminal,
        width: 60,
        colour: false,
        stdout_colour: false,
        unicode: true,
    }
}

fn outputs(stdout: impl Write + Send + 'static, stderr: impl Write + Send + 'static) -> Outputs {
    let bars = ProgressDrawTarget::hidden();
    Outputs { stdout: Box::new(stdout), stderr: Box::new(stderr), bars, facts: facts(false) }
}

/// What `tell` makes a listener write to standard output and to standard error.
fn told(mode: Mode, tell: impl FnOnce()) -> (String, String) {
    let (out, err) = (Paper::default(), Paper::default());
    let (dispatch, _guard) = report::dispatch(mode, outputs(out.clone(), err.clone()), two_in_the_morning());
    tracing::dispatcher::with_default(&dispatch, tell);
    (out.text(), err.text())
}

/// Both outputs of a listener as one text, for a snapshot.
fn both(mode: Mode, tell: impl FnOnce()) -> String {
    let (out, err) = told(mode, tell);
    format!("stdout:\n{out}stderr:\n{err}")
}

fn site() -> Site {
    Site { file: "recipes/db-backup.lua".into(), line: 23 }
}

fn outcome(status: &str) -> Value {
    json!({
        "id": "BKP-20260215-020000-daily", "recipe": "db-backup", "type": "daily", "status": status,
        "started_at": "2026-02-15T02:00:00+09:00", "ended_at": "2026-02-15T02:00:03+09:00", "duration_secs": 3.4,
        "error": null, "backups": [], "steps": [],
    })
}

/// A night on which everything happens once.
fn a_night() {
    report::run_started("BKP-20260215-020000-daily", "db-backup", "daily");
    report::step_started(1, "dump english_cafe_db", Some(&site()));
    report::step_expects(1, 140_000_000);
    report::step_progress(1, 1_000_000);
    report::log(Level::Debug, "8 tables are waited for", None);
    report::child_said("pg_dump", "pg_dump: warning: there are circular foreign-key constraints");
    report::step_ended(1, "dump english_cafe_db", "success", 133_200_000, Duration::from_millis(3100));
    report::log(Level::Info, "データベースバックアップが完了しました", Some(&site()));
    report::step_started(2, "retention", None);
    report::step_ended(2, "retention", "success", 0, Duration::from_millis(20));
    report::log(Level::Warn, "the disk is nearly full", Some(&site()));
    report::step_started(3, "upload", None);
    report::step_ended(3, "upload", "failure", 4096, Duration::from_secs(75));
    report::log(Level::Error, "the copy did not arrive", None);
    report::run_ended(&outcome("partial"));
}
