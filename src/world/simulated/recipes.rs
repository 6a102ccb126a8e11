//! Plays the runs of other recipes in a simulated world, as its setup says how they end.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use super::clock::Pace;
use super::given;
use crate::error::{Error, Kind, Result};
use crate::suggest::listed;
use crate::world::recipes::{RecipeCall, RunOutcome};

/// How a run of another recipe ends, and how long it takes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RecipeSetup {
    pub status: String,
    pub error: Option<String>,
    #[serde(deserialize_with = "given::duration")]
    pub takes: Duration,
    /// It never ends.
    pub hangs: bool,
}

impl Default for RecipeSetup {
    fn default() -> RecipeSetup {
        RecipeSetup { status: "success".to_owned(), error: None, takes: Duration::ZERO, hangs: false }
    }
}

/// Runs one.
pub async fn run(call: &RecipeCall, recipes: &BTreeMap<String, RecipeSetup>, pace: Pace) -> Result<RunOutcome> {
    let Some(setup) = recipes.get(&call.recipe) else {
        let known = match recipes.is_empty() {
            true => "no recipe is declared".to_owned(),
            false => format!("declared: {}", listed(recipes.keys().map(String::as_str))),
        };
        let hint = format!("declare it: `recipes = {{ [{:?}] = {{ status = \"success\" }} }}`", call.recipe);
        return Err(Error::new(Kind::NotFound, format!("the recipe `{}` does not run in this world", call.recipe))
            .because_text(known)
            .hint(hint));
    };
    pace.pass(setup.takes).await?;
    if setup.hangs {
        return Err(pace.hang().await);
    }
    let error = setup.error.as_ref().map(|message| json!({ "kind": "other", "message": message, "hint": null }));
    Ok(json!({
        "id": format!("BKP-20260215-020001-{}", call.run_type.as_deref().unwrap_or("daily")), "recipe": call.recipe,
        "status": setup.status, "duration_secs": setup.takes.as_secs_f64(), "error": error, "backups": [], "steps": [],
    }))
}
