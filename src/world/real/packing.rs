//! Reads files into an archive on separate threads, a limited amount ahead of the consumer.

use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use super::fence::Fence;
use super::trouble::trouble;
use crate::error::{Error, Kind, Result};
use crate::stream::tar::writing::END;
use crate::stream::{Piece, Source};
use crate::world::packing::folder::{Item, What};
use crate::world::packing::walk::walk;
use crate::world::packing::{Findings, Packed, Packing};
use folder::RealFolder;
use worker::{Batch, Job};

mod attributes;
mod folder;
pub mod owners;
mod worker;

/// The number of reading threads. More of them help if the disk is slow to answer.
const WORKERS: usize = 3;
/// The number of batches that wait to be consumed.
const BATCHES_AHEAD: usize = 16;
/// The maximum size of a batch with more than one file.
const BATCH_FILES: usize = 64;
const BATCH_BYTES: u64 = 512 << 10;
/// The maximum number of open files per batch: those with more than one name.
const BATCH_HELD: usize = 8;

/// Starts reading.
pub fn pack(fence: Arc<Fence>, packing: Packing) -> Result<Packed> {
    let findings = Findings::default();
    let (orders, next) = mpsc::channel(BATCHES_AHEAD);
    let end: &'static [u8] = if packing.contents { &END } else { &[] };
    let job = Arc::new(Job::new(packing, findings.clone()));
    let walker = Walker { fence, job, orders };
    thread("hikae-walk", move || walker.run())?;
    Ok(Packed { source: Box::new(PackSource { orders: next, batch: None, end, ended: false }), findings })
}

fn thread(name: &str, work: impl FnOnce() + Send + 'static) -> Result<()> {
    let started = std::thread::Builder::new().name(name.to_owned()).spawn(work);
    started.map(drop).map_err(|cause| Error::io("cannot start a thread that reads files", cause))
}

/// The next item in the archive.
enum Order {
    Batch(mpsc::Receiver<Result<Piece>>),
    End,
    Failed(Error),
}

/// Finds the files to read, in archive order.
struct Walker {
    fence: Arc<Fence>,
    job: Arc<Job>,
    orders: mpsc::Sender<Order>,
}

impl Walker {
    fn run(self) {
        let last = match self.walk() {
            Ok(()) => Order::End,
            Err(error) => Order::Failed(error),
        };
        if self.orders.blocking_send(last).is_err() {
            // the stream was dropped meanwhile: the result has no receiver
        }
    }

    fn walk(&self) -> Result<()> {
        let (work, waiting) = sync_channel(BATCHES_AHEAD);
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..if self.job.packing.contents { WORKERS } else { 0 } {
            let (job, waiting) = (self.job.clone(), waiting.clone());
            thread("hikae-pack", move || job.work(&waiting))?;
        }
        drop(waiting);
        let mut gathered = Gathered { work, orders: &self.orders, items: Vec::new(), size_bytes: 0, held: 0 };
        let contents = self.job.packing.contents;
        let mut take = |item| if contents { gathered.take(item) } else { Ok(()) };
        let open = |path: &std::path::Path| RealFolder::above(&self.fence, path);
        let fail = |act: &str, path: &std::path::Path, cause| self.fence.trouble(act, path, cause);
        walk(&self.job.packing, &self.job.findings, open, fail, &mut take)?;
        gathered.hand_over()
    }
}

/// Gathers entries until the batch is large enough to hand over.
struct Gathered<'a> {
    work: SyncSender<Batch>,
    orders: &'a mpsc::Sender<Order>,
    items: Vec<Item<RealFolder>>,
    size_bytes: u64,
    held: usize,
}

impl Gathered<'_> {
    fn take(&mut self, item: Item<RealFolder>) -> Result<()> {
        let size = if matches!(item.what, What::File(_)) { item.meta.size_bytes } else { 0 };
        if self.size_bytes + size > BATCH_BYTES {
            self.hand_over()?;
        }
        self.size_bytes += size;
        self.held += usize::from(matches!(item.what, What::File(Some(_))));
        self.items.push(item);
        match self.items.len() >= BATCH_FILES || self.held >= BATCH_HELD {
            true => self.hand_over(),
            false => Ok(()),
        }
    }

    fn hand_over(&mut self) -> Result<()> {
        if self.items.is_empty() {
            return Ok(());
        }
        let items = std::mem::replace(&mut self.items, Vec::with_capacity(BATCH_FILES));
        (self.size_bytes, self.held) = (0, 0);
        let (bytes, taken) = mpsc::channel(2);
        let gone = || Error::new(Kind::Cancelled, "nobody takes the archive any more");
        self.orders.blocking_send(Order::Batch(taken)).map_err(|_| gone())?;
        self.work.send(Batch { items, bytes }).map_err(|_| gone())
    }
}

/// The bytes of the archive.
struct PackSource {
    orders: mpsc::Receiver<Order>,
    batch: Option<mpsc::Receiver<Result<Piece>>>,
    /// What follows the last batch.
    end: &'static [u8],
    ended: bool,
}

impl PackSource {
    async fn step(&mut self) -> Result<Piece> {
        while !self.ended {
            if let Some(batch) = &mut self.batch {
                match batch.recv().await.ok_or_else(stopped)?? {
                    Piece::Data(data) => return Ok(Piece::Data(data)),
                    Piece::End => self.batch = None,
                }
            }
            match self.orders.recv().await.ok_or_else(stopped)? {
                Order::Batch(batch) => self.batch = Some(batch),
                Order::Failed(error) => return Err(error),
                Order::End => {
                    self.ended = true;
                    if !self.end.is_empty() {
                        return Ok(Piece::Data(Bytes::from_static(self.end)));
                    }
                }
            }
        }
        Ok(Piece::End)
    }
}

impl Source for PackSource {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(self.step())
    }
}

/// A thread ended without a result: it panicked.
fn stopped() -> Error {
    Error::new(Kind::Other, "cannot go on with the archive: what reads the files stopped")
        .hint("please report this as a bug in hikae")
}
