//! A byte stream that has not started: how to open it, and what it will learn about itself.

use std::future::Future;

use futures_util::future::BoxFuture;

use crate::error::Result;
use crate::modules::save;
use crate::stream::{SharedFacts, Source};
use crate::world::Limits;

/// Starts the source of a stream; called when the stream is consumed, not before.
pub type Opener = Box<dyn FnOnce() -> BoxFuture<'static, Result<Box<dyn Source>>> + Send>;

/// A stream that has not started: how to open it, and what it will learn about itself.
pub struct Pipeline {
    pub label: String,
    pub open: Opener,
    pub facts: SharedFacts,
    pub limits: Limits,
    /// Second files that get the same bytes.
    pub copies: Vec<save::Copy>,
}

impl Pipeline {
    /// A stream that opens its source with `open` when it is consumed.
    pub fn new<F, Fut>(label: String, limits: Limits, facts: SharedFacts, open: F) -> Pipeline
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = Result<Box<dyn Source>>> + Send + 'static,
    {
        Pipeline { label, open: Box::new(move || Box::pin(open())), facts, limits, copies: Vec::new() }
    }

    /// The same stream with one more stage behind it.
    pub fn then(
        self,
        stage: impl FnOnce(Box<dyn Source>, &SharedFacts) -> Box<dyn Source> + Send + 'static,
    ) -> Pipeline {
        let (open, facts) = (self.open, self.facts.clone());
        let open: Opener = Box::new(move || Box::pin(async move { Ok(stage(open().await?, &facts)) }));
        Pipeline { open, ..self }
    }
}
