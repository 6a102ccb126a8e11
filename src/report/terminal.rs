//! Shows a run on a terminal: bars for the running steps, and lines with coloured marks above them.

use super::bars::Bars;
use super::event::Level;
use super::facts::Facts;
use super::listen::Listener;
use super::pen::Pens;
use super::report_event::ReportEvent;
use super::sentence;

pub struct Terminal {
    bars: Bars,
    pens: Pens,
    colour: bool,
    unicode: bool,
}

impl Terminal {
    pub fn new(bars: Bars, pens: Pens, facts: &Facts) -> Terminal {
        Terminal { bars, pens, colour: facts.colour, unicode: facts.unicode }
    }

    fn painted(&self, code: &str, word: &str) -> String {
        if self.colour { format!("\u{1b}[{code}m{word}\u{1b}[0m") } else { word.to_owned() }
    }

    /// The prefix of a line.
    fn mark(&self, event: &ReportEvent) -> String {
        let (good, bad) = if self.unicode { ("✓", "✗") } else { ("ok:", "failed:") };
        match (event, event.level()) {
            (ReportEvent::StepEnded { .. }, Level::Warn) => self.painted("31", bad) + " ",
            (ReportEvent::StepEnded { .. }, _) => self.painted("32", good) + " ",
            (_, Level::Debug) => self.painted("2", "debug:") + " ",
            (_, Level::Info) => String::new(),
            (_, Level::Warn) => self.painted("1;33", "warning:") + " ",
            (_, Level::Error) => self.painted("1;31", "error:") + " ",
        }
    }
}

impl Listener for Terminal {
    fn hear(&self, event: ReportEvent) {
        match &event {
            ReportEvent::StepStarted { step, name, .. } => return self.bars.start(*step, name),
            ReportEvent::StepExpects { step, total_bytes, about } => {
                return self.bars.expect(*step, *total_bytes, *about);
            }
            ReportEvent::StepProgress { step, bytes } => return self.bars.advance(*step, *bytes),
            ReportEvent::StepEnded { step, .. } => self.bars.end(*step),
            ReportEvent::RunEnded { .. } => self.bars.end_all(),
            ReportEvent::Log { .. } | ReportEvent::RunStarted { .. } => {}
        }
        if let Some(sentence) = sentence::of(&event) {
            let line = format!("{}{sentence}", self.mark(&event));
            if !self.bars.line(&line) {
                self.pens.err(&line);
            }
        }
    }
}
