//! Cuts Lua into words, each with its line.

/// The kind of a word.
#[derive(Clone, Debug, PartialEq)]
pub enum Word<'a> {
    Name(&'a str),
    /// A string without its quotes, with its escapes unchanged.
    Text(&'a str),
    Integer,
    Float,
    /// A keyword or an operator.
    Sign(&'a str),
}

#[derive(Clone, Debug)]
pub struct Token<'a> {
    pub word: Word<'a>,
    pub line: u32,
}

const KEYWORDS: [&str; 22] = [
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil",
    "not", "or", "repeat", "return", "then", "true", "until", "while",
];

/// Operators of more than one character, the longest first.
const LONG: [&str; 10] = ["...", "..", "==", "~=", "<=", ">=", "//", "::", "<<", ">>"];

/// The words of a text that Lua has already accepted.
pub fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut all = Vec::new();
    let (mut rest, mut line) = (text, 1);
    while let Some(first) = rest.chars().next() {
        let (length, word) = next(rest, first);
        let length = length.max(first.len_utf8()).min(rest.len());
        if let Some(word) = word {
            all.push(Token { word, line });
        }
        line += u32::try_from(rest[..length].matches('\n').count()).unwrap_or(0);
        rest = &rest[length..];
    }
    all
}

/// The length and the kind of the first word; no kind for space and comments.
fn next(rest: &str, first: char) -> (usize, Option<Word<'_>>) {
    if first.is_whitespace() {
        return (first.len_utf8(), None);
    }
    if let Some(comment) = rest.strip_prefix("--") {
        let long = long_bracket(comment).map(|(_, length)| length + 2);
        return (long.unwrap_or_else(|| rest.find('\n').unwrap_or(rest.len())), None);
    }
    if first.is_alphabetic() || first == '_' {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let name = &rest[..end];
        let word = if KEYWORDS.contains(&name) { Word::Sign(name) } else { Word::Name(name) };
        return (end, Some(word));
    }
    if first.is_ascii_digit() || (first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit())) {
        return number(rest);
    }
    if first == '"' || first == '\'' {
        let end = closing(rest, first);
        return (end, Some(Word::Text(rest.get(1..end - 1).unwrap_or_default())));
    }
    if let Some((inside, length)) = long_bracket(rest) {
        return (length, Some(Word::Text(inside)));
    }
    let sign = LONG.iter().find(|sign| rest.starts_with(**sign)).map_or(first.len_utf8(), |sign| sign.len());
    (sign, Some(Word::Sign(&rest[..sign])))
}

fn number(rest: &str) -> (usize, Option<Word<'_>>) {
    let mut before = ' ';
    let end = rest.find(|c: char| {
        let exponent = (c == '+' || c == '-') && matches!(before, 'e' | 'E' | 'p' | 'P');
        let goes_on = c.is_ascii_alphanumeric() || c == '.' || exponent;
        before = c;
        !goes_on
    });
    let end = end.unwrap_or(rest.len());
    let text = &rest[..end];
    let hex = text.starts_with("0x") || text.starts_with("0X");
    let is_integer = !text.contains(['.', 'p', 'P']) && (hex || !text.contains(['e', 'E']));
    (end, Some(if is_integer { Word::Integer } else { Word::Float }))
}

/// The end of a quoted string, after its quote.
fn closing(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The content of a long bracket at the beginning of the text, and the length of the whole.
fn long_bracket(text: &str) -> Option<(&str, usize)> {
    let level = text.strip_prefix('[')?.chars().take_while(|c| *c == '=').count();
    let inside = text[1 + level..].strip_prefix('[')?;
    let close = format!("]{}]", "=".repeat(level));
    let end = inside.find(&close)?;
    Some((&inside[..end], 2 * (level + 2) + end))
}
