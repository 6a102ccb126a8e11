//! Looks at the backups of a run once more before it is called a success: each must still be there, as it was proved.

use super::ledger::Ledger;
use crate::backup::unchanged::When;
use crate::error::Error;
use crate::world::Caller;

/// How many of the backups are still there, and what is wrong with the first that is not.
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
