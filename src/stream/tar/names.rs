//! Gathers what pax and GNU tar write before an entry: names that its own header has no room for, and its true size.

use tar::{EntryType, Header, PaxExtensions};

use super::{TarEntry, TarKind, wrong};
use crate::error::{Error, Kind, Result};

/// What was said about the entry that comes.
#[derive(Default)]
pub(super) struct Extension {
    path: Option<String>,
    link: Option<String>,
    size_bytes: Option<u64>,
    is_sparse: bool,
    told: bool,
}

impl Extension {
    /// Takes what stands in an entry of such a kind.
    pub(super) fn add(&mut self, kind: EntryType, text: &[u8]) -> Result<()> {
        match kind {
            EntryType::GNULongName => self.path = Some(utf8(until_nul(text))?),
            EntryType::GNULongLink => self.link = Some(utf8(until_nul(text))?),
            EntryType::XGlobalHeader => return global(text),
            _ => self.pax(text)?,
        }
        self.told = true;
        Ok(())
    }

    fn pax(&mut self, text: &[u8]) -> Result<()> {
        for record in PaxExtensions::new(text) {
            let record = record.map_err(|cause| wrong(cause.to_string()))?;
            match record.key_bytes() {
                b"path" => self.path = Some(utf8(record.value_bytes())?),
                b"linkpath" => self.link = Some(utf8(record.value_bytes())?),
                b"size" => {
                    let size = record.value().ok().and_then(|size| size.parse().ok());
                    self.size_bytes = Some(size.ok_or_else(|| wrong("the size of an entry is no number".to_owned()))?);
                }
                key => self.is_sparse |= key.starts_with(b"GNU.sparse."),
            }
        }
        Ok(())
    }

    /// An end in place of the entry that was spoken of is none.
    pub(super) fn must_be_used(&self) -> Result<()> {
        if self.told { Err(wrong("its last entry is missing".to_owned())) } else { Ok(()) }
    }

    /// The entry itself, by its header and by what was said before it.
    pub(super) fn entry(self, header: &Header, size_bytes: u64) -> Result<TarEntry> {
        let path = self.path.map_or_else(|| utf8(&header.path_bytes()), Ok)?;
        if self.is_sparse || header.entry_type() == EntryType::GNUSparse {
            return Err(Error::new(Kind::Other, format!("cannot read `{path}` in the archive"))
                .because_text("it was packed without its holes, as `tar --sparse` does")
                .hint("pack it without `--sparse`, or unpack it with GNU tar"));
        }
        let kind = match header.entry_type() {
            // As tar had it before it knew of folders.
            EntryType::Regular if path.ends_with('/') => TarKind::Dir,
            EntryType::Regular | EntryType::Continuous => TarKind::File,
            EntryType::Directory => TarKind::Dir,
            EntryType::Symlink => TarKind::Link,
            EntryType::Link => TarKind::HardLink,
            _ => TarKind::Other,
        };
        let link = match (kind, self.link) {
            (TarKind::Link | TarKind::HardLink, Some(link)) => Some(link),
            (TarKind::Link | TarKind::HardLink, None) => Some(utf8(&header.link_name_bytes().unwrap_or_default())?),
            _ => None,
        };
        let size_bytes = self.size_bytes.unwrap_or(size_bytes);
        if size_bytes > 0 && matches!(kind, TarKind::Dir | TarKind::Link | TarKind::HardLink) {
            return Err(wrong(format!("`{path}` is no file and has data")));
        }
        let mode = header.mode().map_err(|cause| wrong(cause.to_string()))? & 0o7777;
        Ok(TarEntry { path, kind, size_bytes, mode, link })
    }
}

/// What is said about all entries that come: a comment, as git writes it, but nothing that would make them others.
fn global(text: &[u8]) -> Result<()> {
    let mut changing = Extension::default();
    changing.pax(text)?;
    match (changing.path.or(changing.link), changing.size_bytes, changing.is_sparse) {
        (None, None, false) => Ok(()),
        _ => Err(wrong("it gives one name or size to all of its entries".to_owned())),
    }
}

fn until_nul(text: &[u8]) -> &[u8] {
    text.split(|byte| *byte == 0).next().unwrap_or_default()
}

fn utf8(bytes: &[u8]) -> Result<String> {
    let shown = || format!("the name `{}` in the archive is not UTF-8", String::from_utf8_lossy(bytes));
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| {
        // Nothing is damaged: the archive before it will have the same name.
        Error::new(Kind::Other, shown())
            .hint("unpack it with GNU tar, let `convmv` write the names in UTF-8, and pack it again")
    })
}
