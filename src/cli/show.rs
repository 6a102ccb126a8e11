//! `hikae show`: one recipe, its params with the values that a run would have, and what it may access.

use std::fmt::Write;
use std::process::ExitCode;

use super::args::ShowArgs;
use super::context::Context;
use super::exit;
use crate::config::{RecipeSource, embedded};
use crate::error::{Error, Kind, Result};
use crate::recipe::declaration::{Declaration, Needs};
use crate::recipe::params::Params;
use crate::recipe::{job, loader};
use crate::report::table::{Column, print_json_lines, print_said, print_table, print_text};
use crate::world::real::this_process;

const COLUMNS: [Column; 5] = [
    Column::text("PARAM"),
    Column::text("TYPE"),
    Column::text("VARIABLE"),
    Column::text("VALUE"),
    Column::text("WHAT IT IS"),
];

pub fn main(context: &Context, args: &ShowArgs) -> Result<ExitCode> {
    let found = context.config.recipe_source(&args.recipe);
    if let (Ok(source), true) = (&found, args.source) {
        print_text(&mut context.out(), text_of(source)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let loaded = found.and_then(|source| Ok((loader::declaration(&context.config, &source)?, source)));
    let (declaration, source) = match loaded {
        Ok(loaded) => loaded,
        Err(error) => {
            context.print_error(&error);
            return Ok(ExitCode::from(exit::MISUSE));
        }
    };
    let resolved = job::resolve(&context.config, &source, &declaration, &[])
        .and_then(|params| Ok((needs(&declaration, &params)?, params)));
    // An unresolvable value is shown as declared; its error is reported below.
    let (needs, params) = match &resolved {
        Ok((needs, params)) => (needs.clone(), Some(params)),
        Err(_) => (declaration.needs.clone(), None),
    };
    Shown { source: &source, declaration: &declaration, needs, params }.print(context, args.listing.json)?;
    if let Err(error) = resolved {
        context.print_error(&error);
        return Ok(ExitCode::from(exit::MISUSE));
    }
    Ok(ExitCode::SUCCESS)
}

/// The text of a recipe. Where the shell has made standard output the recipe's own file, and so emptied it, that of the built-in one.
fn text_of(source: &RecipeSource) -> Result<&str> {
    let path = match &source.folder {
        Some(folder) => folder.join(format!("{}.lua", source.name)),
        None => return Ok(&source.text),
    };
    if !this_process::is_standard_output(&path) {
        return Ok(&source.text);
    }
    match embedded::recipe(&source.name).filter(|_| source.text.is_empty()) {
        Some(text) => Ok(text),
        None => Err(Error::new(Kind::Other, format!("standard output is `{}` itself", source.file_shown))
            .hint("the shell empties a file before it writes to it: write to another name, then rename")),
    }
}

/// What a run would be let near, with the values of the params put in.
fn needs(declaration: &Declaration, params: &Params) -> Result<Needs> {
    let needs = job::resolve_needs(declaration, params)?;
    let paths = |paths: Vec<std::path::PathBuf>| paths.iter().map(|path| path.display().to_string()).collect();
    Ok(Needs {
        run: needs.run,
        read: paths(needs.read),
        write: paths(needs.write),
        connect: needs.connect,
        objects: needs.objects,
        sockets: paths(needs.sockets),
        capabilities: needs.capabilities.iter().map(ToString::to_string).collect(),
        recipes: needs.recipes,
        user: needs.user,
    })
}

/// A recipe as it is shown.
struct Shown<'a> {
    source: &'a RecipeSource,
    declaration: &'a Declaration,
    needs: Needs,
    params: Option<&'a Params>,
}

impl Shown<'_> {
    fn print(&self, context: &Context, json: bool) -> Result<()> {
        if json {
            return print_json_lines(&mut context.out(), [self.json()]);
        }
        print_said(&mut context.out(), &self.head())?;
        let rows = self.declaration.params.iter().map(|(name, spec)| {
            let env = spec.env.clone().unwrap_or_else(|| "-".to_owned());
            let says = spec.says.clone().unwrap_or_default();
            vec![name.clone(), spec.kind.word().to_owned(), env, self.value(name), says]
        });
        print_table(&mut context.out(), &context.facts, &COLUMNS, rows)
    }

    /// Whether a recipe of one's own has taken the place of a built-in one.
    fn state(&self) -> &'static str {
        match embedded::recipe(&self.source.name) {
            Some(text) if self.source.folder.is_some() => match text == self.source.text {
                true => "ejected, unchanged",
                false => "customised; `hikae diff` shows how",
            },
            _ => "",
        }
    }

    fn value(&self, name: &str) -> String {
        match self.params {
            Some(params) => params.get(name).map(ToString::to_string).unwrap_or_default(),
            None => "?".to_owned(),
        }
    }

    fn json(&self) -> serde_json::Value {
        let declaration = self.declaration;
        let param = |(name, spec): &(String, crate::recipe::spec::ParamSpec)| {
            serde_json::json!({
                "name": name, "type": spec.kind.word(), "env": spec.env, "value": self.value(name), "says": spec.says,
            })
        };
        let Needs { run, read, write, connect, objects, sockets, capabilities, recipes, user } = &self.needs;
        serde_json::json!({
            "recipe": self.source.name, "file": self.source.file_shown, "customised": self.state().starts_with("customised"), "kind": declaration.kind.word(),
            "type": declaration.run_type.word(), "schedule": declaration.schedule, "summary": declaration.summary,
            "params": declaration.params.iter().map(param).collect::<Vec<_>>(),
            "needs": {
                "run": run, "read": read, "write": write, "connect": connect, "objects": objects, "sockets": sockets,
                "capabilities": capabilities, "recipes": recipes, "user": user,
            },
        })
    }

    fn head(&self) -> String {
        let declaration = self.declaration;
        let summary = declaration.summary.as_deref().unwrap_or_default();
        let mut text = format!("{}: {summary}\n\n", self.source.name);
        let lines = [
            ("file", self.source.file_shown.clone()),
            ("state", self.state().to_owned()),
            ("kind", declaration.kind.word().to_owned()),
            ("type", declaration.run_type.word().to_owned()),
            ("schedule", declaration.schedule.clone().unwrap_or_default()),
            ("runs", self.needs.run.join(", ")),
            ("reads", self.needs.read.join(", ")),
            ("writes", self.needs.write.join(", ")),
            ("connects", self.needs.connect.join(", ")),
            ("objects", self.needs.objects.join(", ")),
            ("sockets", self.needs.sockets.join(", ")),
            ("rights", self.needs.capabilities.join(", ")),
            ("recipes", self.needs.recipes.join(", ")),
            ("as", self.needs.user.clone().unwrap_or_default()),
        ];
        for (label, value) in lines.iter().filter(|(_, value)| !value.is_empty()) {
            // Writing into a String cannot fail.
            let _infallible = writeln!(text, "{label:<9} {value}");
        }
        text + "\n"
    }
}
