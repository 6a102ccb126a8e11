//! Reads the name of the database from the start of a dump.

/// The length in which a dump's header is found: the statement that creates the database precedes all objects.
pub const HEADER_BYTES: usize = 64 << 10;

/// The database that a dump names at its beginning. A plain dump names one only with `--create`.
pub fn database_of(head: &[u8]) -> Option<String> {
    match head.strip_prefix(b"PGDMP") {
        Some(archive) => of_archive(archive),
        None => of_plain(&String::from_utf8_lossy(head)),
    }
}

/// pg_dump writes a comment before each object; it replaces line feeds in names by spaces there.
fn of_plain(head: &str) -> Option<String> {
    if !head.contains("-- PostgreSQL database dump") {
        return None;
    }
    let names = head.lines().filter_map(|line| line.strip_prefix("-- Name: ")?.split_once("; Type: DATABASE; "));
    names.map(|(name, _)| name.to_owned()).next()
}

/// The header of the custom format: version, sizes of integers, compression, seven parts of a time, and the name.
fn of_archive(bytes: &[u8]) -> Option<String> {
    let mut header = Header { rest: bytes, int_bytes: 0 };
    let [major, minor, _revision, int_bytes, _offset_bytes, _format] = header.take(6)?.try_into().ok()?;
    header.int_bytes = int_bytes.into();
    // From 1.15 on one byte names the algorithm; before, a number was the level.
    if (major, minor) >= (1, 15) {
        header.take(1).map(drop)?
    } else {
        header.int().map(drop)?
    }
    for _part_of_time in 0..7 {
        header.int()?;
    }
    let length = usize::try_from(header.int()?).ok()?;
    String::from_utf8(header.take(length)?.to_vec()).ok().filter(|name| !name.is_empty())
}

struct Header<'a> {
    rest: &'a [u8],
    int_bytes: usize,
}

impl<'a> Header<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    /// A sign, and the bytes in little-endian order.
    fn int(&mut self) -> Option<i64> {
        let sign = *self.take(1)?.first()?;
        let bytes = self.take(self.int_bytes.min(7))?;
        let value = bytes.iter().rev().fold(0, |value, byte| value << 8 | i64::from(*byte));
        Some(if sign == 0 { value } else { -value })
    }
}
