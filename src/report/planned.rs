//! Shows what a recipe would log in a run, marked as such: its lines are those of a run in which all of it happens.

use super::event::Level;
use super::listen::Listener;
use super::report_event::ReportEvent;

/// The words of a recipe that only plans, over the listener that writes them.
pub struct Planned<L>(pub L);

impl<L: Listener> Listener for Planned<L> {
    fn hear(&self, event: ReportEvent) {
        match event {
            ReportEvent::Log { level, program, message, site } if level <= Level::Info && site.is_some() => {
                let message = format!("would say: {message}");
                self.0.hear(ReportEvent::Log { level, program, message, site });
            }
            ReportEvent::Log { .. } => self.0.hear(event),
            // No run has begun, so nothing of it has a beginning or an end.
            _ => {}
        }
    }
}
