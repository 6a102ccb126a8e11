//! Checks the backups of a run again before it counts as a success: each must still exist, as it was proved.

use super::ledger::Ledger;
use crate::backup::unchanged::When;
use crate::error::Error;
use crate::world::Caller;

/// The number of backups that still exist, and the problem of the first other one.
pub async fn count(caller: &Caller, ledger: &Ledger) -> (usize, Option<Error>) {
    let (mut present, mut missing) = (0, None);
    for proved in &ledger.proved() {
        match Box::pin(proved.must_exist(caller, When::AtTheEnd)).await {
            Ok(()) => present += 1,
            Err(error) => missing = missing.or(Some(error)),
        }
    }
    (present, missing)
}
