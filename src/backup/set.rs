//! Combines several backups into one: its bytes are a list of them for `sha256sum --check`, and its manifest describes them all.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::backup::pipeline::Pipeline;
use crate::catalog::described;
use crate::catalog::manifest::Manifest;
use crate::error::{Error, Kind, Result};
use crate::stream::at_hand::AtHand;
use crate::stream::stage::Staged;
use crate::stream::taps::Count;
use crate::stream::{Facts, SharedFacts};
use crate::world::Caller;
use crate::world::command::quoted;

/// The facts about a database in the list of a set.
pub struct ListedDatabase {
    pub name: Option<String>,
    pub tables: usize,
    /// `None` if not all rows were counted.
    pub rows: Option<u64>,
}

/// Reads the `database` sections of manifests, for a kind of database.
pub trait DatabaseSections {
    /// The facts in a section, or why it cannot be read.
    fn read(&self, section: &Value) -> std::result::Result<ListedDatabase, String>;
}

/// One backup of the set.
struct Part {
    /// Its path relative to the folder of the list.
    path: String,
    manifest: Manifest,
}

/// The pipeline of the set at `path`. It is created when all its parts exist.
pub async fn pipeline(
    caller: &Caller,
    path: &Path,
    files: &[PathBuf],
    left_out: Option<Vec<String>>,
    databases_of: &dyn DatabaseSections,
) -> Result<Pipeline> {
    if files.is_empty() {
        return Err(Error::new(Kind::Recipe, format!("cannot make the set `{}` of no file", path.display()))
            .hint("give the paths that `:save` gave"));
    }
    let mut parts = Vec::new();
    for file in files {
        parts.push(look(caller, path, file).await?);
    }
    let list: String = parts.iter().map(|part| format!("{}  {}\n", part.manifest.sha256, part.path)).collect();
    let facts = SharedFacts::default();
    *facts.lock() = facts_of(path, &parts, left_out, databases_of)?;
    let counted = facts.clone();
    Ok(Pipeline::new("list of the set".to_owned(), caller.limits, facts, move || async move {
        Ok(Box::new(Staged::new(Box::new(AtHand::new(list)), Count::new(&counted))) as _)
    }))
}

/// The part as described by its manifest; it must still exist.
async fn look(caller: &Caller, set: &Path, file: &Path) -> Result<Part> {
    let cannot = |kind| Error::new(kind, format!("cannot take `{}` into the set `{}`", file.display(), set.display()));
    let below = set.parent().and_then(|folder| file.strip_prefix(folder).ok()).and_then(Path::to_str);
    let listed = |path: &&str| !path.contains(['\n', '\r', '\\']);
    let Some(path) = below.filter(listed) else {
        return Err(cannot(Kind::Recipe)
            .because_text("a list names files below its own folder, each on one line")
            .hint("put the list beside the files, or above them"));
    };
    let manifest = described::read(caller, file).await?.ok_or_else(|| {
        cannot(Kind::NotFound).because_text("it has no manifest").hint("a part is a backup that `:save` made")
    })?;
    match caller.stat(file).await? {
        Some(stat) if stat.size_bytes == manifest.size_bytes => Ok(Part { path: path.to_owned(), manifest }),
        Some(_) => Err(cannot(Kind::Integrity).because_text("it is not what its manifest describes")),
        None => Err(cannot(Kind::NotFound).because_text("it is gone")),
    }
}

fn facts_of(
    set: &Path,
    parts: &[Part],
    left_out: Option<Vec<String>>,
    databases_of: &dyn DatabaseSections,
) -> Result<Facts> {
    let mut facts = Facts { restore: Some(restore_line(set, parts)), ..Facts::default() };
    let mut databases = Vec::new();
    for Part { path, manifest } in parts {
        facts.tools.extend(manifest.tools.clone());
        if let Some(globals) = manifest.sections.get("globals") {
            facts.sections.insert("globals".to_owned(), globals.clone());
        }
        if let Some(section) = manifest.sections.get("database") {
            let database = databases_of.read(section).map_err(|cause| {
                let what = format!("cannot take `{path}` into the set `{}`", set.display());
                Error::new(Kind::Integrity, what)
                    .because_text(format!("its manifest describes the database in a way that is not known: {cause}"))
                    .hint("make it again: retention goes by what the set says of its databases")
            })?;
            let ListedDatabase { name, tables, rows } = database;
            databases.push(json!({ "name": name, "path": path, "tables": tables, "rows": rows }));
        }
    }
    let files = parts.iter().map(
        |Part { path, manifest }| json!({ "path": path, "size_bytes": manifest.size_bytes, "sha256": manifest.sha256 }),
    );
    facts.sections.insert("files".to_owned(), files.collect());
    facts.sections.insert("databases".to_owned(), Value::Array(databases));
    if let Some(left_out) = left_out {
        facts.sections.insert("left_out".to_owned(), json!(left_out));
    }
    Ok(facts)
}

/// Checks all files before the first is restored, and then restores them in order.
fn restore_line(set: &Path, parts: &[Part]) -> String {
    let name = set.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut steps = vec![format!("sha256sum --check --quiet {}", quoted(&name))];
    for Part { path, manifest } in parts {
        match Path::new(path).parent().filter(|folder| !folder.as_os_str().is_empty()) {
            Some(folder) => steps.push(format!("(cd {} && {})", quoted(&folder.to_string_lossy()), manifest.restore)),
            None => steps.push(manifest.restore.clone()),
        }
    }
    steps.join(" && ")
}
