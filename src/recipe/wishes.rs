//! Holds what a person says at the start of a run.

/// What a person says at the start of a run.
#[derive(Default)]
pub struct Wishes {
    pub set: Vec<(String, String)>,
    pub run_type: Option<String>,
    /// Whether everything that it does was agreed to in advance.
    pub yes: bool,
}
