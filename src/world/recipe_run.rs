//! A run of another recipe, as plain data: what is asked for, and how it ended.

use serde_json::Value;

use super::SecretOrText;

/// A recipe to run, in a run of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipeRun {
    pub recipe: String,
    /// Params that are set for this run.
    pub set: Vec<(String, SecretOrText)>,
    /// The run that asks for it.
    pub parent: String,
}

/// How a run of another recipe ended.
#[derive(Clone, Debug, PartialEq)]
pub enum RecipeEnd {
    /// Its outcome, as the last line of `hikae run --json`.
    Outcome(Value),
    /// This world leaves it to the harness to play it.
    Play,
}

impl RecipeRun {
    /// What is shown of it: no value that is secret.
    pub fn title(&self) -> String {
        let set = self.set.iter().map(|(name, value)| match value {
            SecretOrText::Plain(text) => format!(" {name}={text}"),
            SecretOrText::Secret(_) => format!(" {name}={}", crate::secret::MASK),
        });
        format!("{}{}", self.recipe, set.collect::<String>())
    }
}
