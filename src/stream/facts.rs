//! Collects what a stream learns about itself on the way, for the manifest.

use std::collections::BTreeMap;

use super::encrypting::{Encryption, Sealer, Undo, WayBack};
use super::sample::Sample;
use crate::report::remark::Remark;

/// The expected number of bytes of a source, if known in advance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    pub bytes: u64,
    /// Whether it is an estimate.
    pub about: bool,
}

/// Facts that the stages of a stream collected; the sink writes them into the manifest.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Bytes that the source returned, before any stage changed them.
    pub plain_bytes: u64,
    /// The expected number of bytes; known only if progress is shown.
    pub expected: Option<Expected>,
    /// Their beginning and end: whether they are empty, and their format, is decided when all have passed.
    pub plain: Sample,
    /// Versions of the programs that took part: `pg_dump` → `15.18`.
    pub tools: BTreeMap<String, String>,
    /// Sections of the manifest by their key, such as `database`.
    pub sections: BTreeMap<String, serde_json::Value>,
    /// Remarks about the backup besides its completeness.
    pub remarks: Vec<Remark>,
    /// The empty sections that stages will fill, for a plan to show.
    pub shapes: BTreeMap<String, serde_json::Value>,
    /// The standard tools that undo each stage, in the order in which the stages were applied: `gzip -dc`.
    pub undo: Vec<String>,
    /// The standard tool that unpacks the source's data, if it was already packed.
    pub packed: Option<String>,
    /// The standard tool that loads the plain bytes: `psql -X … -d postgres`.
    pub load: Option<String>,
    /// The standard tools that remove or change the parts of the plain bytes that would make `load` fail.
    pub filters: Vec<String>,
    /// Variables that `load` needs: `PGOPTIONS='…'`.
    pub load_env: Option<String>,
    /// The whole restore command, if it is not a pipe from this one file.
    pub restore: Option<String>,
    /// Hashes that the recipe requested: label → lower-case hex.
    pub hashes: BTreeMap<String, String>,
    /// How the bytes are encrypted, if a stage encrypts them.
    pub encryption: Option<Encryption>,
    /// How the stored bytes are proved, if they are encrypted.
    pub way_back: Option<WayBack>,
    /// Encrypts the files beside it in the same way, if it is encrypted.
    pub sealer: Option<Sealer>,
    /// The number of stages before one that no known tool undoes: a restore can only return the output of that stage.
    pub one_way: Option<usize>,
}

impl Facts {
    /// Notes a stage with the standard tool that undoes it, and how hikae does.
    pub fn undone_by(&mut self, tool: &str, undo: Undo) {
        self.undo.push(tool.to_owned());
        if let Some(way) = &mut self.way_back {
            way.add(undo);
        }
    }

    /// Notes a program as a stage. If no command undoes it, a restore ends at its output.
    pub fn through(&mut self, line: &str, undo: Option<String>) {
        match undo {
            Some(tool) => self.undo.push(tool),
            None => self.one_way = Some(self.undo.len()),
        }
        if let Some(way) = &mut self.way_back {
            way.block(line.to_owned());
        }
    }

    /// Adds the facts that the stages of a shared reading collected since this copy of its facts was made.
    pub fn learn(&mut self, shared: &Facts) {
        self.plain_bytes = shared.plain_bytes;
        self.plain = shared.plain.clone();
        self.tools.extend(shared.tools.clone());
        self.sections.extend(shared.sections.clone());
        self.shapes.extend(shared.shapes.clone());
        self.hashes.extend(shared.hashes.clone());
        self.packed = self.packed.take().or_else(|| shared.packed.clone());
        self.load = self.load.take().or_else(|| shared.load.clone());
        self.load_env = self.load_env.take().or_else(|| shared.load_env.clone());
        let new = |own: &[String], filter: &&String| !own.contains(filter);
        let filters: Vec<String> = shared.filters.iter().filter(|filter| new(&self.filters, filter)).cloned().collect();
        self.filters.extend(filters);
        let remarks: Vec<Remark> =
            shared.remarks.iter().filter(|remark| !self.remarks.contains(remark)).cloned().collect();
        self.remarks.extend(remarks);
        self.restore = self.restore.take().or_else(|| shared.restore.clone());
    }
}
