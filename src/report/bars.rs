//! Draws a bar for every running step on standard error, and lines above the bars.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::facts::Facts;
use super::outgoing;
use super::translate::speaks_japanese;
use crate::units::{show_seconds, show_size};

/// The redraw rate, whether bytes move or not: a hung step is visible, and a fast one needs no extra drawing.
const TICK: Duration = Duration::from_millis(100);

/// The minimum width for drawing a bar, and for sizes and rates.
const WIDE: usize = 100;
const NARROW: usize = 60;
/// Before this time, the rate is too uncertain for an estimate.
const SETTLED: Duration = Duration::from_secs(2);

/// The bars of the running steps; clones share the same bars.
#[derive(Clone)]
pub struct Bars {
    all: MultiProgress,
    running: Arc<Mutex<BTreeMap<u64, ProgressBar>>>,
    layout: Layout,
}

impl Bars {
    pub fn new(target: ProgressDrawTarget, facts: &Facts) -> Bars {
        let layout = Layout { width: facts.width, unicode: facts.unicode, has_total: false, about: false };
        Bars { all: MultiProgress::with_draw_target(target), running: Arc::default(), layout }
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<u64, ProgressBar>> {
        self.running.lock().unwrap_or_else(|broken| broken.into_inner())
    }

    pub fn start(&self, step: u64, name: &str) {
        let bar = self.all.add(ProgressBar::no_length());
        bar.set_style(self.layout.style());
        bar.set_message(short(&outgoing::one_line(name)));
        bar.enable_steady_tick(TICK);
        self.running().insert(step, bar);
    }

    /// Sets how much the step is going to move.
    pub fn expect(&self, step: u64, total_bytes: u64, about: bool) {
        if let Some(bar) = self.running().get(&step) {
            bar.set_length(total_bytes);
            bar.set_style(Layout { has_total: true, about, ..self.layout }.style());
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

    /// Clears the bars from the terminal; nothing is drawn afterwards.
    pub fn close(&self) {
        self.end_all();
        self.all.set_draw_target(ProgressDrawTarget::hidden());
    }

    /// Writes a line above the bars, and returns whether it could. (`suspend` would panic on a closed terminal.)
    pub fn line(&self, line: &str) -> bool {
        !self.all.is_hidden() && self.all.println(line).is_ok()
    }
}

/// A step's name without the folders of its paths: space is limited, and file names are enough to distinguish steps.
fn short(name: &str) -> String {
    let last = |word: &str| match word.starts_with('/') || word.contains("://") {
        true => word.trim_end_matches('/').rsplit('/').next().unwrap_or(word).to_owned(),
        false => word.to_owned(),
    };
    name.split(' ').map(last).collect::<Vec<_>>().join(" ")
}

/// The style of a step: as much as fits on the terminal.
#[derive(Clone, Copy)]
struct Layout {
    width: usize,
    unicode: bool,
    has_total: bool,
    /// Whether the total is an estimate.
    about: bool,
}

impl Layout {
    fn style(self) -> ProgressStyle {
        let template = match self.width {
            WIDE.. if self.has_total => "{spinner} {wide_msg} {bar:10} {moved} {took}",
            NARROW.. => "{spinner} {wide_msg} {moved} {took}",
            _ => "{spinner} {wide_msg} {moved}",
        };
        // The templates are constants that are covered by tests; a bar in another style is better than none.
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner());
        let style = if self.unicode { style } else { style.tick_chars("|/-\\ ").progress_chars("#>-") };
        let moved = move |state: &ProgressState, out: &mut dyn fmt::Write| {
            // Writing to a string cannot fail.
            let _written = out.write_str(&self.moved(state));
        };
        style.with_key("moved", moved).with_key("took", took)
    }

    /// `1.2 GB of 3.0 GB, 40%, 95.1 MB/s, 19s left`, as far as known and as far as it fits.
    fn moved(self, state: &ProgressState) -> String {
        if state.pos() == 0 {
            return String::new();
        }
        let (done, rate) = (show_size(state.pos()), format!("{}/s", show_size(state.per_sec() as u64)));
        // Beyond the estimate from last time, the end is unknown.
        let Some(total) = state.len().filter(|total| *total > 0 && (state.pos() <= *total || !self.about)) else {
            return format!("{done}, {rate}");
        };
        let percent = format!("{}%", state.pos().min(total) * 100 / total);
        let left = left(state).map(|left| format!(", {left}")).unwrap_or_default();
        if self.width < NARROW {
            return format!("{percent}{left}");
        }
        let of = if speaks_japanese() { "/" } else { "of" };
        let about = if self.about { "~" } else { "" };
        format!("{done} {of} {about}{}, {percent}, {rate}{left}", show_size(total))
    }
}

/// The remaining time, once enough is known to compute it.
fn left(state: &ProgressState) -> Option<String> {
    let left = state.eta();
    if state.elapsed() < SETTLED || left.is_zero() {
        return None;
    }
    let left = show_seconds(left.max(Duration::from_secs(1)));
    let left = left.split(' ').take(2).collect::<Vec<_>>().join(" ");
    Some(if speaks_japanese() { format!("残り {left}") } else { format!("{left} left") })
}

fn took(state: &ProgressState, out: &mut dyn fmt::Write) {
    let _written = out.write_str(&show_seconds(state.elapsed()));
}
