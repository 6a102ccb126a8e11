//! Cleans all text that leaves the program: hides known secrets, and makes control characters harmless.

use serde_json::Value;

use crate::secret;

/// Keys whose values are hikae's own words. A password such as `daily` must not mask them:
/// readers of the JSON depend on them, and the mask would reveal the password.
/// The same holds for the name of a recipe and the path of a backup, which are visible to everybody anyway.
const OWN_WORDS: [&str; 10] =
    ["created_at", "ended_at", "id", "kind", "path", "recipe", "sha256", "started_at", "status", "type"];

/// `text` without secrets, unless `key` says that it is one of hikae's own words.
pub(super) fn field(key: &str, text: &str) -> String {
    if OWN_WORDS.contains(&key) { text.to_owned() } else { secret::redact(text) }
}

/// `value` with every string in it cleaned. Strings are cleaned before they are serialized as JSON,
/// because escaping changes a secret that contains a quote.
pub(super) fn json(value: Value) -> Value {
    cleaned("", value)
}

fn cleaned(key: &str, value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(field(key, &text)),
        Value::Array(items) => Value::Array(items.into_iter().map(|item| cleaned(key, item)).collect()),
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(key, value)| (key.clone(), cleaned(&key, value))).collect())
        }
        other => other,
    }
}

/// `text` without secrets, and without anything that could move a cursor, ring a bell or reorder text:
/// file names and the output of other programs are not trusted on the terminal.
pub fn printable(text: &str) -> String {
    let clean = secret::redact(text).replace("\r\n", "\n");
    let mut shown = String::with_capacity(clean.len());
    for c in clean.chars() {
        match c {
            '\n' | '\t' => shown.push(c),
            '\0'..='\x1f' => shown.extend(['^', char::from(c as u8 + b'@')]),
            '\u{7f}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => shown.extend(c.escape_unicode()),
            _ => shown.push(c),
        }
    }
    shown
}

/// `printable` on one line, for a bar or a table cell.
pub fn one_line(text: &str) -> String {
    let shown = printable(text);
    if shown.contains(['\n', '\t']) { shown.split_whitespace().collect::<Vec<_>>().join(" ") } else { shown }
}

/// `printable` with every further line indented by `indent`, so that no text can look like a separate message.
pub(super) fn indented(text: &str, indent: &str) -> String {
    printable(text).trim_end().replace('\n', &format!("\n{indent}"))
}
