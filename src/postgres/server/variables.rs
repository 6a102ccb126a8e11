//! Substitutes variables in a query, as psql does: `:'name'` as a string, `:"name"` as a name, `:name` as it is.
//!
//! Strings, quoted names, comments and dollar quotes are not changed.

use std::collections::BTreeMap;

use crate::postgres::server::quoting::{ident, literal};

/// Returns the query with its variables substituted; a name without a value stays unchanged.
pub fn interpolate(sql: &str, vars: &BTreeMap<String, String>) -> String {
    let (mut out, mut rest) = (String::with_capacity(sql.len()), sql);
    while !rest.is_empty() {
        if let Some((value, length)) = variable(rest, &out, vars) {
            out.push_str(&value);
            rest = &rest[length..];
            continue;
        }
        let length = skipped(rest, &out);
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    out
}

/// The variable at the start of `rest`, with its length.
fn variable(rest: &str, before: &str, vars: &BTreeMap<String, String>) -> Option<(String, usize)> {
    let inner = rest.strip_prefix(':').filter(|_| !before.ends_with(':'))?;
    for (quote, write) in [('\'', literal as fn(&str) -> String), ('"', ident)] {
        if let Some(quoted) = inner.strip_prefix(quote) {
            let name = name(quoted)?;
            quoted[name.len()..].starts_with(quote).then_some(())?;
            return Some((write(vars.get(name)?), name.len() + 3));
        }
    }
    let name = name(inner)?;
    Some((vars.get(name)?.clone(), name.len() + 1))
}

fn name(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    (end > 0).then(|| &text[..end])
}

/// The length of the start of `rest` that contains no variable.
fn skipped(rest: &str, before: &str) -> usize {
    let to = |end: Option<usize>| end.unwrap_or(rest.len());
    match rest.as_bytes()[0] {
        b'\'' => {
            let escapes = before.ends_with(['e', 'E']) && !before[..before.len() - 1].ends_with(char::is_alphanumeric);
            string_length(rest, escapes)
        }
        b'"' => to(rest[1..].find('"').map(|at| at + 2)),
        b'-' if rest.starts_with("--") => to(rest.find('\n')),
        b'/' if rest.starts_with("/*") => comment_length(rest),
        b'$' => dollar_length(rest, before),
        _ => rest.chars().next().map_or(1, char::len_utf8),
    }
}

fn string_length(rest: &str, escapes: bool) -> usize {
    let bytes = rest.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if escapes => at += 2,
            b'\'' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

fn comment_length(rest: &str) -> usize {
    let (bytes, mut depth, mut at) = (rest.as_bytes(), 0, 0);
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

fn dollar_length(rest: &str, before: &str) -> usize {
    let end = rest[1..].find(|c: char| !c.is_alphanumeric() && c != '_').map_or(rest.len(), |at| at + 1);
    let joined = before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
    if joined || !rest[end..].starts_with('$') || rest[1..].starts_with(|c: char| c.is_ascii_digit()) {
        return 1;
    }
    let tag = &rest[..=end];
    rest[tag.len()..].find(tag).map_or(rest.len(), |at| tag.len() + at + tag.len())
}
