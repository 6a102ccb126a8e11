//! Describes a run of another recipe as plain data: the request, and how it ended.

use serde_json::Value;

use super::SecretOrText;

/// A recipe to run in a separate run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipeRun {
    pub recipe: String,
    /// Params set for this run.
    pub set: Vec<(String, SecretOrText)>,
    /// The run that requests it.
    pub parent: String,
}

/// How a run of another recipe ended.
#[derive(Clone, Debug, PartialEq)]
pub enum RecipeEnd {
    /// Its outcome, in the format of the last line of `hikae run --json`.
    Outcome(Value),
    /// This world lets the harness simulate the run.
    Play,
}

impl RecipeRun {
    /// What may be shown of it: no secret values.
    pub fn title(&self) -> String {
        let set = self.set.iter().map(|(name, value)| match value {
            SecretOrText::Plain(text) => format!(" {name}={text}"),
            SecretOrText::Secret(_) => format!(" {name}={}", crate::secret::MASK),
        });
        format!("{}{}", self.recipe, set.collect::<String>())
    }
}
