//! Collects what a stream learns about itself on the way, for the manifest.

use std::collections::BTreeMap;

use super::encrypting::{Encryption, Sealer, Undo, WayBack};
use super::sample::Sample;
use crate::report::remark::Remark;

/// How many bytes a source is going to give, as far as that is known before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    pub bytes: u64,
    /// Whether it is an estimate.
    pub about: bool,
}

/// What the stages of a stream have learnt; the sink writes it into the manifest.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Bytes that the source gave, before any stage changed them.
    pub plain_bytes: u64,
    /// How many there will be; known only where somebody watches.
    pub expected: Option<Expected>,
    /// Their beginning and end: whether they hold anything, and what they are, is decided when all have passed.
    pub plain: Sample,
    /// Versions of the programs that took part: `pg_dump` → `15.18`.
    pub tools: BTreeMap<String, String>,
    /// Sections of the manifest by their key, such as `database`.
    pub sections: BTreeMap<String, serde_json::Value>,
    /// What there is to say of the backup beside that it is whole.
    pub remarks: Vec<Remark>,
    /// The sections that stages are going to fill, empty: what a plan can show of them.
    pub shapes: BTreeMap<String, serde_json::Value>,
    /// The standard tools that undo each stage, in the order in which the stages were applied: `gzip -dc`.
    pub undo: Vec<String>,
    /// The standard tool that unpacks what the source gave, where that was packed already.
    pub packed: Option<String>,
    /// The standard tool that takes the plain bytes back: `psql -X … -d postgres`.
    pub load: Option<String>,
    /// The standard tools that leave out of the plain bytes, or change in them, what would keep `load` from taking them.
    pub filters: Vec<String>,
    /// Variables that `load` needs: `PGOPTIONS='…'`.
    pub load_env: Option<String>,
    /// The whole line that restores it, where that is no pipe out of this one file.
    pub restore: Option<String>,
    /// What the stages hashed by request of the recipe: label → lower-case hex.
    pub hashes: BTreeMap<String, String>,
    /// How the bytes are encrypted, once a stage does that.
    pub encryption: Option<Encryption>,
    /// How what is stored is proved, once it is encrypted.
    pub way_back: Option<WayBack>,
    /// Encrypts the files beside it likewise, once it is encrypted.
    pub sealer: Option<Sealer>,
    /// How many stages come before what no known tool undoes: a restore can give no more than what that stage gave.
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

    /// Notes a program as a stage. Where nobody says what undoes it, a restore ends at what it gave.
    pub fn through(&mut self, line: &str, undo: Option<String>) {
        match undo {
            Some(tool) => self.undo.push(tool),
            None => self.one_way = Some(self.undo.len()),
        }
        if let Some(way) = &mut self.way_back {
            way.block(line.to_owned());
        }
    }

    /// Takes over what the stages of a shared reading have learnt since this copy of its facts was made.
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
