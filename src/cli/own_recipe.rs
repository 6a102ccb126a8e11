//! `hikae new`, `hikae eject` and `hikae diff`: your own recipes, and how they differ from the built-in ones.

use std::process::ExitCode;

use super::args::{DiffArgs, EjectArgs, NewArgs};
use super::context::Context;
use super::exit;
use super::files::{TextFile, diff, write_all, written};
use super::origins::Origin;
use crate::config::embedded;
use crate::error::{Error, Kind, Result};
use crate::report::table::{print_said, print_text};
use crate::suggest;
use crate::world::real::config_files;

const RECIPE: &str = include_str!("own_recipe/recipe.txt");
const SPEC: &str = include_str!("own_recipe/spec.txt");

/// A new recipe with its spec.
pub fn create(context: &Context, args: &NewArgs) -> Result<ExitCode> {
    answered(context, || {
        let name = checked(&args.name)?;
        let (recipe, spec) = match &args.from {
            None => (RECIPE.replace("NAME", name), SPEC.replace("NAME", name)),
            Some(from) => {
                let (recipe, spec) = built_in(from)?;
                (recipe.to_owned(), spec.replace(&format!("\"{from}\""), &format!("\"{name}\"")))
            }
        };
        place(context, name, recipe, spec)?;
        match &args.from {
            Some(from) => Origin::of(from, built_in(from)?.0).keep(context, name),
            None => Ok(()),
        }
    })
}

/// The built-in recipe and its spec as files of one's own, which take its place.
pub fn eject(context: &Context, args: &EjectArgs) -> Result<ExitCode> {
    answered(context, || {
        let (recipe, spec) = built_in(&args.name)?;
        place(context, &args.name, recipe.to_owned(), spec)?;
        Origin::of(&args.name, recipe).keep(context, &args.name)
    })
}

/// How a recipe differs from the built-in one of this version, and from what it was taken from where that is another text.
pub fn compare(context: &Context, args: &DiffArgs) -> Result<ExitCode> {
    let shown = (|| {
        let source = context.config.recipe_source(&args.name)?;
        let origin = Origin::read(context, &source.name)?;
        let from = origin.as_ref().map_or(source.name.as_str(), |origin| origin.from.as_str());
        let now = embedded::recipe(from);
        if now.is_none() && origin.is_none() {
            let what = format!("the recipe `{}` was not taken from a built-in one", source.name);
            return Err(Error::new(Kind::NotFound, what).hint("`hikae show NAME --source` prints it"));
        }
        let mut text = String::new();
        if let Some(now) = now {
            let head = format!("built in: {from} (hikae {})", env!("CARGO_PKG_VERSION"));
            text.push_str(&diff(&head, &source.file_shown, now, &source.text));
        }
        if let Some(origin) = origin.filter(|origin| now != Some(&origin.text)) {
            let head = format!("taken from: {} (hikae {})", origin.from, origin.hikae);
            text.push_str(&diff(&head, &source.file_shown, &origin.text, &source.text));
        }
        Ok(text)
    })();
    match shown {
        Ok(text) if text.is_empty() => {
            context.print_line("no difference");
            Ok(ExitCode::SUCCESS)
        }
        Ok(text) => {
            print_text(&mut context.out(), &text)?;
            Ok(ExitCode::from(exit::FAILED))
        }
        Err(error) => misuse(context, &error),
    }
}

fn answered(context: &Context, work: impl FnOnce() -> Result<()>) -> Result<ExitCode> {
    match work() {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) if matches!(error.kind(), Kind::NotFound | Kind::AlreadyExists | Kind::Recipe) => {
            misuse(context, &error)
        }
        Err(error) => Err(error),
    }
}

fn misuse(context: &Context, error: &Error) -> Result<ExitCode> {
    context.print_error(error);
    Ok(ExitCode::from(exit::MISUSE))
}

/// Writes both files; none of them may be there.
fn place(context: &Context, name: &str, recipe: String, spec: String) -> Result<()> {
    let dir = &context.config.dir;
    let files =
        [TextFile::new(format!("recipes/{name}.lua"), recipe), TextFile::new(format!("recipes/{name}_spec.lua"), spec)];
    for file in &files {
        if config_files::look(&dir.join(&file.name))?.is_some() {
            let error =
                Error::new(Kind::AlreadyExists, format!("`{}` is there already", dir.join(&file.name).display()));
            return Err(error.hint("choose another name, or move it away"));
        }
    }
    write_all(dir, &files)?;
    print_text(&mut context.out(), &written(dir, &files))?;
    print_said(&mut context.out(), &format!("next: `hikae test {}`\n", dir.join(&files[1].name).display()))
}

fn built_in(name: &str) -> Result<(&'static str, String)> {
    let recipe = embedded::recipe(name).ok_or_else(|| {
        let names = embedded::recipes();
        Error::new(Kind::NotFound, format!("there is no built-in recipe `{name}`")).hint(suggest::hint(name, names))
    })?;
    let file = format!("{name}_spec.lua");
    let spec = embedded::recipe_specs().into_iter().find(|(known, _)| *known == file);
    Ok((recipe, spec.map(|(_, text)| text.to_owned()).unwrap_or_default()))
}

/// A name that is a name everywhere: for files, units and the record.
fn checked(name: &str) -> Result<&str> {
    let good = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if good && name.starts_with(|c: char| c.is_ascii_alphanumeric()) && !name.ends_with("_spec") {
        return Ok(name);
    }
    Err(Error::new(Kind::Recipe, format!("a recipe cannot be called `{}`", name.escape_debug()))
        .hint("take letters, digits and dashes, such as `shop-backup`"))
}
