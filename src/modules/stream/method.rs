//! Makes Lua methods of a stream: those that add a stage, and those that wait.

use std::future::Future;
use std::rc::Rc;

use mlua::{
    AnyUserData, FromLuaMulti, Function, IntoLua, IntoLuaMulti, Lua, MultiValue, UserDataFields, UserDataMethods, Value,
};

use super::Stream;
use crate::error::{Error, Kind, Result};
use crate::lua::exports::{Call, misfit, waiting};
use crate::stream::{SharedFacts, Source};

type StageFn = Box<dyn FnOnce(Box<dyn Source>, &SharedFacts) -> Box<dyn Source> + Send>;

/// A stage, and the memory that it may use.
pub struct Stage {
    run: StageFn,
    memory_bytes: usize,
}

impl Stage {
    pub fn holding(
        memory_bytes: usize,
        run: impl FnOnce(Box<dyn Source>, &SharedFacts) -> Box<dyn Source> + Send + 'static,
    ) -> Stage {
        Stage { run: Box::new(run), memory_bytes }
    }
}

/// Adds a method that appends a stage to the stream.
pub fn stage<A, M, F>(methods: &mut M, name: &'static str, make: F)
where
    A: serde::de::DeserializeOwned,
    M: UserDataMethods<Stream>,
    F: Fn(&Call, A) -> Result<Stage> + 'static,
{
    methods.add_function(name, move |lua, mut args: MultiValue| {
        let call = Call::new(lua, name).map_err(mlua::Error::external)?;
        let this = args.pop_front();
        let staged = || {
            let this = this.as_ref().and_then(Value::as_userdata).ok_or_else(|| colon(name))?;
            let stage = make(&call, call.args(args)?)?;
            let (pipeline, taps) = handle(this, &call)?.extend(&call)?;
            Stream::create(&call, pipeline.then(stage.run).holding(stage.memory_bytes), taps)
        };
        staged().map_err(|error| call.raise(error))
    });
}

/// Adds a method that may wait.
pub fn method<A, R, M, F, Fut>(fields: &mut M, name: &'static str, f: F)
where
    A: FromLuaMulti + 'static,
    R: IntoLuaMulti,
    M: UserDataFields<Stream>,
    F: Fn(Rc<Call>, A) -> Fut + 'static,
    Fut: Future<Output = Result<R>> + 'static,
{
    fields.add_field(
        name,
        Made(move |lua: &Lua| {
            waiting(lua, name, move |call: Rc<Call>, args: MultiValue| {
                let self_given = matches!(args.front(), Some(Value::UserData(_)));
                let started = A::from_lua_multi(args, &call.lua).map(|args| f(call.clone(), args));
                let wrong = move |error| if self_given { misfit(name, &error) } else { colon(name) };
                async move { started.map_err(wrong)?.await }
            })
        }),
    );
}

/// A function that is made where Lua first needs it.
struct Made<F>(F);

impl<F: FnOnce(&Lua) -> mlua::Result<Function>> IntoLua for Made<F> {
    fn into_lua(self, lua: &Lua) -> mlua::Result<Value> {
        (self.0)(lua).map(Value::Function)
    }
}

pub fn handle(this: &AnyUserData, call: &Call) -> Result<mlua::UserDataRef<Stream>> {
    this.borrow::<Stream>().map_err(|_| colon(call.name)) // another handle is before the colon
}

pub fn colon(name: &str) -> Error {
    Error::new(Kind::Recipe, format!("`{name}` was called without its stream"))
        .hint(format!("write `stream:{name}(...)`, with a colon"))
}

/// The requested number of threads, at most two per core: more would not be faster.
pub fn threads(call: &Call, asked: Option<usize>) -> Result<usize> {
    const MOST: usize = 64;
    let threads = asked.unwrap_or(call.session.cores).max(1);
    if threads > MOST {
        let what = format!("`threads` of `:{}` must be a whole number from 1 to {MOST}, not `{threads}`", call.name);
        return Err(Error::new(Kind::Recipe, what).hint("leave it out: it is then the number of cores"));
    }
    Ok(threads.min(2 * call.session.cores.max(1)))
}

pub fn within<T: PartialOrd + std::fmt::Display>(call: &Call, option: &str, value: T, min: T, max: T) -> Result<T> {
    if value < min || value > max {
        let what = format!("`{option}` of `:{}` must be a whole number from {min} to {max}, not `{value}`", call.name);
        return Err(Error::new(Kind::Recipe, what).hint("a higher level is smaller and slower"));
    }
    Ok(value)
}
