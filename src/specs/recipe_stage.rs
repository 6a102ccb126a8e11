//! The environment of recipe specs: a simulated world, the words that act on recipes, and the modules beside the spec.

use std::rc::Rc;
use std::sync::Arc;

use crate::config::{Config, SpecFile};
use crate::error::Result;
use crate::lua::coverage::Coverage;
use crate::lua::loader::{Finder, Module};
use crate::specs::stage::Stage;
use crate::world::World;
use crate::world::simulated::{Simulated, SimulatedSetup};

/// The stage of one spec file in `hikae test`.
pub struct RecipeStage {
    config: Arc<Config>,
    file: SpecFile,
    coverage: Option<Coverage>,
}

impl RecipeStage {
    pub fn new(config: Arc<Config>, file: SpecFile) -> RecipeStage {
        RecipeStage { config, file, coverage: None }
    }

    /// A stage with line coverage. The recipe of the spec file is counted even if no spec runs it.
    pub fn counting(self, coverage: &Coverage) -> Result<RecipeStage> {
        if let Some(recipe) = self.config.recipe_of_spec(&self.file)? {
            coverage.expect(&recipe.file_shown, &recipe.text)?;
        }
        Ok(RecipeStage { coverage: Some(coverage.clone()), ..self })
    }
}

impl Stage for RecipeStage {
    /// An empty world: a spec's own calls must not touch this machine.
    fn world(&self, _spec: &str) -> Result<Arc<dyn World>> {
        Ok(Arc::new(Simulated::new(SimulatedSetup::default())?))
    }

    fn config(&self) -> Result<Arc<Config>> {
        Ok(self.config.clone())
    }

    fn coverage(&self) -> Option<&Coverage> {
        self.coverage.as_ref()
    }

    fn finder(&self) -> Finder {
        let (config, file) = (self.config.clone(), self.file.clone());
        Rc::new(move |dotted| {
            let found = config.spec_module(&file, dotted)?;
            Ok(found.map(|found| Module { file_shown: found.file_shown, text: found.text }))
        })
    }
}
