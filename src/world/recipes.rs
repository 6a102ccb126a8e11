//! A run of another recipe, as plain data: which one, with which params.

use super::command::quoted;

/// What becomes of a run, as the last line of `hikae run --json` has it.
pub type RunOutcome = serde_json::Value;

/// Another recipe, to be run in a process of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipeCall {
    pub recipe: String,
    pub set: Vec<(String, String)>,
    /// The type of the run, in its id.
    pub run_type: Option<String>,
}

impl RecipeCall {
    /// The recipe and its params on one line, for people.
    pub fn line(&self) -> String {
        let set = self.set.iter().map(|(name, value)| format!(" {}", quoted(&format!("{name}={value}"))));
        format!("{}{}", self.recipe, set.collect::<String>())
    }

    /// The arguments of hikae that run it.
    pub fn args(&self) -> Vec<String> {
        let mut args = vec!["run".to_owned(), self.recipe.clone(), "--json".to_owned()];
        for (name, value) in &self.set {
            args.extend(["--set".to_owned(), format!("{name}={value}")]);
        }
        if let Some(run_type) = &self.run_type {
            args.extend(["--type".to_owned(), run_type.clone()]);
        }
        args
    }
}
