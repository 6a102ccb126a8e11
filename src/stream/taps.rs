//! Looks at the bytes that pass and notes what it saw among the facts: how many there were, or their hash.

use std::collections::VecDeque;

use bytes::Bytes;

use super::SharedFacts;
use super::sha256::Sha256;
use super::stage::Stage;
use crate::error::Result;

/// Notes the SHA-256 of what passes under a label, once the source has ended.
pub struct Hash {
    label: String,
    facts: SharedFacts,
    hash: Sha256,
}

impl Hash {
    pub fn new(label: impl Into<String>, facts: &SharedFacts) -> Hash {
        Hash { label: label.into(), facts: facts.clone(), hash: Sha256::default() }
    }
}

impl Stage for Hash {
    fn feed(&mut self, data: Bytes, out: &mut VecDeque<Bytes>) -> Result<()> {
        self.hash.update(&data);
        out.push_back(data);
        Ok(())
    }

    fn end(&mut self, _out: &mut VecDeque<Bytes>) -> Result<()> {
        self.facts.lock().hashes.insert(self.label.clone(), self.hash.hex());
        Ok(())
    }
}

/// Counts what passes into the plain bytes, as it passes.
pub struct Count {
    facts: SharedFacts,
}

impl Count {
    pub fn new(facts: &SharedFacts) -> Count {
        Count { facts: facts.clone() }
    }
}

impl Stage for Count {
    fn feed(&mut self, data: Bytes, out: &mut VecDeque<Bytes>) -> Result<()> {
        self.facts.lock().plain_bytes += data.len() as u64;
        out.push_back(data);
        Ok(())
    }

    fn end(&mut self, _out: &mut VecDeque<Bytes>) -> Result<()> {
        Ok(())
    }
}
