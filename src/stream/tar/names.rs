//! Gathers what pax and GNU tar write before an entry: names and numbers that its own header has no room for.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use tar::{EntryType, Header};

use super::{TarEntry, TarKind, wrong};
use crate::error::{Error, Kind, Result};

/// The fields that earlier headers set for the next entry.
#[derive(Default)]
pub(super) struct Extension {
    path: Option<PathBuf>,
    link: Option<PathBuf>,
    size_bytes: Option<u64>,
    owner: Option<u64>,
    group: Option<u64>,
    modified: Option<(i64, u32)>,
    is_sparse: bool,
    used: bool,
}

impl Extension {
    /// Reads the content of such a header entry.
    pub(super) fn add(&mut self, kind: EntryType, text: &[u8]) -> Result<()> {
        match kind {
            EntryType::GNULongName => self.path = Some(name(until_nul(text))),
            EntryType::GNULongLink => self.link = Some(name(until_nul(text))),
            EntryType::XGlobalHeader => return global(text),
            _ => self.pax(text)?,
        }
        self.used = true;
        Ok(())
    }

    fn pax(&mut self, text: &[u8]) -> Result<()> {
        let mut rest = text;
        while !rest.is_empty() {
            let malformed = || wrong("what it says about an entry is malformed".to_owned());
            let (key, value, more) = record(rest).ok_or_else(malformed)?;
            rest = more;
            match key {
                b"path" => self.path = Some(name(value)),
                b"linkpath" => self.link = Some(name(value)),
                b"size" => self.size_bytes = Some(number(value, "size")?),
                b"uid" => self.owner = Some(number(value, "owner")?),
                b"gid" => self.group = Some(number(value, "group")?),
                b"mtime" => {
                    let no_time = || wrong("the time of an entry is no number".to_owned());
                    self.modified = Some(moment(value).ok_or_else(no_time)?);
                }
                key => self.is_sparse |= key.starts_with(b"GNU.sparse."),
            }
        }
        Ok(())
    }

    /// An end mark is not valid in place of the announced entry.
    pub(super) fn must_be_used(&self) -> Result<()> {
        if self.used { Err(wrong("its last entry is missing".to_owned())) } else { Ok(()) }
    }

    /// The entry itself, from its header and the headers before it.
    pub(super) fn entry(self, header: &Header, size_bytes: u64) -> Result<TarEntry> {
        let path = self.path.unwrap_or_else(|| name(&header.path_bytes()));
        if self.is_sparse || header.entry_type() == EntryType::GNUSparse {
            return Err(Error::new(Kind::Other, format!("cannot read `{}` in the archive", path.display()))
                .because_text("it was packed without its holes, as `tar --sparse` does")
                .hint("pack it without `--sparse`, or unpack it with GNU tar"));
        }
        let kind = kind_of(header.entry_type(), path.as_os_str().as_encoded_bytes().ends_with(b"/"));
        let link = match (kind, self.link) {
            (TarKind::Link | TarKind::HardLink, Some(link)) => Some(link),
            (TarKind::Link | TarKind::HardLink, None) => Some(name(&header.link_name_bytes().unwrap_or_default())),
            _ => None,
        };
        let size_bytes = self.size_bytes.unwrap_or(size_bytes);
        if size_bytes > 0 && matches!(kind, TarKind::Dir | TarKind::Link | TarKind::HardLink) {
            return Err(wrong(format!("`{}` is no file and has data", path.display())));
        }
        // Some programs leave these fields blank.
        let field = |value: std::io::Result<u64>| value.unwrap_or(0);
        let mode = header.mode().map_err(|cause| wrong(cause.to_string()))? & 0o7777;
        let secs = |secs: u64| (i64::try_from(secs).unwrap_or(i64::MAX), 0);
        Ok(TarEntry {
            path,
            kind,
            size_bytes,
            mode,
            owner: self.owner.unwrap_or_else(|| field(header.uid())),
            group: self.group.unwrap_or_else(|| field(header.gid())),
            modified: self.modified.unwrap_or_else(|| secs(field(header.mtime()))),
            link,
        })
    }
}

fn kind_of(kind: EntryType, ends_in_slash: bool) -> TarKind {
    match kind {
        // The form from before tar had folders.
        EntryType::Regular if ends_in_slash => TarKind::Dir,
        EntryType::Regular | EntryType::Continuous => TarKind::File,
        EntryType::Directory => TarKind::Dir,
        EntryType::Symlink => TarKind::Link,
        EntryType::Link => TarKind::HardLink,
        _ => TarKind::Other,
    }
}

/// Reads a global header: a comment is accepted, as git writes it, but nothing that changes the entries.
fn global(text: &[u8]) -> Result<()> {
    let mut changing = Extension::default();
    changing.pax(text)?;
    match (changing.path.or(changing.link), changing.size_bytes, changing.is_sparse) {
        (None, None, false) => Ok(()),
        _ => Err(wrong("it gives one name or size to all of its entries".to_owned())),
    }
}

/// The first of some pax records: its key, its value, and what follows it. The crate `tar` ends a record at a line feed, but
/// names, attributes and access control lists may hold some: the length in front of a record decides.
fn record(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let blank = text.iter().position(|byte| *byte == b' ')?;
    let size: usize = std::str::from_utf8(&text[..blank]).ok()?.parse().ok()?;
    let (record, more) = text.split_at_checked(size)?;
    let said = record.get(blank + 1..)?.strip_suffix(b"\n")?;
    let equals = said.iter().position(|byte| *byte == b'=')?;
    Some((&said[..equals], &said[equals + 1..], more))
}

fn until_nul(text: &[u8]) -> &[u8] {
    text.split(|byte| *byte == 0).next().unwrap_or_default()
}

fn name(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsString::from_vec(bytes.to_vec()))
}

fn number(value: &[u8], what: &str) -> Result<u64> {
    let number = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
    number.ok_or_else(|| wrong(format!("the {what} of an entry is no number")))
}

/// Seconds, with a fraction or without one.
fn moment(value: &[u8]) -> Option<(i64, u32)> {
    let text = std::str::from_utf8(value).ok()?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let secs: i64 = whole.parse().ok()?;
    if !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let nanos: u32 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    match text.starts_with('-') && nanos > 0 {
        true => Some((secs.checked_sub(1)?, 1_000_000_000 - nanos)),
        false => Some((secs, nanos)),
    }
}
