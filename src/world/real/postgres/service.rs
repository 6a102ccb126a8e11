//! Reads the section of the service file that `PGSERVICE` names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::{Error, Kind, Result};

/// Where Debian keeps the system's service file.
const SYSTEM: &str = "/etc/postgresql-common";

/// The settings of the service; none without a service name.
pub fn read(environment: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>> {
    let Some(name) = environment.get("PGSERVICE").filter(|name| !name.is_empty()) else {
        return Ok(BTreeMap::new());
    };
    for path in files(environment) {
        if let Ok(text) = std::fs::read_to_string(&path)
            && let Some(section) = section(&text, name, &path)?
        {
            return Ok(section);
        }
    }
    Err(Error::new(Kind::NotFound, format!("there is no service `{name}` in the service files of PostgreSQL"))
        .hint("`PGSERVICE` names it: add its section to `~/.pg_service.conf`, or unset the variable"))
}

/// The user's own file, or else the system's.
fn files(environment: &BTreeMap<String, String>) -> Vec<PathBuf> {
    let set = |name: &str| environment.get(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let own = set("PGSERVICEFILE").or_else(|| Some(set("HOME")?.join(".pg_service.conf")));
    let system = set("PGSYSCONFDIR").unwrap_or_else(|| PathBuf::from(SYSTEM)).join("pg_service.conf");
    own.into_iter().chain([system]).collect()
}

fn section(text: &str, name: &str, path: &Path) -> Result<Option<BTreeMap<String, String>>> {
    let mut found: Option<BTreeMap<String, String>> = None;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with('[') {
            if found.is_some() {
                break;
            }
            if line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) == Some(name) {
                found = Some(BTreeMap::new());
            }
            continue;
        }
        let Some(section) = &mut found else { continue };
        let Some((key, value)) = line.split_once('=') else {
            let what = format!("cannot read line {} of the service file `{}`", number + 1, path.display());
            return Err(Error::new(Kind::Recipe, what).hint("each line is `key=value`"));
        };
        section.entry(key.trim().to_owned()).or_insert_with(|| value.trim().to_owned());
    }
    Ok(found)
}
