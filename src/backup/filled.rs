//! Refuses a backup of nothing before it is committed, wherever its bytes come from.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;

use crate::backup::pipeline::Pipeline;
use crate::backup::recorder::Recorder;
use crate::error::{Error, Kind, Result};
use crate::stream::nothing::Small;
use crate::stream::stage::{Stage, Staged};
use crate::stream::{Facts, SharedFacts};

/// The stream, which now fails at its end when it held nothing.
pub fn filled(pipeline: Pipeline, recorder: Arc<dyn Recorder>) -> Pipeline {
    let label = pipeline.label.clone();
    pipeline.then(move |source, facts| {
        Box::new(Staged::new(source, Filled { label, facts: facts.clone(), recorder, stored: Small::default() }))
    })
}

struct Filled {
    label: String,
    facts: SharedFacts,
    recorder: Arc<dyn Recorder>,
    /// The bytes as they are stored, as long as they are few.
    stored: Small,
}

impl Filled {
    fn check(&self, facts: &Facts) -> Result<()> {
        let why = facts.plain.nothing().or(self.stored.nothing()).or_else(|| no_entry(facts));
        if let Some(why) = why {
            return Err(Error::new(Kind::Integrity, format!("refused a backup of nothing from `{}`", self.label))
                .because_text(why)
                .hint("look at what it is made of; where nothing is right: `:save(path, { allow_empty = true })`"));
        }
        let Some(database) = facts.sections.get("database").filter(|database| tables(database) == Some(0)) else {
            return Ok(());
        };
        match self.recorder.last_tables(database["name"].as_str()) {
            None | Some(0) => Ok(()),
            Some(before) => {
                let what = format!("refused a backup without tables from `{}`", self.label);
                Err(Error::new(Kind::Integrity, what)
                    .because_text(format!("the last backup of this database has {before}"))
                    .hint("is it the right database? where it was emptied on purpose: `:save(path, { allow_empty = true })`"))
            }
        }
    }
}

impl Stage for Filled {
    fn feed(&mut self, data: Bytes, out: &mut VecDeque<Bytes>) -> Result<()> {
        self.stored.add(&data);
        out.push_back(data);
        Ok(())
    }

    fn end(&mut self, _out: &mut VecDeque<Bytes>) -> Result<()> {
        let facts = self.facts.lock();
        self.check(&facts)
    }
}

fn tables(database: &serde_json::Value) -> Option<usize> {
    database["tables"].as_array().map(Vec::len)
}

fn no_entry(facts: &Facts) -> Option<&'static str> {
    let files = facts.sections.get("files").and_then(serde_json::Value::as_array);
    files.is_some_and(Vec::is_empty).then_some("it is an archive without entries")
}
