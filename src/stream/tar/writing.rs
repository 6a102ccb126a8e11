//! Writes the headers of a tar archive: ustar, with pax records for what ustar has no room for.

use tar::{EntryType, Header};

use super::{BLOCK_BYTES, TarKind};

/// The end of an archive: two empty blocks.
pub const END: [u8; 2 * BLOCK_BYTES] = [0; 2 * BLOCK_BYTES];

/// The largest number of seconds that fits into a header field.
const MOST_SECS: i64 = 0o77_777_777_777;

/// One entry that is about to be written. Its data follows the header: exactly `size_bytes`, then the padding.
#[derive(Clone, Debug)]
pub struct NewEntry<'a> {
    /// The path below the base; a folder ends in `/`.
    pub path: &'a [u8],
    pub kind: TarKind,
    pub size_bytes: u64,
    pub mode: u32,
    pub owner: u32,
    pub group: u32,
    pub owner_name: &'a str,
    pub group_name: &'a str,
    /// Seconds since 1970 and nanoseconds.
    pub modified: (i64, u32),
    /// The target of a link, or the entry that a hard link repeats.
    pub link: &'a [u8],
    /// More pax records: extended attributes and access control lists.
    pub records: &'a [(Vec<u8>, Vec<u8>)],
}

impl NewEntry<'_> {
    /// Appends the header, with all records before it.
    pub fn write(&self, out: &mut Vec<u8>) {
        let mut header = Header::new_ustar();
        let mut records = Vec::new();
        self.name(&mut header, &mut records, out);
        self.link(&mut header, &mut records, out);
        self.time(&mut header, &mut records);
        self.owners(&mut header, &mut records);
        for (key, value) in self.records {
            record(&mut records, key, value);
        }
        if !records.is_empty() {
            extension(EntryType::XHeader, &records, self.path, out);
        }
        header.set_entry_type(entry_type(self.kind));
        header.set_mode(self.mode & 0o7777);
        header.set_size(self.size_bytes);
        header.set_cksum();
        out.extend_from_slice(header.as_bytes());
    }

    fn name(&self, header: &mut Header, records: &mut Vec<u8>, out: &mut Vec<u8>) {
        let Some(fields) = header.as_ustar_mut() else { return };
        match split(self.path) {
            Some((prefix, name)) => {
                fill(&mut fields.prefix, prefix);
                fill(&mut fields.name, name);
                if self.path.is_ascii() || std::str::from_utf8(self.path).is_err() {
                    return;
                }
            }
            None => fill(&mut fields.name, self.path),
        }
        long(EntryType::GNULongName, b"path", self.path, records, out);
    }

    fn link(&self, header: &mut Header, records: &mut Vec<u8>, out: &mut Vec<u8>) {
        let Some(fields) = header.as_ustar_mut() else { return };
        fill(&mut fields.linkname, self.link);
        let fits = self.link.len() <= fields.linkname.len();
        if !fits || !self.link.is_ascii() && std::str::from_utf8(self.link).is_ok() {
            long(EntryType::GNULongLink, b"linkpath", self.link, records, out);
        }
    }

    fn time(&self, header: &mut Header, records: &mut Vec<u8>) {
        let (secs, nanos) = self.modified;
        header.set_mtime(secs.clamp(0, MOST_SECS).unsigned_abs());
        if nanos != 0 || !(0..=MOST_SECS).contains(&secs) {
            record(records, b"mtime", moment(secs, nanos).as_bytes());
        }
    }

    fn owners(&self, header: &mut Header, records: &mut Vec<u8>) {
        header.set_uid(self.owner.into());
        header.set_gid(self.group.into());
        let Some(fields) = header.as_ustar_mut() else { return };
        for (field, key, name) in
            [(&mut fields.uname, "uname", self.owner_name), (&mut fields.gname, "gname", self.group_name)]
        {
            // One byte of the field ends the name.
            if name.len() < field.len() {
                fill(field, name.as_bytes());
            } else {
                record(records, key.as_bytes(), name.as_bytes());
            }
        }
    }
}

/// The number of zeros that fill up the last block of this much data.
pub fn padding(size_bytes: u64) -> usize {
    (size_bytes.wrapping_neg() % BLOCK_BYTES as u64) as usize
}

fn entry_type(kind: TarKind) -> EntryType {
    match kind {
        TarKind::Dir => EntryType::Directory,
        TarKind::Link => EntryType::Symlink,
        TarKind::HardLink => EntryType::Link,
        TarKind::File | TarKind::Other => EntryType::Regular,
    }
}

/// The parts of a path for the two fields of a ustar header, if it fits.
fn split(path: &[u8]) -> Option<(&[u8], &[u8])> {
    if path.len() <= 100 {
        return Some((b"", path));
    }
    // The `/` at the end of a folder belongs to its name.
    let last = path.len() - 1;
    let slashes = path[..last].iter().enumerate().filter(|(_, byte)| **byte == b'/');
    let mut fitting = slashes.map(|(at, _)| (&path[..at], &path[at + 1..]));
    fitting.find(|(prefix, name)| !prefix.is_empty() && prefix.len() <= 155 && name.len() <= 100)
}

fn fill(field: &mut [u8], value: &[u8]) {
    let size = value.len().min(field.len());
    field[..size].copy_from_slice(&value[..size]);
}

/// A name for which the header has no room. pax requires UTF-8; for other bytes, every reader knows GNU's format.
fn long(gnu: EntryType, key: &[u8], name: &[u8], records: &mut Vec<u8>, out: &mut Vec<u8>) {
    if std::str::from_utf8(name).is_ok() {
        record(records, key, name);
    } else {
        extension(gnu, &[name, b"\0"].concat(), b"././@LongLink", out);
    }
}

/// Appends an entry that describes the next one.
fn extension(kind: EntryType, data: &[u8], about: &[u8], out: &mut Vec<u8>) {
    let mut header = Header::new_ustar();
    if let Some(fields) = header.as_ustar_mut() {
        let last = about.strip_suffix(b"/").unwrap_or(about).rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        match kind {
            EntryType::XHeader => fill(&mut fields.name, &[b"PaxHeaders/", last].concat()),
            _ => fill(&mut fields.name, about),
        }
    }
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(data.len() as u64);
    header.set_cksum();
    out.extend_from_slice(header.as_bytes());
    out.extend_from_slice(data);
    out.resize(out.len() + padding(data.len() as u64), 0);
}

/// Appends one pax record: its own length, the key and the value.
fn record(records: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    let rest = key.len() + value.len() + 3;
    let mut size = rest + 1;
    while size != rest + digits(size) {
        size = rest + digits(size);
    }
    records.extend_from_slice(size.to_string().as_bytes());
    records.push(b' ');
    records.extend_from_slice(key);
    records.push(b'=');
    records.extend_from_slice(value);
    records.push(b'\n');
}

fn digits(number: usize) -> usize {
    number.checked_ilog10().unwrap_or(0) as usize + 1
}

/// A time in pax format: seconds with a fraction.
fn moment(secs: i64, nanos: u32) -> String {
    let text = match (secs, nanos) {
        (secs, 0) => return secs.to_string(),
        (secs, nanos) if secs < 0 => format!("-{}.{:09}", -(secs + 1), 1_000_000_000 - nanos),
        (secs, nanos) => format!("{secs}.{nanos:09}"),
    };
    text.trim_end_matches('0').to_owned()
}
