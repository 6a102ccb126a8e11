//! Finds the text of recipes and library modules: a file in the configuration folder wins over the embedded one.

use std::path::{Path, PathBuf};

use super::beside::is_helper;
use super::{Config, embedded};
use crate::error::{Error, Kind, Result};
use crate::suggest;

/// A recipe that was found, not yet loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipeSource {
    pub name: String,
    /// The file as messages show it.
    pub file_shown: String,
    pub text: String,
    /// Its folder, for its own modules; none for an embedded recipe.
    pub folder: Option<PathBuf>,
}

/// A library module that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleSource {
    /// The file as messages show it.
    pub file_shown: String,
    pub text: String,
}

impl Config {
    /// The names of all recipes, embedded ones and those of the configuration folder, in alphabetical order.
    /// Modules beside the recipes are not included.
    pub fn recipes(&self) -> Result<Vec<String>> {
        let folder = self.dir.join("recipes");
        let files = self.files.list(&folder)?.unwrap_or_default();
        let mut names: Vec<String> = embedded::recipes().into_iter().map(str::to_owned).collect();
        // An unreadable recipe is listed, so that its error is seen.
        let is_recipe =
            |file: &&String| !matches!(self.files.read(&folder.join(file)), Ok(Some(text)) if is_helper(&text));
        let recipes = files.iter().filter(|file| embedded::recipe_name(file).is_some()).filter(is_recipe);
        names.extend(recipes.filter_map(|file| embedded::recipe_name(file)).map(str::to_owned));
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    /// The recipe for `given`: a name, or a path to a `.lua` file.
    pub fn recipe_source(&self, given: &str) -> Result<RecipeSource> {
        if given.ends_with(".lua") || given.contains('/') { self.by_path(given) } else { self.by_name(given) }
    }

    /// The library module that `require` calls `dotted`, such as `hikae.retention`.
    pub fn module_source(&self, dotted: &str) -> Result<Option<ModuleSource>> {
        let Some(below) = embedded::module_path(dotted) else { return Ok(None) };
        let path = self.dir.join("stdlib").join(&below);
        if let Some(text) = self.files.read(&path)? {
            return Ok(Some(ModuleSource { file_shown: path.display().to_string(), text }));
        }
        let source = |text: &str| ModuleSource { file_shown: format!("stdlib/{below}"), text: text.to_owned() };
        Ok(embedded::module(dotted).map(source))
    }

    /// The module that `require` calls `dotted`, from the folder of the requiring recipe; embedded recipes have none.
    pub fn beside(&self, recipe: &RecipeSource, dotted: &str) -> Result<Option<ModuleSource>> {
        let (Some(folder), Some(below)) = (&recipe.folder, embedded::module_path(dotted)) else { return Ok(None) };
        let shown = Path::new(&recipe.file_shown).with_file_name(&below);
        let text = self.files.read(&folder.join(&below))?;
        Ok(text.map(|text| ModuleSource { file_shown: shown.display().to_string(), text }))
    }

    /// The text of a file, by the path that messages show for recipes and modules.
    pub fn text_shown_as(&self, file_shown: &str) -> Option<String> {
        if let Some(text) = embedded::shown(file_shown) {
            return Some(text.to_owned());
        }
        // A report without the source line still shows everything else.
        self.files.read(&self.current.join(file_shown)).ok().flatten()
    }

    fn by_name(&self, name: &str) -> Result<RecipeSource> {
        let file = format!("{name}.lua");
        if embedded::recipe_name(&file).is_some() {
            let folder = self.dir.join("recipes");
            let path = folder.join(&file);
            if let Some(text) = self.files.read(&path)? {
                let file_shown = path.display().to_string();
                return Ok(RecipeSource { name: name.to_owned(), file_shown, text, folder: Some(folder) });
            }
            if self.recipes()?.iter().any(|known| known == name) && embedded::recipe(name).is_none() {
                return Err(Error::new(Kind::NotFound, format!("cannot read the recipe `{}`", path.display()))
                    .because_text("there is such a name in the folder, but no file behind it")
                    .hint("a link that leads nowhere? look with `ls -l`"));
            }
            if let Some(text) = embedded::recipe(name) {
                let file_shown = format!("recipes/{file}");
                return Ok(RecipeSource { name: name.to_owned(), file_shown, text: text.to_owned(), folder: None });
            }
        }
        Err(Error::new(Kind::NotFound, format!("cannot find the recipe `{name}`")).hint(self.hint_for(name)?))
    }

    fn by_path(&self, given: &str) -> Result<RecipeSource> {
        let path = self.current.join(given);
        let name = path.file_name().and_then(|file| file.to_str()).and_then(embedded::recipe_name);
        let Some(name) = name else {
            return Err(Error::new(Kind::NotFound, format!("cannot run `{given}`"))
                .because_text("it is not a recipe: a path must end in `.lua`, and not in `_spec.lua`")
                .hint("`hikae list` shows the recipes"));
        };
        let Some(text) = self.files.read(&path)? else {
            let error = Error::new(Kind::NotFound, format!("cannot find the file `{given}`"));
            return Err(error.hint(self.hint_for(name)?));
        };
        let folder = path.parent().map(Path::to_owned);
        Ok(RecipeSource { name: name.to_owned(), file_shown: given.to_owned(), text, folder })
    }

    fn hint_for(&self, name: &str) -> Result<String> {
        let names = self.recipes()?;
        Ok(match suggest::nearest(name, names.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`? `hikae list` shows all recipes"),
            None => "`hikae list` shows all recipes".to_owned(),
        })
    }
}
