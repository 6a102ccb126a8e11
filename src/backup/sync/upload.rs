//! Uploads one file of a sync, and compares what was sent with its manifest.

use bytes::Bytes;

use super::item::{Hash, Item, Role, hash_of};
use super::open_questions::{MTIME, SHA256, SYNC};
use super::work::Work;
use crate::error::{Error, Kind, Result};
use crate::stream::hex::hex;
use crate::stream::pump::Tallier;
use crate::stream::{Piece, Source, abort_after};
use crate::world::Caller;
use crate::world::objects::{MOST_PARTS, PART_BYTES, Put};

/// A file without a manifest up to this size is read whole, so that its checksum is known before the upload.
const WHOLE_BYTES: u64 = 8 << 20;

/// The number of tries for an object, and the first pause.
const TRIES: u32 = 3;
const PAUSE_SECS: u64 = 1;

/// Uploads the file, with retries after temporary errors. Returns its hash.
pub async fn upload(work: &Work, item: &Item) -> Result<Option<Hash>> {
    let mut tries = 1;
    loop {
        let mut moved = 0;
        let error = match attempt(work, item, &mut moved).await {
            Ok(hash) => {
                work.progress.done();
                return Ok(hash);
            }
            Err(error) => error,
        };
        work.progress.in_vain(moved);
        if tries == TRIES || !matches!(error.kind(), Kind::Network | Kind::Timeout) {
            return Err(error);
        }
        let pause = std::time::Duration::from_secs(PAUSE_SECS << (tries - 1));
        let line = format!("{}; `{}` is uploaded again in {}s", error.one_line(), item.name, pause.as_secs());
        crate::report::log(crate::report::Level::Warn, &line, None);
        work.caller.sleep(pause).await?;
        tries += 1;
    }
}

async fn attempt(work: &Work, item: &Item, moved: &mut u64) -> Result<Option<Hash>> {
    let caller = Caller { why: Some(item.reason.to_string()), ..work.caller.clone() };
    if work.planned {
        let mut sink = caller.put(put(work, item, item.sha256)?).await?;
        sink.seal().await?;
        sink.commit().await?;
        return Ok(item.sha256);
    }
    let path = work.plan.dir.join(&*item.name);
    let mut source = work.caller.open(&path).await?;
    let mut known = item.sha256.filter(|_| item.role == Role::Backup);
    if known.is_none() && item.size_bytes <= WHOLE_BYTES {
        let data = whole(&mut *source, item).await?;
        known = hash_of(&crate::stream::sha256::Sha256::of(&data));
        source = Box::new(Held(Some(data)));
    }
    let mut sink = caller.put(put(work, item, known)?).await?;
    let mut tally = Tallier::default();
    while let Piece::Data(data) = source.next().await? {
        tally.add(&data);
        let bytes = data.len();
        work.pace.take(&work.caller, bytes).await?;
        sink.write(data).await?;
        *moved += bytes as u64;
        work.progress.moved(bytes as u64);
    }
    let tally = tally.finish();
    let hash = hash_of(&tally.sha256);
    if tally.size_bytes != item.size_bytes || known.is_some_and(|known| Some(known) != hash) {
        let error = changed(item, &path.display().to_string());
        return Err(abort_after(sink, error).await);
    }
    sink.seal().await?;
    sink.commit().await?;
    Ok(hash)
}

/// The metadata for the store.
fn put(work: &Work, item: &Item, sha256: Option<Hash>) -> Result<Put> {
    let mut put = Put::new(work.plan.object(&item.name)?);
    put.replace = item.there;
    put.size_bytes = Some(item.size_bytes);
    put.encryption = work.options.encryption.clone();
    put.lock = work.options.lock.clone();
    let is_data = item.role.is_data();
    // Files beside a backup are read at any time, and are too small for a cheaper class.
    put.storage_class = work.options.storage_class.clone().filter(|_| is_data);
    if work.options.tags {
        let kind = if is_data { "backup" } else { "manifest" };
        put.tags.insert("hikae".to_owned(), kind.to_owned());
    }
    let mut keep = |name: &str, value: String| put.metadata.insert(name.to_owned(), value);
    keep(MTIME, format!("{}.{:09}", item.mtime.div_euclid(1_000_000_000), item.mtime.rem_euclid(1_000_000_000)));
    keep(SYNC, work.plan.id.clone());
    if let Some(hash) = sha256 {
        keep(SHA256, hex(hash));
    }
    let least = item.size_bytes.div_ceil(MOST_PARTS as u64).next_multiple_of(1 << 20);
    put.part_bytes = put.part_bytes.max(least).min(*PART_BYTES.end());
    Ok(put)
}

async fn whole(source: &mut dyn Source, item: &Item) -> Result<Bytes> {
    let grown = || changed(item, &item.name);
    crate::stream::pump::collect(source, item.size_bytes as usize, grown).await
}

fn changed(item: &Item, path: &str) -> Error {
    match item.role {
        Role::Backup => Error::new(Kind::Integrity, format!("`{path}` is not what its manifest describes"))
            .because_text("its bytes are others: nothing of it was stored")
            .hint("it was changed or damaged after it was made: take another copy, or another backup"),
        _ => Error::new(Kind::Integrity, format!("`{path}` changed while it was uploaded"))
            .hint("the next sync uploads it as it is then"),
    }
}

/// A source of bytes in memory.
struct Held(Option<Bytes>);

impl Source for Held {
    fn next(&mut self) -> futures_util::future::BoxFuture<'_, Result<Piece>> {
        Box::pin(std::future::ready(Ok(self.0.take().map_or(Piece::End, Piece::Data))))
    }
}
