//! Rehearses a failure: a small recipe really fails in a temporary place, so that no backup and no record is touched.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::alert::Event;
use crate::cli::context::Context;
use crate::cli::scratch;
use crate::config::{Language, RecipeSource};
use crate::error::{Error, Kind, Result};
use crate::recipe::execute;
use crate::recipe::job::{Job, Wishes};
use crate::recipe::loader;

const RECIPE: &str = include_str!("rehearsal.lua");
/// Its name wherever it is reported.
const NAME: &str = "rehearsal";

/// The failure of a backup, marked as rehearsed; from here on all that it goes through is real.
pub fn failure(context: &Context) -> Result<Event> {
    let (own, folder) = scratch::alone("hikae-rehearsal.XXXXXX")?;
    let failed = run(context, folder.clone());
    let removed = scratch::remove_alone(&own, &folder);
    let event = failed?;
    removed?;
    Ok(Event { rehearsal: true, ..event })
}

fn run(context: &Context, folder: PathBuf) -> Result<Event> {
    let language = match context.config.language() {
        Language::Ja => "ja",
        Language::En => "en",
    };
    let variables = BTreeMap::from([("HIKAE_LANG".to_owned(), language.to_owned())]);
    let config = Arc::new(context.config.simulated(variables, folder.join("state")));
    let source = RecipeSource {
        name: NAME.to_owned(),
        file_shown: "rehearsal.lua".to_owned(),
        text: RECIPE.to_owned(),
        folder: None,
    };
    let declaration = loader::declaration(&config, &source)?;
    let set = vec![("dir".to_owned(), folder.display().to_string())];
    let job = Job::new(config, source, declaration, Wishes { set, ..Wishes::default() })?;
    let finished = execute::execute(std::sync::Arc::new(job), Box::new(|_| ()))?;
    Event::of(&finished.run).ok_or_else(|| {
        Error::new(Kind::Other, "the rehearsed backup did not fail").hint("please report this as a bug in hikae")
    })
}
