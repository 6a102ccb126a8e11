//! Writes names and texts as SQL has them, so that no name is ever read as anything else.

use crate::error::{Error, Kind, Result};

/// The longest name that PostgreSQL keeps whole; it cuts longer ones off without a word.
pub const MAX_NAME_BYTES: usize = 63;

/// A name in double quotes.
pub fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// `schema.name`, or the name alone where there is no schema.
pub fn qualified(schema: &str, name: &str) -> String {
    if schema.is_empty() { ident(name) } else { format!("{}.{}", ident(schema), ident(name)) }
}

/// A text in single quotes, whatever `standard_conforming_strings` says.
pub fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if text.contains('\\') { format!("E'{}'", quoted.replace('\\', "\\\\")) } else { format!("'{quoted}'") }
}

/// As people read a table's name: quotes only where it would not be plain without them.
pub fn shown(schema: &str, name: &str) -> String {
    let part = |part: &str| {
        let plain = part.chars().all(|c| c.is_alphanumeric() || c == '_') && !part.is_empty();
        if plain { part.to_owned() } else { ident(part) }
    };
    if schema.is_empty() { part(name) } else { format!("{}.{}", part(schema), part(name)) }
}

/// Refuses a name that PostgreSQL cannot keep as it is.
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
