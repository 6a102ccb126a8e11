//! Writes JSON values as YAML, the usual format for Kubernetes.

use serde_json::Value;

/// A document of YAML.
pub fn document(value: &Value) -> String {
    let mut text = String::new();
    block(value, 0, &mut text);
    text
}

/// The lines of a value that begins on a line of its own.
fn block(value: &Value, depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                text.push_str(&format!("{indent}{}:", scalar(key)));
                below(value, depth, text);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                let mut lines = String::new();
                block(item, depth + 1, &mut lines);
                // The dash replaces the first indent.
                let first = "  ".repeat(depth + 1);
                text.push_str(&format!("{indent}- {}", lines.strip_prefix(&first).unwrap_or(&lines)));
            }
        }
        other => text.push_str(&format!("{indent}{}\n", inline(other))),
    }
}

/// What comes behind a key: the same line for a plain value, the lines below for the others.
fn below(value: &Value, depth: usize, text: &mut String) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            text.push('\n');
            block(value, depth + 1, text);
        }
        Value::Array(items) if !items.is_empty() => {
            text.push('\n');
            block(value, depth + 1, text);
        }
        other => text.push_str(&format!(" {}\n", inline(other))),
    }
}

fn inline(value: &Value) -> String {
    match value {
        Value::String(string) => scalar(string),
        other => other.to_string(),
    }
}

/// A string, bare where YAML cannot take it for anything else, else as JSON writes it, which YAML reads alike.
fn scalar(text: &str) -> String {
    const WORDS: [&str; 8] = ["true", "false", "yes", "no", "on", "off", "null", "y"];
    let letters = text.chars().all(|c| c.is_ascii_alphanumeric() || "/_-.".contains(c));
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    let bare = letters && begins && !WORDS.contains(&text.to_lowercase().as_str()) && text != "n";
    if bare { text.to_owned() } else { Value::String(text.to_owned()).to_string() }
}
