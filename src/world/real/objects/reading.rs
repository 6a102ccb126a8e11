//! Reads an object to its promised end, resumes after a broken connection, and compares the checksum.

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::sums::Check;
use crate::error::{Error, Kind, Result};
use crate::report::{Level, log};
use crate::stream::{Piece, Source};
use crate::world::http::exchange::repeats::doubled;
use crate::world::objects::Object;
use crate::world::objects::words::{not_as_stored, wrong_length};
use crate::world::real::clock;

/// How often a connection may break in a row without a byte received.
const BREAKS: u32 = 5;

/// Requests the rest of the same bytes; a different version of the object returns nothing.
pub trait Again: Send {
    fn from(&self, at: u64) -> BoxFuture<'_, Result<Box<dyn Source>>>;
}

/// The bytes of an object, as they arrive.
pub struct Reading {
    pub object: Object,
    pub body: Box<dyn Source>,
    pub again: Box<dyn Again>,
    pub got: u64,
    pub of: u64,
    pub check: Option<Check>,
    breaks: u32,
}

impl Reading {
    pub fn new(object: Object, body: Box<dyn Source>, of: u64, again: Box<dyn Again>, check: Option<Check>) -> Reading {
        Reading { object, body, again, got: 0, of, check, breaks: 0 }
    }

    fn take(&mut self, data: Bytes) -> Result<Piece> {
        self.got += data.len() as u64;
        self.breaks = 0;
        if self.got > self.of {
            return Err(wrong_length(&self.object, self.got, self.of));
        }
        if let Some(check) = &mut self.check {
            check.update(&data);
        }
        Ok(Piece::Data(data))
    }

    fn end(&mut self) -> Result<Piece> {
        match self.check.take().and_then(Check::differs) {
            Some(why) => Err(not_as_stored(&self.object, why)),
            None => Ok(Piece::End),
        }
    }

    /// Resumes after the bytes already received.
    async fn go_on(&mut self, error: Error) -> Result<()> {
        let passes = matches!(error.kind(), Kind::Network | Kind::Timeout | Kind::Integrity);
        if !passes || self.breaks == BREAKS {
            return Err(error);
        }
        self.breaks += 1;
        log(Level::Info, &format!("{}; it goes on from byte {}", error.one_line(), self.got), None);
        clock::sleep(doubled(self.breaks, 0.5)).await;
        match self.again.from(self.got).await {
            Ok(body) => self.body = body,
            Err(error) if matches!(error.kind(), Kind::Network | Kind::Timeout) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

impl Source for Reading {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(async {
            loop {
                let cannot = format!("cannot read `{}` to its end", self.object);
                let broken = match self.body.next().await {
                    Ok(Piece::Data(data)) => return self.take(data),
                    Ok(Piece::End) if self.of == self.got => return self.end(),
                    Ok(Piece::End) => wrong_length(&self.object, self.got, self.of),
                    Err(error) => error.within(cannot),
                };
                self.go_on(broken).await?;
            }
        })
    }
}
