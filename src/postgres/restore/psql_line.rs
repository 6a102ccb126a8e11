//! Recognizes exactly the psql lines that `pg_dump` writes: any other could run a program or switch the database.

/// What a line for psql does.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PsqlLine {
    /// `\restrict` and `\unrestrict` with a key: psql must obey them.
    Lock,
    /// `\encoding SQL_ASCII`, which comes before `\connect`.
    Encoding,
    /// `\connect` to this database on the same server.
    Connect(String),
    /// Any other, by its first word.
    Unknown(String),
}

impl PsqlLine {
    pub(crate) fn read(line: &str) -> PsqlLine {
        let (command, rest) = line.split_once(' ').unwrap_or((line, ""));
        let known = match command {
            "\\restrict" | "\\unrestrict" if is_key(rest) => Some(PsqlLine::Lock),
            "\\encoding" if rest == "SQL_ASCII" => Some(PsqlLine::Encoding),
            "\\connect" => target(rest).map(PsqlLine::Connect),
            _ => None,
        };
        known.unwrap_or_else(|| {
            let word = |c: &char| !c.is_whitespace() && !c.is_control();
            PsqlLine::Unknown(command.chars().take_while(word).take(20).collect())
        })
    }
}

fn is_key(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The database of a `\connect`: `name`, `"na me"` or `-reuse-previous=on "dbname='na''me'"`.
fn target(args: &str) -> Option<String> {
    match args.strip_prefix("-reuse-previous=on ") {
        Some(quoted) => connection_value(identifier(quoted)?.strip_prefix("dbname=")?),
        None => identifier(args),
    }
}

/// A name as `pg_dump` quotes it for SQL.
fn identifier(text: &str) -> Option<String> {
    match text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) => undoubled(inner),
        None => bare(text).then(|| text.to_owned()),
    }
}

/// `""` means `"`; one alone would end the name.
fn undoubled(inner: &str) -> Option<String> {
    let name = inner.replace("\"\"", "\0");
    (!name.is_empty() && !name.contains('"')).then(|| name.replace('\0', "\""))
}

fn bare(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii())
}

/// A value as `pg_dump` quotes it for a connection string: bare, or in quotes with `\'` and `\\`.
fn connection_value(text: &str) -> Option<String> {
    let Some(inner) = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) else {
        let plain = |c: char| c.is_ascii_alphanumeric() || "_.".contains(c);
        return (!text.is_empty() && text.chars().all(plain)).then(|| text.to_owned());
    };
    let (mut value, mut chars) = (String::new(), inner.chars());
    while let Some(c) = chars.next() {
        match c {
            '\\' => value.push(chars.next()?),
            '\'' => return None,
            other => value.push(other),
        }
    }
    Some(value)
}
