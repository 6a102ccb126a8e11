//! Writes a page for each recipe, from its declaration: the reference of the documentation.

use std::path::Path;

use super::recipes::head;
use crate::cli::context::Context;
use crate::cli::files::{TextFile, write_all};
use crate::config::RecipeSource;
use crate::error::Result;
use crate::recipe::declaration::{Declaration, MAY_LACK, RecipeKind};
use crate::recipe::loader;
use crate::recipe::spec::ParamSpec;
use crate::report::table::print_text;
use crate::world::real::path_checks;

/// What a reader has to know of every page.
const MADE: &str = "<!-- Made by `hikae docs --pages`: change the recipe, and make it again. -->";

pub fn main(context: &Context, dir: &Path) -> Result<()> {
    let dir = path_checks::from_here(dir)?;
    let mut files = Vec::new();
    let mut rows = String::new();
    for (source, declared) in loader::all(&context.config)? {
        let declaration = declared?;
        let summary = declaration.summary.clone().unwrap_or_default();
        rows.push_str(&format!(
            "| [{0}]({0}.md) | {1} | {2} |\n",
            source.name,
            declaration.kind.word(),
            cell(&summary)
        ));
        files.push(TextFile::new(format!("{}.md", source.name), page(&source, &declaration)));
    }
    let index = format!(
        "{MADE}\n# Built-in recipes\n\nEvery recipe that comes with hikae, with a page of its params.\n\n\
         ```console\n$ hikae list\n$ hikae show db-backup\n```\n\n| recipe | kind | what it does |\n|---|---|---|\n{rows}"
    );
    files.push(TextFile::new("index.md", index));
    write_all(&dir, &files)?;
    print_text(&mut context.out(), &format!("{} files written to `{}`\n", files.len(), dir.display()))
}

fn page(source: &RecipeSource, declaration: &Declaration) -> String {
    let name = &source.name;
    let says = head(&source.text);
    let first = match declaration.kind {
        RecipeKind::Restore => {
            format!("$ hikae run {name} --dry-run       # what it would replace, and in which steps")
        }
        _ => format!("$ hikae run {name} --dry-run       # what it would do now"),
    };
    let mut text = format!(
        "{MADE}\n# {name}\n\n{says}\n\n```console\n$ hikae show {name}                # its params, with the values that they have here\n\
         {first}\n$ hikae run {name}\n```\n\n{}\n## What it may touch\n\n{}\n## Params\n\n",
        facts(declaration),
        needs(declaration)
    );
    text.push_str("| param | type | variable | default | what it is |\n|---|---|---|---|---|\n");
    declaration.params.iter().for_each(|(name, spec)| text.push_str(&param(name, spec)));
    text.push_str(&format!(
        "\nA value is set by `--set NAME=VALUE`, the variable, `[params.{name}]` in `hikae.toml`, or the default: \
         [Params](../recipes.md#params).\n"
    ));
    text
}

/// What the recipe says of itself, as rows.
fn facts(declaration: &Declaration) -> String {
    let mut rows = vec![("kind", declaration.kind.word().to_owned()), ("type", declaration.run_type.word().to_owned())];
    rows.extend(declaration.schedule.as_ref().map(|schedule| ("schedule", format!("`{schedule}`"))));
    let duration = |span| humantime::format_duration(span).to_string();
    rows.extend(declaration.objective.map(|objective| ("objective", duration(objective))));
    rows.extend(declaration.timeout.map(|timeout| ("timeout", duration(timeout))));
    let rows: String = rows.iter().map(|(label, value)| format!("| {label} | {value} |\n")).collect();
    format!("| | |\n|---|---|\n{rows}")
}

fn needs(declaration: &Declaration) -> String {
    let needs = &declaration.needs;
    let lists = [
        ("runs", &needs.run),
        ("reads", &needs.read),
        ("writes", &needs.write),
        ("connects to", &needs.connect),
        ("objects", &needs.objects),
        ("sockets", &needs.sockets),
        ("rights of root", &needs.capabilities),
        ("recipes", &needs.recipes),
    ];
    let shown = |item: &String| match item.strip_suffix(MAY_LACK) {
        Some(program) => format!("`{program}` (where it is installed)"),
        None => format!("`{item}`"),
    };
    let row = |(label, items): &(&str, &Vec<String>)| {
        format!("- {label}: {}\n", items.iter().map(shown).collect::<Vec<_>>().join(", "))
    };
    let rows: String = lists.iter().filter(|(_, items)| !items.is_empty()).map(row).collect();
    if rows.is_empty() { "- nothing but the record of runs\n".to_owned() } else { rows }
}

fn param(name: &str, spec: &ParamSpec) -> String {
    let variable = spec.env.as_ref().map(|name| format!("`{name}`")).unwrap_or_default();
    let default = match &spec.default {
        Some(default) => format!("`{default}`"),
        None if spec.optional => String::new(),
        None => "must be set".to_owned(),
    };
    let kind = match spec.choices.is_empty() {
        true => spec.kind.word().to_owned(),
        false => spec.choices.iter().map(|choice| format!("`{choice}`")).collect::<Vec<_>>().join(" or "),
    };
    let says = cell(spec.says.as_deref().unwrap_or_default());
    format!("| `{name}` | {kind} | {variable} | {} | {says} |\n", cell(&default))
}

/// A text in a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
