//! Converts an archive by `pg_dump --format=custom` or `--format=tar` to plain SQL, and reads it to its last byte.

use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::error::{Error, Kind, Result};
use crate::postgres::restore::load::decode_archive;
use crate::stream::ahead::Ahead;
use crate::stream::{Piece, Sink, Source};
use crate::world::Caller;
use crate::world::program::{ProgramSource, failure};

/// The magic bytes of every table of contents, and the offset of its format.
const MAGIC: &[u8] = b"PGDMP";
const FORMAT_AT: usize = 10;
const TAR_FORMAT: u8 = 3;
const TAR_BLOCK: usize = 512;

pub fn begins_as_archive(head: &[u8]) -> bool {
    head.starts_with(MAGIC)
}

/// A tar file whose first file is the table of contents, with the format `tar`. A folder by
/// `--format=directory` that was packed into a tar file has another format there.
pub fn begins_as_tar_archive(head: &[u8]) -> bool {
    let contents = head.get(TAR_BLOCK..).filter(|contents| contents.starts_with(MAGIC));
    head.starts_with(b"toc.dat\0") && contents.and_then(|contents| contents.get(FORMAT_AT)) == Some(&TAR_FORMAT)
}

/// The archive as plain SQL. `pg_restore --list` reads only its table of contents; this reads everything.
pub async fn decoded(caller: &Caller, archive: Box<dyn Source>) -> Result<Box<dyn Source>> {
    let mut child = caller.spawn(decode_archive()).await?;
    let stdin = child.stdin.take();
    let output = ProgramSource::new("pg_restore", child).explain(|exit| {
        let hint = "the archive is cut off or damaged, or `pg_restore` is older than the `pg_dump` that wrote it";
        Error::new(Kind::Integrity, "cannot decode the archive").because(failure("pg_restore", exit)).hint(hint)
    });
    Ok(Box::new(Decoded { feeding: Ahead::new(feed(archive, stdin)), output }))
}

struct Decoded {
    feeding: Ahead,
    output: ProgramSource,
}

impl Decoded {
    async fn step(&mut self) -> Result<Piece> {
        let piece = self.feeding.alongside(self.output.next()).await??;
        if piece == Piece::End {
            // Parts that `pg_restore` did not need may still be damaged.
            self.feeding.finish().await?;
        }
        Ok(piece)
    }
}

impl Source for Decoded {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(self.step())
    }
}

/// Reads all of the archive, even after `pg_restore` stopped reading: its exit status says more than the broken pipe.
async fn feed(mut archive: Box<dyn Source>, mut stdin: Option<Box<dyn Sink>>) -> Result<()> {
    while let Piece::Data(data) = archive.next().await? {
        stdin = give(stdin, data).await;
    }
    if let Some(mut stdin) = stdin
        && stdin.seal().await.is_ok()
    {
        // As above: the exit status says why.
        let _unread = stdin.commit().await;
    }
    Ok(())
}

/// Returns the pipe, unless it is broken.
async fn give(stdin: Option<Box<dyn Sink>>, data: Bytes) -> Option<Box<dyn Sink>> {
    let mut stdin = stdin?;
    stdin.write(data).await.ok().map(|()| stdin)
}
