//! `pg.inspect`: reads a dump to its end, proves it, and returns what a manifest would say about it.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use mlua::Table;
use serde::Deserialize;

use crate::backup::decrypting::{Identity, SecretKey};
use crate::backup::pool::spawn_cancellable;
use crate::backup::read_back::{Tallied, prove};
use crate::catalog::described;
use crate::catalog::manifest::Manifest;
use crate::error::{Error, Kind, Result};
use crate::lua::exports::Call;
use crate::lua::traceback::from_lua;
use crate::modules::pg::scratch_root;
use crate::modules::stream_result::fill;
use crate::postgres::dump::inspector::Inspector;
use crate::postgres::restore::judging::NOT_RESTORABLE;
use crate::postgres::restore::read::{Format, Reader};
use crate::secret::Secret;
use crate::stream::pump::Tally;
use crate::stream::stage::Staged;
use crate::stream::{Facts, Piece, SharedFacts, Source};
use crate::units::duration;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct InspectOptions {
    work: Option<PathBuf>,
    identity: Option<SecretKey>,
    passphrase: Option<Secret>,
    #[serde(default, deserialize_with = "duration")]
    timeout: Option<Duration>,
    #[serde(default, deserialize_with = "duration")]
    idle_timeout: Option<Duration>,
}

pub async fn inspect(call: Rc<Call>, path: PathBuf, options: InspectOptions) -> Result<Table> {
    let caller = call.world()?.limited(options.timeout, options.idle_timeout);
    let identity = Identity::of(options.identity, options.passphrase);
    let reader = Reader { caller, work: scratch_root(&call, options.work)?, identity };
    let step = call.session.step(format!("inspect {}", path.display()), call.site());
    let number = step.number;
    let work = read(reader, path.clone(), number);
    let answer = spawn_cancellable(call.session.pool.guard()?, work).await;
    let Inspected { tally, facts, manifest, format, packed } = match answer {
        Ok(found) => found,
        Err(error) => {
            step.end(0, 0, Some(&error));
            return Err(error);
        }
    };
    step.end(tally.size_bytes, facts.plain_bytes, None);
    let table = call.lua.create_table().map_err(from_lua)?;
    table.raw_set("path", path.display().to_string()).map_err(from_lua)?;
    table.raw_set("format", format.word()).map_err(from_lua)?;
    table.raw_set("packed", packed).map_err(from_lua)?;
    table.raw_set("has_manifest", manifest.is_some()).map_err(from_lua)?;
    table.raw_set("created_at", manifest.map(|manifest| manifest.created_at)).map_err(from_lua)?;
    fill(&call, &table, &tally.sha256, tally.size_bytes, &facts).map_err(from_lua)?;
    Ok(table)
}

/// A dump that was read to its proved end.
struct Inspected {
    tally: Tally,
    facts: Facts,
    manifest: Option<Manifest>,
    format: Format,
    packed: Option<&'static str>,
}

/// Reads all of the file; what comes out is proved to be one whole dump, and to be what its manifest describes.
async fn read(reader: Reader, path: PathBuf, step: u64) -> Result<Inspected> {
    let manifest = described::read(&reader.caller, &path).await?;
    let size = reader.caller.stat(&path).await?.map(|stat| stat.size_bytes);
    let (file, tally) = Tallied::new(reader.caller.open(&path).await?, step, size);
    let facts = SharedFacts::default();
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let opened = reader.open(Box::new(file), &name, &facts).await.map_err(|error| refuse(&path, error))?;
    let (format, packed) = (opened.format, opened.packed);
    let mut source = Staged::new(Box::new(opened.source), Inspector::new(facts.clone(), None));
    while let Piece::Data(_) = source.next().await.map_err(|error| refuse(&path, error))? {}
    drop(source);
    let tally = tally.finish();
    let mut facts = facts.lock().clone();
    if let Some(manifest) = &manifest {
        prove(&path, manifest, &tally, Some(facts.plain_bytes))?;
        // Whether it can be restored is checked again; omitted data was visible only to the run that made it.
        facts.remarks.extend(manifest.warnings.iter().filter(|said| said.kind != NOT_RESTORABLE).cloned());
    }
    Ok(Inspected { tally, facts, manifest, format, packed })
}

fn refuse(path: &Path, error: Error) -> Error {
    match error.kind() {
        Kind::Integrity => error.within(format!("`{}` is not one whole dump", path.display())),
        _ => error,
    }
}
