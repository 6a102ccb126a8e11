//! Shows what a recipe would log in a run, marked as planned, because its lines read as if everything really happened.

use super::event::Level;
use super::listen::Listener;
use super::report_event::ReportEvent;

/// Marks the log lines of a planned recipe, and passes them to another listener.
pub struct Planned<L>(pub L);

impl<L: Listener> Listener for Planned<L> {
    fn hear(&self, event: ReportEvent) {
        match event {
            ReportEvent::Log { level, program, message, site } if level <= Level::Info && site.is_some() => {
                let message = format!("would say: {message}");
                self.0.hear(ReportEvent::Log { level, program, message, site });
            }
            ReportEvent::Log { .. } => self.0.hear(event),
            // No run has begun, so there are no start and end events.
            _ => {}
        }
    }
}
