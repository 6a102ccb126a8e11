//! Queries outside systems for `hikae check`, with a limit of ten seconds per query.

use std::sync::Arc;
use std::time::Duration;

use crate::world::limited::Limited;
use crate::world::real::Real;
use crate::world::{Caller, Limits};

/// The longest that one connection may take.
pub const LONGEST: Duration = Duration::from_secs(10);

/// Who asks.
pub fn caller() -> Caller {
    Caller::new(Arc::new(Limited::new(Real::ambient())), Limits { total: LONGEST, idle: LONGEST })
}
