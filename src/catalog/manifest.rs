//! The manifest beside each backup, which describes it so that it can be judged and restored without hikae.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, FixedOffset, SecondsFormat};
use serde::{Deserialize, Deserializer, Serialize};

use crate::report::remark::{Level, Remark};
use crate::stream::Facts;
use crate::stream::encrypting::Encryption;
use crate::stream::pump::Tally;
use crate::world::command::quoted;

/// The version of the format; readers ignore keys that they do not know.
pub const VERSION: u32 = 1;

/// The suffix that turns the name of a backup into that of its manifest.
pub const SUFFIX: &str = ".manifest.json";

/// The suffix that turns the name of an archive into that of its list.
pub const LIST_SUFFIX: &str = ".files.jsonl.zst";

/// `X.manifest.json`: what the backup `X` is, and how to restore it with standard tools.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Manifest {
    pub manifest: u32,
    pub run_id: String,
    pub recipe: RecipeMark,
    pub created_at: String,
    pub host: String,
    pub name: String,
    pub size_bytes: u64,
    pub sha256: String,
    pub plain_bytes: u64,
    pub tools: BTreeMap<String, String>,
    pub restore: String,
    /// Remarks from when the backup was made: what was left out, what cannot be restored.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "remarks")]
    pub warnings: Vec<Remark>,
    /// How the backup is encrypted, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption: Option<Encryption>,
    /// The findings of the stream's stages, by key: `database` for dumps, `files` for archives.
    #[serde(flatten)]
    pub sections: BTreeMap<String, serde_json::Value>,
}

/// The exact recipe that made a backup.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RecipeMark {
    pub name: String,
    pub sha256: String,
}

impl Manifest {
    /// The manifest of the backup `file_name`, from the findings of its stream.
    pub fn new(
        run_id: &str,
        recipe: RecipeMark,
        created_at: DateTime<FixedOffset>,
        host: &str,
        file_name: &str,
        tally: &Tally,
        facts: &Facts,
    ) -> Manifest {
        Manifest {
            manifest: VERSION,
            run_id: run_id.to_owned(),
            recipe,
            created_at: created_at.to_rfc3339_opts(SecondsFormat::Secs, false),
            host: host.to_owned(),
            name: file_name.to_owned(),
            size_bytes: tally.size_bytes,
            sha256: tally.sha256.clone(),
            plain_bytes: facts.plain_bytes,
            tools: facts.tools.clone(),
            restore: restore_line(file_name, facts),
            warnings: facts.remarks.clone(),
            encryption: facts.encryption.clone(),
            sections: facts.sections.clone(),
        }
    }

    /// The text of the manifest: indented, with a final newline, so that people can read it.
    pub fn to_text(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }
}

/// Remarks. Archives of earlier versions have plain texts instead.
fn remarks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Remark>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Said {
        Remark(Remark),
        Text(String),
    }
    let said = Vec::<Said>::deserialize(deserializer)?.into_iter();
    let remark = |said| match said {
        Said::Remark(remark) => remark,
        Said::Text(text) => Remark::new(Level::Warning, "archive", text),
    };
    Ok(said.map(remark).collect())
}

/// The path of the manifest of a backup.
pub fn path_beside(backup: &Path) -> PathBuf {
    beside(backup, SUFFIX)
}

/// The path of the list of an archive, if it has one.
pub fn list_beside(archive: &Path) -> PathBuf {
    beside(archive, LIST_SUFFIX)
}

fn beside(backup: &Path, suffix: &str) -> PathBuf {
    let mut name = backup.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// One command line of standard tools that reverses every stage and restores the bytes to their source.
fn restore_line(file_name: &str, facts: &Facts) -> String {
    if let Some(line) = &facts.restore {
        return line.clone();
    }
    let file = quoted(file_name);
    let known = facts.one_way.unwrap_or_default();
    let mut parts: Vec<String> = facts.undo.iter().skip(known).rev().cloned().collect();
    parts.extend(facts.packed.clone().filter(|_| facts.one_way.is_none()));
    match parts.first_mut() {
        Some(first) => *first = format!("{first} {file}"),
        None => parts.push(format!("cat {file}")),
    }
    match facts.load.as_ref().filter(|_| facts.one_way.is_none()) {
        Some(load) => {
            parts.extend(facts.filters.iter().cloned());
            parts.push(facts.load_env.iter().chain([load]).cloned().collect::<Vec<_>>().join(" "));
        }
        None => return format!("{} > restored", parts.join(" | ")),
    }
    parts.join(" | ")
}
