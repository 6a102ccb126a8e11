//! What a run sent: http requests and mails.

use super::super::handle::Method;
use super::super::told::Run;
use super::{again, mails, requests};

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
];
