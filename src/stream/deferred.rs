//! Makes a source when it is first read, if making it has to wait.

use futures_util::future::BoxFuture;

use super::{Piece, Source};
use crate::error::{Error, Kind, Result};

/// A source that is made later. Dropping it undoes any work already begun.
pub struct Deferred {
    making: Option<BoxFuture<'static, Result<Box<dyn Source>>>>,
    made: Option<Box<dyn Source>>,
}

impl Deferred {
    pub fn new(making: impl Future<Output = Result<Box<dyn Source>>> + Send + 'static) -> Deferred {
        Deferred { making: Some(Box::pin(making)), made: None }
    }

    async fn step(&mut self) -> Result<Piece> {
        if let Some(making) = &mut self.making {
            let made = making.await;
            self.making = None;
            self.made = Some(made?);
        }
        match &mut self.made {
            Some(source) => source.next().await,
            None => Err(Error::new(Kind::Other, "cannot read on after an error")),
        }
    }
}

impl Source for Deferred {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(self.step())
    }
}
