//! Explains why a value does not fit its param.

/// Why a value does not fit: the requirement (`be an integer`), and how to write it. Never the value itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    pub must: String,
    pub hint: String,
}

impl Misfit {
    pub fn new(must: impl Into<String>, hint: impl Into<String>) -> Misfit {
        Misfit { must: must.into(), hint: hint.into() }
    }
}
