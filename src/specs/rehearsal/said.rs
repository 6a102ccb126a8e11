//! Keeps what a run prints, as it would appear in the log under cron and in the output of `--json`.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex};

use indicatif::ProgressDrawTarget;
use tracing::Dispatch;

use crate::recipe::execute::Finished;
use crate::report;
use crate::report::diagnostic::Style;
use crate::report::{Clock, Facts, Form, Mode, Outputs, diagnostic};
use crate::world::World;

/// The lines of one run. After a kill, nothing more is written.
#[derive(Clone)]
pub struct Paper {
    lines: Arc<Mutex<Vec<String>>>,
    killed: Arc<dyn Fn() -> bool + Send + Sync>,
}

impl Paper {
    pub fn new(killed: impl Fn() -> bool + Send + Sync + 'static) -> Paper {
        Paper { lines: Arc::default(), killed: Arc::new(killed) }
    }

    /// Receives every event while this is the default, timed by the clock of `world`.
    pub fn dispatch(&self, world: impl World + 'static) -> Dispatch {
        self.listener(Form::Text, Arc::new(move || world.now()))
    }

    /// The end of a run, as the command line shows it.
    pub fn end(&self, finished: &Finished) {
        for error in finished.errors() {
            self.add(&diagnostic::render(error, &|_| None, Style::Plain));
        }
        let Ok(outcome) = serde_json::to_value(&finished.run) else { return self.add("the outcome is no JSON") };
        report::run_ended(&outcome);
        let ended = finished.run.ended_at.unwrap_or(finished.run.started_at);
        let json = self.listener(Form::Json, Arc::new(move || ended));
        tracing::dispatcher::with_default(&json, || report::run_ended(&outcome));
    }

    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(|broken| broken.into_inner()).clone()
    }

    fn listener(&self, form: Form, clock: Clock) -> Dispatch {
        let mode = Mode { form, quiet: false, verbose: true };
        let outputs = Outputs {
            stdout: Box::new(self.clone()),
            stderr: Box::new(self.clone()),
            bars: ProgressDrawTarget::hidden(),
            facts: Facts::of(&BTreeMap::new(), false, false, None),
        };
        // Its guard removes progress bars from a terminal, and there is no terminal.
        report::dispatch(mode, outputs, clock).0
    }

    fn add(&self, text: &str) {
        if !(self.killed)() {
            let mut lines = self.lines.lock().unwrap_or_else(|broken| broken.into_inner());
            lines.extend(text.lines().map(str::to_owned));
        }
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.add(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
