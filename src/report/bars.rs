//! Draws a bar for every running step on standard error, and lines above the bars.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::outgoing;
use crate::units::{show_duration, show_size};

/// How often bars are drawn, whether bytes move or not: a hung step is seen to hang, and a fast one costs no more drawing.
const TICK: Duration = Duration::from_millis(100);

/// The bars of the steps that run now; every clone is the same bars.
#[derive(Clone)]
pub struct Bars {
    all: MultiProgress,
    running: Arc<Mutex<BTreeMap<u64, ProgressBar>>>,
    unicode: bool,
}

impl Bars {
    pub fn new(target: ProgressDrawTarget, unicode: bool) -> Bars {
        Bars { all: MultiProgress::with_draw_target(target), running: Arc::default(), unicode }
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<u64, ProgressBar>> {
        self.running.lock().unwrap_or_else(|broken| broken.into_inner())
    }

    pub fn start(&self, step: u64, name: &str) {
        let bar = self.all.add(ProgressBar::no_length());
        bar.set_style(style("{spinner} {wide_msg} {moved} {took}", self.unicode));
        bar.set_message(outgoing::one_line(name));
        bar.enable_steady_tick(TICK);
        self.running().insert(step, bar);
    }

    /// The step knows now how much it is going to move.
    pub fn expect(&self, step: u64, total_bytes: u64) {
        if let Some(bar) = self.running().get(&step) {
            bar.set_length(total_bytes);
            bar.set_style(style("{spinner} {wide_msg} {bar:10} {moved} {took}", self.unicode));
        }
    }

    pub fn advance(&self, step: u64, bytes: u64) {
        if let Some(bar) = self.running().get(&step) {
            bar.set_position(bytes);
        }
    }

    pub fn end(&self, step: u64) {
        let bar = self.running().remove(&step);
        if let Some(bar) = bar {
            bar.finish_and_clear();
            self.all.remove(&bar);
        }
    }

    pub fn end_all(&self) {
        let left: Vec<u64> = self.running().keys().copied().collect();
        left.into_iter().for_each(|step| self.end(step));
    }

    /// Takes everything off the terminal; from here on nothing is drawn.
    pub fn close(&self) {
        self.end_all();
        self.all.set_draw_target(ProgressDrawTarget::hidden());
    }

    /// Writes a line above the bars, and says whether it could. (`suspend` would panic on a terminal that has gone.)
    pub fn line(&self, line: &str) -> bool {
        !self.all.is_hidden() && self.all.println(line).is_ok()
    }
}

fn style(template: &str, unicode: bool) -> ProgressStyle {
    // The templates are constants that the tests draw; a bar in another style is better than none.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner());
    let style = if unicode { style } else { style.tick_chars("|/-\\ ").progress_chars("#>-") };
    style.with_key("moved", moved).with_key("took", took)
}

/// `1.2 GB of 3.0 GB, 95.1 MB/s`, as far as it is known.
fn moved(state: &ProgressState, out: &mut dyn fmt::Write) {
    if state.pos() == 0 {
        return;
    }
    let of = state.len().map_or(String::new(), |total| format!(" of {}", show_size(total)));
    let rate = show_size(state.per_sec() as u64);
    // The buffer is a string, and a string takes everything.
    let _written = write!(out, "{}{of}, {rate}/s", show_size(state.pos()));
}

fn took(state: &ProgressState, out: &mut dyn fmt::Write) {
    let _written = out.write_str(&show_duration(Duration::from_secs(state.elapsed().as_secs())));
}
