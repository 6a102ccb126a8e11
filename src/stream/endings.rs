//! Checks whether bytes match the ending of a file's name: `.sql.gz` is gzip, and SQL inside.

use std::io::Read;

use super::Facts;
use super::sample::{HEAD_BYTES, Sample};
use super::unfinished::{self, unfinished};

/// The form of the bytes that an ending means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Gzip,
    Zstd,
    Xz,
    Bzip2,
    Zip,
    SevenZip,
    Age,
    OpenPgp,
    Tar,
    Sql,
}

use Form as F;

impl Form {
    fn of_ending(ending: &str) -> &'static [Form] {
        match ending {
            "gz" => &[F::Gzip],
            "tgz" => &[F::Gzip, F::Tar],
            "zst" => &[F::Zstd],
            "tzst" => &[F::Zstd, F::Tar],
            "xz" => &[F::Xz],
            "txz" => &[F::Xz, F::Tar],
            "bz2" => &[F::Bzip2],
            "tbz2" | "tbz" => &[F::Bzip2, F::Tar],
            "zip" => &[F::Zip],
            "7z" => &[F::SevenZip],
            "age" => &[F::Age],
            "gpg" | "pgp" => &[F::OpenPgp],
            "tar" => &[F::Tar],
            "sql" => &[F::Sql],
            _ => &[],
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            F::Gzip => "gzip",
            F::Zstd => "zstd",
            F::Xz => "xz",
            F::Bzip2 => "bzip2",
            F::Zip => "zip",
            F::SevenZip => "7z",
            F::Age => "age",
            F::OpenPgp => "OpenPGP",
            F::Tar => "tar",
            F::Sql => "SQL",
        }
    }

    /// Whether data of this form can have this beginning. `whole`: there is no more data.
    pub fn begins(self, head: &[u8], whole: bool) -> bool {
        match self {
            F::Gzip => head.starts_with(&[0x1f, 0x8b]),
            F::Zstd => matches!(head, [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]),
            F::Xz => head.starts_with(b"\xfd7zXZ\0"),
            F::Bzip2 => head.starts_with(b"BZh"),
            F::Zip => [b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"].iter().any(|magic| head.starts_with(*magic)),
            F::SevenZip => head.starts_with(b"7z\xbc\xaf\x27\x1c"),
            F::Age => {
                head.starts_with(b"age-encryption.org/v1") || head.starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----")
            }
            F::OpenPgp => is_openpgp(head),
            F::Tar => is_tar(head),
            F::Sql => is_sql(head, whole),
        }
    }
}

/// The forms from the endings of a name, the outermost first.
pub fn forms(name: &str) -> Vec<Form> {
    let mut found = Vec::new();
    let mut rest = name;
    while let Some((before, ending)) = rest.rsplit_once('.') {
        match Form::of_ending(&ending.to_ascii_lowercase()) {
            [] => break,
            forms => found.extend(forms),
        }
        rest = before;
    }
    found
}

/// Why the bytes stored under this name do not match its endings, as far as can be checked.
pub fn contradiction(name: &str, stored: &Sample, facts: &Facts) -> Option<String> {
    let forms = forms(name);
    let mut seen = Seen { head: stored.head().to_vec(), whole: stored.is_whole() };
    let mut inner = forms.as_slice();
    while let Some((form, rest)) = inner.split_first() {
        if !form.begins(&seen.head, seen.whole) {
            return Some(says(name, *form, &seen.head));
        }
        inner = rest;
        match seen.inside(*form) {
            Some(inside) => seen = inside,
            None => break,
        }
    }
    // Encrypted data is checked by its input.
    let hidden = facts.encryption.is_some() && forms.iter().any(|form| matches!(form, F::Age | F::OpenPgp));
    hidden.then(|| under_encryption(name, inner, facts)).flatten().or_else(|| cut_off(&forms, stored, facts))
}

/// Checks the inner forms of an encrypted name against the stages before the encryption and the source's data.
fn under_encryption(name: &str, forms: &[Form], facts: &Facts) -> Option<String> {
    let mut stages: Vec<Form> = facts.undo.iter().filter_map(|tool| form_of_tool(tool)).collect();
    for form in forms {
        match stages.pop() {
            Some(stage) if stage == *form => {}
            Some(stage) => return Some(format!("`{name}` promises {}, and {} was made", form.word(), stage.word())),
            None if facts.one_way.is_some() => return None,
            None if form.begins(facts.plain.head(), facts.plain.is_whole()) => return None,
            None => return Some(says(name, *form, facts.plain.head())),
        }
    }
    None
}

fn form_of_tool(tool: &str) -> Option<Form> {
    match tool {
        "gzip -dc" => Some(F::Gzip),
        "zstd -dc" => Some(F::Zstd),
        _ => None,
    }
}

/// Why the bytes are only the beginning of something, whatever their name.
fn cut_off(forms: &[Form], stored: &Sample, facts: &Facts) -> Option<String> {
    // A stage that hikae itself applies either succeeds or fails.
    let untouched = facts.undo.is_empty() && facts.one_way.is_none() && facts.encryption.is_none();
    unfinished(&facts.plain)
        .or_else(|| (untouched && forms.first() == Some(&F::Tar)).then(|| unfinished::tar(stored)).flatten())
}

/// The beginning of a form, with what is packed inside it.
struct Seen {
    head: Vec<u8>,
    whole: bool,
}

impl Seen {
    /// The content inside, as far as the beginning shows it.
    fn inside(&self, form: Form) -> Option<Seen> {
        let mut plain = Vec::new();
        let most = HEAD_BYTES as u64;
        // The data ends where the beginning does: use what was decoded until then.
        let read = match form {
            F::Gzip => flate2::read::MultiGzDecoder::new(&*self.head).take(most).read_to_end(&mut plain),
            F::Zstd => zstd::stream::read::Decoder::new(&*self.head).ok()?.take(most).read_to_end(&mut plain),
            _ => return None,
        };
        let whole = self.whole && read.is_ok() && plain.len() < HEAD_BYTES;
        (whole || !plain.is_empty()).then_some(Seen { head: plain, whole })
    }
}

fn says(name: &str, form: Form, head: &[u8]) -> String {
    let shown: String = String::from_utf8_lossy(&head[..head.len().min(20)]).escape_debug().collect();
    format!("`{name}` promises {}, and the data begins with `{shown}`", form.word())
}

/// A packet of OpenPGP, or its ASCII-armored form.
fn is_openpgp(head: &[u8]) -> bool {
    let Some(first) = head.first() else { return false };
    let tag = if first & 0x40 == 0 { (first >> 2) & 0x0f } else { first & 0x3f };
    (first & 0x80 != 0 && (1..=20).contains(&tag)) || head.starts_with(b"-----BEGIN PGP ")
}

/// A header with a correct checksum, or the end of an archive.
fn is_tar(head: &[u8]) -> bool {
    let Some(header) = head.get(..512) else { return false };
    if header.iter().all(|byte| *byte == 0) {
        return true;
    }
    let text = String::from_utf8_lossy(&header[148..156]);
    let noted = u32::from_str_radix(text.trim_matches(['\0', ' ']), 8);
    let counted: u32 =
        header.iter().enumerate().map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) }).sum();
    noted == Ok(counted)
}

/// The first words of the statements that dumps of any database begin with.
const STATEMENTS: [&str; 38] = [
    "ALTER",
    "ANALYZE",
    "BEGIN",
    "CALL",
    "COMMENT",
    "COMMIT",
    "COPY",
    "CREATE",
    "DECLARE",
    "DELETE",
    "DO",
    "DROP",
    "END",
    "EXEC",
    "EXECUTE",
    "GO",
    "GRANT",
    "IF",
    "INSERT",
    "LOCK",
    "MERGE",
    "PRAGMA",
    "PRINT",
    "REFRESH",
    "REPLACE",
    "REVOKE",
    "ROLLBACK",
    "SAVEPOINT",
    "SECURITY",
    "SELECT",
    "SET",
    "START",
    "TRUNCATE",
    "UNLOCK",
    "UPDATE",
    "USE",
    "VALUES",
    "WITH",
];

/// Text in which a line begins as a statement does, or a command of psql.
fn is_sql(head: &[u8], whole: bool) -> bool {
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return true; // UTF-16, as SQL Server writes it
    }
    if head.contains(&0) {
        return false;
    }
    let text = String::from_utf8_lossy(head);
    let statement = |line: &str| {
        let line = line.trim_start_matches(['\u{feff}', ' ', '\t', '(']);
        // MySQL hides statements in comments that it reads.
        let line = line
            .strip_prefix("/*!")
            .map_or(line, |rest| rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' '));
        let word: String = line.chars().take_while(char::is_ascii_alphabetic).collect();
        line.starts_with('\\') || STATEMENTS.contains(&word.to_ascii_uppercase().as_str())
    };
    let comment = |line: &str| ["--", "/*", "#", "*"].iter().any(|mark| line.trim_start().starts_with(mark));
    text.lines().any(statement) || (!whole && text.lines().next().is_some_and(comment))
}
