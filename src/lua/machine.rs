//! One Lua state that is ready for a recipe: environment, modules, `recipe` and `require`.

use std::rc::Rc;

use mlua::{Function, IntoLuaMulti, Lua, Table, UserData, Value};

use crate::error::{Error, Kind, Result, Site};
use crate::lua::exports::{Call, Make};
use crate::lua::fuse::{Fuse, LuaLimits};
use crate::lua::loader::Finder;
use crate::lua::sandbox::Allowed;
use crate::lua::session::Session;
use crate::lua::traceback::from_lua;
use crate::lua::{loader, sandbox, state, traceback};

/// The modules and functions that a Lua state offers.
#[derive(Clone, Copy)]
pub struct Library {
    pub modules: &'static [(&'static str, Make)],
    pub functions: fn(&Lua) -> mlua::Result<Named>,
}

/// Values by their names.
pub type Named = Vec<(&'static str, Value)>;

/// One Lua state, ready for a recipe.
pub struct Machine {
    pub lua: Lua,
    pub fuse: Fuse,
    env: Table,
}

/// The result of `recipe { … }`: the proof that a file declared a recipe.
struct Declared(Table);

impl UserData for Declared {}

impl Machine {
    pub fn new(session: Rc<Session>, library: Library, limits: &LuaLimits, find: Finder) -> Result<Machine> {
        Machine::with_words(session, library, limits, find, |_| Ok(Vec::new()))
    }

    /// A state that has `words`, such as those of a spec, besides the names of recipes.
    pub fn with_words(
        session: Rc<Session>,
        library: Library,
        limits: &LuaLimits,
        find: Finder,
        words: impl FnOnce(&Lua) -> mlua::Result<Vec<(&'static str, Value)>>,
    ) -> Result<Machine> {
        Machine::made(session, library, limits, find, words, None)
    }

    /// A state that has only some of the names of recipes.
    pub fn with_only(
        session: Rc<Session>,
        library: Library,
        limits: &LuaLimits,
        find: Finder,
        allowed: Allowed,
    ) -> Result<Machine> {
        Machine::made(session, library, limits, find, |_| Ok(Vec::new()), Some(allowed))
    }

    fn made(
        session: Rc<Session>,
        library: Library,
        limits: &LuaLimits,
        find: Finder,
        words: impl FnOnce(&Lua) -> mlua::Result<Vec<(&'static str, Value)>>,
        allowed: Option<Allowed>,
    ) -> Result<Machine> {
        let (lua, fuse) = state::new(limits)?;
        lua.set_app_data(session);
        let env = words(&lua).and_then(|words| environment(&lua, library, find, words, allowed)).map_err(from_lua)?;
        Ok(Machine { lua, fuse, env })
    }

    /// Loads a recipe and returns its declaration. Loading has no other effect.
    pub fn load(&self, file_shown: &str, text: &str) -> Result<Table> {
        let loaded = loader::chunk(&self.lua, file_shown, text, &self.env).and_then(|chunk| chunk.call::<Value>(()));
        let value = loaded.map_err(|error| self.fuse.explain(error))?;
        let declared =
            value.as_userdata().and_then(|data| data.borrow::<Declared>().ok().map(|declared| declared.0.clone()));
        declared.ok_or_else(|| {
            Error::new(Kind::Recipe, format!("`{file_shown}` does not return a recipe"))
                .hint("end the file with `return recipe { ... }`")
        })
    }

    /// Evaluates an expression, such as `pg.dump`: a name that the environment does not have is an error.
    pub fn look(&self, expression: &str) -> Result<()> {
        let text = format!("return {expression}");
        let value = loader::chunk(&self.lua, "check", &text, &self.env).and_then(|chunk| chunk.call::<Value>(()));
        match value.map_err(|error| self.fuse.explain(error))? {
            Value::Nil => Err(Error::new(Kind::Recipe, format!("there is no `{expression}`"))),
            _ => Ok(()),
        }
    }

    /// Loads a Lua file that is not a recipe, such as a spec, and returns its result.
    pub async fn evaluate(&self, file_shown: &str, text: &str) -> Result<Value> {
        let chunk = loader::chunk(&self.lua, file_shown, text, &self.env).map_err(|error| self.fuse.explain(error))?;
        self.call(&chunk, ()).await
    }

    /// Calls a function until it ends, or until the fuse blows; its unfinished work is then dropped.
    pub async fn call(&self, function: &Function, args: impl IntoLuaMulti) -> Result<Value> {
        let start = start_of(function);
        let running = function.call_async::<Value>(args);
        tokio::select! {
            biased;
            () = self.fuse.blown() => Err(self.fuse.verdict().unwrap_or_else(|| Error::new(Kind::Cancelled, "the run was cancelled"))),
            // Lua that has run out of memory cannot report the place; where it began is better than no place.
            answer = running => answer.map_err(|error| self.fuse.explain(error).at(start)),
        }
    }
}

/// Where a function begins.
fn start_of(function: &Function) -> Option<Site> {
    let info = function.info();
    let file = info.source?.trim_start_matches('@').to_owned();
    Some(Site { file, line: u32::try_from(info.line_defined?).ok()? })
}

fn environment(
    lua: &Lua,
    library: Library,
    find: Finder,
    words: Vec<(&'static str, Value)>,
    allowed: Option<Allowed>,
) -> mlua::Result<Table> {
    let mut primitives = (library.functions)(lua)?;
    primitives.extend(words);
    primitives.push(("recipe", Value::Function(lua.create_function(declare)?)));
    // `require` needs the environment that it is a part of, so it gets it through a slot that is filled last.
    let slot: Rc<std::cell::OnceCell<Function>> = Rc::default();
    let filled = slot.clone();
    let require = lua.create_function(move |lua, name: Value| match filled.get() {
        Some(require) => require.call::<Value>(name),
        None => Err(traceback::raise(lua, Error::new(Kind::Recipe, "`require` is not ready yet"))),
    })?;
    primitives.push(("require", Value::Function(require)));
    let env = sandbox::environment_with(lua, primitives, library.modules.to_vec(), allowed)?;
    let real = loader::require(lua, &env, find)?;
    slot.get_or_init(|| real);
    Ok(env)
}

/// The function `recipe`: marks its table as a declaration.
fn declare(lua: &Lua, table: Value) -> mlua::Result<Value> {
    match table {
        Value::Table(table) => Ok(Value::UserData(lua.create_userdata(Declared(table))?)),
        other => {
            let call = Call::new(lua, "recipe").map_err(mlua::Error::external)?;
            let what = format!("`recipe` takes a table, not a {}", other.type_name());
            Err(call.raise(
                Error::new(Kind::Recipe, what).hint("return recipe { type = \"daily\", run = function(p) ... end }"),
            ))
        }
    }
}
