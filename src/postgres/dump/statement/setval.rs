//! Reads the statement by which `pg_dump` sets a sequence: `SELECT pg_catalog.setval('schema.name', 7, true);`.

use crate::postgres::dump::facts::SequenceValue;
use crate::postgres::dump::statement::Head;

/// Whether the words so far can be the start of such a statement.
pub(crate) fn may_be(head: &[Head]) -> bool {
    let matches = |(at, word): (usize, &Head)| match at {
        0 => word.is_any(&["select"]),
        1 => word.is_any(&["pg_catalog"]),
        2 => matches!(word, Head::Sign(b'.')),
        3 => word.is_any(&["setval"]),
        _ => true,
    };
    head.iter().take(4).enumerate().all(matches)
}

/// What the statement sets, if it is such a statement.
pub(crate) fn read(head: &[Head]) -> Option<SequenceValue> {
    let [_, _, _, _, Head::Sign(b'('), rest @ ..] = head else { return None };
    // pg_dump writes a name with a backslash in it as `E'…'`.
    let (name, rest) = match rest {
        [Head::Word(_), Head::String(name), rest @ ..] => (name.replace("\\\\", "\\"), rest),
        [Head::String(name), rest @ ..] => (name.clone(), rest),
        _ => return None,
    };
    let (sign, rest) = match rest {
        [Head::Sign(b','), Head::Sign(b'-'), rest @ ..] => ("-", rest),
        [Head::Sign(b','), rest @ ..] => ("", rest),
        _ => return None,
    };
    let [Head::Word(number), Head::Sign(b','), called, ..] = rest else { return None };
    let (schema, name) = parts(&name)?;
    let last_value = format!("{sign}{number}").parse().ok()?;
    Some(SequenceValue { schema, name, last_value, is_called: called.is_any(&["true"]) })
}

/// The schema and the name in `"a ""b"".c"."d"`; the schema may be empty.
fn parts(text: &str) -> Option<(String, String)> {
    let (first, rest) = part(text)?;
    match rest.strip_prefix('.') {
        None => rest.is_empty().then_some((String::new(), first)),
        Some(rest) => part(rest).filter(|(_, rest)| rest.is_empty()).map(|(name, _)| (first, name)),
    }
}

/// The name at the start of a text, without its quotes, and what follows it.
fn part(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find('.').unwrap_or(text.len());
        return (end > 0).then(|| (text[..end].to_owned(), &text[end..]));
    };
    let mut name = String::new();
    let mut rest = quoted;
    loop {
        let (before, after) = rest.split_once('"')?;
        name.push_str(before);
        match after.strip_prefix('"') {
            Some(more) => {
                name.push('"');
                rest = more;
            }
            None => return Some((name, after)),
        }
    }
}
