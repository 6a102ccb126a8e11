//! Decides who hears what: the one layer of `tracing` under every listener, and the one filter.

use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use super::event::Level;
use super::report_event::ReportEvent;
use super::{Form, Mode};

/// Tells people, or programs, what it hears.
pub trait Listener: Send + Sync + 'static {
    fn hear(&self, told: ReportEvent);
}

/// Decides what a listener hears.
#[derive(Clone, Copy, Debug)]
pub struct Filter {
    mode: Mode,
}

impl Filter {
    pub fn new(mode: Mode) -> Filter {
        Filter { mode }
    }

    /// Whether any event of this call site could be heard; `tracing` asks once and remembers, so a "no" is free.
    pub fn site(&self, metadata: &Metadata<'_>) -> bool {
        let Mode { form, quiet, verbose } = self.mode;
        match metadata.target() {
            "hikae::progress" => form == Form::Terminal && !quiet,
            "hikae" => verbose || *metadata.level() <= tracing::Level::INFO,
            target if target.starts_with("hikae::") => verbose || *metadata.level() <= tracing::Level::INFO,
            _ => false,
        }
    }

    /// Whether this one is heard. Terminals and programs follow every step; a log file only those that matter.
    pub fn lets(&self, told: &ReportEvent) -> bool {
        let Mode { form, quiet, verbose } = self.mode;
        match told {
            ReportEvent::RunEnded { .. } if form == Form::Json => true,
            ReportEvent::StepStarted { .. } | ReportEvent::StepEnded { .. } if form != Form::Text => !quiet,
            ReportEvent::StepProgress { .. } | ReportEvent::StepExpects { .. } => form == Form::Terminal && !quiet,
            _ if quiet => told.level() >= Level::Warn,
            _ => verbose || told.level() >= Level::Info,
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
        let told = ReportEvent::read(event);
        if self.filter.lets(&told) {
            self.listener.hear(told);
        }
    }
}
