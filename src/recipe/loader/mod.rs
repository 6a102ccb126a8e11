//! Loads a recipe for its declaration alone, and finds the modules that it needs.

mod params;
pub mod run;

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use mlua::{Table, Value};

use self::run::{preview_function, run_function};
use crate::backup::recorder::{Identity, Unrecorded};
use crate::config::{Config, RecipeSource};
use crate::error::{Error, Kind, Result};
use crate::lua::fuse::LuaLimits;
use crate::lua::loader::{Finder, Module};
use crate::lua::machine::Machine;
use crate::lua::plain::Plain;
use crate::lua::session::Session;
use crate::lua::state;
use crate::lua::traceback::from_lua;
use crate::modules::LIBRARY;
use crate::recipe::declaration::Declaration;
use crate::recipe::problem::gather;
use crate::recipe::schedule;
use crate::world::real::Real;
use crate::world::{Caller, Limits};

/// Reads the declarations of many recipes. The built-in ones do not affect each other and share one Lua state, since
/// making a state takes longer than all the rest; every other recipe has its own.
struct Declarations<'a> {
    config: &'a Arc<Config>,
    shared: Option<Machine>,
}

impl Declarations<'_> {
    fn of(&mut self, source: &RecipeSource) -> Result<Declaration> {
        if source.folder.is_some() {
            return declaration(self.config, source);
        }
        let machine = match self.shared.take() {
            Some(machine) => machine,
            None => machine(self.config, source)?,
        };
        machine.fuse.refill();
        scheduled(self.config, source, read(self.shared.insert(machine), source)?)
    }
}

/// Loads `source` and reads its declaration; nothing outside can be accessed while it loads.
pub fn declaration(config: &Arc<Config>, source: &RecipeSource) -> Result<Declaration> {
    let declaration = read(&machine(config, source)?, source)?;
    refuse_cycle(config, &declaration, &mut vec![source.name.clone()])?;
    scheduled(config, source, declaration)
}

/// The declaration with the schedule that `hikae.toml` has for the recipe.
fn scheduled(config: &Config, source: &RecipeSource, declaration: Declaration) -> Result<Declaration> {
    let Some(schedule) = config.settings.schedules.get(&source.name) else { return Ok(declaration) };
    schedule::read(schedule)
        .map_err(|problem| gather(&[problem], &format!("`[schedules]` in `{}`", config.settings_path().display())))?;
    Ok(Declaration { schedule: Some(schedule.clone()), ..declaration })
}

/// Refuses recipes that run each other in a cycle, and missing ones. Names from params are checked when they run.
fn refuse_cycle(config: &Arc<Config>, declaration: &Declaration, above: &mut Vec<String>) -> Result<()> {
    for name in declaration.needs.recipes.iter().filter(|name| !name.contains('{')) {
        if above.contains(name) {
            let circle = above.iter().chain([name]).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" runs ");
            return Err(Error::new(Kind::Recipe, format!("recipes run each other in a circle: {circle}"))
                .hint("take one of them out of `needs.recipes`"));
        }
        let source = config.recipe_source(name)?;
        above.push(name.clone());
        refuse_cycle(config, &read(&machine(config, &source)?, &source)?, above)?;
        above.pop();
    }
    Ok(())
}

/// A Lua state that can only load recipes.
pub fn machine(config: &Arc<Config>, source: &RecipeSource) -> Result<Machine> {
    let caller = Caller::new(Arc::new(Real::ambient()), Limits { total: Duration::ZERO, idle: Duration::ZERO });
    let identity = Identity {
        run_id: String::new(),
        recipe: source.name.clone(),
        recipe_sha256: String::new(),
        kind: String::new(),
        database: None,
        confirmed: false,
    };
    let session = Rc::new(Session::new(caller, identity, Box::new(|_| None), Arc::new(Unrecorded)));
    Machine::new(session, LIBRARY, &LuaLimits::default(), finder(config, source))
}

fn read(machine: &Machine, source: &RecipeSource) -> Result<Declaration> {
    // A declaration must not be random: the run would load a different one.
    state::seed(&machine.lua, 0)?;
    let table = machine.load(&source.file_shown, &source.text)?;
    run_function(&table, &source.file_shown)?;
    preview_function(&table, &source.file_shown)?;
    declared(table, source)
}

/// Refuses a recipe whose declaration changes at its second load, whatever the cause.
pub fn refuse_another(table: &Table, source: &RecipeSource, known: &Declaration) -> Result<()> {
    let again = Declaration { schedule: known.schedule.clone(), ..declared(table.clone(), source)? };
    match again == *known {
        true => Ok(()),
        false => Err(Error::new(Kind::Recipe, format!("`{}` declares something else each time", source.file_shown))
            .because_text("it was loaded twice, and said two things")
            .hint("a declaration depends on nothing: no chance, no order of `pairs`")),
    }
}

/// The content of a recipe's table, without its functions.
fn declared(declared: Table, source: &RecipeSource) -> Result<Declaration> {
    declared.raw_remove("run").map_err(from_lua)?;
    declared.raw_remove("preview").map_err(from_lua)?;
    let mut plain = Plain::from_lua(&Value::Table(declared))?;
    plain.keep_empty_members("params");
    let declared = match plain.to_json()? {
        serde_json::Value::Null => serde_json::json!({}), // nothing is beside `run`
        declared => declared,
    };
    let mut declaration = Declaration::read(&declared)
        .map_err(|problems| gather(&problems, &format!("the declaration of `{}`", source.file_shown)))?;
    declaration.summary = declaration.summary.or_else(|| first_sentence(&source.text));
    Ok(declaration)
}

/// All recipes in order with their declarations. Loading takes the longest, so the cores share it.
pub fn all(config: &Arc<Config>) -> Result<Vec<(RecipeSource, Result<Declaration>)>> {
    let names = config.recipes()?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let share = names.len().div_ceil(cores).max(1);
    std::thread::scope(|scope| {
        let shares: Vec<_> = names.chunks(share).map(|names| scope.spawn(move || each(config, names))).collect();
        let joined = shares.into_iter().map(|share| share.join().map_err(|_| crashed()));
        joined.collect::<Result<Vec<_>>>().map(|all| all.into_iter().flatten().collect())
    })
}

fn each(config: &Arc<Config>, names: &[String]) -> Vec<(RecipeSource, Result<Declaration>)> {
    let mut declarations = Declarations { config, shared: None };
    let load = |name: &String| match config.recipe_source(name) {
        Ok(source) => {
            let declared = declarations.of(&source);
            (source, declared)
        }
        // Its error must not hide the others.
        Err(error) => (unread(config, name), Err(error)),
    };
    names.iter().map(load).collect()
}

/// The place of a file that cannot be read.
fn unread(config: &Config, name: &str) -> RecipeSource {
    let file_shown = config.dir.join("recipes").join(format!("{name}.lua")).display().to_string();
    RecipeSource { name: name.to_owned(), file_shown, text: String::new(), folder: None }
}

fn crashed() -> Error {
    Error::new(Kind::Other, "a thread that loads recipes crashed").hint("please report this as a bug in hikae")
}

/// The first line of the file's doc comment: the default description of the recipe.
fn first_sentence(text: &str) -> Option<String> {
    text.lines().next()?.strip_prefix("---").map(|line| line.trim().to_owned()).filter(|line| !line.is_empty())
}

/// The modules that `require` finds for a recipe: the library, and the files beside it.
pub fn finder(config: &Arc<Config>, source: &RecipeSource) -> Finder {
    let (config, source) = (config.clone(), source.clone());
    Rc::new(move |dotted| {
        let library = if dotted.starts_with("hikae.") {
            config.module_source(dotted)?
        } else {
            config.beside(&source, dotted)?
        };
        Ok(library.map(|found| Module { file_shown: found.file_shown, text: found.text }))
    })
}
