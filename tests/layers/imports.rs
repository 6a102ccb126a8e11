//! Reads which files of the crate import which others, as far as `use` lines and whole paths show it.

use std::collections::{BTreeMap, BTreeSet};

/// A module of the crate by its path, `world::real::files`, and the modules that it names.
pub type Imports = BTreeMap<String, BTreeSet<String>>;

/// The module that a file holds: `src/world/mod.rs` holds `world`.
pub fn module_of(path: &str) -> String {
    let path = path.trim_start_matches("src/").trim_end_matches(".rs");
    path.trim_end_matches("/mod").replace('/', "::")
}

/// The imports of all files, given as path and text.
pub fn imports(files: &[(String, String)]) -> Imports {
    let modules: BTreeSet<String> = files.iter().map(|(path, _)| module_of(path)).collect();
    let reexports: BTreeMap<String, BTreeMap<String, String>> =
        files.iter().map(|(path, text)| (module_of(path), reexported(&module_of(path), text))).collect();
    let of = |path: &str, text: &str| {
        let own = module_of(path);
        let named = paths(&own, text).into_iter().filter_map(|path| file_of(&path, &modules, &reexports));
        named.filter(|module| *module != own).collect()
    };
    files.iter().map(|(path, text)| (module_of(path), of(path, text))).collect()
}

/// The file in which a path ends; what a `mod.rs` only passes on belongs to the file that it comes from.
fn file_of(
    path: &str,
    modules: &BTreeSet<String>,
    reexports: &BTreeMap<String, BTreeMap<String, String>>,
) -> Option<String> {
    let mut module = path;
    while !modules.contains(module) {
        module = module.rsplit_once("::")?.0;
    }
    let item = path[module.len()..].trim_start_matches("::").split("::").next().unwrap_or_default();
    match reexports.get(module).and_then(|passed_on| passed_on.get(item)) {
        Some(origin) if origin != path => file_of(origin, modules, reexports),
        _ => Some(module.to_owned()),
    }
}

fn reexported(own: &str, text: &str) -> BTreeMap<String, String> {
    let uses = use_paths(text).into_iter().filter(|(public, _)| *public).map(|(_, path)| path);
    uses.filter_map(|path| Some((path.rsplit("::").next()?.to_owned(), absolute(own, &path)?))).collect()
}

/// Every path of the crate that a file names, from the crate's root.
fn paths(own: &str, text: &str) -> Vec<String> {
    let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut found: Vec<String> = use_paths(&code).into_iter().filter_map(|(_, path)| absolute(own, &path)).collect();
    let inline = regex::Regex::new(r"\b(?:crate|super)(?:::\w+)+").unwrap();
    found.extend(inline.find_iter(&code).filter_map(|path| absolute(own, path.as_str())));
    found
}

fn use_paths(text: &str) -> Vec<(bool, String)> {
    let uses = regex::Regex::new(r"(?m)^\s*(pub(?:\([a-z ]+\))? )?use ([^;]+);").unwrap();
    let list = uses.captures_iter(text).flat_map(|line| {
        let public = line.get(1).is_some();
        branches(&line[2].split_whitespace().collect::<Vec<_>>().join(" ")).into_iter().map(move |path| (public, path))
    });
    list.map(|(public, path)| (public, path.split(" as ").next().unwrap_or_default().trim().to_owned())).collect()
}

/// The paths of a `use` tree, one for each leaf.
fn branches(tree: &str) -> Vec<String> {
    let Some((head, rest)) = tree.split_once('{') else { return vec![tree.trim().to_owned()] };
    let body = &rest[..rest.rfind('}').unwrap_or(rest.len())];
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (place, sign) in body.char_indices() {
        match sign {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&body[start..place]);
                start = place + 1;
            }
            _ => {}
        }
    }
    parts.push(&body[start..]);
    let leaves = parts.into_iter().map(str::trim).filter(|part| !part.is_empty());
    leaves.flat_map(|part| branches(part)).map(|leaf| format!("{}{leaf}", head.trim())).collect()
}

/// `super::pump::Tally` in `stream::tee` is `stream::pump::Tally`; paths of other crates are nothing.
fn absolute(own: &str, path: &str) -> Option<String> {
    let path = path.trim_end_matches("::self");
    if let Some(rest) = path.strip_prefix("crate::") {
        return Some(rest.to_owned());
    }
    let (mut base, mut rest) = (own.to_owned(), path);
    if let Some(inner) = rest.strip_prefix("self::") {
        return Some(format!("{base}::{inner}"));
    }
    if !rest.starts_with("super") {
        // A child of this module, or another crate: which of both, the list of modules says.
        return Some(format!("{base}::{rest}"));
    }
    while let Some(outer) = rest.strip_prefix("super::") {
        base = base.rsplit_once("::").map_or(String::new(), |(parent, _)| parent.to_owned());
        rest = outer;
    }
    Some(if base.is_empty() { rest.to_owned() } else { format!("{base}::{rest}") })
}

/// The circles among files; a module and those below it belong together and make none.
pub fn circles(imports: &Imports) -> Vec<Vec<String>> {
    let related = |one: &str, other: &str| {
        one.strip_prefix(other).is_some_and(|rest| rest.starts_with("::"))
            || other.strip_prefix(one).is_some_and(|rest| rest.starts_with("::"))
    };
    let next = |module: &str| -> Vec<String> {
        imports.get(module).into_iter().flatten().filter(|other| !related(module, other)).cloned().collect()
    };
    let reach: BTreeMap<&String, BTreeSet<String>> = imports
        .keys()
        .map(|start| {
            let (mut seen, mut open) = (BTreeSet::new(), next(start));
            while let Some(module) = open.pop() {
                if seen.insert(module.clone()) {
                    open.extend(next(&module));
                }
            }
            (start, seen)
        })
        .collect();
    let mut found: BTreeSet<Vec<String>> = BTreeSet::new();
    for (module, reached) in &reach {
        if reached.contains(*module) {
            let circle = reached.iter().filter(|other| reach.get(other).is_some_and(|back| back.contains(*module)));
            found.insert(circle.cloned().collect());
        }
    }
    found.into_iter().collect()
}
