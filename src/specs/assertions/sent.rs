//! Assertions on the data that a run sent: http requests, mails, and the alert that follows from how it ended.

use crate::alert::Event;
use crate::specs::assertions::{again, mails, requests};
use crate::specs::excluded::Lie;
use crate::specs::handle::{Method, one_text};
use crate::specs::trial::run_handle::Run;

pub const METHODS: &[Method<Run>] = &[
    ("run:requested", |call, run, args| requests::requested(call, run.clone(), args)),
    ("run:never_requested", |call, run, args| {
        requests::never_requested(call, &**run, args)?;
        again(call, run)
    }),
    ("run:mailed", |call, run, args| mails::mailed(call, run.clone(), args)),
    ("run:never_mailed", |call, run, args| {
        mails::never_mailed(call, &**run, args)?;
        again(call, run)
    }),
    ("run:alerted", |call, run, args| {
        run.trial.excludes(&run.rehearsed, &[Lie::Silence]);
        let asked = if args.is_empty() { String::new() } else { one_text(call, args)? };
        let raised = Event::of(&run.rehearsed.run);
        match &raised {
            Some(event) if asked.is_empty() || event.is_of(&asked) => again(call, run),
            raised => {
                let kind = if asked.is_empty() { "an alert".to_owned() } else { format!("an alert of type `{asked}`") };
                let found = raised.as_ref().map_or("no alert".to_owned(), words);
                run.fail(call, format!("the run to raise {kind}"), found, Vec::new())
            }
        }
    }),
    ("run:never_alerted", |call, run, _| match Event::of(&run.rehearsed.run) {
        None => again(call, run),
        Some(event) => run.fail(call, "the run to raise no alert", words(&event), Vec::new()),
    }),
];

/// An alert on one line.
fn words(event: &Event) -> String {
    format!("`{}`: {}", event.notification_type(), event.error.as_deref().unwrap_or(&event.outcome))
}
