//! `manifest.save_set`: makes one backup of several, by a list that `sha256sum --check` reads and one manifest for all.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use mlua::Table;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::backup::pipeline::Pipeline;
use crate::catalog::described;
use crate::catalog::manifest::Manifest;
use crate::error::{Error, Kind, Result};
use crate::lua::exports::Call;
use crate::modules::manifest::list::Head;
use crate::modules::save;
use crate::postgres::dump::facts::DatabaseFacts;
use crate::stream::stage::Staged;
use crate::stream::taps::Count;
use crate::stream::{Facts, SharedFacts};
use crate::world::Caller;
use crate::world::command::quoted;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetOptions {
    files: Vec<PathBuf>,
    left_out: Option<Vec<String>>,
}

/// One backup of the set.
struct Part {
    /// Its path from the folder of the list.
    path: String,
    manifest: Manifest,
}

/// The set is a backup like any other, and visible only when all its parts are: its bytes are the list of them.
pub async fn save(call: Rc<Call>, path: PathBuf, options: SetOptions) -> Result<Table> {
    let caller = call.world()?;
    if options.files.is_empty() {
        return Err(Error::new(Kind::Recipe, format!("cannot make the set `{}` of no file", path.display()))
            .hint("give the paths that `:save` gave"));
    }
    let mut parts = Vec::new();
    for file in &options.files {
        parts.push(look(&caller, &path, file).await?);
    }
    let list: String = parts.iter().map(|part| format!("{}  {}\n", part.manifest.sha256, part.path)).collect();
    let facts = SharedFacts::default();
    *facts.lock() = facts_of(&path, &parts, options.left_out)?;
    let counted = facts.clone();
    let pipeline = Pipeline::new("list of the set".to_owned(), caller.limits, facts, move || async move {
        Ok(Box::new(Staged::new(Box::new(Head(Some(list.into()))), Count::new(&counted))) as _)
    });
    save::save(call, (pipeline, Vec::new()), crate::backup::target::Target::File(path), Default::default()).await
}

/// The part as its manifest describes it; it must still be there.
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

fn facts_of(set: &Path, parts: &[Part], left_out: Option<Vec<String>>) -> Result<Facts> {
    let mut facts = Facts { restore: Some(restore_line(set, parts)), ..Facts::default() };
    let mut databases = Vec::new();
    for Part { path, manifest } in parts {
        facts.tools.extend(manifest.tools.clone());
        if let Some(globals) = manifest.sections.get("globals") {
            facts.sections.insert("globals".to_owned(), globals.clone());
        }
        if let Some(section) = manifest.sections.get("database") {
            let database = DatabaseFacts::deserialize(section).map_err(|cause| {
                let what = format!("cannot take `{path}` into the set `{}`", set.display());
                Error::new(Kind::Integrity, what)
                    .because_text(format!("its manifest describes the database in a way that is not known: {cause}"))
                    .hint("make it again: retention goes by what the set says of its databases")
            })?;
            let rows: Option<u64> = database.tables.iter().map(|table| table.rows).sum();
            let tables = database.tables.len();
            databases.push(json!({ "name": database.name, "path": path, "tables": tables, "rows": rows }));
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

/// Checks all files before the first is restored, and then restores them in their order.
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
