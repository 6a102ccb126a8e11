//! Decides the value of every param of a run from `--set`, the environment, `.env`, `hikae.toml` and the default, in this order.

use serde_json::Value;

use super::misfit::Misfit;
use super::problem::Problem;
use super::spec::ParamSpec;
use super::values::ParamValue;
use crate::config::{Config, Origin};
use crate::secret::Secret;
use crate::suggest;
use crate::world::real::postgres;

/// The recipe variables that locate a database, and their names in libpq: in a service file, and in the environment.
const LIBPQ: [(&str, &str, &str); 4] = [
    ("DB_HOST", "host", "PGHOST"),
    ("DB_PORT", "port", "PGPORT"),
    ("DB_NAME", "dbname", "PGDATABASE"),
    ("DB_USER", "user", "PGUSER"),
];

/// Where values come from, besides the recipe's own defaults.
pub struct Sources<'a> {
    /// The recipe; `hikae.toml` stores values under its name.
    pub recipe: &'a str,
    /// The `--set name=value` of the command line; for the same name, the last one wins.
    pub set: &'a [(String, String)],
    pub config: &'a Config,
}

/// The value of each param, in the order of their declaration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params {
    values: Vec<(String, ParamValue)>,
    /// The passwords and tokens in addresses among the values: from now on they are secrets and never shown.
    address_secrets: Vec<Secret>,
}

impl Params {
    pub fn get(&self, name: &str) -> Option<&ParamValue> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &ParamValue)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value))
    }

    pub fn address_secrets(&self) -> &[Secret] {
        &self.address_secrets
    }
}

impl FromIterator<(String, ParamValue)> for Params {
    fn from_iter<I: IntoIterator<Item = (String, ParamValue)>>(values: I) -> Params {
        let values: Vec<_> = values.into_iter().collect();
        let address_secrets = values.iter().flat_map(|(_, value)| secrets_in(value)).collect();
        Params { values, address_secrets }
    }
}

/// The value of every declared param, or all problems.
pub fn resolve(specs: &[(String, ParamSpec)], sources: &Sources) -> Result<Params, Vec<Problem>> {
    let mut problems = sources.unknown_names(specs);
    let mut values = Vec::new();
    for (name, spec) in specs {
        match sources.value_of(name, spec) {
            Ok(value) => values.push((name.clone(), value)),
            Err(problem) => problems.push(problem),
        }
    }
    let params: Params = values.into_iter().collect();
    if problems.is_empty() { Ok(params) } else { Err(problems) }
}

/// The passwords and tokens in the addresses of a value.
fn secrets_in(value: &ParamValue) -> Vec<Secret> {
    let texts = match value {
        ParamValue::String(text) => std::slice::from_ref(text),
        ParamValue::List(items) => items,
        _ => return Vec::new(),
    };
    let mut secrets = Vec::new();
    for url in texts.iter().filter_map(|text| reqwest::Url::parse(text).ok()) {
        let token = matches!(url.scheme(), "http" | "https").then(|| url.username());
        let found = [url.password(), token].into_iter().flatten().filter(|secret| !secret.is_empty());
        secrets.extend(found.map(Secret::new));
    }
    secrets
}

/// A value as found, with the description of its place.
struct Setting {
    value: Value,
    /// The name that holds it: `--set days`, `RETENTION_DAYS`.
    holder: String,
    /// The place of that name: `the environment`.
    place: String,
}

impl Sources<'_> {
    fn value_of(&self, name: &str, spec: &ParamSpec) -> Result<ParamValue, Problem> {
        let Some(found) = self.find(name, spec) else {
            return match &spec.default {
                Some(default) => Ok(default.clone()),
                None if spec.optional => Ok(ParamValue::Absent),
                None => Err(self.not_set(name, spec)),
            };
        };
        if found.value == Value::String(String::new()) {
            return when_empty(name, spec, &found);
        }
        let value = spec.kind.of_json(&found.value).map_err(|misfit| wrong(name, spec, &found, misfit))?;
        if value.is_empty() {
            return when_empty(name, spec, &found);
        }
        spec.accept(value).map_err(|misfit| wrong(name, spec, &found, misfit))
    }

    fn find(&self, name: &str, spec: &ParamSpec) -> Option<Setting> {
        let set = self.set.iter().rev().find(|(known, _)| known == name).map(|(_, text)| Setting {
            value: Value::String(text.clone()),
            holder: format!("--set {name}"),
            place: "the command line".to_owned(),
        });
        set.or_else(|| self.find_variable(spec.env.as_deref()?))
            .or_else(|| self.find_setting(name))
            .or_else(|| self.of_libpq(spec.env.as_deref()?))
    }

    /// The value that libpq itself would use; it takes precedence over the default of a recipe.
    fn of_libpq(&self, env: &str) -> Option<Setting> {
        let (_, key, variable) = LIBPQ.iter().find(|(own, ..)| *own == env)?;
        let set = |name: &str| Some((name.to_owned(), self.config.lookup(name)?.to_owned()));
        let variables = ["PGSERVICE", "PGSERVICEFILE", "PGSYSCONFDIR", "HOME"].into_iter().filter_map(set).collect();
        // Errors in the file are reported when the database is connected to.
        let service = postgres::service(&variables).unwrap_or_default();
        let of_service = service.get(*key).map(|value| Setting {
            value: Value::String(value.clone()),
            holder: format!("`{key}` of the service"),
            place: "the service file".to_owned(),
        });
        of_service.or_else(|| self.find_variable(variable))
    }

    fn find_variable(&self, env: &str) -> Option<Setting> {
        let (value, origin) = self.config.find(env)?;
        let place = match origin {
            Origin::Environment => "the environment".to_owned(),
            Origin::DotEnv => format!("`{}`", self.config.dotenv_path().display()),
        };
        Some(Setting { value: Value::String(value.to_owned()), holder: env.to_owned(), place })
    }

    fn find_setting(&self, name: &str) -> Option<Setting> {
        let value = self.config.settings.params.get(self.recipe)?.get(name)?.clone();
        let holder = format!("params.{}.{name}", self.recipe);
        Some(Setting { value, holder, place: self.shown_settings_path() })
    }

    fn shown_settings_path(&self) -> String {
        format!("`{}`", self.config.settings_path().display())
    }

    /// The names that were set, but that the recipe does not declare.
    fn unknown_names(&self, specs: &[(String, ParamSpec)]) -> Vec<Problem> {
        let settings = self.config.settings.params.get(self.recipe);
        let set = self.set.iter().map(|(name, _)| (name, format!("`--set {name}`")));
        let settings = settings.into_iter().flat_map(|values| values.keys());
        let settings = settings.map(|name| (name, self.shown_settings_path()));
        set.chain(settings)
            .filter(|(name, _)| !specs.iter().any(|(known, _)| known == *name))
            .map(|(name, setter)| {
                let message = format!("`{name}` is not a param of `{}`, but {setter} sets it", self.recipe);
                if specs.is_empty() {
                    return Problem::new(message, format!("`{}` has no params", self.recipe));
                }
                Problem::new(message, suggest::hint(name, specs.iter().map(|(known, _)| known.as_str())))
            })
            .collect()
    }

    fn not_set(&self, name: &str, spec: &ParamSpec) -> Problem {
        // A secret on the command line can be read by every user of the machine: it is never suggested.
        let hint = match (&spec.env, spec.is_secret()) {
            (Some(env), false) => {
                format!("set `{env}` in the environment or in `.env`, or pass `--set {name}=…`")
            }
            (Some(env), true) => format!("set `{env}` in the environment or in `.env`"),
            (None, false) => format!("pass `--set {name}=…`"),
            (None, true) => format!("set `{name}` below `[params.{}]` in {}", self.recipe, self.shown_settings_path()),
        };
        Problem::new(format!("`{name}` is not set"), hint)
    }
}

/// Interprets an empty value: none for an optional param, and itself if the default is also empty.
fn when_empty(name: &str, spec: &ParamSpec, found: &Setting) -> Result<ParamValue, Problem> {
    if spec.optional {
        return Ok(ParamValue::Absent);
    }
    match &spec.default {
        Some(default) if default.is_empty() => Ok(default.clone()),
        _ => Err(Problem::new(
            format!("`{name}` must not be empty, but `{}` is", found.holder),
            format!("give `{}` a value, or remove it from {}", found.holder, found.place),
        )),
    }
}

fn wrong(name: &str, spec: &ParamSpec, found: &Setting, misfit: Misfit) -> Problem {
    let holder = &found.holder;
    let but = if spec.is_secret() {
        format!("`{holder}` is not")
    } else {
        format!("`{holder}` is `{}`", shown(&found.value))
    };
    let comes = format!("`{holder}` comes from {}", found.place);
    let hint = match misfit.hint.as_str() {
        "" => comes,
        question if question.ends_with('?') => format!("{question} {comes}"),
        advice => format!("{advice}; {comes}"),
    };
    Problem::new(format!("`{name}` must {}, but {but}", misfit.must), hint)
}

/// The longest piece of a wrong value that a message shows.
const SHOWN_CHARS: usize = 60;

fn shown(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.escape_debug().to_string(),
        other => other.to_string(),
    };
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
