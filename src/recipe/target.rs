//! Names what a run works on: the recipe, with the database, the folder and the like that differ from the recipe's defaults.

use super::declaration::Declaration;
use super::expand::{Piece, pieces};
use super::params::Params;
use super::spec::ParamSpec;
use super::values::{ParamType, ParamValue};
use crate::secret;
use crate::secret::redact;

/// Names of params that select the database or store.
const NAMES: [&str; 9] = ["database", "databases", "db", "dbname", "host", "port", "bucket", "prefix", "dir"];
/// The same, by the environment variables that set them.
const VARIABLES: [&str; 4] = ["DB_HOST", "DB_PORT", "DB_NAME", "BACKUP_DIR"];
/// Params that do not change the target: one file of many, and folders for temporary files.
const PASSING: [&str; 4] = ["file", "identity", "work_dir", "cluster_dir"];

/// The target of a run with these params: the same wherever the values come from. It holds no secret: a token in an address is masked.
pub fn target(recipe: &str, declaration: &Declaration, params: &Params) -> String {
    let specs = declaration.params.iter().filter(|(name, spec)| names_target(name, spec, declaration));
    let values = specs.filter_map(|(name, spec)| {
        let value = params.get(name).filter(|value| **value != ParamValue::Absent)?;
        (Some(value) != spec.default.as_ref()).then(|| format!("{name}={}", secret::redact(&value.to_string())))
    });
    let values: Vec<String> = values.collect();
    if values.is_empty() { recipe.to_owned() } else { format!("{recipe} ({})", values.join(", ")) }
}

fn names_target(name: &str, spec: &ParamSpec, declaration: &Declaration) -> bool {
    let by_name = || {
        let known = NAMES.contains(&name) || spec.env.as_deref().is_some_and(|env| VARIABLES.contains(&env));
        !PASSING.contains(&name) && (known || is_place(name, declaration))
    };
    !spec.is_secret() && spec.target.unwrap_or_else(by_name)
}

/// Whether it is part of a path or an object store that the recipe declares.
fn is_place(name: &str, declaration: &Declaration) -> bool {
    let needs = &declaration.needs;
    let mut templates = needs.read.iter().chain(&needs.write).chain(&needs.objects);
    templates.any(|template| pieces(template).is_ok_and(|pieces| pieces.contains(&Piece::Param(name.to_owned()))))
}

/// The recipe with its `--set` values, without secrets: earlier versions counted failures by it.
pub fn subject(recipe: &str, declaration: &Declaration, set: &[(String, String)]) -> String {
    let is_secret = |name: &str| {
        let spec = declaration.params.iter().find(|(known, _)| known == name);
        spec.is_some_and(|(_, spec)| spec.kind == ParamType::Secret)
    };
    let mut said: Vec<String> =
        set.iter().filter(|(name, _)| !is_secret(name)).map(|(name, value)| format!("{name}={value}")).collect();
    said.sort_unstable();
    if said.is_empty() { recipe.to_owned() } else { redact(&format!("{recipe} ({})", said.join(", "))) }
}
