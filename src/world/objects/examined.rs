//! Says what a look at a store has found, which changes nothing in it.

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    Good(String),
    /// The store does not say, or there is nothing to say yet.
    Unknown(String),
    Warning {
        what: String,
        hint: String,
    },
}
