//! The only border between Rust and Lua calls: it finds the caller of a primitive, and turns its error into a Lua error.

use std::future::Future;
use std::rc::Rc;

use mlua::{FromLuaMulti, IntoLuaMulti, Lua, MultiValue, Table};
use serde::de::DeserializeOwned;

use crate::error::{Error, Kind, Result, Site};
use crate::lua::frame::keeping_caller;
use crate::lua::fuse::Fuse;
use crate::lua::plain::Plain;
use crate::lua::session::Session;
use crate::lua::wrong::see_docs;
use crate::lua::{options, traceback};
use crate::world::Caller;

/// The context of a primitive's call.
pub struct Call {
    pub lua: Lua,
    pub session: Rc<Session>,
    /// The name as the recipe wrote it: `fs.stat`.
    pub name: &'static str,
    /// The places in the recipe, the innermost first.
    pub sites: Vec<Site>,
}

impl Call {
    /// The call as it is now; must be made before the first wait, while the caller is still on Lua's stack.
    pub fn new(lua: &Lua, name: &'static str) -> Result<Call> {
        let session = Session::of(lua)?;
        Ok(Call { lua: lua.clone(), session, name, sites: traceback::sites(lua) })
    }

    pub fn site(&self) -> Option<Site> {
        self.sites.first().cloned()
    }

    /// The world, with this place in the recipe. Refused while a recipe is only loaded.
    pub fn world(&self) -> Result<Caller> {
        Fuse::of(&self.lua).refill();
        if self.session.loading() {
            let what = format!("`{}` was called while the recipe was being loaded", self.name);
            return Err(Error::new(Kind::Recipe, what)
                .hint("loading a recipe does nothing; move the call into `run = function(p) ... end`"));
        }
        Ok(Caller { site: self.site(), ..self.session.caller.clone() })
    }

    /// The arguments of this call as the typed tuple `A`.
    pub fn args<A: DeserializeOwned>(&self, args: MultiValue) -> Result<A> {
        let plain = Plain::all_from_lua(args.iter())?;
        options::read_args(self.name, plain)
    }

    /// `error` as this call raises it.
    pub fn raise(&self, error: Error) -> mlua::Error {
        mlua::Error::external(error.at(self.sites.clone()))
    }
}

/// Makes a module in a Lua state.
pub type Make = fn(&Lua) -> mlua::Result<Module>;

/// One Lua module under construction: the functions that it has so far.
pub struct Module {
    pub table: Table,
    lua: Lua,
}

impl Module {
    pub fn new(lua: &Lua) -> mlua::Result<Module> {
        Ok(Module { table: lua.create_table()?, lua: lua.clone() })
    }

    /// Adds a function that returns at once; `name` is the full name, such as `path.join`.
    pub fn call<A, R, F>(self, name: &'static str, f: F) -> mlua::Result<Module>
    where
        A: DeserializeOwned,
        R: IntoLuaMulti,
        F: Fn(&Call, A) -> Result<R> + 'static,
    {
        let function = self.lua.create_function(move |lua, args: MultiValue| {
            let call = Call::new(lua, name).map_err(mlua::Error::external)?;
            call.args(args).and_then(|args| f(&call, args)).map_err(|error| call.raise(error))
        })?;
        self.add(name, function)
    }

    /// Adds a function that waits for something outside.
    pub fn wait<A, R, F, Fut>(self, name: &'static str, f: F) -> mlua::Result<Module>
    where
        A: DeserializeOwned,
        R: IntoLuaMulti,
        F: Fn(Rc<Call>, A) -> Fut + 'static,
        Fut: Future<Output = Result<R>> + 'static,
    {
        let function = waiting(&self.lua, name, move |call, args| {
            let started = call.args(args).map(|args| f(call.clone(), args));
            async move { started?.await }
        })?;
        self.add(name, function)
    }

    /// Adds a function that takes its arguments as Lua values, such as functions to call.
    pub fn raw_wait<A, R, F, Fut>(self, name: &'static str, f: F) -> mlua::Result<Module>
    where
        A: FromLuaMulti + 'static,
        R: IntoLuaMulti,
        F: Fn(Rc<Call>, A) -> Fut + 'static,
        Fut: Future<Output = Result<R>> + 'static,
    {
        let function = raw_waiting(&self.lua, name, f)?;
        self.add(name, function)
    }

    /// Adds a function as it is.
    pub fn add(self, name: &'static str, function: mlua::Function) -> mlua::Result<Module> {
        let short = name.rsplit('.').next().unwrap_or(name);
        self.table.raw_set(short, function)?;
        Ok(self)
    }
}

/// A function that waits and takes Lua values of the shapes that `A` names.
pub fn raw_waiting<A, R, F, Fut>(lua: &Lua, name: &'static str, f: F) -> mlua::Result<mlua::Function>
where
    A: FromLuaMulti + 'static,
    R: IntoLuaMulti,
    F: Fn(Rc<Call>, A) -> Fut + 'static,
    Fut: Future<Output = Result<R>> + 'static,
{
    waiting(lua, name, move |call, args| {
        let started = A::from_lua_multi(args, &call.lua).map(|args| f(call.clone(), args));
        let name = call.name;
        async move { started.map_err(|error| misfit(name, &error))?.await }
    })
}

/// The only place that wraps an asynchronous primitive: the call is recorded before the first wait.
pub fn waiting<R, F, Fut>(lua: &Lua, name: &'static str, f: F) -> mlua::Result<mlua::Function>
where
    R: IntoLuaMulti,
    F: Fn(Rc<Call>, MultiValue) -> Fut + 'static,
    Fut: Future<Output = Result<R>> + 'static,
{
    let function = lua.create_async_function(move |lua, args: MultiValue| {
        let started = Call::new(&lua, name).map(|call| {
            let call = Rc::new(call);
            (call.clone(), f(call, args))
        });
        async move {
            let (call, future) = started.map_err(mlua::Error::external)?;
            let answer = future.await.map_err(|error| call.raise(error));
            Fuse::of(&call.lua).refill();
            answer
        }
    })?;
    keeping_caller(lua, function)
}

/// An argument of the wrong Lua type, without mlua's words.
pub fn misfit(name: &str, error: &mlua::Error) -> Error {
    let found = match error {
        mlua::Error::FromLuaConversionError { from, to, .. } => {
            format!("takes {}, but was given {}", with_article(to), with_article(from))
        }
        mlua::Error::BadArgument { cause, .. } => return misfit(name, cause),
        _ => "was given something it cannot take".to_owned(),
    };
    Error::new(Kind::Recipe, format!("`{name}` {found}")).hint(see_docs(name))
}

/// The name of a Lua type for messages.
fn with_article(name: &str) -> String {
    match name {
        "nil" => "nothing".to_owned(),
        "userdata" => "a handle".to_owned(),
        "integer" => "a whole number".to_owned(),
        other => format!("a {other}"),
    }
}
