//! `hikae docs`: the Lua API, from the stubs that editors also use.

use std::path::Path;
use std::process::ExitCode;

mod pages;
mod recipes;
mod search;

use super::args::DocsArgs;
use super::context::Context;
use super::exit;
use super::files::{TextFile, write_all};
use crate::config::embedded;
use crate::error::{Error, Kind, Result};
use crate::recipe::lint::stubs::{class_in, function_in};
use crate::report::table::print_text;
use crate::suggest;
use crate::world::real::path_checks;

const CLOSING: &str =
    "\n`hikae docs MODULE` shows one of them, `hikae docs MODULE.NAME` one function, `hikae docs RECIPE` a recipe.\n";

/// Where the names are that belong to no module of their own.
const LOOSE: [(&str, &str); 5] =
    [("error", "errors"), ("assert", "errors"), ("pcall", "errors"), ("_", "recipe"), ("require", "recipe")];

/// What an editor with LuaLS or EmmyLua has to know.
const LUARC: &str = r#"{
  "runtime.version": "Lua 5.4",
  "runtime.path": ["BELOW?.lua", "recipes/?.lua"],
  "runtime.builtin": { "coroutine": "disable", "debug": "disable", "io": "disable", "os": "disable", "package": "disable" },
  "workspace.library": ["BELOWmeta", "BELOWhikae"],
  "workspace.checkThirdParty": false
}
"#;

pub fn main(context: &Context, args: &DocsArgs) -> Result<ExitCode> {
    if let Some(dir) = &args.out {
        return write_for_editors(context, dir);
    }
    if let Some(dir) = &args.pages {
        return pages::main(context, dir).map(|()| ExitCode::SUCCESS);
    }
    if let Some(word) = &args.search {
        return search::main(context, word);
    }
    let Some(asked) = args.name.as_deref() else {
        print_text(&mut context.out(), &(contents() + &recipes::contents(context)? + CLOSING))?;
        return Ok(ExitCode::SUCCESS);
    };
    let found = match recipes::find(context, asked) {
        Some(text) => text,
        None => find(asked),
    };
    match found {
        Ok(text) => {
            print_text(&mut context.out(), &text)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            context.print_error(&error);
            Ok(ExitCode::from(exit::MISUSE))
        }
    }
}

/// Every module with its first sentence.
fn contents() -> String {
    let mut text = String::new();
    for (name, stub) in embedded::stubs() {
        // The summary of a stub named after a function is the sentence of that function, wherever it is in the stub.
        let block = stub.split("\n\n").find(|block| functions(block).iter().any(|known| known == name)).unwrap_or(stub);
        let says = block.lines().find_map(|line| line.strip_prefix("--- ")).unwrap_or_default();
        text.push_str(&format!("{name:<9} {says}\n"));
    }
    text.push_str("\nModules for `require`:\n\n");
    for (name, module) in embedded::library() {
        let says = module.lines().next().and_then(|line| line.strip_prefix("--- ")).unwrap_or_default();
        text.push_str(&format!("{name:<22} {says}\n"));
    }
    text
}

/// The text of a module, or of one function of it with the options that it takes.
fn find(asked: &str) -> Result<String> {
    let stubs = embedded::stubs();
    let plain = asked.trim_end_matches("()").replace(':', ".");
    if let Some(below) = plain.strip_prefix("hikae.") {
        return in_library(asked, below);
    }
    let (module, member) = match plain.split_once('.') {
        Some((module, member)) => (module.to_lowercase(), Some(member.to_owned())),
        None => (plain.to_lowercase(), None),
    };
    if let Some((_, stub)) = stubs.iter().find(|(name, _)| *name == module) {
        let Some(member) = member else { return Ok(whole(stub)) };
        return one(stub, &member).ok_or_else(|| unknown(asked, &format!("{module}."), &functions(stub)));
    }
    if let Some((_, stub)) = stubs.iter().find(|(name, stub)| {
        let loose = LOOSE.iter().any(|(known, module)| *known == plain && module == name);
        loose || (*name == "stream" && functions(stub).contains(&plain))
    }) {
        return Ok(one(stub, &plain).unwrap_or_else(|| whole(stub)));
    }
    Err(unknown(asked, "", &stubs.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>()))
}

/// The same for a library module, whose code is left out.
fn in_library(asked: &str, below: &str) -> Result<String> {
    let library = embedded::library();
    let (name, member) = match below.split_once('.') {
        Some((name, member)) => (format!("hikae.{name}"), Some(member)),
        None => (format!("hikae.{below}"), None),
    };
    let Some((_, text)) = library.iter().find(|(known, _)| *known == name) else {
        return Err(unknown(asked, "", &library.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>()));
    };
    let public = public(text);
    match member {
        None => Ok(whole(&public)),
        Some(member) => one(&public, member).ok_or_else(|| unknown(asked, &format!("{name}."), &functions(&public))),
    }
}

/// The blocks of a module that its users need: what it is for, its classes and its functions.
fn public(text: &str) -> String {
    let is_public = |(index, block): &(usize, &str)| {
        let starts = |start: &str| block.lines().any(|line| line.starts_with(start));
        *index == 0 || starts("---@class") || (starts("function ") && !starts("local function"))
    };
    let blocks = text.split("\n\n").enumerate().filter(is_public).map(|(_, block)| block);
    blocks.collect::<Vec<_>>().join("\n\n")
}

/// Writes the stubs, the library and the model specs into a folder, for editors and for reading.
fn write_for_editors(context: &Context, dir: &Path) -> Result<ExitCode> {
    let dir = path_checks::from_here(dir)?;
    let mut files = vec![TextFile::new(".luarc.json", luarc(""))];
    files.extend(types().into_iter().map(|(path, text)| TextFile::new(path, text)));
    let specs = embedded::recipe_specs().into_iter();
    files.extend(specs.map(|(name, text)| TextFile::new(format!("specs/{name}"), text)));
    write_all(&dir, &files)?;
    print_text(&mut context.out(), &format!("{} files written to `{}`\n", files.len(), dir.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// The settings of an editor whose types are in the folder `below`, a name with `/` behind it, or nowhere else.
pub fn luarc(below: &str) -> String {
    LUARC.replace("BELOW", below)
}

/// The types for an editor: each file with its path.
pub fn types() -> Vec<(String, &'static str)> {
    let stubs = embedded::stubs().into_iter().map(|(name, text)| (format!("meta/{name}.lua"), text));
    let library = embedded::library().into_iter();
    stubs.chain(library.map(|(name, text)| (format!("{}.lua", name.replace('.', "/")), text))).collect()
}

fn unknown(asked: &str, within: &str, names: &[String]) -> Error {
    let names: Vec<String> = names.iter().map(|name| format!("{within}{name}")).collect();
    Error::new(Kind::NotFound, format!("there are no docs of `{asked}`"))
        .hint(suggest::hint(asked, names.iter().map(String::as_str)))
}

/// The names of the functions in a stub.
fn functions(stub: &str) -> Vec<String> {
    let names = stub.lines().filter_map(function_in);
    names.filter_map(|name| name.rsplit(['.', ':']).next()).map(str::to_owned).collect()
}

/// A stub for reading: without the marks of LuaCATS.
fn whole(stub: &str) -> String {
    stub.split("\n\n").map(readable).filter(|block| !block.is_empty()).collect::<Vec<_>>().join("\n\n")
}

/// One function, and every class of options that it names.
fn one(stub: &str, member: &str) -> Option<String> {
    let blocks: Vec<&str> = stub.split("\n\n").collect();
    let heads = |block: &&&str| functions(block).iter().any(|name| name == member);
    let function = blocks.iter().find(heads)?;
    let classes = blocks.iter().filter(|block| {
        let class = block.lines().find_map(|line| class_in(line.strip_prefix("---@")?));
        class.is_some_and(|(class, _)| function.contains(class) && !function.contains(&format!("function {class}")))
    });
    let shown = std::iter::once(function).chain(classes).map(|block| readable(block));
    Some(shown.filter(|block| !block.is_empty()).collect::<Vec<_>>().join("\n\n"))
}

/// A block of a stub as people read it: the signature first, then what it says.
fn readable(block: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in block.lines().filter(|line| !line.starts_with("---@meta")) {
        match line.strip_prefix("---@").and_then(|tag| tag.split_once(' ')) {
            Some(("return", rest)) => {
                lines.push(format!("  gives {rest}"));
            }
            Some(("field" | "param", rest)) => lines.push(format!("  {}", rest.replacen(' ', ": ", 1))),
            Some(("class", rest)) => lines.push(rest.trim_start_matches("(exact) ").to_owned()),
            Some((_, rest)) => lines.push(rest.to_owned()),
            None => match (line.strip_prefix("function "), line.strip_prefix("---")) {
                (Some(head), _) => lines.insert(0, head.trim_end_matches(" end").to_owned()),
                (_, Some(says)) => lines.push(says.trim_start().to_owned()),
                _ => {} // `pg = {}` says nothing
            },
        }
    }
    lines.join("\n")
}
