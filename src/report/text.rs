//! Shows a run as log lines, for example in cron's mails: `[YYYY-MM-DD HH:MM:SS] message`.

use super::event::Level;
use super::listen::Listener;
use super::pen::Pens;
use super::report_event::ReportEvent;
use super::{Clock, sentence};

/// Normal messages go to standard output, warnings and errors to standard error, so that `> /dev/null` in a crontab keeps the latter.
pub struct Text {
    pens: Pens,
    clock: Clock,
}

impl Text {
    pub fn new(pens: Pens, clock: Clock) -> Text {
        Text { pens, clock }
    }
}

impl Listener for Text {
    fn hear(&self, event: ReportEvent) {
        let Some(sentence) = sentence::of(&event) else { return };
        let time = (self.clock)().format("%Y-%m-%d %H:%M:%S");
        match event.level() {
            Level::Debug => self.pens.out(&format!("[{time}] DEBUG: {sentence}")),
            Level::Info => self.pens.out(&format!("[{time}] {sentence}")),
            Level::Warn => self.pens.err(&format!("[{time}] WARN: {sentence}")),
            Level::Error => self.pens.err(&format!("[{time}] ERROR: {sentence}")),
        }
    }
}
