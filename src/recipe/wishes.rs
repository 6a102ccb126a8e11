//! Holds the options that a person sets at the start of a run.

/// The options that a person sets at the start of a run.
#[derive(Default)]
pub struct Wishes {
    pub set: Vec<(String, String)>,
    pub run_type: Option<String>,
    /// Whether all its actions were confirmed in advance.
    pub yes: bool,
}
