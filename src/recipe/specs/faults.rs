//! Says in words what went wrong on purpose, and at which line of the recipe.

use crate::recipe::rehearsal::Rehearsed;
use crate::units::show_size;
use crate::world::Effect;
use crate::world::faulty::{Fault, FaultKind};
use crate::world::journal::Record;

/// `` `pg_dump` is cut after 512 B, at recipes/db-backup.lua:28 ``.
pub fn words(fault: &Fault, rehearsed: &Rehearsed) -> String {
    let met = met(fault, &rehearsed.journal);
    let object = met.map_or("an effect".to_owned(), |record| match &record.effect {
        Effect::Spawn(command) => format!("`{}`", command.program),
        effect => format!("{} of `{}`", effect.verb(), effect.object()),
    });
    let place = met.and_then(|record| record.site.as_ref()).map(|site| format!(", at {site}")).unwrap_or_default();
    format!("{object} {}{place}", what(&fault.what))
}

/// The effect that the fault is meant for.
fn met<'a>(fault: &Fault, journal: &'a [Record]) -> Option<&'a Record> {
    let wanted = |record: &&Record| fault.at.verb.as_deref().is_none_or(|verb| verb == record.effect.verb());
    journal.iter().filter(wanted).nth(fault.at.n.saturating_sub(1))
}

fn what(kind: &FaultKind) -> String {
    match kind {
        FaultKind::Fail { kind } => format!("fails with `{}`", kind.word()),
        FaultKind::Cut { after_bytes } => format!("is cut after {}", show_size(*after_bytes)),
        FaultKind::Exit { code } => format!("ends with exit code {code}"),
        FaultKind::Hang { after_bytes: 0 } => "hangs".to_owned(),
        FaultKind::Hang { after_bytes } => format!("hangs after {}", show_size(*after_bytes)),
        FaultKind::Slow { by } => format!("is slower by {}", crate::units::show_duration(*by)),
        FaultKind::FullDisk { after_bytes: 0 } => "meets a full disk".to_owned(),
        FaultKind::FullDisk { after_bytes } => format!("meets a full disk after {}", show_size(*after_bytes)),
        FaultKind::Killed => "is where the run is killed".to_owned(),
    }
}
