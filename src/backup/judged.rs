//! Checks a backup's content before the commit: whether it is empty, matches its name, and has its usual size.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;

use crate::backup::pipeline::Pipeline;
use crate::backup::recorder::Recorder;
use crate::backup::usual::{self, Content};
use crate::error::{Error, Kind, Result};
use crate::stream::endings::contradiction;
use crate::stream::nothing::nothing;
use crate::stream::sample::Sample;
use crate::stream::stage::{Stage, Staged};
use crate::stream::unpacking::Unpacking;
use crate::stream::{Facts, SharedFacts};

/// The same stream, which fails at its end if it cannot be a backup of this name.
pub fn judged(pipeline: Pipeline, name: String, allow_empty: bool, recorder: Arc<dyn Recorder>) -> Pipeline {
    let label = pipeline.label.clone();
    pipeline.then(move |source, facts| {
        let (facts, stored) = (facts.clone(), Sample::default());
        let unpacking = Unpacking::of_name(&name);
        Box::new(Staged::new(
            source,
            Judged { label, name, allow_empty, facts, recorder, stored, unpacking, damaged: None },
        ))
    })
}

struct Judged {
    label: String,
    name: String,
    allow_empty: bool,
    facts: SharedFacts,
    recorder: Arc<dyn Recorder>,
    /// A sample of the stored bytes.
    stored: Sample,
    /// Reads data that was packed outside of hikae to its end.
    unpacking: Option<Unpacking>,
    /// The first error found while unpacking.
    damaged: Option<Error>,
}

impl Judged {
    fn must_be_filled(&self, facts: &Facts) -> Result<()> {
        let why = nothing(&facts.plain).or_else(|| nothing(&self.stored)).or_else(|| no_entry(facts));
        match why.filter(|_| !self.allow_empty) {
            Some(why) => Err(Error::new(Kind::Integrity, format!("refused a backup of nothing from `{}`", self.label))
                .because_text(why)
                .hint("look at what it is made of; where nothing is right: `:save(path, { allow_empty = true })`")),
            None => Ok(()),
        }
    }

    fn must_be_what_it_says(&self, facts: &Facts) -> Result<()> {
        // An empty backup that is allowed is neither SQL nor an archive.
        if self.allow_empty && nothing(&facts.plain).is_some() {
            return Ok(());
        }
        match contradiction(&self.name, &self.stored, facts) {
            Some(why) => Err(Error::new(Kind::Integrity, format!("`{}` is not what its name says", self.name))
                .because_text(why)
                .hint("look at what its source writes; the endings of the name must fit the stages of the stream")),
            None => Ok(()),
        }
    }

    /// Compares this backup with earlier ones.
    fn compare(&self, facts: &mut Facts) -> Result<()> {
        let content = Content::of(facts, &self.name, self.stored.size_bytes());
        let past = self.recorder.past(&content);
        usual::must_have_tables(&self.label, &content, &past, self.allow_empty)?;
        facts.remarks.extend(usual::remarks(&content, &past));
        Ok(())
    }
}

impl Stage for Judged {
    fn feed(&mut self, data: Bytes, out: &mut VecDeque<Bytes>) -> Result<()> {
        self.stored.add(&data);
        if let Some(unpacking) = self.unpacking.as_mut().filter(|_| self.facts.lock().undo.is_empty()) {
            // Kept for the end: what the beginning of the data shows is reported first.
            if let Err(error) = unpacking.feed(&self.name, &data) {
                (self.unpacking, self.damaged) = (None, Some(error));
            }
        }
        out.push_back(data);
        Ok(())
    }

    fn end(&mut self, _out: &mut VecDeque<Bytes>) -> Result<()> {
        let mut facts = self.facts.lock();
        self.must_be_filled(&facts)?;
        self.must_be_what_it_says(&facts)?;
        if let Some(error) = self.damaged.take() {
            return Err(error);
        }
        if let Some(unpacking) = self.unpacking.take().filter(|_| facts.undo.is_empty()) {
            unpacking.end(&self.name)?;
        }
        self.compare(&mut facts)
    }
}

fn no_entry(facts: &Facts) -> Option<&'static str> {
    let files = facts.sections.get("files").and_then(serde_json::Value::as_array);
    files.is_some_and(Vec::is_empty).then_some("it is an archive without entries")
}
