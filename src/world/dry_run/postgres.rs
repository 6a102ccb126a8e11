//! A session that is only planned: nothing is sent, and the server's answers are unknown.

use bytes::Bytes;
use futures_util::future::{BoxFuture, ready};

use super::Withheld;
use crate::error::{Error, Kind, Result};
use crate::stream::Piece;
use crate::world::postgres::{QueryResult, Session, Step};

/// A session with this database that was not opened.
pub struct Unsaid(pub String);

impl Unsaid {
    fn unknown<T: Send + 'static>(&self) -> BoxFuture<'static, Result<T>> {
        let error = Error::new(Kind::Cancelled, format!("the answer of `{}` is not known", self.0));
        Box::pin(ready(Err(error.because(Withheld::Database))))
    }
}

impl Session for Unsaid {
    fn ask(&mut self, _sql: Bytes, _max_bytes: usize) -> BoxFuture<'_, Result<QueryResult>> {
        self.unknown()
    }

    fn send(&mut self, _step: Step) -> BoxFuture<'_, Result<()>> {
        Box::pin(ready(Ok(())))
    }

    fn settle(&mut self) -> BoxFuture<'_, Result<()>> {
        self.unknown()
    }

    fn copy_out(&mut self, _sql: Bytes) -> BoxFuture<'_, Result<()>> {
        self.unknown()
    }

    fn rows(&mut self) -> BoxFuture<'_, Result<Piece>> {
        self.unknown()
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(ready(Ok(())))
    }
}
