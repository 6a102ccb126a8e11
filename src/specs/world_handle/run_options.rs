//! Reads the run that a spec requests: its recipe and its values.

use std::collections::BTreeMap;
use std::fmt;

use mlua::Value;
use serde::Deserialize;
use serde::de::{self, DeserializeOwned, Deserializer, Visitor};

use crate::config::RecipeSource;
use crate::error::{Error, Kind, Result};
use crate::lua::coverage::Coverage;
use crate::lua::exports::Call;
use crate::lua::options;
use crate::lua::plain::Plain;
use crate::secret::SECRET_NEWTYPE;
use crate::specs::rehearsal::Rehearsal;
use crate::specs::world_handle::World;

/// The options of a run, as on the command line.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct RunOptions {
    set: BTreeMap<String, ParamValue>,
    #[serde(rename = "type")]
    run_type: Option<String>,
    yes: bool,
}

/// The options of `each_failure`: those of a run, and that a function of the spec is called before each world.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct FailureOptions {
    set: BTreeMap<String, ParamValue>,
    #[serde(rename = "type")]
    run_type: Option<String>,
    yes: bool,
    #[serde(rename = "before_each")]
    _before_each: bool,
}

impl From<FailureOptions> for RunOptions {
    fn from(options: FailureOptions) -> RunOptions {
        RunOptions { set: options.set, run_type: options.run_type, yes: options.yes }
    }
}

/// The value of a param, as `--set` takes it.
struct ParamValue(String);

/// The run that a spec requests.
pub struct RunRequest {
    pub source: RecipeSource,
    pub set: Vec<(String, String)>,
    pub run_type: Option<String>,
    pub yes: bool,
}

impl RunRequest {
    /// The run of this recipe with options of the kind `O`.
    pub fn read<O>(call: &Call, world: &World, recipe: &Value, options: &Value) -> Result<RunRequest>
    where
        O: DeserializeOwned + Default + Into<RunOptions>,
    {
        let options: RunOptions = options::read_value::<O>(call.name, Plain::from_lua(options)?)?.into();
        let Value::String(recipe) = recipe else {
            let what = format!("`{}` takes the name of a recipe, not a {}", call.name, recipe.type_name());
            return Err(Error::new(Kind::Recipe, what).hint("world:run(\"db-backup\")"));
        };
        let source = world.config.recipe_in_spec(&recipe.to_string_lossy())?;
        let set = options.set.into_iter().map(|(name, ParamValue(value))| (name, value)).collect();
        Ok(RunRequest { source, set, run_type: options.run_type, yes: options.yes })
    }

    /// One run of it without a fault.
    pub fn rehearsal(self, call: &Call, world: &World) -> Rehearsal {
        let RunRequest { source, set, run_type, yes } = self;
        Rehearsal {
            setup: world.setup.clone(),
            source,
            set,
            run_type,
            yes,
            faults: Vec::new(),
            coverage: Coverage::of(&call.lua),
        }
    }
}

/// The recipe and the options of a call.
pub fn two(call: &Call, args: &[Value]) -> Result<[Value; 2]> {
    let mut args = args.to_vec();
    if args.len() > 2 {
        let what = format!("`{}` was given too many values", call.name);
        return Err(Error::new(Kind::Recipe, what).hint("options go into one table: `{ set = { days = 7 } }`"));
    }
    args.resize(2, Value::Nil);
    let [recipe, options] = [args[0].clone(), args[1].clone()];
    Ok([recipe, options])
}

impl<'de> Deserialize<'de> for ParamValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ParamValue, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = ParamValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, a number, `true`, `false` or a secret")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<ParamValue, E> {
                Ok(ParamValue(text.to_owned()))
            }

            fn visit_bool<E: de::Error>(self, flag: bool) -> Result<ParamValue, E> {
                Ok(ParamValue(flag.to_string()))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<ParamValue, E> {
                Ok(ParamValue(number.to_string()))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<ParamValue, E> {
                Ok(ParamValue(number.to_string()))
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<ParamValue, D::Error> {
                inner.deserialize_any(self)
            }
        }
        deserializer.deserialize_newtype_struct(SECRET_NEWTYPE, Reader)
    }
}
