//! The complaints that fail a spec by themselves, such as lies and leftovers, unless it expects them.

use crate::specs::assertions::again;
use crate::specs::handle::{Method, one_text};
use crate::specs::rehearsal::complaints::{Complaint, Sort};
use crate::specs::trial::run_handle::{Run, words};

pub const METHODS: &[Method<Run>] = &[
    ("run:lied", |call, run, args| {
        let text = if args.is_empty() { String::new() } else { one_text(call, args)? };
        match run.expects_complaint(|complaint| is_lie(complaint) && words(complaint).contains(&text)) {
            true => again(call, run),
            false if text.is_empty() => run.fail(call, "the run to lie", run.complaint_words(), Vec::new()),
            false => run.fail(
                call,
                format!("the run to lie, with the complaint `{text}`"),
                run.complaint_words(),
                Vec::new(),
            ),
        }
    }),
    ("run:complained", |call, run, args| {
        let text = one_text(call, args)?;
        match run.expects_complaint(|complaint| words(complaint).contains(&text)) {
            true => again(call, run),
            false => run.fail(call, format!("a complaint that says `{text}`"), run.complaint_words(), Vec::new()),
        }
    }),
];

/// A false claim: that it succeeded, or that a file is a backup.
fn is_lie(complaint: &Complaint) -> bool {
    complaint.sort == Sort::Lie
}
