//! Rewrites deserializer errors for people, with the nearest valid name.

use crate::suggest;

/// What is wrong at `path`, and what to try. The text never holds a value of the wrong type: it may be a password.
pub fn reword(path: &str, complaint: &str) -> (String, Option<String>) {
    let words: Vec<&str> = complaint.split('`').skip(1).step_by(2).collect();
    if complaint.starts_with("unknown field") && !words.is_empty() {
        return (format!("`{path}` is not a known key"), Some(suggest::hint(words[0], words[1..].iter().copied())));
    }
    if complaint.starts_with("unknown variant") && !words.is_empty() {
        let what = format!("`{path}` must be one of {}, but is `{}`", suggest::listed(words[1..].to_vec()), words[0]);
        let near = suggest::nearest(words[0], words[1..].iter().copied());
        return (what, near.map(|near| format!("did you mean `{near}`?")));
    }
    if let Some((_, expected)) = complaint.strip_prefix("invalid ").and_then(|text| text.split_once(", expected ")) {
        return (format!("`{path}` must be {}", expected_words(expected)), None);
    }
    // Our own errors carry their hint on a second line, because serde passes on only text.
    match complaint.split_once('\n') {
        Some((what, hint)) => (format!("`{path}`: {what}"), Some(hint.to_owned())),
        None => (complaint.to_owned(), None),
    }
}

fn expected_words(expected: &str) -> &str {
    match expected {
        "a map" => "a table",
        "a sequence" => "a list",
        "path string" => "a path",
        expected if expected.starts_with("struct ") => "a table",
        expected => expected,
    }
}
