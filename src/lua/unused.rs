//! Remembers each stream that a recipe made, and whether it was consumed.

use std::cell::Cell;

use crate::error::{Error, Kind, Site};

/// Whether a stream was ever consumed; the session checks at the end of the run.
pub struct Unused {
    pub label: String,
    pub site: Option<Site>,
    pub used: Cell<bool>,
}

impl Unused {
    /// The error for a stream that was never consumed.
    pub fn error(&self) -> Error {
        Error::new(Kind::Recipe, format!("the stream of `{}` was never consumed", self.label))
            .at(self.site.clone())
            .hint("a stream moves no byte until its end: `:save(path)`, `:discard()` or `:text()`")
    }
}
