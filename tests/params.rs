//! Declarations and params: what is accepted, where a value comes from, and what is said of each bad one.

mod bad_values;
mod commands;
mod declaration;
mod need_paths;
mod templates;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hikae::config::{Config, Folders};
use hikae::recipe::declaration::Declaration;
use hikae::recipe::params::{Params, Sources, resolve};
use hikae::recipe::problem::Problem;
use hikae::recipe::values::ParamValue;
use hikae::secret::Secret;
use serde_json::{Value, json};

use crate::config::{Memory, environment};

/// One run of params: a declaration and everything that could set a value.
#[derive(Default)]
struct Case {
    params: Value,
    set: Vec<(String, String)>,
    environment: Vec<(&'static str, &'static str)>,
    dotenv: &'static str,
    toml: &'static str,
}

fn params(params: Value) -> Case {
    Case { params, ..Case::default() }
}

impl Case {
    fn set(mut self, name: &str, value: &str) -> Case {
        self.set.push((name.to_owned(), value.to_owned()));
        self
    }

    fn env(mut self, name: &'static str, value: &'static str) -> Case {
        self.environment.push((name, value));
        self
    }

    fn dotenv(mut self, text: &'static str) -> Case {
        self.dotenv = text;
        self
    }

    fn toml(mut self, text: &'static str) -> Case {
        self.toml = text;
        self
    }

    fn resolve(&self) -> Result<Params, Vec<Problem>> {
        let declaration = Declaration::read(&json!({ "type": "daily", "params": self.params })).unwrap();
        let files = Memory::default()
            .with("/etc/hikae/.env", self.dotenv)
            .with("/etc/hikae/hikae.toml", self.toml)
            .with("/etc/hikae/recipes/db-backup.lua", "");
        let folders = Folders { config_dir: None, current: PathBuf::from("/"), uid: 0 };
        let config = Config::load(&folders, &environment(&self.environment), Arc::new(files)).unwrap();
        resolve(&declaration.params, &Sources { recipe: "db-backup", set: &self.set, config: &config })
    }

    fn value(&self, name: &str) -> ParamValue {
        self.resolve().unwrap().get(name).unwrap().clone()
    }

    /// Each problem as a line, with its hint.
    fn problems(&self) -> Vec<String> {
        lines(&self.resolve().unwrap_err())
    }
}

fn lines(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(|problem| format!("{} | {}", problem.message, problem.hint)).collect()
}

fn declared(declaration: Value) -> Vec<String> {
    lines(&Declaration::read(&declaration).unwrap_err())
}

/// The problems of the declaration of one param `x`.
fn spec(spec: Value) -> Vec<String> {
    declared(json!({ "type": "daily", "params": { "x": spec } }))
}

#[test]
fn a_value_comes_from_set_then_the_environment_then_dotenv_then_the_settings_then_the_default() {
    let days = || params(json!({ "days": { "env": "RETENTION_DAYS", "default": 30 } }));
    let settings = || days().toml("[params.db-backup]\ndays = 4\n");
    let dotenv = || settings().dotenv("RETENTION_DAYS=3\n");
    let process = || dotenv().env("RETENTION_DAYS", "2");
    let set = || process().set("days", "9").set("days", "1");
    assert_eq!(set().value("days"), ParamValue::Integer(1));
    assert_eq!(process().value("days"), ParamValue::Integer(2));
    assert_eq!(dotenv().value("days"), ParamValue::Integer(3));
    assert_eq!(settings().value("days"), ParamValue::Integer(4));
    assert_eq!(days().value("days"), ParamValue::Integer(30));
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let case = params(json!({ "days": { "env": "RETENTION_DAYS", "default": 30 } })).env("RETENTION_DAYS", "");
    assert_eq!(case.value("days"), ParamValue::Integer(30));
}

#[test]
fn every_type_is_read_from_text() {
    let case = params(json!({
        "s": {}, "i": { "type": "integer" }, "b": { "type": "boolean" }, "p": { "type": "path" },
        "d": { "type": "duration" }, "z": { "type": "size" }, "l": { "type": "list" },
        "k": { "secret": true }, "c": { "choices": ["fast", "small"] }, "o": { "optional": true },
    }));
    let texts = [
        ("s", "日本 語"),
        ("i", "-5"),
        ("b", "Yes"),
        ("p", "/a b/c"),
        ("d", "1h 30m"),
        ("z", "64 MiB"),
        ("l", " a, b c ,,"),
        ("k", "p\"a's $w\nd"),
        ("c", "small"),
    ];
    let case = texts.iter().fold(case, |case, (name, text)| case.set(name, text));
    let values = case.resolve().unwrap();
    let expected = [
        ("b", ParamValue::Boolean(true)),
        ("c", ParamValue::String("small".into())),
        ("d", ParamValue::Duration(Duration::from_secs(5400))),
        ("i", ParamValue::Integer(-5)),
        ("k", ParamValue::Secret(Secret::new("p\"a's $w\nd"))),
        ("l", ParamValue::List(vec!["a".into(), "b c".into()])),
        ("o", ParamValue::Absent),
        ("p", ParamValue::Path("/a b/c".into())),
        ("s", ParamValue::String("日本 語".into())),
        ("z", ParamValue::SizeBytes(64 << 20)),
    ];
    let values: Vec<_> = values.iter().map(|(name, value)| (name, value.clone())).collect();
    assert_eq!(values, expected);
}

#[test]
fn every_type_is_read_from_the_settings() {
    let case = params(json!({
        "i": { "type": "integer" }, "b": { "default": false }, "d": { "type": "duration" },
        "z": { "type": "size" }, "l": { "default": [] }, "k": { "type": "secret" },
    }))
    .toml("[params.db-backup]\ni = 5\nb = true\nd = 90\nz = '1 kB'\nl = ['a,b', 'c']\nk = 'kagi-4711'\n");
    assert_eq!(case.value("i"), ParamValue::Integer(5));
    assert_eq!(case.value("b"), ParamValue::Boolean(true));
    assert_eq!(case.value("d"), ParamValue::Duration(Duration::from_secs(90)));
    assert_eq!(case.value("z"), ParamValue::SizeBytes(1000));
    assert_eq!(case.value("l"), ParamValue::List(vec!["a,b".into(), "c".into()]));
    assert_eq!(case.value("k"), ParamValue::Secret(Secret::new("kagi-4711")));
}

#[test]
fn booleans_are_written_in_eight_ways() {
    let case = |text: &str| params(json!({ "b": { "type": "boolean" } })).set("b", text).value("b");
    for (yes, no) in [("true", "false"), ("yes", "no"), ("on", "off"), ("1", "0")] {
        assert_eq!(case(yes), ParamValue::Boolean(true));
        assert_eq!(case(no), ParamValue::Boolean(false));
    }
}

#[test]
fn an_optional_param_can_be_emptied_and_one_with_an_empty_default_too() {
    let url = json!({ "health_url": { "env": "SYSTEM_URL", "optional": true }, "note": { "default": "" } });
    let case = params(url).env("SYSTEM_URL", "http://x").set("health_url", "").set("note", "");
    assert_eq!(case.value("health_url"), ParamValue::Absent);
    assert_eq!(case.value("note"), ParamValue::String(String::new()));
}
