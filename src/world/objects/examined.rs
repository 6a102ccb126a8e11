//! The findings of an examination of a store, which changes nothing in it.

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    Good(String),
    /// The store does not report it, or nothing is known yet.
    Unknown(String),
    Warning {
        what: String,
        hint: String,
    },
}
