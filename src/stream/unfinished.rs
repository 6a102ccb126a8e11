//! Checks whether a dump or an archive, known by its beginning, has a matching end.

use super::sample::Sample;

/// The beginning of a kind of dump, and a text near its end.
struct Frame {
    made_by: &'static str,
    begins: &'static str,
    ends: &'static str,
}

const FRAMES: [Frame; 5] = [
    Frame { made_by: "pg_dump", begins: "-- PostgreSQL database dump", ends: "-- PostgreSQL database dump complete" },
    Frame {
        made_by: "pg_dumpall",
        begins: "-- PostgreSQL database cluster dump",
        ends: "-- PostgreSQL database cluster dump complete",
    },
    Frame { made_by: "mysqldump", begins: "-- MySQL dump ", ends: "-- Dump completed" },
    Frame { made_by: "mariadb-dump", begins: "-- MariaDB dump ", ends: "-- Dump completed" },
    Frame { made_by: "sqlite3", begins: "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;", ends: "COMMIT;" },
];

/// The bytes of the head that are searched for its beginning: little comes before it.
const BEGIN_BYTES: usize = 512;

/// Why this plain text is only the beginning of a dump.
pub fn unfinished(plain: &Sample) -> Option<String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    let (head, tail) = (plain.head(), text(plain.tail()));
    let head = text(&head[..head.len().min(BEGIN_BYTES)]);
    // Only on a separate line: a table may contain the same words.
    let begins = |frame: &&Frame| head.starts_with(frame.begins) || head.contains(&format!("\n{}", frame.begins));
    let frame = FRAMES.iter().find(begins)?;
    let ends = tail.starts_with(frame.ends) || tail.contains(&format!("\n{}", frame.ends));
    (!ends).then(|| format!("it begins as a dump of `{}`, and the last line of one is missing", frame.made_by))
}

/// Why this archive is only the beginning of one.
pub fn tar(stored: &Sample) -> Option<String> {
    let ends = stored.tail().len() >= 1024 && stored.tail().iter().rev().take(1024).all(|byte| *byte == 0);
    (!ends).then(|| "it begins as a tar archive, and the end of one is missing".to_owned())
}
