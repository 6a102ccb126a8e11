//! Looks at the backups of a run once more before it is called a success: they must still stand as they were proved.

use super::ledger::Ledger;
use crate::backup::unchanged::When;
use crate::error::Error;
use crate::world::Caller;

/// How many of the backups stand, and what is wrong with the first that does not.
pub async fn count(caller: &Caller, ledger: &Ledger) -> (usize, Option<Error>) {
    let (mut standing, mut missing) = (0, None);
    for proved in &ledger.proved() {
        match Box::pin(proved.must_stand(caller, When::AtTheEnd)).await {
            Ok(()) => standing += 1,
            Err(error) => missing = missing.or(Some(error)),
        }
    }
    (standing, missing)
}
