//! Quotes names and strings for SQL, so that a name is never parsed as anything else.

use crate::error::{Error, Kind, Result};

/// The longest name that PostgreSQL keeps whole; it silently truncates longer ones.
pub const MAX_NAME_BYTES: usize = 63;

/// A name in double quotes.
pub fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// `schema.name`, or only the name without a schema.
pub fn qualified(schema: &str, name: &str) -> String {
    if schema.is_empty() { ident(name) } else { format!("{}.{}", ident(schema), ident(name)) }
}

/// A string in single quotes that is safe for any `standard_conforming_strings`.
pub fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if text.contains('\\') { format!("E'{}'", quoted.replace('\\', "\\\\")) } else { format!("'{quoted}'") }
}

/// A table name for people: quoted only if it is ambiguous without quotes.
pub fn shown(schema: &str, name: &str) -> String {
    let part = |part: &str| {
        let plain = part.chars().all(|c| c.is_alphanumeric() || c == '_') && !part.is_empty();
        if plain { part.to_owned() } else { ident(part) }
    };
    if schema.is_empty() { part(name) } else { format!("{}.{}", part(schema), part(name)) }
}

/// Rejects a name that PostgreSQL cannot store unchanged.
pub fn check_name(name: &str) -> Result<()> {
    let wrong = match name {
        "" => "it is empty".to_owned(),
        name if name.contains('\0') => "it holds a zero byte".to_owned(),
        name if name.len() > MAX_NAME_BYTES => {
            format!("it has {} bytes, and PostgreSQL keeps {MAX_NAME_BYTES}", name.len())
        }
        _ => return Ok(()),
    };
    Err(Error::new(Kind::Recipe, format!("`{name}` cannot be the name of a database")).because_text(wrong))
}

/// `name` and `suffix` in one name that PostgreSQL keeps whole.
pub fn with_suffix(name: &str, suffix: &str) -> String {
    let mut end = name.len().min(MAX_NAME_BYTES.saturating_sub(suffix.len()));
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{suffix}", &name[..end])
}
