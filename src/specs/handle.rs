//! The handles in specs: methods behind a colon, fields behind a dot, and an error with a suggestion for every other name.

use mlua::{AnyUserData, Lua, LuaString, MetaMethod, MultiValue, UserData, UserDataMethods, Value};

use crate::error::{Error, Kind, Result};
use crate::lua::exports::Call;
use crate::suggest;

/// One method: its full name as messages show it, `run:wrote`, and what it does.
pub type Method<T> = (&'static str, fn(&Call, &T, &[Value]) -> Result<Value>);

/// Something that specs access through a handle.
pub trait Subject: Clone + 'static {
    /// The name in examples: `run`.
    const NAME: &'static str;
    const FIELDS: &'static [&'static str];

    fn methods() -> Vec<Method<Self>>;

    /// Called for each method call: something is asserted.
    fn asked(&self, _name: &str) {}

    /// The value of one of `FIELDS`.
    fn field(&self, _call: &Call, _name: &str) -> Result<Value> {
        Ok(Value::Nil)
    }
}

/// The handle itself.
pub struct Handle<T>(pub T);

impl<T: Subject> UserData for Handle<T> {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_function(MetaMethod::Index, |lua, (this, name): (AnyUserData, LuaString)| {
            member::<T>(lua, &this, &name.to_string_lossy())
        });
    }
}

/// A Lua handle of `subject`.
pub fn give<T: Subject>(call: &Call, subject: T) -> Result<Value> {
    let handle = call.lua.create_userdata(Handle(subject)).map_err(crate::lua::traceback::from_lua)?;
    Ok(Value::UserData(handle))
}

/// The method names after the colon, without the subject's name.
pub fn method_names<T: Subject>() -> Vec<&'static str> {
    T::methods().into_iter().map(|(name, _)| short(name)).collect()
}

fn short(name: &'static str) -> &'static str {
    name.rsplit(':').next().unwrap_or(name)
}

fn member<T: Subject>(lua: &Lua, this: &AnyUserData, asked: &str) -> mlua::Result<Value> {
    if let Some((name, act)) = T::methods().into_iter().find(|(name, _)| short(name) == asked) {
        let method = lua.create_function(move |lua, args: MultiValue| {
            let call = Call::new(lua, name).map_err(mlua::Error::external)?;
            let rest: Vec<Value> = args.iter().skip(1).cloned().collect();
            subject_of::<T>(&call, args.front())
                .and_then(|subject| {
                    subject.asked(name);
                    act(&call, &subject, &rest)
                })
                .map_err(|e| call.raise(e))
        })?;
        return Ok(Value::Function(method));
    }
    let call = Call::new(lua, T::NAME).map_err(mlua::Error::external)?;
    if !T::FIELDS.contains(&asked) {
        return Err(call.raise(unknown::<T>(asked)));
    }
    let subject = this.borrow::<Handle<T>>()?.0.clone();
    subject.field(&call, asked).map_err(|error| call.raise(error))
}

/// The subject of a method call.
pub fn subject_of<T: Subject>(call: &Call, this: Option<&Value>) -> Result<T> {
    let this = this.and_then(Value::as_userdata).and_then(|this| this.borrow::<Handle<T>>().ok());
    this.map(|this| this.0.clone()).ok_or_else(|| {
        let name = call.name.rsplit(':').next().unwrap_or(call.name);
        Error::new(Kind::Recipe, format!("`{name}` needs a colon")).hint(format!("write `{}:{name}(...)`", T::NAME))
    })
}

fn unknown<T: Subject>(asked: &str) -> Error {
    let names = || T::FIELDS.iter().copied().chain(method_names::<T>());
    Error::new(Kind::Recipe, format!("`{}` has no `{asked}`", T::NAME)).hint(suggest::hint(asked, names()))
}

/// The one text that a method takes. Every text contains the empty text: looking for it would assert nothing.
pub fn one_text(call: &Call, args: &[Value]) -> Result<String> {
    match texts(call, args)?.as_slice() {
        [text] if text.is_empty() => {
            Err(Error::new(Kind::Recipe, format!("`{}` takes a text that is not empty", call.name)))
        }
        [text] => Ok(text.clone()),
        other => {
            Err(Error::new(Kind::Recipe, format!("`{}` takes one text, and was given {}", call.name, other.len())))
        }
    }
}

/// The texts that a method takes, at least one.
pub fn some_texts(call: &Call, args: &[Value]) -> Result<Vec<String>> {
    match texts(call, args)? {
        none if none.is_empty() => Err(Error::new(Kind::Recipe, format!("`{}` takes a text at least", call.name))),
        texts => Ok(texts),
    }
}

fn texts(call: &Call, args: &[Value]) -> Result<Vec<String>> {
    let text = |value: &Value| match value {
        Value::String(text) => Ok(text.to_string_lossy()),
        other => Err(Error::new(Kind::Recipe, format!("`{}` takes a text, not a {}", call.name, other.type_name()))),
    };
    args.iter().map(text).collect()
}
