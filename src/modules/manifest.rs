//! The module `manifest`: what stands beside a backup, and whether the backup is still what it describes.

pub(crate) mod set;

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures_util::future::BoxFuture;
use mlua::{Lua, Table, Value};
use serde::Deserialize;

use crate::backup::pool::on_pool;
use crate::catalog::described;
use crate::catalog::manifest::Manifest;
use crate::error::{Error, Kind, Result};
use crate::lua::exports::{Call, Module};
use crate::lua::options::duration;
use crate::lua::traceback::from_lua;
use crate::report::event;
use crate::stream::decompress::decompress;
use crate::stream::pump::{Tallier, Tally};
use crate::stream::{Piece, Source};
use crate::units::show_size;
use crate::world::Caller;

/// The most entries in the lists of a manifest that a recipe holds as a table.
const MAX_LISTED: usize = 100_000;
/// The lists of a manifest, by section: one entry a table or file.
const LISTS: [(&str, &str); 2] = [("database", "tables"), ("database", "sequences")];

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct ReadOptions {
    lists: Option<bool>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct VerifyOptions {
    #[serde(default, deserialize_with = "duration")]
    timeout: Option<Duration>,
    #[serde(default, deserialize_with = "duration")]
    idle_timeout: Option<Duration>,
}

pub fn module(lua: &Lua) -> mlua::Result<Module> {
    Module::new(lua)?
        .wait("manifest.read", |call, (path, options): (PathBuf, Option<ReadOptions>)| {
            read(call, path, options.unwrap_or_default())
        })?
        .wait("manifest.verify", |call, (path, options): (PathBuf, Option<VerifyOptions>)| {
            verify(call, path, options.unwrap_or_default())
        })?
        .wait("manifest.save_set", |call, (path, options): (PathBuf, set::SetOptions)| set::save(call, path, options))
}

/// The manifest beside a backup as a table; nil where there is none.
async fn read(call: Rc<Call>, path: PathBuf, options: ReadOptions) -> Result<Value> {
    let Some(mut manifest) = described::read(&call.world()?, &path).await? else { return Ok(Value::Nil) };
    if options.lists == Some(false) {
        manifest.sections.remove("files");
        for (section, list) in LISTS {
            let section = manifest.sections.get_mut(section).and_then(serde_json::Value::as_object_mut);
            section.and_then(|section| section.remove(list));
        }
    }
    let lists = LISTS.iter().filter_map(|(section, list)| manifest.sections.get(*section)?.get(*list)?.as_array());
    let files = manifest.sections.get("files").and_then(serde_json::Value::as_array);
    if lists.chain(files).map(Vec::len).sum::<usize>() > MAX_LISTED {
        let what = format!("the manifest of `{}` lists too much for a recipe", path.display());
        return Err(Error::new(Kind::Space, what)
            .hint("read the rest of it: `manifest.read(path, { lists = false })`; `pg.verify` takes the path itself"));
    }
    let value = serde_json::to_value(&manifest)
        .map_err(|cause| Error::new(Kind::Other, "cannot read a manifest into a table").because(cause))?;
    crate::lua::json::to_lua(&call.lua, &value).map_err(from_lua)
}

/// Reads a backup to its end, unpacks it, and compares it with its manifest.
async fn verify(call: Rc<Call>, path: PathBuf, options: VerifyOptions) -> Result<Table> {
    let caller = call.world()?.limited(options.timeout, options.idle_timeout);
    let step = call.session.step(format!("verify {}", path.display()), call.site());
    let work = read_back(caller, path.clone(), step.number);
    let answer = on_pool(call.session.pool.member()?, work).await;
    let size = answer.as_ref().map_or(0, |tally| tally.size_bytes);
    step.end(size, size, answer.as_ref().err());
    let tally = answer?;
    let table = call.lua.create_table().map_err(from_lua)?;
    table.raw_set("path", path.display().to_string()).map_err(from_lua)?;
    table.raw_set("size_bytes", tally.size_bytes).map_err(from_lua)?;
    table.raw_set("sha256", tally.sha256).map_err(from_lua)?;
    Ok(table)
}

async fn read_back(caller: Caller, path: PathBuf, step: u64) -> Result<Tally> {
    let Some(manifest) = described::read(&caller, &path).await? else {
        let what = format!("cannot verify `{}`", path.display());
        return Err(Error::new(Kind::NotFound, what)
            .because_text("it has no manifest")
            .hint("a dump without one is proved by `pg.inspect(path)`"));
    };
    let (file, tally) = Tallied::new(caller.open(&path).await?, step);
    let mut plain = decompress(Box::new(file), &manifest.name);
    while let Piece::Data(_) = plain.next().await? {}
    drop(plain);
    let tally = tally.finish();
    // What was encrypted or packed in another way is not unpacked here: its plain size is not known.
    prove(&path, &manifest, &tally, None)?;
    Ok(tally)
}

/// Whether what was read is what the manifest describes.
pub fn prove(path: &Path, manifest: &Manifest, tally: &Tally, plain_bytes: Option<u64>) -> Result<()> {
    let wrong = if manifest.size_bytes != tally.size_bytes {
        format!("it has {}, and had {}", show_size(tally.size_bytes), show_size(manifest.size_bytes))
    } else if manifest.sha256 != tally.sha256 {
        "its SHA-256 is another".to_owned()
    } else if plain_bytes.is_some_and(|bytes| bytes != manifest.plain_bytes) {
        "it unpacks to another size".to_owned()
    } else {
        return Ok(());
    };
    Err(Error::new(Kind::Integrity, format!("`{}` is not what its manifest describes", path.display()))
        .because_text(wrong)
        .hint("it was changed or damaged after it was made: take another copy, or another backup"))
}

/// A source that tallies what it gives, for whoever asks when all was read.
pub struct Tallied {
    source: Box<dyn Source>,
    tally: SharedTally,
    step: u64,
}

/// The tally of a source that is read elsewhere.
#[derive(Clone, Default)]
pub struct SharedTally(Arc<Mutex<Tallier>>);

impl SharedTally {
    fn lock(&self) -> MutexGuard<'_, Tallier> {
        self.0.lock().unwrap_or_else(|broken| broken.into_inner())
    }

    /// What was read.
    pub fn finish(self) -> Tally {
        std::mem::take(&mut *self.lock()).finish()
    }
}

impl Tallied {
    /// `step` is shown how much was read.
    pub fn new(source: Box<dyn Source>, step: u64) -> (Tallied, SharedTally) {
        let tally = SharedTally::default();
        (Tallied { source, tally: tally.clone(), step }, tally)
    }
}

impl Source for Tallied {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(async {
            let piece = self.source.next().await?;
            if let Piece::Data(data) = &piece {
                let mut tally = self.tally.lock();
                tally.add(data);
                event::step_progress(self.step, tally.size_bytes());
            }
            Ok(piece)
        })
    }
}
