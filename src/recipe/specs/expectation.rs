//! What `expect(value)` gives: the matchers as methods, each with its opposite.

use std::rc::Rc;

use mlua::{AnyUserData, Lua, LuaString, MetaMethod, MultiValue, UserData, UserDataMethods, Value};

use super::matchers::{self, MATCHERS, Verdict, nothing_raised};
use super::trial::Trial;
use super::{Failed, diff, shown};
use crate::bind::exports::Call;
use crate::bind::failure::{Caught, Failure};
use crate::bind::traceback::from_lua;
use crate::error::{Error, Kind, Result};
use crate::suggest;

/// A value of which something is expected.
pub struct Expectation {
    pub value: Value,
    pub trial: Rc<Trial>,
}

impl UserData for Expectation {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        for (name, opposite, check) in MATCHERS {
            for (name, wanted) in [(name, true), (opposite, false)] {
                methods.add_function(name, move |lua, args: MultiValue| {
                    let call = Call::new(lua, name).map_err(mlua::Error::external)?;
                    let judged = given(&args).and_then(|(value, trial)| {
                        let rest: Vec<Value> = args.iter().skip(1).cloned().collect();
                        let verdict = check(&call, &value, &rest)?;
                        settle(&call, &trial, &value, verdict, wanted)
                    });
                    judged.map_err(|error| call.raise(error))
                });
            }
        }
        for (name, wanted) in [("to_raise", true), ("never_to_raise", false)] {
            methods.add_async_function(name, move |lua: Lua, args: MultiValue| async move {
                let call = Call::new(&lua, name).map_err(mlua::Error::external)?;
                let raised = raised(&call, &args, wanted).await;
                raised.map_err(|error| call.raise(error))
            });
        }
        methods.add_meta_function(MetaMethod::Index, |lua, (_, name): (Value, LuaString)| -> mlua::Result<Value> {
            let call = Call::new(lua, "expect").map_err(mlua::Error::external)?;
            Err(call.raise(unknown(&name.to_string_lossy())))
        });
    }
}

fn unknown(name: &str) -> Error {
    let waiting = [("to_raise", "never_to_raise")];
    let all = || MATCHERS.iter().map(|(name, opposite, _)| (*name, *opposite)).chain(waiting);
    // Other libraries say `not_`.
    let meant = name.strip_prefix("not_").map_or(name.to_owned(), |rest| format!("never_{rest}"));
    let near = suggest::nearest(&meant, all().flat_map(|(name, opposite)| [name, opposite]));
    let near = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
    let names = suggest::listed(all().map(|(name, _)| name));
    Error::new(Kind::Recipe, format!("`expect` has no matcher `{name}`"))
        .hint(format!("{near}the matchers are {names}, and each with `never_` before it"))
}

fn given(args: &MultiValue) -> Result<(Value, Rc<Trial>)> {
    let this = args.front().and_then(Value::as_userdata).and_then(|this| this.borrow::<Expectation>().ok());
    let this = this.ok_or_else(|| {
        Error::new(Kind::Recipe, "a matcher stands behind a colon").hint("expect(value):to_equal(expected)")
    })?;
    Ok((this.value.clone(), this.trial.clone()))
}

/// Ends the spec when the verdict is not the wanted one.
fn settle(call: &Call, trial: &Trial, value: &Value, verdict: Verdict, wanted: bool) -> Result<()> {
    if verdict.holds == wanted {
        return Ok(());
    }
    let never = if wanted { "" } else { "never " };
    let found = verdict.found.unwrap_or_else(|| shown::show(value));
    let diff = match verdict.compares.filter(|_| wanted) {
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

/// Calls the function and looks at what it raises; gives the failure, for a closer look.
async fn raised(call: &Call, args: &MultiValue, wanted: bool) -> Result<Option<AnyUserData>> {
    let (value, trial) = given(args)?;
    let Value::Function(function) = &value else {
        return Err(Error::new(
            Kind::Recipe,
            format!("`{}` calls a function, and this is a {}", call.name, value.type_name()),
        )
        .hint("expect(function() fs.read(\"/absent\") end):to_raise(\"cannot open\")"));
    };
    let matching = matchers::Raising::read(call, args.get(1))?;
    let answer = function.call_async::<MultiValue>(()).await;
    if trial.failed.borrow().is_some() || trial.pending.borrow().is_some() {
        return Err(Error::new(Kind::Recipe, "an expectation inside does not hold")); // the inner one is what is told
    }
    match answer {
        Ok(_) => settle(call, &trial, &value, nothing_raised(&matching), wanted).map(|()| None),
        Err(error) => {
            let error = from_lua(error);
            settle(call, &trial, &value, matching.judge(&error), wanted)?;
            call.lua.create_userdata(Failure(Caught::new(error))).map(Some).map_err(from_lua)
        }
    }
}
