//! An open session: sends a statement and waits, or pipelines statements while answers arrive.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use fallible_iterator::FallibleIterator;
use futures_util::future::BoxFuture;
use postgres_protocol::message::backend::{DataRowBody, Message, RowDescriptionBody};
use postgres_protocol::message::frontend;

use super::trouble;
use super::wire::Wire;
use crate::error::{Error, Kind, Result};
use crate::stream::Piece;
use crate::world::postgres::{QueryResult, Refused, Session, Step, refusal, too_large};

/// The largest message while a dump is loaded: notices, and the answers of `setval`.
const LOADING_BYTES: usize = 16 << 20;
/// The largest message of a `COPY … TO STDOUT`: one row. PostgreSQL sends none larger.
const ROW_BYTES: usize = 1 << 30;
/// The largest statement that a server accepts.
const MOST_STATEMENT_BYTES: usize = (1 << 30) - 64;
/// The maximum number of statements without an answer yet.
const MOST_AHEAD: usize = 4096;
/// From this size on, a statement is sent without copying it.
const LARGE_BYTES: usize = 32 << 10;
/// The time limit of the termination message, which is not essential.
const GOODBYE: Duration = Duration::from_secs(2);

pub struct RealSession {
    wire: Wire,
    title: String,
    /// Pipelined statements that the server has not finished.
    ahead: VecDeque<Sent>,
    failed: Option<Error>,
    copying_out: bool,
}

/// A statement whose answer has not arrived.
struct Sent {
    /// Its first bytes.
    sql: Bytes,
    line: u64,
    copies: bool,
}

impl RealSession {
    pub fn new(wire: Wire, title: String) -> RealSession {
        RealSession { wire, title, ahead: VecDeque::new(), failed: None, copying_out: false }
    }

    fn refuse(&self, refused: Refused) -> Error {
        refusal(&format!("the server refused a statement in `{}`", self.title), refused)
    }

    /// Parse, Bind, and Execute; `described` requests the columns as well.
    async fn put(&mut self, sql: &Bytes, described: bool) -> Result<()> {
        if sql.len() > MOST_STATEMENT_BYTES {
            return Err(Error::new(Kind::Integrity, "a statement has more bytes than PostgreSQL takes"));
        }
        if let Some(at) = memchr::memchr(0, sql) {
            return Err(Error::new(Kind::Integrity, format!("a statement has a zero byte at {at}")));
        }
        if sql.len() > LARGE_BYTES {
            let mut body = BytesMut::with_capacity(sql.len() + 4);
            put_statement(&mut body, sql);
            self.wire.send_large(b'P', body.freeze()).await?;
        } else {
            let out = &mut self.wire.out;
            out.put_u8(b'P');
            out.put_u32(sql.len() as u32 + 8);
            put_statement(out, sql);
        }
        let out = &mut self.wire.out;
        // No parameters, and every column as text.
        out.put_slice(b"B\0\0\0\x0c\0\0\0\0\0\0\0\0");
        if described {
            out.put_slice(b"D\0\0\0\x06P\0");
        }
        out.put_slice(b"E\0\0\0\x09\0\0\0\0\0");
        Ok(())
    }

    async fn answer(&mut self, sql: Bytes, max_bytes: usize) -> Result<QueryResult> {
        self.settle_all().await?;
        self.wire.most_bytes = max_bytes.saturating_add(LOADING_BYTES);
        self.put(&sql, true).await?;
        frontend::sync(&mut self.wire.out);
        self.wire.flush().await?;
        let (mut answer, mut size, mut failed) = (QueryResult::default(), 0, None);
        loop {
            match self.wire.receive().await? {
                Message::RowDescription(body) => answer.columns = columns(&body),
                Message::DataRow(body) => {
                    size += body.buffer().len();
                    if size > max_bytes {
                        return Err(too_large(max_bytes));
                    }
                    answer.rows.push(row(&body).map_err(|cause| trouble::garbled(&self.title, cause))?);
                }
                Message::CommandComplete(body) => answer.tag = body.tag().unwrap_or_default().to_owned(),
                Message::ErrorResponse(body) => {
                    failed = Some(self.refuse(trouble::refused(body.fields()).of_statement(&sql, 0)));
                }
                Message::CopyOutResponse(_) | Message::CopyInResponse(_) => return Err(self.no_answer()),
                Message::ReadyForQuery(_) => return failed.map_or(Ok(answer), Err),
                _ => {}
            }
        }
    }

    fn no_answer(&self) -> Error {
        Error::new(Kind::Recipe, format!("a query of `{}` is a `COPY`", self.title))
            .hint("a query gives rows: use `SELECT`")
    }

    async fn ahead(&mut self, step: Step) -> Result<()> {
        self.look()?;
        self.wire.most_bytes = LOADING_BYTES;
        match step {
            Step::Statement { sql, line } => {
                self.put(&sql, false).await?;
                frontend::sync(&mut self.wire.out);
                self.ahead.push_back(Sent { sql: sql.slice(..sql.len().min(1024)), line, copies: false });
            }
            Step::Copy { sql, line } => {
                self.put(&sql, false).await?;
                self.ahead.push_back(Sent { sql, line, copies: true });
            }
            Step::Rows(data) => return self.wire.send_large(b'd', data).await,
            Step::EndOfRows => {
                frontend::copy_done(&mut self.wire.out);
                frontend::sync(&mut self.wire.out);
            }
        }
        if self.wire.is_full() {
            self.wire.flush().await?;
        }
        while self.ahead.len() > MOST_AHEAD {
            self.wire.flush().await?;
            let message = self.wire.receive().await?;
            self.take(message)?;
        }
        self.look()
    }

    /// Processes the answers that have arrived.
    fn look(&mut self) -> Result<()> {
        while let Some(message) = self.wire.here()? {
            self.take(message)?;
        }
        self.failed.clone().map_or(Ok(()), Err)
    }

    fn take(&mut self, message: Message) -> Result<()> {
        match message {
            Message::ErrorResponse(body) => {
                let refused = trouble::refused(body.fields());
                let refused = match self.ahead.front() {
                    Some(Sent { sql, line, .. }) => refused.of_statement(sql, *line),
                    None => refused,
                };
                let error = self.refuse(refused);
                self.failed.get_or_insert(error);
            }
            Message::ReadyForQuery(_) => {
                self.ahead.pop_front();
            }
            // The server would wait for rows that are never sent.
            Message::CopyInResponse(_) if self.ahead.front().is_none_or(|sent| !sent.copies) => {
                return Err(self.no_answer());
            }
            Message::CopyOutResponse(_) => return Err(self.no_answer()),
            _ => {}
        }
        Ok(())
    }

    async fn settle_all(&mut self) -> Result<()> {
        if !self.ahead.is_empty() {
            self.wire.flush().await?;
        }
        while !self.ahead.is_empty() && self.failed.is_none() {
            let message = self.wire.receive().await?;
            self.take(message)?;
        }
        self.look()
    }

    async fn begin_copy_out(&mut self, sql: Bytes) -> Result<()> {
        self.settle_all().await?;
        self.wire.most_bytes = ROW_BYTES;
        self.put(&sql, false).await?;
        frontend::sync(&mut self.wire.out);
        self.wire.flush().await?;
        let mut failed = None;
        loop {
            match self.wire.receive().await? {
                Message::CopyOutResponse(_) => {
                    self.copying_out = true;
                    return Ok(());
                }
                Message::ErrorResponse(body) => {
                    failed = Some(self.refuse(trouble::refused(body.fields()).of_statement(&sql, 0)));
                }
                Message::ReadyForQuery(_) => {
                    let no_copy = || {
                        Error::new(Kind::Recipe, format!("a statement for `{}` is no `COPY … TO STDOUT`", self.title))
                    };
                    return Err(failed.unwrap_or_else(no_copy));
                }
                _ => {}
            }
        }
    }

    async fn next_rows(&mut self) -> Result<Piece> {
        let mut failed = None;
        while self.copying_out {
            match self.wire.receive().await? {
                Message::CopyData(body) => return Ok(Piece::Data(self.gather(body.into_bytes())?)),
                Message::ErrorResponse(body) => failed = Some(self.refuse(trouble::refused(body.fields()))),
                Message::ReadyForQuery(_) => self.copying_out = false,
                _ => {}
            }
        }
        failed.map_or(Ok(Piece::End), Err)
    }

    /// Returns the rows that have already arrived together with the first: one message is one row.
    fn gather(&mut self, first: Bytes) -> Result<Bytes> {
        let mut gathered: Option<BytesMut> = None;
        while self.wire.has_copy_data() && gathered.as_ref().is_none_or(|rows| rows.len() < LARGE_BYTES) {
            let Some(Message::CopyData(body)) = self.wire.here()? else { break };
            gathered.get_or_insert_with(|| BytesMut::from(&first[..])).put_slice(body.data());
        }
        Ok(gathered.map_or(first, BytesMut::freeze))
    }
}

/// An unnamed statement without parameters.
fn put_statement(out: &mut BytesMut, sql: &[u8]) {
    out.put_u8(0);
    out.put_slice(sql);
    out.put_slice(b"\0\0\0");
}

fn columns(body: &RowDescriptionBody) -> Vec<String> {
    let names = body.fields().map(|field| Ok(field.name().to_owned())).collect();
    names.unwrap_or_default() // a column whose name cannot be read has none
}

fn row(body: &DataRowBody) -> std::io::Result<Vec<Option<Bytes>>> {
    let value = |range: Option<std::ops::Range<usize>>| Ok(range.map(|range| body.buffer_bytes().slice(range)));
    body.ranges().map(value).collect()
}

impl Session for RealSession {
    fn ask(&mut self, sql: Bytes, max_bytes: usize) -> BoxFuture<'_, Result<QueryResult>> {
        Box::pin(self.answer(sql, max_bytes))
    }

    fn send(&mut self, step: Step) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.ahead(step))
    }

    fn settle(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.settle_all())
    }

    fn copy_out(&mut self, sql: Bytes) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.begin_copy_out(sql))
    }

    fn rows(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(self.next_rows())
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move {
            // The server ends the session anyway when the connection closes.
            if let Ok(Err(error)) = tokio::time::timeout(GOODBYE, self.wire.close()).await {
                tracing::debug!(error = error.one_line(), "a session did not end in good order");
            }
            Ok(())
        })
    }
}
