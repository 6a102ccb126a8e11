//! Converts a statement of a dump to the canonical form for comparison, and to a label for people.

/// The text that is identical in two dumps of the same object.
///
/// The server writes a list of constants of the type `varchar` as `(ARRAY['a'::character varying, …])::text[]`. Read back, this becomes
/// `ARRAY[('a'::character varying)::text, …]`, and stays so: the first form is converted to the second.
///
/// A recreated table that inherits has its parents' columns first: the column order is not compared.
pub fn canonical(text: &str) -> String {
    match inheriting(text) {
        Some(sorted) => distributed(&sorted),
        None => distributed(text),
    }
}

/// The statement that creates an inheriting table, with its column lines in alphabetical order.
fn inheriting(text: &str) -> Option<String> {
    let (head, rest) = text.split_once(" (\n").filter(|(head, _)| head.contains("TABLE "))?;
    let (columns, behind) = rest.split_once("\n)\nINHERITS (")?;
    let mut columns: Vec<&str> = columns.lines().map(|line| line.trim_end_matches(',')).collect();
    columns.sort_unstable();
    Some(format!("{head} (\n{}\n)\nINHERITS ({behind}", columns.join("\n")))
}

fn distributed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("(ARRAY[") {
        let (before, list) = rest.split_at(at);
        out.push_str(before);
        match distribute(list) {
            Some((written, used)) => {
                out.push_str(&written);
                rest = &list[used..];
            }
            None => {
                out.push_str("(ARRAY[");
                rest = &list["(ARRAY[".len()..];
            }
        }
    }
    out + rest
}

/// `(ARRAY[a, b])::text[]` at the start of `list` as `ARRAY[(a)::text, (b)::text]`, and its length in bytes.
fn distribute(list: &str) -> Option<(String, usize)> {
    let inner = &list["(ARRAY[".len()..];
    let items = items(inner)?;
    let used = "(ARRAY[".len() + items.iter().map(|item| item.len()).sum::<usize>() + 2 * (items.len() - 1) + 1;
    let cast = list.get(used..)?.strip_prefix(")::")?;
    let kind = &cast[..cast.find("[]")?];
    let plain = !kind.is_empty() && kind.chars().all(|c| c.is_ascii_alphanumeric() || " _.\"".contains(c));
    if !plain || items.iter().any(|item| !item.contains("'::")) {
        return None;
    }
    let items: Vec<String> = items.iter().map(|item| format!("({item})::{kind}")).collect();
    Some((format!("ARRAY[{}]", items.join(", ")), used + ")::".len() + kind.len() + "[]".len()))
}

/// The items of a list, up to its closing bracket.
fn items(text: &str) -> Option<Vec<&str>> {
    let (mut items, mut begin, mut depth, mut quoted) = (Vec::new(), 0, 0, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'\'' => quoted = !quoted,
            _ if quoted => {}
            b'(' | b'[' => depth += 1,
            b']' if depth == 0 => {
                items.push(&text[begin..at]);
                return Some(items);
            }
            b')' | b']' => depth -= 1,
            b',' if depth == 0 => {
                items.push(&text[begin..at]);
                // The server writes a space after each comma.
                text[at + 1..].strip_prefix(' ')?;
                begin = at + 2;
            }
            _ => {}
        }
        if depth < 0 {
            return None;
        }
    }
    None
}

/// The maximum number of words in a label.
const MOST_WORDS: usize = 12;

/// The first words of a statement, through the object's name and action: `CREATE TABLE public.t`, `ALTER TABLE public.t OWNER`.
pub fn label(text: &str) -> String {
    let ends = [
        "(", "AS", "IS", "TO", "USING", "FROM", "FOR", "WITH", "SELECT", "SERVER", "OPTIONS", "BEFORE", "AFTER",
        "START", "=",
    ];
    let function = ["FUNCTION ", "PROCEDURE ", "AGGREGATE ", "OPERATOR ", "CAST ", "TRANSFORM ", "DEFAULT PRIVILEGES "];
    let function = function.iter().any(|kind| text.find(kind).is_some_and(|at| at < 40));
    let mut words = Vec::new();
    for word in text.split_whitespace().take(MOST_WORDS) {
        let word = word.trim_end_matches(';');
        if words.len() >= 2 && ends.contains(&word) && !function {
            break;
        }
        match word.find('(').filter(|_| !function) {
            Some(0) => break,
            Some(at) => {
                words.push(&word[..at]);
                break;
            }
            None => words.push(word),
        }
        if function && (word.ends_with(')') || words.len() > 8) && words.len() > 2 {
            break;
        }
    }
    words.join(" ")
}
