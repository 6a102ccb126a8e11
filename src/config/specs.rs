//! Finds the spec files below folders, reads them with their modules, and reports what an edit affects.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{Config, Files, Look, ModuleSource, RecipeSource, embedded};
use crate::error::{Error, Kind, Result};

/// The suffix of spec file names.
const ENDING: &str = "_spec.lua";

const NO_SPEC: &str = "a spec is a file `NAME_spec.lua` beside the recipe `NAME.lua`; `hikae test` finds it from a folder with `recipes/` \
                       or `hikae.toml`, or by its path";

/// A folder or a file in which specs are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecRoot {
    path: PathBuf,
    shown: PathBuf,
    is_folder: bool,
}

/// A spec file that was found, not yet read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecFile {
    pub path: PathBuf,
    /// The file as messages show it.
    pub file_shown: String,
}

impl Config {
    /// The folder to use as the configuration folder if none was given and the default has no `hikae.toml`:
    /// the nearest one above the given specs with `hikae.toml` or recipes, else the current folder if it has recipes.
    pub fn spec_home(&self, given: &[PathBuf]) -> Result<Option<PathBuf>> {
        if self.files.look(&self.settings_path())?.is_some() {
            return Ok(None);
        }
        for path in given.iter().map(|given| self.current.join(given)) {
            for folder in path.ancestors() {
                if self.files.look(&folder.join("hikae.toml"))?.is_some() || self.has_recipes(folder)? {
                    return Ok(Some(folder.to_owned()));
                }
            }
        }
        Ok(self.has_recipes(&self.current)?.then(|| self.current.clone()))
    }

    fn has_recipes(&self, folder: &Path) -> Result<bool> {
        Ok(self.files.look(&folder.join("recipes"))?.is_some_and(|look| look.is_folder))
    }

    /// Where to look for specs: the given files and folders, else the configuration folder.
    pub fn spec_roots(&self, given: &[PathBuf]) -> Result<Vec<SpecRoot>> {
        if given.is_empty() {
            let shown = self.dir.strip_prefix(&self.current).unwrap_or(&self.dir).to_owned();
            return Ok(vec![SpecRoot { path: self.dir.clone(), shown, is_folder: true }]);
        }
        given.iter().map(|given| self.spec_root(given)).collect()
    }

    fn spec_root(&self, given: &Path) -> Result<SpecRoot> {
        let path = self.current.join(given);
        let Some(look) = self.files.look(&path)? else {
            return Err(Error::new(Kind::NotFound, format!("cannot find `{}`", given.display()))
                .hint("name a spec file, or a folder with specs below it; without a name, all specs run"));
        };
        if !look.is_folder && !given.to_string_lossy().ends_with(ENDING) {
            return Err(Error::new(Kind::Recipe, format!("`{}` is not a spec file", given.display()))
                .hint(self.spec_beside(given)?));
        }
        let shown = given.strip_prefix("./").or_else(|_| given.strip_prefix(".")).unwrap_or(given).to_owned();
        Ok(SpecRoot { path, shown, is_folder: look.is_folder })
    }

    /// Suggests the spec of a recipe that was given instead of it.
    fn spec_beside(&self, given: &Path) -> Result<String> {
        let name = given.to_string_lossy();
        let spec = format!("{}{ENDING}", name.strip_suffix(".lua").unwrap_or(&name));
        Ok(match self.files.look(&self.current.join(&spec))? {
            Some(_) => format!("did you mean `{spec}`?"),
            None => format!("the name of a spec file ends in `{ENDING}`"),
        })
    }

    /// The spec files in these places, each once. Hidden files and folders are skipped.
    pub fn spec_files(&self, roots: &[SpecRoot]) -> Result<Vec<SpecFile>> {
        let mut files: Vec<SpecFile> = Vec::new();
        for root in roots {
            let found = self.lua_files(root, ENDING)?;
            if found.is_empty() {
                let shown = if root.shown == Path::new("") { &root.path } else { &root.shown };
                return Err(
                    Error::new(Kind::NotFound, format!("there is no spec in `{}`", shown.display())).hint(NO_SPEC)
                );
            }
            for (path, shown, _) in found {
                if !files.iter().any(|known| known.path == path) {
                    files.push(SpecFile { path, file_shown: shown.display().to_string() });
                }
            }
        }
        Ok(files)
    }

    /// The Lua files that these specs may depend on, with the metadata that an edit changes.
    pub fn lua_looks(&self, roots: &[SpecRoot]) -> Result<BTreeMap<PathBuf, Option<Look>>> {
        let named = roots.iter().map(|root| match root.path.parent() {
            Some(folder) if !root.is_folder => folder.to_owned(),
            _ => root.path.clone(),
        });
        let mut looks = BTreeMap::new();
        for path in named.chain(["recipes", "stdlib", "channels"].map(|own| self.dir.join(own))) {
            let root = SpecRoot { shown: path.clone(), path, is_folder: true };
            looks.extend(self.lua_files(&root, ".lua")?.into_iter().map(|(path, _, look)| (path, look)));
        }
        Ok(looks)
    }

    fn lua_files(&self, root: &SpecRoot, ending: &'static str) -> Result<Vec<SpecPaths>> {
        if !root.is_folder {
            return Ok(vec![(root.path.clone(), root.shown.clone(), self.files.look(&root.path)?)]);
        }
        let mut walk = Walk { files: &*self.files, ending, seen: BTreeSet::new(), found: Vec::new() };
        walk.enter(&root.path, &root.shown, self.files.look(&root.path)?)?;
        Ok(walk.found)
    }

    /// The text of a spec file.
    pub fn spec_text(&self, file: &SpecFile) -> Result<String> {
        let gone = || Error::new(Kind::NotFound, format!("cannot read `{}`: it is not there", file.file_shown));
        self.files.read(&file.path)?.ok_or_else(gone)
    }

    /// The recipe that a spec loads. A file below the current folder is shown relative to it.
    pub fn recipe_in_spec(&self, given: &str) -> Result<RecipeSource> {
        let source = self.recipe_source(given)?;
        let below = Path::new(&source.file_shown).strip_prefix(&self.current).ok();
        let below = below.filter(|_| self.current.parent().is_some()).map(|below| below.display().to_string());
        Ok(RecipeSource { file_shown: below.unwrap_or(source.file_shown), ..source })
    }

    /// The recipe that a spec file is named after, if any: the spec of a module has none.
    pub fn recipe_of_spec(&self, file: &SpecFile) -> Result<Option<RecipeSource>> {
        let name = file.path.file_name().and_then(|name| name.to_str()?.strip_suffix(ENDING));
        match name.map(|name| self.recipe_in_spec(name)) {
            Some(Err(error)) if error.kind() == Kind::NotFound => Ok(None),
            found => found.transpose(),
        }
    }

    /// The module that a spec requires: from the library, beside the spec, or beside the recipes.
    pub fn spec_module(&self, file: &SpecFile, dotted: &str) -> Result<Option<ModuleSource>> {
        if dotted.starts_with("hikae.") {
            return self.module_source(dotted);
        }
        let Some(below) = embedded::module_path(dotted) else { return Ok(None) };
        let folders = [file.path.parent().map(Path::to_owned), Some(self.dir.join("recipes"))];
        for path in folders.into_iter().flatten().map(|folder| folder.join(&below)) {
            if let Some(text) = self.files.read(&path)? {
                let shown = path.strip_prefix(&self.current).unwrap_or(&path).display().to_string();
                return Ok(Some(ModuleSource { file_shown: shown, text }));
            }
        }
        Ok(None)
    }
}

/// A path, how messages show it, and its metadata.
type SpecPaths = (PathBuf, PathBuf, Option<Look>);

/// A walk through folders. It follows links, since a recipe folder is often a link, and enters each folder once.
struct Walk<'a> {
    files: &'a dyn Files,
    ending: &'static str,
    seen: BTreeSet<(u64, u64)>,
    found: Vec<SpecPaths>,
}

impl Walk<'_> {
    fn enter(&mut self, path: &Path, shown: &Path, look: Option<Look>) -> Result<()> {
        match look {
            Some(look) if self.seen.insert(look.identity) => self.folder(path, shown),
            _ => Ok(()),
        }
    }

    fn folder(&mut self, path: &Path, shown: &Path) -> Result<()> {
        let mut names = self.files.list(path)?.unwrap_or_default();
        names.sort_unstable();
        for name in names.iter().filter(|name| !name.starts_with('.')) {
            let (path, shown) = (path.join(name), shown.join(name));
            let look = self.files.look(&path)?;
            match look {
                Some(seen) if seen.is_folder => self.enter(&path, &shown, look)?,
                // A dangling link is included too: reading it reports the error.
                look if name.ends_with(self.ending) => self.found.push((path, shown, look)),
                _ => {}
            }
        }
        Ok(())
    }
}
