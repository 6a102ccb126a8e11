//! Converts a dump of any format to plain SQL: it decodes archives, and unpacks and decodes a folder in a tar file.

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

/// Enough of a file to detect its type: a tar header, and the start of what follows it.
pub const HEAD_BYTES: usize = 600;

/// How a dump is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Plain,
    /// `pg_dump --format=custom`: `pg_restore` converts it to plain SQL.
    Archive,
    /// `pg_dump --format=tar`: `pg_restore` converts it as well.
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

/// The caller that reads dumps, and the place to unpack a dump that is a folder.
#[derive(Clone)]
pub struct Reader {
    pub caller: Caller,
    pub work: Option<ScratchRoot>,
    /// The identity that decrypts an encrypted dump.
    pub identity: Option<Identity>,
}

/// A dump as plain SQL, while it is read.
pub struct Reading {
    pub source: Peeked,
    pub format: Format,
    /// The compression of the file: `gzip`, `zstd`.
    pub packed: Option<&'static str>,
    pub encrypted: bool,
    /// The folder of the dump in the tar file.
    pub folder: Option<String>,
}

impl Reader {
    /// Opens the dump in `file`, named `name`; adds the bytes of the uncompressed file to `unpacked`.
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
