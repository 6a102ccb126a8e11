//! Breaks a database session between two messages.

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::Kept;
use crate::error::Result;
use crate::stream::Piece;
use crate::world::postgres::{QueryResult, Session, Step};

impl Kept<dyn Session> {
    /// Checks before each message whether the connection still carries this much.
    async fn carry(&mut self, bytes: usize) -> Result<&mut (dyn Session + 'static)> {
        self.broken.step().await?;
        if self.broken.pass(bytes) < bytes || self.broken.is_over() {
            return Err(self.broken.breaks("talk to").await);
        }
        self.inner()
    }
}

impl Session for Kept<dyn Session> {
    fn ask(&mut self, sql: Bytes, max_bytes: usize) -> BoxFuture<'_, Result<QueryResult>> {
        Box::pin(async move { self.carry(sql.len()).await?.ask(sql, max_bytes).await })
    }

    fn send(&mut self, step: Step) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move { self.carry(step.size_bytes()).await?.send(step).await })
    }

    fn settle(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move { self.carry(0).await?.settle().await })
    }

    fn copy_out(&mut self, sql: Bytes) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move { self.carry(sql.len()).await?.copy_out(sql).await })
    }

    fn rows(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(async move {
            let piece = self.carry(0).await?.rows().await?;
            match &piece {
                Piece::Data(data) if self.broken.pass(data.len()) < data.len() => {
                    Err(self.broken.breaks("talk to").await)
                }
                _ => Ok(piece),
            }
        })
    }

    fn close(mut self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move { self.take_inner()?.close().await })
    }
}
