//! Reads what a recipe declares: its kind, type, schedule, params and needs, and reports everything that is wrong at once.

use std::time::Duration;

use serde_json::Value;

use super::expand::{Piece, pieces};
use super::fields::Fields;
use super::problem::Problem;
use super::schedule;
use super::spec::ParamSpec;
use super::values::{ParamType, ParamValue};
use crate::suggest;
use crate::world::capability::Capability;

/// The declaration of a recipe, without its functions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    pub kind: RecipeKind,
    pub summary: Option<String>,
    pub run_type: RunType,
    /// The schedule, in cron's five fields.
    pub schedule: Option<String>,
    /// The maximum age of its last good backup.
    pub objective: Option<Duration>,
    /// The time limit of a run.
    pub timeout: Option<Duration>,
    /// In alphabetical order of names: a Lua table has no order.
    pub params: Vec<(String, ParamSpec)>,
    pub needs: Needs,
}

/// The purpose of a run; only a backup run must end with a proved backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecipeKind {
    Backup,
    Restore,
    /// Tests that a backup can be restored.
    Drill,
    /// Monitors backups; its failed notes are its findings.
    Monitor,
    /// Writes a summary for people.
    Report,
    /// Any other check.
    Check,
    Maintenance,
}

/// How often a recipe is meant to run; part of the run id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunType {
    Daily,
    Weekly,
    Monthly,
    Manual,
}

/// Marks a program that only some settings of a recipe need: `check` does not require it.
pub const MAY_LACK: char = '?';

/// Everything that a recipe may use. Each text is a template over the params.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    pub run: Vec<String>,
    pub read: Vec<String>,
    pub write: Vec<String>,
    pub connect: Vec<String>,
    pub objects: Vec<String>,
    /// Unix sockets.
    pub sockets: Vec<String>,
    /// Root capabilities that its programs keep.
    pub capabilities: Vec<String>,
    /// Recipes that it may run.
    pub recipes: Vec<String>,
    /// The system user that runs its programs and connects to its databases.
    pub user: Option<String>,
}

impl Needs {
    pub fn may_lack(&self, program: &str) -> bool {
        // hikae itself does the work of these two programs now; many recipes still name them.
        let replaced = ["psql", "pg_isready"].contains(&program);
        replaced || self.run.iter().any(|declared| declared.strip_suffix(MAY_LACK) == Some(program))
    }
}

impl RecipeKind {
    pub const WORDS: [(&str, RecipeKind); 7] = [
        ("backup", RecipeKind::Backup),
        ("restore", RecipeKind::Restore),
        ("drill", RecipeKind::Drill),
        ("monitor", RecipeKind::Monitor),
        ("report", RecipeKind::Report),
        ("check", RecipeKind::Check),
        ("maintenance", RecipeKind::Maintenance),
    ];

    pub fn word(self) -> &'static str {
        RecipeKind::WORDS.iter().find(|(_, kind)| *kind == self).map_or("", |(word, _)| word)
    }
}

impl RunType {
    pub const WORDS: [(&str, RunType); 4] = [
        ("daily", RunType::Daily),
        ("weekly", RunType::Weekly),
        ("monthly", RunType::Monthly),
        ("manual", RunType::Manual),
    ];

    pub fn word(self) -> &'static str {
        RunType::WORDS.iter().find(|(_, run_type)| *run_type == self).map_or("", |(word, _)| word)
    }
}

const KEYS: [&str; 10] =
    ["kind", "summary", "type", "schedule", "objective", "timeout", "params", "needs", "preview", "run"];
const NEEDS: [&str; 8] = ["run", "read", "write", "connect", "objects", "sockets", "capabilities", "recipes"];

/// The only need that is a name, not a list.
const USER: &str = "user";

impl Declaration {
    /// Reads the table that a recipe passes to `recipe`, without the functions in it.
    pub fn read(table: &Value) -> Result<Declaration, Vec<Problem>> {
        let mut problems = Vec::new();
        let declaration = read_all(table, &mut problems);
        match declaration {
            Some(declaration) if problems.is_empty() => Ok(declaration),
            _ => Err(problems),
        }
    }
}

fn read_all(table: &Value, problems: &mut Vec<Problem>) -> Option<Declaration> {
    let mut fields = Fields::open("", Some(table), problems);
    fields.allow_only(&KEYS);
    if fields.value("run").is_some() {
        fields.problem("`run` must be a function", "write `run = function(p) … end`");
    }
    let kind = fields.word("kind", &RecipeKind::WORDS).unwrap_or(RecipeKind::Backup);
    let summary = fields.text("summary").map(str::to_owned);
    let run_type = read_run_type(&mut fields);
    let schedule = read_schedule(&mut fields);
    let objective = read_duration(&mut fields, "objective", "25h");
    let timeout = read_duration(&mut fields, "timeout", "6h");
    let (table, needs) = (fields.value("params"), fields.value("needs"));
    let params = read_params(table, problems);
    let needs = read_needs(needs, table, &params, problems);
    Some(Declaration { kind, summary, run_type: run_type?, schedule, objective, timeout, params, needs })
}

fn read_run_type(fields: &mut Fields) -> Option<RunType> {
    if fields.value("type").is_none() {
        let words = suggest::listed(RunType::WORDS.iter().map(|(word, _)| *word));
        fields.problem("`type` is missing", format!("add `type = \"daily\"`; valid names: {words}"));
    }
    fields.word("type", &RunType::WORDS)
}

fn read_schedule(fields: &mut Fields) -> Option<String> {
    let text = fields.text("schedule")?;
    fields.problems().extend(schedule::read(text).err());
    Some(text.to_owned())
}

fn read_duration(fields: &mut Fields, key: &str, such_as: &str) -> Option<Duration> {
    let value = fields.value(key)?;
    match ParamType::Duration.of_json(value) {
        Ok(ParamValue::Duration(time)) if !time.is_zero() => return Some(time),
        Ok(_) => fields
            .problem(format!("`{key}` must be longer than 0"), format!("write a longer time, such as `{such_as}`")),
        Err(misfit) => fields.problem(format!("`{key}` must {}, but is `{}`", misfit.must, plain(value)), misfit.hint),
    }
    None
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn read_params(value: Option<&Value>, problems: &mut Vec<Problem>) -> Vec<(String, ParamSpec)> {
    let entries: Vec<_> = Fields::open("params", value, problems).entries().collect();
    let read = |(name, value): (&String, &Value)| Some((name.clone(), ParamSpec::read(name, value, problems)?));
    let mut params: Vec<_> = entries.into_iter().filter_map(read).collect();
    params.sort_by(|(one, _), (other, _)| one.cmp(other));
    params
}

fn read_needs(
    value: Option<&Value>,
    table: Option<&Value>,
    params: &[(String, ParamSpec)],
    problems: &mut Vec<Problem>,
) -> Needs {
    // Every declared name, also one with a wrong declaration: that is already reported.
    let declared: Vec<&str> = table.and_then(Value::as_object).into_iter().flatten().map(|(name, _)| &**name).collect();
    let mut fields = Fields::open("needs", value, problems);
    fields.allow_only(&[&NEEDS[..], &[USER]].concat());
    let user = fields.text(USER).map(str::to_owned);
    if let Some(template) = &user {
        check_template(USER, template, &declared, params, &mut fields);
    }
    let [run, read, write, connect, objects, sockets, capabilities, recipes] = NEEDS.map(|key| {
        let templates = fields.list(key);
        for template in &templates {
            check_template(key, template, &declared, params, &mut fields);
        }
        templates
    });
    for capability in &capabilities {
        if let Err(error) = Capability::named(capability) {
            fields.problem(error.what(), error.hint_text().unwrap_or_default());
        }
    }
    Needs { run, read, write, connect, objects, sockets, capabilities, recipes, user }
}

/// Notes problems that would prevent the expansion of a template at the start of a run.
fn check_template(key: &str, template: &str, declared: &[&str], params: &[(String, ParamSpec)], fields: &mut Fields) {
    let place = format!("`{template}` of `{}`", fields.name(key));
    let pieces = match pieces(template) {
        Ok(pieces) => pieces,
        Err(error) => return fields.problem(error.what(), error.hint_text().unwrap_or_default()),
    };
    for piece in pieces {
        let Piece::Param(name) = piece else { continue };
        if !declared.contains(&name.as_str()) {
            let hint = suggest::hint(&name, declared.iter().copied());
            fields.problem(format!("{place} names no param: `{name}`"), hint);
            continue;
        }
        match params.iter().find(|(known, _)| *known == name).map(|(_, spec)| spec.kind) {
            Some(ParamType::Secret) => {
                let message = format!("{place} names the secret `{name}`, but what a recipe needs is shown");
                fields.problem(message, "name no secret in `needs`");
            }
            Some(ParamType::Command | ParamType::Hook)
                if ["read", "write", "sockets", "capabilities", "recipes", USER].contains(&key) =>
            {
                let message = format!("{place} names `{name}`, which is no path");
                fields.problem(message, "a command belongs in `run`, a hook in `run` and `connect`");
            }
            _ => {}
        }
    }
}
