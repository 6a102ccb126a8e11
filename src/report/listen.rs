//! Decides which listener gets which events: the only `tracing` layer under every listener, and the only filter.

use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use super::event::Level;
use super::report_event::ReportEvent;
use super::{Form, Mode};

/// Shows events to people or to programs.
pub trait Listener: Send + Sync + 'static {
    fn hear(&self, heard: ReportEvent);
}

/// Decides which events a listener receives.
#[derive(Clone, Copy, Debug)]
pub struct Filter {
    mode: Mode,
}

impl Filter {
    pub fn new(mode: Mode) -> Filter {
        Filter { mode }
    }

    /// Whether any event of this call site could be received; `tracing` caches the answer, so `false` costs nothing later.
    pub fn site(&self, metadata: &Metadata<'_>) -> bool {
        let Mode { form, quiet, verbose } = self.mode;
        match metadata.target() {
            "hikae::progress" => form == Form::Terminal && !quiet,
            "hikae" => verbose || *metadata.level() <= tracing::Level::INFO,
            target if target.starts_with("hikae::") => verbose || *metadata.level() <= tracing::Level::INFO,
            _ => false,
        }
    }

    /// Whether this event is received. Terminals and programs get every step; a log file only the important ones.
    pub fn lets(&self, heard: &ReportEvent) -> bool {
        let Mode { form, quiet, verbose } = self.mode;
        match heard {
            ReportEvent::RunEnded { .. } if form == Form::Json => true,
            ReportEvent::StepStarted { .. } | ReportEvent::StepEnded { .. } if form != Form::Text => !quiet,
            ReportEvent::StepProgress { .. } | ReportEvent::StepExpects { .. } => form == Form::Terminal && !quiet,
            _ if quiet => heard.level() >= Level::Warn,
            _ => verbose || heard.level() >= Level::Info,
        }
    }
}

/// A listener as a layer.
pub struct ListenerLayer<L> {
    listener: L,
    filter: Filter,
}

impl<L: Listener> ListenerLayer<L> {
    pub fn new(listener: L, mode: Mode) -> ListenerLayer<L> {
        ListenerLayer { listener, filter: Filter::new(mode) }
    }
}

impl<S: Subscriber, L: Listener> Layer<S> for ListenerLayer<L> {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.filter.site(metadata)
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let heard = ReportEvent::read(event);
        if self.filter.lets(&heard) {
            self.listener.hear(heard);
        }
    }
}
