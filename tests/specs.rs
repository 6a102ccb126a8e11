//! Runs every spec of the modules, the library and the recipes over the real world, and holds what the spec runner promises.

mod losses;
mod runner;
mod servers;
mod runs;
mod samples;
mod stage;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hikae::config::{Config, DiskFiles, Folders, SpecFile};
use hikae::lua::coverage::Coverage;
use hikae::specs::{Outcome, RecipeStage, Runner, SpecResult, Stage, tested_nothing, text_of};
use stage::Real;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The spec files of a folder, as messages show them.
fn spec_files(folder: &str) -> Vec<PathBuf> {
    let all = walkdir::WalkDir::new(root().join(folder)).sort_by_file_name().into_iter().map(Result::unwrap);
    let specs = all.filter(|entry| entry.file_name().to_string_lossy().ends_with("_spec.lua"));
    specs.map(|entry| entry.path().strip_prefix(root()).unwrap().to_owned()).collect()
}

/// Specs of recipes have the stage that `hikae test` gives them; those of modules and the library, the real world.
fn stage(path: &Path) -> Box<dyn Stage> {
    if !path.starts_with("recipes") {
        return Box::new(Real::default());
    }
    Box::new(recipe_stage(path))
}

fn recipe_stage(path: &Path) -> RecipeStage {
    let folders = Folders { config_dir: Some(root().to_owned()), current: root().to_owned(), uid: 0 };
    let config = Config::load(&folders, &BTreeMap::new(), Arc::new(DiskFiles)).unwrap();
    let file = SpecFile { path: root().join(path), file_shown: path.display().to_string() };
    RecipeStage::new(Arc::new(config), file)
}

fn run_file(path: &Path) -> Vec<SpecResult> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let text = std::fs::read_to_string(root().join(path)).unwrap();
    let stage = stage(path);
    let mut runner = Runner::new(&*stage, runtime.handle().clone());
    runner.timeout = Duration::from_secs(600); // every way to fail, on a machine that does much else
    let results = runner.run(&path.display().to_string(), &text);
    runtime.shutdown_background();
    results
}

/// Runs all specs of a folder, and fails with what each failed one tells.
fn run_folder(folder: &str) {
    let waiting = Mutex::new(spec_files(folder).into_iter());
    let one_by_one = || {
        let mut results = Vec::new();
        loop {
            let next = waiting.lock().unwrap().next();
            match next {
                Some(path) => results.extend(run_file(&path)),
                None => return results,
            }
        }
    };
    // Two at a time: other tests with walls of time run beside these.
    let results: Vec<SpecResult> = std::thread::scope(|scope| {
        let threads = [scope.spawn(one_by_one), scope.spawn(one_by_one)];
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let bad: Vec<String> = results
        .iter()
        .filter(|result| matches!(result.outcome, Outcome::Failed(_) | Outcome::Error(_)))
        .map(text_of)
        .collect();
    assert!(bad.is_empty(), "{} of {} specs in {folder}:\n\n{}\n", bad.len(), results.len(), bad.join("\n\n"));
    if let Some(error) = tested_nothing(&results) {
        panic!("{folder}: {error}");
    }
}

#[test]
fn the_modules_keep_the_promises_of_their_stubs() {
    run_folder("tests/modules");
}

#[test]
fn the_library_keeps_its_promises() {
    run_folder("tests/stdlib");
}

#[test]
fn the_words_of_specs_keep_their_promises() {
    run_folder("tests/specs/words");
}

#[test]
fn the_recipes_keep_their_promises() {
    run_folder("recipes");
}

#[test]
fn every_line_of_every_recipe_is_run_by_a_spec() {
    let coverage = Coverage::new();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let specs = spec_files("recipes");
    for path in &specs {
        let text = std::fs::read_to_string(root().join(path)).unwrap();
        let stage = recipe_stage(path).counting(&coverage).unwrap();
        let mut runner = Runner::new(&stage, runtime.handle().clone());
        runner.timeout = Duration::from_secs(600);
        runner.run(&path.display().to_string(), &text);
    }
    runtime.shutdown_background();
    let mut report = coverage.report();
    report.retain(|file, _| file.starts_with("recipes/") && !file.ends_with("_spec.lua"));
    assert_eq!(report.len(), specs.len(), "{:?}", report.keys());
    report.retain(|_, lines| !lines.missed().is_empty());
    assert!(report.is_empty(), "lines that no spec runs:\n{}", hikae::lua::coverage::text(&report));
}

#[test]
fn every_recipe_has_a_spec_and_every_spec_a_recipe() {
    let specs: BTreeSet<String> =
        spec_files("recipes").iter().map(|path| path.display().to_string().replace("_spec.lua", ".lua")).collect();
    let files = std::fs::read_dir(root().join("recipes")).unwrap().map(|entry| entry.unwrap().file_name());
    let names = files.filter_map(|name| name.to_str().map(str::to_owned));
    let recipes = names.filter(|name| name.ends_with(".lua") && !name.ends_with("_spec.lua"));
    let recipes = recipes.map(|name| format!("recipes/{name}"));
    assert_eq!(recipes.collect::<BTreeSet<_>>(), specs);
}

#[test]
fn every_module_has_a_spec_and_every_spec_a_module() {
    let modules = hikae::modules::MODULES.iter().map(|(name, _)| (*name).to_owned());
    let alone = ["parallel", "gettext", "stream"].map(str::to_owned);
    let wanted: BTreeSet<String> = modules.chain(alone).collect();
    let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().replace("_spec.lua", "");
    let found: BTreeSet<String> = spec_files("tests/modules").iter().map(name).collect();
    let missing: Vec<_> = wanted.difference(&found).collect();
    let surplus: Vec<_> = found.difference(&wanted).collect();
    assert!(missing.is_empty(), "modules without a spec in tests/modules: {missing:?}");
    assert!(surplus.is_empty(), "specs in tests/modules of no module: {surplus:?}");
}

#[test]
fn every_file_of_the_library_has_a_spec() {
    let library = root().join("stdlib/hikae");
    let files = walkdir::WalkDir::new(&library).into_iter().map(|entry| entry.unwrap().into_path());
    let lua = files.filter(|path| path.extension().is_some_and(|ending| ending == "lua"));
    let names = lua.map(|path| path.strip_prefix(&library).unwrap().with_extension("").display().to_string());
    // What a language has is no code.
    let wanted: BTreeSet<String> = names.filter(|name| !name.starts_with("locale/")).collect();
    assert!(wanted.contains("retention") && wanted.contains("channels/slack"), "{wanted:?}");
    let name =
        |path: &PathBuf| path.strip_prefix("tests/stdlib").unwrap().display().to_string().replace("_spec.lua", "");
    let found: BTreeSet<String> = spec_files("tests/stdlib").iter().map(name).collect();
    let missing: Vec<_> = wanted.difference(&found).collect();
    assert!(missing.is_empty(), "files in stdlib/hikae without a spec in tests/stdlib: {missing:?}");
    // `retention_prune` is a second spec of `retention`.
    let of_none = |spec: &&String| !wanted.iter().any(|file| file == *spec || spec.split('_').next() == Some(file));
    let surplus: Vec<_> = found.iter().filter(of_none).collect();
    assert!(surplus.is_empty(), "specs in tests/stdlib of no file in stdlib/hikae: {surplus:?}");
}
