//! Verifies a dump before the server is used: reads all of it, and checks its manifest, its checksums and its own end.

use std::collections::{BTreeSet, VecDeque};

use serde_json::Value;

use crate::catalog::manifest::path_beside;
use crate::error::{Error, Kind, Result};
use crate::postgres::dump::envelope::begins_as_dump;
use crate::postgres::dump::inspector::Inspector;
use crate::postgres::restore::own::Own;
use crate::postgres::restore::read::{Format, HEAD_BYTES};
use crate::postgres::restore::rewriter::Rewriter;
use crate::postgres::restore::steps::Restoring;
use crate::postgres::restore::structure::{Collector, Structure};
use crate::report::event;
use crate::stream::stage::Staged;
use crate::stream::taps::{Count, Hash};
use crate::stream::{Piece, SharedFacts, Source};
use crate::world::{EntryKind, Stat};

/// The largest manifest that is read.
const MOST_MANIFEST_BYTES: u64 = 64 << 20;

/// A complete dump of the right database, with nothing that `pg_dump` does not write.
pub struct Proved {
    pub own: Own,
    /// The roles that it names.
    pub roles: BTreeSet<String>,
    /// The statements that create its structure, to be compared with those of the restored database.
    pub structure: Structure,
    /// The `database` section of its manifest, computed from the dump itself.
    pub dump: Value,
    /// Whether the file is an archive without compression or encryption around it, so that `pg_restore` can read the file itself.
    pub bare: bool,
    pub stat: Stat,
    pub size_bytes: u64,
    pub plain_bytes: u64,
    pub sha256: String,
}

/// A dump as plain SQL, while it is read.
pub struct Opened {
    pub source: Box<dyn Source>,
    pub raw: SharedFacts,
    pub facts: SharedFacts,
    /// Whether the file is an archive without compression or encryption around it, so that `pg_restore` can read the file itself.
    pub bare: bool,
    looks_right: bool,
}

pub async fn prove(restoring: &Restoring) -> Result<Proved> {
    let stat = look(restoring).await?;
    let manifest = manifest(restoring).await?;
    refuse_other_size(&stat, manifest.as_ref())?;
    // It is read twice as plain SQL: once to verify it and once to load it.
    if let Some(plain_bytes) = manifest.as_ref().and_then(|manifest| manifest["plain_bytes"].as_u64()) {
        event::step_expects(restoring.step, plain_bytes);
    }
    let mut opened = restoring.open(true).await?;
    let (own, roles, structure) = read_all(restoring, &mut opened).await?;
    let (raw, mut facts) = (opened.raw.lock().clone(), opened.facts.lock().clone());
    let sha256 = raw.hashes.get("file").cloned().unwrap_or_default();
    match manifest.as_ref().and_then(|manifest| manifest["sha256"].as_str()) {
        Some(expected) if expected != sha256 => {
            return Err(changed(format!("its SHA-256 is {sha256}, and its manifest has {expected}")));
        }
        _ => {}
    }
    let dump = facts.sections.remove("database").unwrap_or_default();
    let (bare, plain_bytes) = (opened.bare, facts.plain_bytes);
    Ok(Proved { own, roles, structure, dump, bare, stat, size_bytes: raw.plain_bytes, plain_bytes, sha256 })
}

impl Restoring {
    /// The dump as plain SQL, inspected as it passes.
    pub async fn open(&self, hashed: bool) -> Result<Opened> {
        let (raw, facts) = (SharedFacts::default(), SharedFacts::default());
        let file = self.reader.caller.open(&self.source).await?;
        let counted: Box<dyn Source> = Box::new(Staged::new(file, Count::new(&raw)));
        let file: Box<dyn Source> = match hashed {
            true => Box::new(Staged::new(counted, Hash::new("file", &raw))),
            false => counted,
        };
        let name = self.source.display().to_string();
        let mut reading = self.reader.open(file, &name, &SharedFacts::default()).await?;
        let looks_right = begins_as_dump(reading.source.peek(HEAD_BYTES).await?);
        let bare = reading.format == Format::Archive && reading.packed.is_none() && !reading.encrypted;
        let counted = Staged::new(Box::new(reading.source), Count::new(&facts));
        let source = Staged::new(Box::new(counted), Inspector::new(facts.clone(), self.dump_of.clone()));
        Ok(Opened { source: Box::new(source), raw, facts, bare, looks_right })
    }
}

/// Reads to the verified end; returns the dump's statements about its database, and the roles that it names.
async fn read_all(restoring: &Restoring, opened: &mut Opened) -> Result<(Own, BTreeSet<String>, Structure)> {
    let (mut rewriter, mut nowhere, mut moved) = (Rewriter::judging(&restoring.target), VecDeque::new(), 0);
    let mut collector = Collector::default();
    loop {
        match opened.source.next().await? {
            // Data that is not a dump is reported by the inspector, at the end.
            Piece::Data(_) if !opened.looks_right => {}
            Piece::Data(data) => {
                moved += data.len() as u64;
                collector.feed(&data);
                rewriter.feed(data, &mut nowhere)?;
                event::step_progress(restoring.step, moved);
            }
            Piece::End => {
                rewriter.end()?;
                let own = rewriter.own().clone();
                let structure = collector.end(&own);
                return Ok((own, rewriter.roles().clone(), structure));
            }
        }
    }
}

async fn look(restoring: &Restoring) -> Result<Stat> {
    let shown = restoring.source.display();
    match restoring.reader.caller.stat(&restoring.source).await? {
        Some(stat) if stat.kind == EntryKind::Dir => Err(Error::new(Kind::Other, format!("`{shown}` is a folder"))
            .hint("give a dump in one file: plain SQL, `pg_dump --format=custom` or `=tar`, or a folder by `pg_dump --format=directory` in a tar file")),
        Some(stat) => Ok(stat),
        None => {
            Err(Error::new(Kind::NotFound, format!("there is no file `{shown}`")).hint("check the name of the backup"))
        }
    }
}

/// The manifest next to the file, if it exists.
async fn manifest(restoring: &Restoring) -> Result<Option<Value>> {
    let beside = path_beside(&restoring.source);
    if restoring.reader.caller.stat(&beside).await?.is_none() {
        return Ok(None);
    }
    let text = restoring.reader.caller.read(&beside, MOST_MANIFEST_BYTES).await?;
    serde_json::from_slice(&text).map(Some).map_err(|cause| {
        Error::new(Kind::Integrity, format!("cannot read the manifest `{}`", beside.display()))
            .because(cause)
            .hint("take another backup; or, if you trust the file, put its manifest aside")
    })
}

fn refuse_other_size(stat: &Stat, manifest: Option<&Value>) -> Result<()> {
    match manifest.and_then(|manifest| manifest["size_bytes"].as_u64()) {
        Some(expected) if stat.kind == EntryKind::File && expected != stat.size_bytes => {
            Err(changed(format!("it has {} bytes, and its manifest says {expected}", stat.size_bytes)))
        }
        _ => Ok(()),
    }
}

fn changed(how: String) -> Error {
    Error::new(Kind::Integrity, "the file is not the one that its manifest describes")
        .because_text(how)
        .hint("it is cut off, damaged or replaced: copy it again from where it came, or take another backup")
}
