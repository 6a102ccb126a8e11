//! The words of a spec file, as busted has them, and `expect`.

use std::rc::Rc;

use mlua::{Function, Lua, Value};

use crate::error::{Error, Kind, Result};
use crate::lua::exports::Call;
use crate::specs::expectation::Expectation;
use crate::specs::trial::{Body, Declared, Scope, Trial};

/// Every word that a spec file has besides those of recipes.
pub fn words(lua: &Lua, trial: &Rc<Trial>) -> mlua::Result<Vec<(&'static str, Value)>> {
    Ok(vec![
        word(lua, trial, "describe", describe)?,
        word(lua, trial, "it", it)?,
        word(lua, trial, "pending", pending)?,
        word(lua, trial, "before_each", |call, trial, hook, _| {
            outside(call, trial)?;
            innermost(trial).before.borrow_mut().push(function(call, hook)?);
            Ok(())
        })?,
        word(lua, trial, "after_each", |call, trial, hook, _| {
            outside(call, trial)?;
            innermost(trial).after.borrow_mut().push(function(call, hook)?);
            Ok(())
        })?,
        word(lua, trial, "finally", |call, trial, hook, _| {
            inside(call, trial)?;
            trial.finals.borrow_mut().push(function(call, hook)?);
            Ok(())
        })?,
        expect(lua, trial)?,
    ])
}

type Word = fn(&Call, &Rc<Trial>, Value, Value) -> Result<()>;

fn word(lua: &Lua, trial: &Rc<Trial>, name: &'static str, work: Word) -> mlua::Result<(&'static str, Value)> {
    let trial = trial.clone();
    let function = lua.create_function(move |lua, (first, second): (Value, Value)| {
        let call = Call::new(lua, name).map_err(mlua::Error::external)?;
        work(&call, &trial, first, second).map_err(|error| call.raise(error))
    })?;
    Ok((name, Value::Function(function)))
}

fn describe(call: &Call, trial: &Rc<Trial>, name: Value, body: Value) -> Result<()> {
    outside(call, trial)?;
    let scope = Rc::new(Scope { name: text(call, name)?, ..Scope::default() });
    let body = function(call, body)?;
    trial.scopes.borrow_mut().push(scope);
    let read = body.call::<()>(());
    trial.scopes.borrow_mut().pop();
    read.map_err(crate::lua::traceback::from_lua)
}

fn it(call: &Call, trial: &Rc<Trial>, name: Value, body: Value) -> Result<()> {
    outside(call, trial)?;
    let name = text(call, name)?;
    let body = Body::Function(function(call, body)?);
    declare(call, trial, &name, body);
    Ok(())
}

/// `pending("name")` in the place of an `it`, or `pending("why")` inside one.
fn pending(call: &Call, trial: &Rc<Trial>, said: Value, _body: Value) -> Result<()> {
    let said = text(call, said)?;
    if trial.is_loaded() {
        *trial.pending.borrow_mut() = Some(Some(said));
        return Err(Error::new(Kind::Recipe, "the spec is pending"));
    }
    declare(call, trial, &said, Body::Pending(None));
    Ok(())
}

fn declare(call: &Call, trial: &Trial, name: &str, body: Body) {
    let scopes = trial.scopes.borrow().clone();
    let spec = Declared { name: trial.full_name(name), site: call.site(), body, scopes };
    trial.declared.borrow_mut().push(spec);
}

fn expect(lua: &Lua, trial: &Rc<Trial>) -> mlua::Result<(&'static str, Value)> {
    let trial = trial.clone();
    let function = lua.create_function(move |lua, value: Value| {
        let call = Call::new(lua, "expect").map_err(mlua::Error::external)?;
        inside(&call, &trial).map_err(|error| call.raise(error))?;
        lua.create_userdata(Expectation::new(&call, value, &trial))
    })?;
    Ok(("expect", Value::Function(function)))
}

/// For a word that declares something: it fails once a spec runs.
fn outside(call: &Call, trial: &Trial) -> Result<()> {
    match trial.is_loaded() {
        false => Ok(()),
        true => Err(Error::new(Kind::Recipe, format!("`{}` belongs inside an `it`", call.name))
            .hint("declare it beside the `it`, in the file or in a `describe`")),
    }
}

pub fn inside(call: &Call, trial: &Trial) -> Result<()> {
    match trial.is_loaded() {
        true => Ok(()),
        false => Err(Error::new(Kind::Recipe, format!("`{}` belongs outside of every `it`", call.name))
            .hint("put it into `it(\"says what it promises\", function() ... end)`")),
    }
}

fn innermost(trial: &Trial) -> Rc<Scope> {
    trial.scopes.borrow().last().cloned().unwrap_or_default() // the file's own scope is never taken away
}

fn function(call: &Call, value: Value) -> Result<Function> {
    match value {
        Value::Function(function) => Ok(function),
        other => {
            Err(Error::new(Kind::Recipe, format!("`{}` takes a function, not a {}", call.name, other.type_name()))
                .hint("an `it` that is not written yet is `pending(\"what it will promise\")`"))
        }
    }
}

fn text(call: &Call, value: Value) -> Result<String> {
    match value {
        Value::String(text) => match text.to_string_lossy().split_whitespace().collect::<Vec<_>>() {
            // A name with two lines could look like two specs.
            words if !words.is_empty() => Ok(words.join(" ")),
            _ => Err(Error::new(Kind::Recipe, format!("`{}` has an empty name", call.name))
                .hint("say what is promised: it(\"keeps the newest backup\", function() ... end)")),
        },
        other => {
            Err(Error::new(Kind::Recipe, format!("`{}` takes a name first, not a {}", call.name, other.type_name())))
        }
    }
}
