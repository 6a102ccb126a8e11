//! What the record of runs tells in a rehearsal: what its world says of it.

use crate::catalog::{Overdue, Wrong};
use crate::error::{Error, Kind, Result};
use crate::suggest;
use crate::world::simulated::{CatalogSetup, OverdueSetup};

/// What is wrong with recipes in this world, or that its record cannot be read.
pub fn overdue(setup: &CatalogSetup) -> Result<Vec<Overdue>> {
    match &setup.unreadable {
        Some(why) => Err(Error::new(Kind::Other, "cannot read the catalog").because_text(why.clone())),
        None => setup.overdue.iter().map(one).collect(),
    }
}

/// Refuses what no record tells.
pub fn check(setup: &CatalogSetup) -> Result<()> {
    setup.overdue.iter().try_for_each(|overdue| one(overdue).map(drop))
}

fn one(setup: &OverdueSetup) -> Result<Overdue> {
    let OverdueSetup { recipe, target, verdict, due, since, age, objective, why } = setup.clone();
    // Runs that fail tell themselves.
    let silent = || Wrong::ALL.into_iter().filter(|wrong| *wrong != Wrong::Failing);
    let Some(known) = silent().find(|wrong| wrong.word() == verdict) else {
        let error = Error::new(Kind::Recipe, format!("`catalog.overdue` of this world has no verdict `{verdict}`"));
        return Err(error.hint(suggest::hint(&verdict, silent().map(Wrong::word))));
    };
    let (age_secs, objective_secs) = (age.map(|age| age.as_secs()), objective.map(|time| time.as_secs()));
    let target = target.as_deref().unwrap_or(&recipe);
    Ok(Overdue { due, since, age_secs, objective_secs, why, ..Overdue::new(&recipe, target, target, known) })
}
