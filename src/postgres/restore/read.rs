//! Turns a dump of any form into plain SQL: plain as it is, an archive decoded, a folder in a tar file unpacked and decoded.

pub mod directory;
use crate::backup::decrypting::{Identity, decrypted, decrypted_name, encryption_of};
use crate::backup::scratch_dir::ScratchRoot;
use crate::error::Result;
use crate::postgres::restore::archive;
use crate::stream::decompress::{Peeked, decompress, packing};
use crate::stream::stage::Staged;
use crate::stream::taps::Count;
use crate::stream::{SharedFacts, Source};
use crate::world::Caller;
use std::path::Path;

/// Enough of a file to know what it is: a header of a tar file, and what begins behind it.
pub const HEAD_BYTES: usize = 600;

/// How a dump is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Plain,
    /// `pg_dump --format=custom`: `pg_restore` makes plain SQL of it.
    Archive,
    /// `pg_dump --format=tar`: so does it of this one.
    Tar,
    /// `pg_dump --format=directory` in a tar file, as Render exports a database.
    Directory,
}

impl Format {
    pub fn word(self) -> &'static str {
        match self {
            Format::Plain => "plain",
            Format::Archive => "custom",
            Format::Tar => "tar",
            Format::Directory => "directory",
        }
    }

    fn of(head: &[u8]) -> Format {
        if archive::begins_as_archive(head) {
            Format::Archive
        } else if archive::begins_as_tar_archive(head) {
            Format::Tar
        } else if directory::begins_as_tar(head) {
            Format::Directory
        } else {
            Format::Plain
        }
    }
}

/// Who reads dumps, and where one that is a folder can be unpacked.
#[derive(Clone)]
pub struct Reader {
    pub caller: Caller,
    pub work: Option<ScratchRoot>,
    /// What decrypts a dump that is encrypted.
    pub identity: Option<Identity>,
}

/// A dump as plain SQL, while it is read.
pub struct Reading {
    pub source: Peeked,
    pub format: Format,
    /// What packed the file: `gzip`, `zstd`.
    pub packed: Option<&'static str>,
    pub encrypted: bool,
    /// In which folder of the tar file the dump is.
    pub folder: Option<String>,
}

impl Reader {
    /// Opens the dump in `file`, which is called `name`; counts the bytes of the unpacked file into `unpacked`.
    pub async fn open(&self, file: Box<dyn Source>, name: &str, unpacked: &SharedFacts) -> Result<Reading> {
        let mut file = Peeked::new(file);
        let encrypted = encryption_of(file.peek(HEAD_BYTES).await?).is_some();
        let file = decrypted(&self.caller, Box::new(file), self.identity.as_ref(), Path::new(name)).await?;
        let (mut file, name) = (Peeked::new(file), decrypted_name(name));
        let packed = packing(file.peek(HEAD_BYTES).await?);
        let plain = Staged::new(decompress(Box::new(file), name), Count::new(unpacked));
        let mut plain = Peeked::new(Box::new(plain));
        let format = Format::of(plain.peek(HEAD_BYTES).await?);
        let (source, folder): (Box<dyn Source>, _) = match format {
            Format::Plain => return Ok(Reading { source: plain, format, packed, encrypted, folder: None }),
            Format::Archive | Format::Tar => (archive::decoded(&self.caller, Box::new(plain)).await?, None),
            Format::Directory => {
                let (source, folder) = directory::decoded(self, Box::new(plain)).await?;
                (source, Some(folder))
            }
        };
        Ok(Reading { source: Peeked::new(source), format, packed, encrypted, folder })
    }
}
