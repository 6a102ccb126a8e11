//! Splits lists of mail addresses: quotes, comments, brackets and groups may contain commas (RFC 5322 §3.4).

/// The name and the address of one part of a list, both unchecked.
pub struct Part {
    pub name: String,
    pub address: String,
}

/// The non-empty parts of a list. An unclosed quote or bracket affects only its own part.
pub fn parts(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut at) = (Vec::new(), 0, 0);
    while let Some(c) = text[at..].chars().next() {
        if let Some(end) = closed(text, at) {
            at = end;
            continue;
        }
        match c {
            ',' | ';' | '\n' => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            // The name of a group, `Operators: a@example.com, b@example.com;`, or `mailto:`.
            ':' => start = at + 1,
            _ => {}
        }
        at += c.len_utf8();
    }
    parts.push(&text[start..]);
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// The name and the address of one part. Without a name, a comment is used as the name.
pub fn name_and_address(part: &str) -> Part {
    let (text, comment) = without_comments(part);
    let text = text.trim();
    match text.strip_suffix('>').and_then(|rest| Some((rest, opening(rest)?))) {
        Some((rest, at)) => {
            let name = phrase(rest[..at].trim());
            Part { name: if name.is_empty() { comment } else { name }, address: rest[at + 1..].trim().to_owned() }
        }
        None => Part { name: comment, address: text.to_owned() },
    }
}

/// The position of the bracket that opens the address: the first one outside quotes.
fn opening(text: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        match c {
            '"' => at = closed(text, at).unwrap_or(at + 1),
            '<' => return Some(at),
            _ => at += c.len_utf8(),
        }
    }
    None
}

/// The end of a delimited part that begins at `at`: `"…"`, `(…)`, `<…>`, `[…]`.
fn closed(text: &str, at: usize) -> Option<usize> {
    let close = match text.as_bytes()[at] {
        b'"' => '"',
        b'(' => ')',
        b'<' => '>',
        b'[' => ']',
        _ => return None,
    };
    let (mut escaped, mut depth) = (false, 1);
    for (offset, c) in text[at + 1..].char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if matches!(close, '"' | ')') => escaped = true,
            // Comments can be nested.
            '(' if close == ')' => depth += 1,
            _ if c == close => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1 + offset + c.len_utf8());
                }
            }
            // No address contains a comma: the closing bracket is missing.
            ',' | ';' | '\n' if matches!(close, '>' | ']') => return None,
            _ => {}
        }
    }
    None
}

/// The text without its comments, and the first comment.
fn without_comments(text: &str) -> (String, String) {
    let (mut kept, mut comment, mut at) = (String::new(), String::new(), 0);
    while let Some(c) = text[at..].chars().next() {
        let end = closed(text, at).unwrap_or(at + c.len_utf8());
        if c == '(' && end > at + 1 {
            if comment.is_empty() {
                comment = text[at + 1..end - 1].trim().replace('\\', "");
            }
        } else {
            kept.push_str(&text[at..end]);
        }
        at = end;
    }
    (kept, comment)
}

/// A name of words and quoted texts, in readable form.
fn phrase(text: &str) -> String {
    let (mut name, mut at) = (String::new(), 0);
    while let Some(c) = text[at..].chars().next() {
        match closed(text, at).filter(|_| c == '"') {
            Some(end) => {
                let mut escaped = false;
                for c in text[at + 1..end - 1].chars() {
                    escaped = c == '\\' && !escaped;
                    if !escaped {
                        name.push(c);
                    }
                }
                at = end;
            }
            None => {
                name.push(c);
                at += c.len_utf8();
            }
        }
    }
    name.trim().to_owned()
}
