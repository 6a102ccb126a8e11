//! The docs of recipes: what each does, its params, and what it may access, before any value is set.

use crate::cli::context::Context;
use crate::error::Result;
use crate::recipe::declaration::Declaration;
use crate::recipe::loader;
use crate::recipe::spec::ParamSpec;

/// Every recipe with its first sentence.
pub fn contents(context: &Context) -> Result<String> {
    let mut text = "\nRecipes:\n\n".to_owned();
    for (source, declared) in loader::all(&context.config)? {
        let says = declared.ok().and_then(|declared| declared.summary).unwrap_or_default();
        text.push_str(&format!("{:<22} {says}\n", source.name));
    }
    Ok(text)
}

/// The docs of the recipe of this name; nothing where there is none.
pub fn find(context: &Context, asked: &str) -> Option<Result<String>> {
    let known = context.config.recipes().unwrap_or_default();
    if !known.iter().any(|name| name == asked) {
        return None;
    }
    let text = context.config.recipe_source(asked).and_then(|source| {
        let declaration = loader::declaration(&context.config, &source)?;
        Ok(text(&source.name, &head(&source.text), &declaration))
    });
    Some(text)
}

/// The comment with which a file begins.
pub fn head(text: &str) -> String {
    let lines = text.lines().map_while(|line| line.strip_prefix("---")).filter(|line| !line.starts_with('@'));
    lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

fn text(name: &str, head: &str, declaration: &Declaration) -> String {
    let mut text = format!("{name} ({}, {})\n{head}\n", declaration.kind.word(), declaration.run_type.word());
    if let Some(schedule) = &declaration.schedule {
        text.push_str(&format!("  schedule {schedule}\n"));
    }
    let needs = &declaration.needs;
    let lists = [
        ("runs", &needs.run),
        ("reads", &needs.read),
        ("writes", &needs.write),
        ("connects", &needs.connect),
        ("objects", &needs.objects),
        ("recipes", &needs.recipes),
    ];
    for (label, list) in lists.iter().filter(|(_, list)| !list.is_empty()) {
        text.push_str(&format!("  {label} {}\n", list.join(", ")));
    }
    text.push('\n');
    for (name, spec) in &declaration.params {
        text.push_str(&param(name, spec));
    }
    text
}

fn param(name: &str, spec: &ParamSpec) -> String {
    let variable = spec.env.as_ref().map(|env| format!(", ${env}")).unwrap_or_default();
    format!("  {name}: {}{variable} {}\n", spec.kind.word(), spec.says.as_deref().unwrap_or_default())
}
