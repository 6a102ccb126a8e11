//! Holds the recipes and the Lua library that are built into the program.

use include_dir::{Dir, include_dir};

static RECIPES: Dir = include_dir!("$CARGO_MANIFEST_DIR/recipes");
static STDLIB: Dir = include_dir!("$CARGO_MANIFEST_DIR/stdlib");
static ERRORS: Dir = include_dir!("$CARGO_MANIFEST_DIR/docs/errors");
static JAPANESE_ERRORS: Dir = include_dir!("$CARGO_MANIFEST_DIR/docs/ja/errors");

/// The text of the recipe called `name`.
pub fn recipe(name: &str) -> Option<&'static str> {
    let text = RECIPES.get_file(format!("{name}.lua"))?.contents_utf8()?;
    is_recipe(name).then_some(text)
}

/// The names of all recipes, in alphabetical order.
pub fn recipes() -> Vec<&'static str> {
    let files = RECIPES.files().filter_map(|file| file.path().to_str());
    let mut names: Vec<&str> = files.filter_map(recipe_name).collect();
    names.sort_unstable();
    names
}

/// The names of all channels, in alphabetical order.
pub fn channels() -> Vec<&'static str> {
    let files = STDLIB.get_dir("hikae/channels").into_iter().flat_map(|folder| folder.files());
    let names = files.filter_map(|file| file.path().file_name()?.to_str());
    let mut names: Vec<&str> = names.filter_map(recipe_name).collect();
    names.sort_unstable();
    names
}

/// The text of the library module that `require` calls `dotted`: `hikae.retention` is `stdlib/hikae/retention.lua`.
pub fn module(dotted: &str) -> Option<&'static str> {
    STDLIB.get_file(module_path(dotted)?)?.contents_utf8()
}

/// The library modules such as `hikae.retention`, with their texts, in alphabetical order, without channels and translations.
pub fn library() -> Vec<(String, &'static str)> {
    let files = STDLIB.get_dir("hikae").into_iter().flat_map(|folder| folder.files());
    let named = files.filter_map(|file| {
        let name = file.path().file_name()?.to_str()?.strip_suffix(".lua")?;
        Some((format!("hikae.{name}"), file.contents_utf8()?))
    });
    let mut modules: Vec<_> = named.collect();
    modules.sort_unstable();
    modules
}

/// The specs of the recipes, as examples for the user's specs: the name of each file, and its text.
pub fn recipe_specs() -> Vec<(&'static str, &'static str)> {
    let named = RECIPES.files().filter_map(|file| Some((file.path().to_str()?, file.contents_utf8()?)));
    let mut specs: Vec<_> = named.filter(|(name, _)| name.ends_with("_spec.lua")).collect();
    specs.sort_unstable();
    specs
}

/// The stubs that describe what Lua can call: the name of each module, and its text, in alphabetical order.
pub fn stubs() -> Vec<(&'static str, &'static str)> {
    let files = STDLIB.get_dir("meta").into_iter().flat_map(|folder| folder.files());
    let named = files.filter_map(|file| Some((file.path().file_stem()?.to_str()?, file.contents_utf8()?)));
    let mut stubs: Vec<_> = named.collect();
    stubs.sort_unstable();
    stubs
}

/// The page about one kind of error, by its word.
pub fn error_page(word: &str, japanese: bool) -> Option<&'static str> {
    let pages = if japanese { &JAPANESE_ERRORS } else { &ERRORS };
    pages.get_file(format!("{word}.md"))?.contents_utf8()
}

/// The text of an embedded file by the path that messages show: `recipes/db-backup.lua`, `stdlib/hikae/retention.lua`.
pub fn shown(path: &str) -> Option<&'static str> {
    let file = match path.split_once('/')? {
        ("recipes", below) => RECIPES.get_file(below),
        ("stdlib", below) => STDLIB.get_file(below),
        _ => None,
    };
    file?.contents_utf8()
}

/// The name of the recipe in a file of this name; none for a spec or a hidden file.
pub(super) fn recipe_name(file: &str) -> Option<&str> {
    file.strip_suffix(".lua").filter(|name| is_recipe(name))
}

fn is_recipe(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.ends_with("_spec") && !name.contains('/')
}

/// The path of a module below a `stdlib` folder; `None` for a name that could lead out of it.
pub(super) fn module_path(dotted: &str) -> Option<String> {
    let part = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    dotted.split('.').all(part).then(|| format!("{}.lua", dotted.replace('.', "/")))
}
