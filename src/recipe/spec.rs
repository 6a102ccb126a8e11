//! Reads how a recipe declares one param, and checks values against it.

use serde_json::Value;

use super::fields::{Fields, described};
use super::misfit::Misfit;
use super::problem::Problem;
use super::values::{ParamType, ParamValue};
use crate::suggest;

/// The declaration of one param.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParamSpec {
    pub kind: ParamType,
    /// The environment variable that sets it.
    pub env: Option<String>,
    pub default: Option<ParamValue>,
    pub min: Option<ParamValue>,
    pub max: Option<ParamValue>,
    /// The description, for `hikae show`.
    pub says: Option<String>,
    /// Whether the value is optional.
    pub optional: bool,
    /// Whether its commands may leave programs running, and reach services outside the run.
    pub detach: bool,
    /// The allowed values of a choice.
    pub choices: Vec<String>,
    /// Whether other values mean another target; by default derived from its name and use.
    pub target: Option<bool>,
}

const KEYS: [&str; 11] =
    ["env", "default", "type", "min", "max", "says", "secret", "optional", "choices", "detach", "target"];

impl ParamSpec {
    /// Reads the declaration of the param `name`; its problems are added to `problems`.
    pub fn read(name: &str, value: &Value, problems: &mut Vec<Problem>) -> Option<ParamSpec> {
        let before = problems.len();
        check_name(name, problems);
        let mut fields = Fields::open(format!("params.{name}"), Some(value), problems);
        fields.allow_only(&KEYS);
        let choices = fields.list("choices");
        let kind = read_type(&mut fields)?;
        let mut spec = ParamSpec {
            kind,
            env: read_env(&mut fields),
            default: None,
            min: None,
            max: None,
            says: fields.text("says").map(str::to_owned),
            optional: fields.flag("optional"),
            detach: fields.flag("detach"),
            choices,
            target: fields.value("target").is_some().then(|| fields.flag("target")),
        };
        spec.read_choices(&mut fields);
        spec.check_detach(&mut fields);
        spec.read_bounds(&mut fields);
        spec.read_default(&mut fields);
        (problems.len() == before).then_some(spec)
    }

    pub fn is_secret(&self) -> bool {
        self.kind == ParamType::Secret
    }

    /// The value, if it is within the bounds and the choices.
    pub fn accept(&self, value: ParamValue) -> Result<ParamValue, Misfit> {
        if let (ParamValue::String(text), ParamType::Choice) = (&value, self.kind)
            && !self.choices.contains(text)
        {
            let choices = self.choices.iter().map(String::as_str);
            let near = suggest::nearest(text, choices.clone()).map(|near| format!("did you mean `{near}`?"));
            return Err(Misfit::new(format!("be one of {}", suggest::listed(choices)), near.unwrap_or_default()));
        }
        match (&self.min, &self.max) {
            (Some(min), _) if value.measure() < min.measure() => Err(Misfit::new(format!("be at least {min}"), "")),
            (_, Some(max)) if value.measure() > max.measure() => Err(Misfit::new(format!("be at most {max}"), "")),
            _ => Ok(value),
        }
    }

    fn read_choices(&self, fields: &mut Fields) {
        if self.kind == ParamType::Choice && self.choices.is_empty() {
            fields.problem(
                format!("`{}` is missing", fields.name("choices")),
                "name them, such as `choices = { \"fast\", \"small\" }`",
            );
        }
        if self.kind != ParamType::Choice && fields.value("choices").is_some() {
            let message =
                format!("`{}` is only for a choice, but this is a {}", fields.name("choices"), self.kind.word());
            fields.problem(message, "write `type = \"choice\"`, or remove `choices`");
        }
    }

    fn check_detach(&self, fields: &mut Fields) {
        if self.detach && !matches!(self.kind, ParamType::Command | ParamType::Hook) {
            let message = format!("`{}` is only for a command or a hook", fields.name("detach"));
            fields.problem(message, "write `type = \"hook\"`, or remove `detach`");
        }
    }

    fn read_bounds(&mut self, fields: &mut Fields) {
        self.min = self.read_bound("min", fields);
        self.max = self.read_bound("max", fields);
        if let (Some(min), Some(max)) = (&self.min, &self.max)
            && min.measure() > max.measure()
        {
            let message = format!("`{}` is {min}, but `{}` is {max}", fields.name("min"), fields.name("max"));
            fields.problem(message, "make `min` smaller than `max`");
        }
    }

    fn read_bound(&self, key: &str, fields: &mut Fields) -> Option<ParamValue> {
        let value = fields.value(key)?;
        if !self.kind.has_order() {
            let message = format!("`{}` has no meaning for a {}", fields.name(key), self.kind.word());
            fields.problem(message, format!("remove `{key}`; it is for integers, durations and sizes"));
            return None;
        }
        noted(self.kind.of_json(value), key, value, fields)
    }

    fn read_default(&mut self, fields: &mut Fields) {
        let Some(value) = fields.value("default") else { return };
        if self.is_secret() {
            let from = self.env.as_ref().map_or("the environment".to_owned(), |env| format!("`{env}`"));
            let message = format!("`{}` would keep a secret in the recipe", fields.name("default"));
            fields.problem(message, format!("remove it, and let the value come from {from}"));
            return;
        }
        if self.kind == ParamType::Choice && self.choices.is_empty() {
            return; // That is reported already; more about the default would only confuse.
        }
        let accepted = self.kind.of_json(value).and_then(|default| self.accept(default));
        self.default = noted(accepted, "default", value, fields);
    }
}

/// The value, or `None` after noting that it does not fit.
fn noted(accepted: Result<ParamValue, Misfit>, key: &str, value: &Value, fields: &mut Fields) -> Option<ParamValue> {
    let note = |misfit: Misfit| {
        let found = match value {
            Value::String(text) if !text.is_empty() => format!("`{}`", text.escape_debug()),
            Value::Number(number) => format!("`{number}`"),
            Value::Bool(flag) => format!("`{flag}`"),
            other => described(other).to_owned(),
        };
        fields.problem(format!("`{}` must {}, but is {found}", fields.name(key), misfit.must), misfit.hint);
    };
    accepted.map_err(note).ok()
}

fn check_name(name: &str, problems: &mut Vec<Problem>) {
    let snake_case = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !snake_case {
        let better = name.replace(['-', ' ', '.'], "_").to_ascii_lowercase();
        let hint = format!("use small letters, digits and `_`, such as `{better}`");
        problems.push(Problem::new(format!("`params.{name}` is not a valid name"), hint));
    }
}

fn read_env(fields: &mut Fields) -> Option<String> {
    let env = fields.text("env")?;
    let valid =
        !env.starts_with(|c: char| c.is_ascii_digit()) && env.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !valid {
        let message = format!("`{}` cannot be `{env}`", fields.name("env"));
        fields.problem(message, "name an environment variable, such as `BACKUP_DIR`");
    }
    Some(env.to_owned())
}

/// The declared type, else the type that the other keys imply.
fn read_type(fields: &mut Fields) -> Option<ParamType> {
    let declared = match fields.value("type") {
        Some(_) => Some(fields.word("type", &ParamType::WORDS)?),
        None => None,
    };
    if fields.flag("secret") {
        return match declared {
            None | Some(ParamType::Secret | ParamType::String) => Some(ParamType::Secret),
            Some(other) => {
                let message = format!("`{}` is set, but the type is `{}`", fields.name("secret"), other.word());
                fields.problem(message, "a secret is a string: remove `type`");
                None
            }
        };
    }
    Some(declared.unwrap_or_else(|| match fields.value("default") {
        _ if fields.value("choices").is_some() => ParamType::Choice,
        Some(Value::Number(_)) => ParamType::Integer,
        Some(Value::Bool(_)) => ParamType::Boolean,
        Some(Value::Array(_) | Value::Object(_)) => ParamType::List,
        _ => ParamType::String,
    }))
}
