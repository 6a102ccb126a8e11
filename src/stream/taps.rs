//! Examines the passing bytes and adds the results to the facts: their number, or their hash.

use std::collections::VecDeque;

use bytes::Bytes;

use super::SharedFacts;
use super::ended::Tail;
use super::sha256::Sha256;
use super::stage::Stage;
use crate::error::{Error, Kind, Result};

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

/// Refuses a stream that does not end with these bytes.
pub struct EndsWith {
    expected: Vec<u8>,
    tail: Tail,
}

impl EndsWith {
    pub fn new(expected: impl Into<Vec<u8>>) -> EndsWith {
        let expected = expected.into();
        EndsWith { tail: Tail::new(expected.len()), expected }
    }
}

impl Stage for EndsWith {
    fn feed(&mut self, data: Bytes, out: &mut VecDeque<Bytes>) -> Result<()> {
        self.tail.add(&data);
        out.push_back(data);
        Ok(())
    }

    fn end(&mut self, _out: &mut VecDeque<Bytes>) -> Result<()> {
        if self.tail.get() == self.expected {
            return Ok(());
        }
        let show = |bytes: &[u8]| String::from_utf8_lossy(bytes).escape_debug().to_string();
        Err(Error::new(Kind::Integrity, format!("the stream does not end with `{}`", show(&self.expected)))
            .because_text(format!("it ends with `{}`", show(self.tail.get())))
            .hint("it is cut off, or made by another version: look at what its program wrote"))
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
        let mut facts = self.facts.lock();
        facts.plain_bytes += data.len() as u64;
        facts.plain.add(&data);
        drop(facts);
        out.push_back(data);
        Ok(())
    }

    fn end(&mut self, _out: &mut VecDeque<Bytes>) -> Result<()> {
        Ok(())
    }
}
