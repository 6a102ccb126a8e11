//! Makes plain SQL of an archive by `pg_dump --format=custom` or `--format=tar`, to its last byte.

use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::error::{Error, Kind, Result};
use crate::postgres::restore::load::decode_archive;
use crate::stream::ahead::Ahead;
use crate::stream::{Piece, Sink, Source};
use crate::world::Caller;
use crate::world::program::{ProgramSource, failure};

/// How every table of contents begins, and where it says in which format it is.
const MAGIC: &[u8] = b"PGDMP";
const FORMAT_AT: usize = 10;
const TAR_FORMAT: u8 = 3;
const TAR_BLOCK: usize = 512;

pub fn begins_as_archive(head: &[u8]) -> bool {
    head.starts_with(MAGIC)
}

/// A tar file whose first file is the table of contents, which says of itself that it is in a tar file. A folder by
/// `--format=directory` that somebody has put into one says otherwise.
pub fn begins_as_tar_archive(head: &[u8]) -> bool {
    let contents = head.get(TAR_BLOCK..).filter(|contents| contents.starts_with(MAGIC));
    head.starts_with(b"toc.dat\0") && contents.and_then(|contents| contents.get(FORMAT_AT)) == Some(&TAR_FORMAT)
}

/// The archive as plain SQL. `pg_restore --list` reads its table of contents alone; this reads everything.
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
            // What `pg_restore` did not need may still be damaged.
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

/// Reads all of the archive, also when `pg_restore` has stopped reading: how it ended says more than the broken pipe.
async fn feed(mut archive: Box<dyn Source>, mut stdin: Option<Box<dyn Sink>>) -> Result<()> {
    while let Piece::Data(data) = archive.next().await? {
        stdin = give(stdin, data).await;
    }
    if let Some(mut stdin) = stdin
        && stdin.seal().await.is_ok()
    {
        // As above: the exit says why.
        let _unread = stdin.commit().await;
    }
    Ok(())
}

/// Gives the pipe back, unless it is broken.
async fn give(stdin: Option<Box<dyn Sink>>, data: Bytes) -> Option<Box<dyn Sink>> {
    let mut stdin = stdin?;
    stdin.write(data).await.ok().map(|()| stdin)
}
