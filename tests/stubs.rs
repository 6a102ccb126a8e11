//! Compares the stubs that editors read with what Lua really has, both ways.

mod read;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use hikae::error::Error;
use hikae::recipe::declaration::Declaration;
use hikae::specs::{Outcome, Runner};
use hikae::world::World;
use hikae::world::real::Real;
use read::{Class, Function, Stubs};

type Names = BTreeSet<String>;

fn stubs() -> Stubs {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("stdlib/meta");
    let stubs = Stubs::read(&folder);
    assert!(stubs.functions.len() > 40, "the stubs were not read: {}", stubs.functions.len());
    stubs
}

/// The functions of the stubs whose names begin with `owner`, without it.
fn declared(stubs: &Stubs, owner: &str) -> Names {
    stubs.functions.iter().filter_map(|function| function.name.strip_prefix(owner).map(str::to_owned)).collect()
}

fn same(what: &str, registered: &Names, declared: &Names) {
    let unknown: Vec<_> = registered.difference(declared).collect();
    let gone: Vec<_> = declared.difference(registered).collect();
    assert!(unknown.is_empty(), "{what}: without a stub: {unknown:?}");
    assert!(gone.is_empty(), "{what}: in the stub only: {gone:?}");
}

#[test]
fn every_module_has_the_functions_of_its_stub_and_no_other() {
    let (lua, stubs) = (mlua::Lua::new(), stubs());
    let mut modules = hikae::modules::MODULES.to_vec();
    modules.push(("samples", hikae::specs::samples::module));
    for (name, make) in &modules {
        let table = make(&lua).unwrap().table;
        let registered: Names = table.pairs::<String, mlua::Value>().map(|pair| pair.unwrap().0).collect();
        same(name, &registered, &declared(&stubs, &format!("{name}.")));
    }
    let names: Names = modules.iter().map(|(name, _)| (*name).to_owned()).collect();
    same("the modules", &names, &stubs.modules);
}

#[test]
fn every_name_that_a_recipe_or_a_spec_has_is_described() {
    let stubs = stubs();
    // Lua's own names, which every editor knows.
    let known = "_G _VERSION assert error getmetatable ipairs math next pairs pcall rawequal rawget rawlen require select \
                 setmetatable string table tonumber tostring type utf8";
    let seen = said_by(
        "local names = {} for name in pairs(_G) do names[#names + 1] = name end error(table.concat(names, ' '))",
    );
    let names = seen.what().split(' ').filter(|name| !known.split(' ').any(|known| known == *name));
    let alone = stubs.functions.iter().map(|function| function.name.clone()).filter(|name| !name.contains(['.', ':']));
    same("the global names", &names.map(str::to_owned).collect(), &alone.chain(stubs.modules.clone()).collect());
}

#[test]
fn an_expectation_has_the_matchers_of_its_stub_and_no_other() {
    let error = said_by("expect(1).zz_unknown()");
    let (_, names) = error.hint_text().unwrap().split_once("the matchers are ").unwrap();
    let names = names.split(", ").filter_map(|name| name.strip_prefix('`')?.strip_suffix('`'));
    let both: Names = names.flat_map(|name| [name.to_owned(), format!("never_{name}")]).collect();
    same("the matchers", &both, &declared(&stubs(), "Expectation."));
}

/// The error that these lines end with inside a spec.
fn said_by(lines: &str) -> Error {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let world = |_: &str| Arc::new(Real::beneath([]).unwrap()) as Arc<dyn World>;
    let text = format!("it('x', function()\n{lines}\nend)");
    let results = Runner::new(&world, runtime.handle().clone()).run("stub_spec.lua", &text);
    match &results[0].outcome {
        Outcome::Error(error) => error.clone(),
        other => panic!("{lines}: {other:?}"),
    }
}

#[test]
fn a_handle_of_a_spec_has_the_methods_of_its_stub_and_no_other() {
    let stubs = stubs();
    let handles = hikae::specs::handles();
    assert!(handles.len() >= 4, "{handles:?}");
    for (class, methods) in handles {
        let methods: Names = methods.into_iter().map(str::to_owned).collect();
        same(&format!("the methods of {class}"), &methods, &declared(&stubs, &format!("{class}:")));
    }
}

#[test]
fn a_stream_has_the_methods_of_its_stub_and_no_other() {
    let listed: Names = hikae::modules::stream::METHODS.map(str::to_owned).into();
    same("the methods of a stream", &listed, &declared(&stubs(), "Stream:"));
    let source = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/modules/stream.rs")).unwrap();
    let adds = regex::Regex::new(r#"\b(?:stage|method)\((?:methods|fields), "(\w+)""#).unwrap();
    let added: Names = adds.captures_iter(&source).map(|found| found[1].to_owned()).collect();
    assert_eq!(listed, added, "METHODS (left) and the methods that are added (right)");
}

#[test]
fn every_option_has_a_field_in_its_class_and_every_field_an_option() {
    let stubs = stubs();
    let mut compared = Names::new();
    for function in &stubs.functions {
        for (index, (_, types)) in function.params.iter().enumerate() {
            let class =
                types.split('|').find_map(|name| stubs.classes.get_key_value(name).filter(|(_, class)| class.exact));
            let Some((name, class)) = class.filter(|(name, _)| *name != "recipe.Declaration") else { continue };
            same(&format!("{name} of {}", function.name), &valid_names(function, index), &class.fields);
            compared.insert(name.clone());
        }
    }
    let options: Names = stubs.classes.keys().filter(|name| name.ends_with("Options")).cloned().collect();
    let forgotten: Vec<_> = options.difference(&compared).collect();
    assert!(forgotten.is_empty(), "option classes that no function takes: {forgotten:?}");
    assert!(compared.len() >= 10, "few classes were compared: {compared:?}");
}

/// The names that the function itself says its options may have, when it is called with one that it does not know.
fn valid_names(function: &Function, option_at: usize) -> Names {
    let value = |(_, types): &(String, String)| match types.as_str() {
        "Store" => "objects.store { bucket = \"shop\", access_key = \"x\", secret_key = secret \"horseradish-tin\" }",
        _ => "\"/x\"",
    };
    let before = function.params[..option_at].iter().map(value).collect::<Vec<_>>().join(", ");
    let comma = if before.is_empty() { "" } else { ", " };
    let call = function.name.replace("Stream:", "fs.open(\"/x\"):").replace("Expectation.", "expect(error).");
    let call = call.replace("World:", "simulate({}):").replace("Run:", "simulate({}):run(\"db-backup\"):");
    let call = call.replace("Sending:", "simulate({}):send(\"webhook\", {}, {}):");
    let call = format!("{call}({before}{comma}{{ zz_unknown = 1 }})");
    let error = said_by(&call);
    error.hint_text().and_then(names_in).unwrap_or_else(|| panic!("`{call}` does not name its options: {error:?}"))
}

/// The names in a hint: ``valid names: `a`, `b` ``.
fn names_in(hint: &str) -> Option<Names> {
    let (_, names) = hint.split_once("valid names: ")?;
    Some(names.split(", ").map(|name| name.trim_matches('`').to_owned()).collect())
}

#[test]
fn a_declaration_takes_the_keys_of_its_stub_and_no_other() {
    let stubs = stubs();
    let places = [
        ("recipe.Declaration", serde_json::json!({ "type": "daily", "zz_unknown": 1 })),
        ("recipe.Param", serde_json::json!({ "type": "daily", "params": { "x": { "zz_unknown": 1 } } })),
        ("recipe.Needs", serde_json::json!({ "type": "daily", "needs": { "zz_unknown": 1 } })),
    ];
    for (class, declaration) in places {
        let problems = Declaration::read(&declaration).unwrap_err();
        let problem = problems.iter().find(|problem| problem.message.contains("zz_unknown")).unwrap();
        let names = names_in(&problem.hint).unwrap_or_else(|| panic!("{class}: {problem:?}"));
        same(class, &names, &stubs.classes[class].fields);
    }
}

#[test]
fn every_stub_says_what_each_function_does() {
    let silent: Vec<_> = stubs().functions.into_iter().filter(|function| function.says.is_empty()).collect();
    assert!(silent.is_empty(), "functions without a sentence: {silent:?}");
}

#[test]
fn every_class_that_a_stub_names_is_declared() {
    let stubs = stubs();
    let mut missing: BTreeMap<&str, &str> = BTreeMap::new();
    for function in &stubs.functions {
        for (_, types) in &function.params {
            for name in types.split('|').filter(|name| name.contains('.') && !name.contains(['"', '<', '('])) {
                if !stubs.classes.contains_key(name) && !stubs.aliases.contains(name) {
                    missing.insert(name, &function.name);
                }
            }
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
    let empty: Vec<_> =
        stubs.classes.iter().filter(|(_, class): &(_, &Class)| class.exact && class.fields.is_empty()).collect();
    assert!(empty.is_empty(), "{empty:?}");
}
