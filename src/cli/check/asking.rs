//! Queries outside systems for `hikae check`, with a limit of ten seconds per query.

use std::sync::Arc;
use std::time::Duration;

use crate::error::Result;
use crate::recipe::job::Job;
use crate::world::limited::Limited;
use crate::world::real::Real;
use crate::world::{Caller, Limits};

/// The longest that one connection may take.
pub const LONGEST: Duration = Duration::from_secs(10);

/// Queries as `hikae` itself.
pub fn caller() -> Caller {
    limited(Real::ambient())
}

/// Queries as a run of the recipe would: with its network settings, and as the user that it names.
pub fn caller_of(job: &Job) -> Result<Caller> {
    Ok(limited(Real::ambient().with_variables(job.network()).with_account(job.account()?)))
}

fn limited(real: Real) -> Caller {
    Caller::new(Arc::new(Limited::new(real)), Limits { total: LONGEST, idle: LONGEST })
}
