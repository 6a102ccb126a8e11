//! The result of `expect(value)`: the matchers behind a dot, each with its opposite.

use std::rc::Rc;

use mlua::{AnyUserData, Function, Lua, LuaString, MetaMethod, MultiValue, UserData, UserDataMethods, Value};

use crate::error::{Error, Kind, Result};
use crate::lua::exports::{Call, waiting};
use crate::lua::failure::{CaughtError, ErrorHandle};
use crate::lua::traceback::from_lua;
use crate::specs::matchers::{MATCHERS, Verdict, nothing_raised};
use crate::specs::trial::Trial;
use crate::specs::{Failed, diff, matchers, shown};
use crate::suggest;

/// A value to check with matchers.
pub struct Expectation {
    value: Value,
    trial: Rc<Trial>,
    number: u64,
}

impl Expectation {
    /// Without a matcher it asserts nothing; the trial notes that.
    pub fn new(call: &Call, value: Value, trial: &Rc<Trial>) -> Expectation {
        Expectation { value, trial: trial.clone(), number: trial.expects(call.site()) }
    }
}

impl UserData for Expectation {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_function(MetaMethod::Index, |lua, (this, name): (AnyUserData, LuaString)| {
            matcher(lua, this, &name.to_string_lossy())
        });
    }
}

/// The matcher of this name, bound to its value.
fn matcher(lua: &Lua, this: AnyUserData, name: &str) -> mlua::Result<Function> {
    let both = |(name, opposite, check)| [(name, true, check), (opposite, false, check)];
    if let Some((matcher, positive, check)) = MATCHERS.into_iter().flat_map(both).find(|(known, ..)| *known == name) {
        return lua.create_function(move |lua, args: MultiValue| {
            let call = Call::new(lua, matcher).map_err(mlua::Error::external)?;
            let judged = asked(&call, &this, &args).and_then(|(value, trial)| {
                let verdict = check(&call, &value, &Vec::from_iter(args))?;
                settle(&call, &trial, &value, verdict, positive)
            });
            judged.map_err(|error| call.raise(error))
        });
    }
    let waits = [("to_raise", true), ("never_to_raise", false)];
    if let Some((matcher, positive)) = waits.into_iter().find(|(known, _)| *known == name) {
        return waiting(lua, matcher, move |call, args| {
            let this = this.clone();
            async move { raised(&call, &this, &args, positive).await }
        });
    }
    let call = Call::new(lua, "expect").map_err(mlua::Error::external)?;
    Err(call.raise(unknown(name)))
}

fn unknown(name: &str) -> Error {
    let waiting = [("to_raise", "never_to_raise")];
    let all = || MATCHERS.iter().map(|(name, opposite, _)| (*name, *opposite)).chain(waiting);
    // Other libraries use `not_`.
    let meant = name.strip_prefix("not_").map_or(name.to_owned(), |rest| format!("never_{rest}"));
    let near = suggest::nearest(&meant, all().flat_map(|(name, opposite)| [name, opposite]));
    let near = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
    let names = suggest::listed(all().map(|(name, _)| name));
    Error::new(Kind::Recipe, format!("`expect` has no matcher `{name}`"))
        .hint(format!("{near}the matchers are {names}, and each with `never_` before it"))
}

/// The value for the matcher.
fn asked(call: &Call, this: &AnyUserData, args: &MultiValue) -> Result<(Value, Rc<Trial>)> {
    let this = this.borrow::<Expectation>().map_err(from_lua)?;
    if args.front().and_then(Value::as_userdata).is_some_and(|first| first.is::<Expectation>()) {
        return Err(Error::new(Kind::Recipe, format!("`{}` needs a dot, not a colon", call.name))
            .hint(format!("write `expect(...).{}`", call.name)));
    }
    this.trial.unasked.borrow_mut().remove(&this.number);
    Ok((this.value.clone(), this.trial.clone()))
}

/// Ends the spec if the verdict is not the expected one.
fn settle(call: &Call, trial: &Trial, value: &Value, verdict: Verdict, positive: bool) -> Result<()> {
    if verdict.holds == positive {
        return Ok(());
    }
    let never = if positive { "" } else { "never " };
    let found = verdict.found.unwrap_or_else(|| shown::show(value));
    let diff = match verdict.compares.filter(|_| positive) {
        Some(expected) => diff::lines(&shown::show_long(&expected), &shown::show_long(value)),
        None => Vec::new(),
    };
    fail(
        trial,
        Failed {
            expected: format!("{never}{}", verdict.expected),
            found,
            diff,
            sites: call.sites.clone(),
            ..Failed::default()
        },
    )
}

fn fail(trial: &Trial, failed: Failed) -> Result<()> {
    let sites = failed.sites.clone();
    trial.fail(failed);
    Err(Error::new(Kind::Recipe, "an expectation does not hold").at(sites))
}

/// Calls the function and checks the error that it raises; returns the failure for further checks.
async fn raised(call: &Call, this: &AnyUserData, args: &MultiValue, positive: bool) -> Result<Option<AnyUserData>> {
    let (value, trial) = asked(call, this, args)?;
    let Value::Function(function) = &value else {
        return Err(Error::new(
            Kind::Recipe,
            format!("`{}` calls a function, and this is a {}", call.name, value.type_name()),
        )
        .hint("expect(function() fs.read(\"/absent\") end).to_raise(\"cannot open\")"));
    };
    let matching = matchers::Raising::read(call, args.front())?;
    let answer = function.call_async::<MultiValue>(()).await;
    if trial.failed.borrow().is_some() || trial.pending.borrow().is_some() {
        return Err(Error::new(Kind::Recipe, "an expectation inside does not hold")); // the inner one is reported
    }
    match answer {
        Ok(_) => settle(call, &trial, &value, nothing_raised(&matching), positive).map(|()| None),
        Err(error) => {
            let error = from_lua(error);
            settle(call, &trial, &value, matching.judge(&error), positive)?;
            call.lua.create_userdata(ErrorHandle(CaughtError::new(error))).map(Some).map_err(from_lua)
        }
    }
}
