//! The module `recipes`: runs other recipes, each as a separate run with its own lock, record and walls.

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use mlua::{Lua, Value};
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

use crate::error::{Error, Kind, Result};
use crate::lua::exports::{Call, Module};
use crate::lua::json::to_lua;
use crate::lua::traceback::from_lua;
use crate::lua::unknown::Unknown;
use crate::secret::{SECRET_NEWTYPE, Secret};
use crate::units::duration;
use crate::world::SecretOrText;
use crate::world::dry_run::is_withheld;
use crate::world::recipe_run::{RecipeEnd, RecipeRun};

/// The value of a param, as `--set` takes it.
struct Scalar(SecretOrText);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Scalar, D::Error> {
        struct Values;
        impl<'de> Visitor<'de> for Values {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string, a number, a boolean or a secret")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> std::result::Result<Scalar, E> {
                Ok(Scalar(SecretOrText::Plain(text.to_owned())))
            }

            fn visit_bool<E: de::Error>(self, flag: bool) -> std::result::Result<Scalar, E> {
                self.visit_str(&flag.to_string())
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> std::result::Result<Scalar, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> std::result::Result<Scalar, D::Error> {
                Ok(Scalar(SecretOrText::Secret(Secret::new(String::deserialize(inner)?))))
            }
        }
        deserializer.deserialize_newtype_struct(SECRET_NEWTYPE, Values)
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Options {
    #[serde(default)]
    set: BTreeMap<String, Scalar>,
    /// Whether this run continues after an unsuccessful one; the outcome shows its status.
    #[serde(default)]
    may_fail: bool,
    /// The time limit, after which the run is ended.
    #[serde(default, deserialize_with = "duration")]
    timeout: Option<Duration>,
}

pub fn module(lua: &Lua) -> mlua::Result<Module> {
    Module::new(lua)?.wait("recipes.run", |call, (recipe, options): (String, Option<Options>)| {
        run(call, recipe, options.unwrap_or_default())
    })
}

async fn run(call: Rc<Call>, recipe: String, options: Options) -> Result<Value> {
    let set: Vec<_> = options.set.into_iter().map(|(name, value)| (name, value.0)).collect();
    let asked = RecipeRun { recipe: recipe.clone(), set, parent: call.session.identity.run_id.clone() };
    let step = call.session.step(format!("run recipe {}", asked.title()), call.site());
    let caller = call.world()?.limited(options.timeout, None);
    let ended = match caller.run_recipe(asked.clone()).await {
        Ok(RecipeEnd::Outcome(outcome)) => Ok(outcome),
        Ok(RecipeEnd::Play) => (call.session.play)(asked).await,
        Err(error) if is_withheld(&error) => {
            step.end(0, 0, None);
            return Unknown::answer(&recipe).handle(&call.lua).map(Value::UserData).map_err(from_lua);
        }
        Err(error) => Err(error),
    };
    let ended = ended.and_then(|outcome| judged(&recipe, outcome, options.may_fail));
    step.end(0, 0, ended.as_ref().err());
    let outcome = ended?;
    if let Some(id) = outcome.get("id").and_then(serde_json::Value::as_str) {
        let name = format!("{recipe}: {id}, {}", text(&outcome, "status"));
        call.session.took(name, Duration::ZERO, None, None, call.site().as_ref());
    }
    to_lua(&call.lua, &outcome).map_err(from_lua)
}

/// Fails the calling recipe if the run did not succeed, unless the call allows that.
fn judged(recipe: &str, outcome: serde_json::Value, may_fail: bool) -> Result<serde_json::Value> {
    let status = text(&outcome, "status");
    if may_fail || status == "success" {
        return Ok(outcome);
    }
    let error = outcome.get("error");
    let said = error.and_then(|error| error.get("message")).and_then(serde_json::Value::as_str).unwrap_or_default();
    let kind = if status == "locked" { Kind::Locked } else { Kind::Command };
    let id = text(&outcome, "id");
    let failed = Error::new(kind, format!("the recipe `{recipe}` ended as `{status}`"));
    let failed = if said.is_empty() { failed } else { failed.because_text(said.to_owned()) };
    Err(failed.hint(format!("`hikae runs show {id}` shows all of it; `may_fail = true` gives the outcome instead")))
}

fn text(outcome: &serde_json::Value, key: &str) -> String {
    outcome.get(key).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}
