//! Loads a recipe for its declaration alone, and finds the modules that it needs.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use mlua::Value;

use super::declaration::Declaration;
use super::lua_part::run_function;
use super::problem::gather;
use crate::bind::plain::Plain;
use crate::bind::session::{Identity, Session, Unrecorded};
use crate::bind::traceback::from_lua;
use crate::config::{Config, RecipeSource};
use crate::error::Result;
use crate::host::limits::LuaLimits;
use crate::host::loader::{Finder, Module};
use crate::host::machine::Machine;
use crate::world::real::Real;
use crate::world::{Caller, Limits};

/// Loads `source` and reads its declaration; nothing of the outside can be touched while it loads.
pub fn declaration(config: &Arc<Config>, source: &RecipeSource) -> Result<Declaration> {
    let caller = Caller::new(Arc::new(Real::ambient()), Limits { total: Duration::ZERO, idle: Duration::ZERO });
    let identity = Identity {
        run_id: String::new(),
        recipe: source.name.clone(),
        recipe_sha256: String::new(),
        kind: String::new(),
        confirmed: false,
    };
    let session = Rc::new(Session::new(caller, identity, Box::new(|_| None), Arc::new(Unrecorded)));
    let machine = Machine::new(session, &LuaLimits::default(), finder(config, source))?;
    let table = machine.load(&source.file_shown, &source.text)?;
    run_function(&table, &source.file_shown)?;
    let declared = table.clone();
    declared.raw_remove("run").map_err(from_lua)?;
    let plain = Plain::from_lua(&Value::Table(declared))?;
    let declared = match plain.to_json()? {
        serde_json::Value::Null => serde_json::json!({}), // nothing stands beside `run`
        declared => declared,
    };
    let mut declaration = Declaration::read(&declared)
        .map_err(|problems| gather(&problems, &format!("the declaration of `{}`", source.file_shown)))?;
    declaration.summary = declaration.summary.or_else(|| first_sentence(&source.text));
    Ok(declaration)
}

/// The first line of the file's doc comment: what the recipe does, when it does not say so itself.
fn first_sentence(text: &str) -> Option<String> {
    text.lines().next()?.strip_prefix("---").map(|line| line.trim().to_owned()).filter(|line| !line.is_empty())
}

/// What `require` finds for a recipe: the library, and the files beside it.
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
