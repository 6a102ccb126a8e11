//! Sends the body of a request as a stream; an abandoned body never looks complete to the server.

use std::io;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::unfold;
use reqwest::{Body, RequestBuilder, Response};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::trouble;
use crate::error::{Error, Kind, Result};
use crate::stream::{Piece, Sink};
use crate::world::http::upload::Upload;
use crate::world::http::words::cannot_send;

/// The number of pieces queued for the connection.
const PIECES: usize = 2;
/// How much of an answer is read for messages.
const TOLD_BYTES: usize = 4096;

/// The receiver of the bytes of a body. The last piece is held back until the commit: if the server knows the length, it would otherwise
/// accept the body as complete before the source is verified.
pub struct UploadSink {
    upload: Upload,
    /// `None` after the end of the body.
    feed: Option<Sender<Piece>>,
    held: Option<Bytes>,
    sent: u64,
    answer: oneshot::Receiver<Result<(u16, Vec<u8>)>>,
    task: JoinHandle<()>,
}

/// The server's answer: a status and the beginning of its body.
type UploadReply = std::result::Result<Result<(u16, Vec<u8>)>, oneshot::error::RecvError>;

impl Drop for UploadSink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl UploadSink {
    /// Starts sending; `proxy` is the proxy in use, if any.
    pub fn start(upload: Upload, built: RequestBuilder, proxy: Option<reqwest::Url>) -> UploadSink {
        let (feed, pieces) = channel(PIECES);
        let request = upload.request.clone();
        let built = built.body(Body::wrap_stream(unfold(Some(pieces), next)));
        let (sender, answer) = oneshot::channel();
        let task = tokio::spawn(async move {
            let answered = match built.send().await {
                Ok(response) => Ok(beginning(response).await),
                Err(error) => Err(trouble::explain(&request, error, proxy.as_ref())),
            };
            // If the body was abandoned, the receiver is gone.
            let _unheard = sender.send(answered);
        });
        UploadSink { upload, feed: Some(feed), held: None, sent: 0, answer, task }
    }

    /// Sends a piece, unless the server answers before it has the whole body.
    async fn give(&mut self, piece: Piece) -> Result<()> {
        let Some(feed) = self.feed.clone() else {
            return Err(cannot_send(&self.upload.request, Kind::Other).because_text("it was abandoned"));
        };
        tokio::select! {
            biased;
            given = feed.send(piece) => if given.is_ok() { return Ok(()) },
            early = &mut self.answer => return Err(self.too_early(early)),
        }
        // The connection accepts no more data: its answer says why.
        let early = (&mut self.answer).await;
        Err(self.too_early(early))
    }

    fn too_early(&mut self, answer: UploadReply) -> Error {
        self.feed = None;
        match self.status_and_body(answer) {
            Ok((status, said)) => self.upload.refused(status, &said),
            Err(error) => error,
        }
    }

    fn status_and_body(&self, answer: UploadReply) -> Result<(u16, Vec<u8>)> {
        answer.unwrap_or_else(|_| Err(cannot_send(&self.upload.request, Kind::Other).because_text("it was abandoned")))
    }
}

/// The status and the first bytes of the body; if the body breaks off, the status is still reported.
async fn beginning(mut response: Response) -> (u16, Vec<u8>) {
    let mut said = Vec::new();
    while let Ok(Some(data)) = response.chunk().await {
        said.extend_from_slice(&data[..data.len().min(TOLD_BYTES - said.len())]);
        if said.len() >= TOLD_BYTES {
            break;
        }
    }
    (response.status().as_u16(), said)
}

/// The next piece of the body. If the sender is gone without an end mark, the body was abandoned.
async fn next(pieces: Option<Receiver<Piece>>) -> Option<(io::Result<Bytes>, Option<Receiver<Piece>>)> {
    let mut pieces = pieces?;
    match pieces.recv().await {
        Some(Piece::Data(data)) => Some((Ok(data), Some(pieces))),
        Some(Piece::End) => None,
        None => Some((Err(io::Error::other("the body was abandoned")), None)),
    }
}

impl Sink for UploadSink {
    fn write(&mut self, data: Bytes) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            if data.is_empty() {
                return Ok(());
            }
            self.sent += data.len() as u64;
            self.upload.has_room(self.sent)?;
            match self.held.replace(data) {
                Some(before) => self.give(Piece::Data(before)).await,
                None => Ok(()),
            }
        })
    }

    /// Only the server's answer says what it stored.
    fn seal(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { self.upload.is_whole(self.sent) })
    }

    fn commit(mut self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move {
            self.upload.is_whole(self.sent)?;
            if let Some(last) = self.held.take() {
                self.give(Piece::Data(last)).await?;
            }
            match (self.upload.size_bytes, &self.feed) {
                // With a known length, the last byte was the end: the connection may be gone and does not need the end mark.
                (Some(_), Some(feed)) => drop(feed.send(Piece::End).await),
                _ => self.give(Piece::End).await?,
            }
            let answer = (&mut self.answer).await;
            let (status, said) = self.status_and_body(answer)?;
            self.upload.judge(status, &said)
        })
    }

    fn abort(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async { Ok(()) })
    }
}
