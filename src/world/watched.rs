//! Lets a decorator observe every step of the streams and programs in a reply.

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::http::HttpResponse;
use super::packing::Packed;
use super::postgres::{QueryResult, Session, Step};
use super::reply::Process;
use super::{Child, Exit, Reply};
use crate::error::{Error, Result};
use crate::stream::{Piece, ReadBack, Sink, Source, Stamped};

/// The observer of the streams of one effect; clones observe the same effect.
pub trait Watcher: Clone + Send + Sync + 'static {
    /// Runs a step, and may cancel it.
    fn step<'a, T: Send + 'a>(&'a self, step: BoxFuture<'a, Result<T>>) -> BoxFuture<'a, Result<T>> {
        step
    }

    /// Runs a cleanup step, which must be allowed even after the time limit.
    fn cleanup<'a, T: Send + 'a>(&'a self, step: BoxFuture<'a, Result<T>>) -> BoxFuture<'a, Result<T>> {
        self.step(step)
    }

    /// Called when bytes have moved.
    fn moved(&self, _bytes: usize) {}

    /// Called once when the effect is over.
    fn ended(&self, _ending: Ending<'_>) {}
}

/// How an effect ended.
pub enum Ending<'a> {
    Well,
    Badly(&'a Error),
    Exited(&'a Exit),
    /// Dropped before its end.
    Dropped,
}

/// The same reply with `watcher` attached to its streams. A reply without streams is over already, and the watcher is informed.
pub fn watch<W: Watcher>(reply: Reply, mut watch: Watch<W>) -> Reply {
    match reply {
        Reply::Source(inner) => Reply::Source(Box::new(Watched { inner, watch })),
        Reply::Packed(packed) => {
            let source = Box::new(Watched { inner: packed.source, watch });
            Reply::Packed(Packed { source, ..packed })
        }
        Reply::Sink(inner) => Reply::Sink(Box::new(Watched { inner, watch })),
        Reply::Session(inner) => Reply::Session(Box::new(Watched { inner, watch })),
        Reply::Response(response) => {
            let body = Box::new(Watched { inner: response.body, watch });
            Reply::Response(HttpResponse { body, ..response })
        }
        Reply::Child(Child { stdin, stdout, process }) => Reply::Child(Child {
            stdin: stdin.map(|inner| Box::new(Watched { inner, watch: watch.part() }) as Box<dyn Sink>),
            stdout: Box::new(Watched { inner: stdout, watch: watch.part() }),
            process: Box::new(Watched { inner: process, watch }),
        }),
        reply => {
            watch.end(Ending::Well);
            reply
        }
    }
}

/// A watcher, and whether the effect ends with what it observes.
pub struct Watch<W: Watcher> {
    watcher: W,
    whole: bool,
}

impl<W: Watcher> Watch<W> {
    pub fn new(watcher: W) -> Watch<W> {
        Watch { watcher, whole: true }
    }

    /// For a pipe of a program: the program's exit ends the effect.
    fn part(&self) -> Watch<W> {
        Watch { watcher: self.watcher.clone(), whole: false }
    }

    pub fn end(&mut self, ending: Ending<'_>) {
        if std::mem::take(&mut self.whole) {
            self.watcher.ended(ending);
        }
    }

    /// Runs a step; an error ends the effect.
    pub async fn step<T: Send>(&mut self, step: BoxFuture<'_, Result<T>>) -> Result<T> {
        let result = self.watcher.step(step).await;
        if let Err(error) = &result {
            self.end(Ending::Badly(error));
        }
        result
    }
}

impl<W: Watcher> Drop for Watch<W> {
    fn drop(&mut self) {
        self.end(Ending::Dropped);
    }
}

struct Watched<T: ?Sized, W: Watcher> {
    // The stream is dropped before the watch, so that its cleanup is still seen.
    inner: Box<T>,
    watch: Watch<W>,
}

impl<W: Watcher> Source for Watched<dyn Source, W> {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(async {
            let piece = self.watch.step(self.inner.next()).await?;
            match &piece {
                Piece::Data(data) => self.watch.watcher.moved(data.len()),
                Piece::End => self.watch.end(Ending::Well),
            }
            Ok(piece)
        })
    }
}

impl<W: Watcher> Sink for Watched<dyn Sink, W> {
    fn write(&mut self, data: Bytes) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            let bytes = data.len();
            self.watch.step(self.inner.write(data)).await?;
            self.watch.watcher.moved(bytes);
            Ok(())
        })
    }

    fn seal(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.watch.step(self.inner.seal()))
    }

    fn read_back(&mut self) -> BoxFuture<'_, Result<ReadBack>> {
        Box::pin(async {
            Ok(match self.watch.step(self.inner.read_back()).await? {
                ReadBack::Now(inner) => ReadBack::Now(Box::new(Watched { inner, watch: self.watch.part() })),
                other => other,
            })
        })
    }

    fn stamped(&self) -> Option<Stamped> {
        self.inner.stamped()
    }

    fn commit(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        let Watched { inner, mut watch } = *self;
        Box::pin(async move {
            watch.step(inner.commit()).await?;
            watch.end(Ending::Well);
            Ok(())
        })
    }

    fn abort(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        let Watched { inner, mut watch } = *self;
        Box::pin(async move {
            let watcher = watch.watcher.clone();
            watcher.cleanup(inner.abort()).await.inspect_err(|error| watch.end(Ending::Badly(error)))
        })
    }
}

impl<W: Watcher> Session for Watched<dyn Session, W> {
    fn ask(&mut self, sql: Bytes, max_bytes: usize) -> BoxFuture<'_, Result<QueryResult>> {
        Box::pin(async move {
            self.watch.watcher.moved(sql.len());
            // A refused statement does not end the session.
            let answer = self.watch.watcher.step(self.inner.ask(sql, max_bytes)).await?;
            self.watch.watcher.moved(answer.size_bytes());
            Ok(answer)
        })
    }

    fn send(&mut self, step: Step) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let bytes = step.size_bytes();
            self.watch.step(self.inner.send(step)).await?;
            self.watch.watcher.moved(bytes);
            Ok(())
        })
    }

    fn settle(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.watch.step(self.inner.settle()))
    }

    fn copy_out(&mut self, sql: Bytes) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move { self.watch.watcher.step(self.inner.copy_out(sql)).await })
    }

    fn rows(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(async {
            let piece = self.watch.watcher.step(self.inner.rows()).await?;
            if let Piece::Data(data) = &piece {
                self.watch.watcher.moved(data.len());
            }
            Ok(piece)
        })
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        let Watched { inner, mut watch } = *self;
        Box::pin(async move {
            watch.step(inner.close()).await?;
            watch.end(Ending::Well);
            Ok(())
        })
    }
}

impl<W: Watcher> Process for Watched<dyn Process, W> {
    fn wait(&mut self) -> BoxFuture<'_, Result<Exit>> {
        Box::pin(async {
            let exit = self.watch.step(self.inner.wait()).await?;
            self.watch.end(Ending::Exited(&exit));
            Ok(exit)
        })
    }
}
