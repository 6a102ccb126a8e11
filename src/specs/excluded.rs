//! Reports for each recipe which kinds of lies its specs exclude, and which they do not.

use std::collections::{BTreeMap, BTreeSet};

use crate::world::shells;

/// A way in which a run can claim more than it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lie {
    Swallowed,
    HalfMade,
    Changed,
    OtherContent,
    LostGenerations,
    Silence,
}

impl Lie {
    const ALL: [Lie; 6] =
        [Lie::Swallowed, Lie::HalfMade, Lie::Changed, Lie::OtherContent, Lie::LostGenerations, Lie::Silence];

    pub fn word(self) -> &'static str {
        match self {
            Lie::Swallowed => "swallowed failures",
            Lie::HalfMade => "half-made backups",
            Lie::Changed => "backups changed afterwards",
            Lie::OtherContent => "other content",
            Lie::LostGenerations => "lost generations",
            Lie::Silence => "silence about failures",
        }
    }

    /// How a spec excludes it.
    pub fn asked_by(self) -> &'static str {
        match self {
            Lie::Swallowed | Lie::HalfMade | Lie::Changed => "each_failure",
            Lie::OtherContent => "run:wrote(...):gunzips_to",
            Lie::LostGenerations => "run:kept, run:removed",
            Lie::Silence => "run:alerted",
        }
    }
}

/// The kinds that the specs of one recipe exclude, and those that no spec can.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excluded {
    pub lies: BTreeSet<Lie>,
    /// The shells that the recipe may run.
    pub shells: BTreeSet<String>,
    /// Whether it makes backups: other recipes only need their failures checked.
    pub backs_up: bool,
}

/// Indexed by the name of the recipe.
pub type ByRecipe = BTreeMap<String, Excluded>;

impl Excluded {
    pub fn add(&mut self, other: &Excluded) {
        self.lies.extend(&other.lies);
        self.shells.extend(other.shells.iter().cloned());
        self.backs_up |= other.backs_up;
    }

    pub fn excludes(&self) -> Vec<&'static str> {
        self.lies.iter().map(|lie| lie.word()).collect()
    }

    /// The kinds that could be excluded and are not.
    pub fn open(&self) -> Vec<Lie> {
        let of_backups =
            |lie: &Lie| matches!(lie, Lie::HalfMade | Lie::Changed | Lie::OtherContent | Lie::LostGenerations);
        Lie::ALL.into_iter().filter(|lie| !self.lies.contains(lie) && (self.backs_up || !of_backups(lie))).collect()
    }

    /// `db-backup: excludes half-made backups; open: other content (run:wrote(...):gunzips_to)`
    pub fn line(&self, recipe: &str) -> String {
        let excludes = match self.excludes().as_slice() {
            [] => "nothing".to_owned(),
            words => words.join(", "),
        };
        let open =
            self.open().into_iter().map(|lie| format!("{} ({})", lie.word(), lie.asked_by())).collect::<Vec<_>>();
        let open = if open.is_empty() { String::new() } else { format!("; open: {}", open.join(", ")) };
        let shells = self.shells.iter().map(|shell| format!("`{shell}`")).collect::<Vec<_>>().join(", ");
        let shells = if shells.is_empty() { shells } else { format!("; it runs {shells}: {}", shells::WHY) };
        format!("{recipe}: excludes {excludes}{open}{shells}")
    }
}
