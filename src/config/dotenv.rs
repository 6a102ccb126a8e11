//! Reads `.env`: one `NAME=value` a line, values in plain, single or double quotes, and never guesses.
//!
//! - `NAME=value`: up to the end of the line, or to a ` #` that begins a comment; blanks around it do not count.
//! - `NAME='value'`: every character is literal, also `"`, `\`, `$`, `#` and new lines; it cannot hold a `'`.
//! - `NAME="value"`: may span lines; `\n`, `\r`, `\t`, `\\`, `\"`, `\'` and `\$` are escapes.
//! - `export` before a name, blank lines and lines that begin with `#` are skipped over. A later line wins.
//!
//! Nothing is ever substituted. Programs disagree about `$`, quotes and backslashes in a plain value, and about `$` in
//! double quotes: some would read a password with a `$` differently. Such a line is refused, and the error shows how to write it.
//! `dotenvy` would replace `$word` with nothing there, and its errors contain the line, including the password.

use std::collections::BTreeMap;

/// A line that cannot be read. It holds no text of the line, which may be a password.
#[derive(Debug, PartialEq, Eq)]
pub struct Broken {
    pub line: usize,
    pub why: &'static str,
    pub hint: &'static str,
}

type Reason = (&'static str, &'static str);

const NO_EQUALS: Reason = ("the line has no `=`", "write `NAME=value`; a value of several lines must be in quotes");
const NO_NAME: Reason = ("there is no valid name before the `=`", "write a name such as `DB_PASSWORD` before the `=`");
const PLAIN: Reason =
    ("the value needs quotes, because it holds a quote, a `$` or a backslash", "put the value in single quotes");
const HASH: Reason = ("the value begins with `#`", "put the value in single quotes");
const UNCLOSED: Reason = ("the quote is never closed", "end the value with the quote that it begins with");
const AFTER: Reason = (
    "there is text after the closing quote",
    "to write a `'` or a `\"` in the value, put it in double quotes with `\\` before each `\"`",
);
const DOLLAR: Reason = ("there is a `$` in double quotes", "write `\\$`, or put the value in single quotes");
const ESCAPE: Reason = (
    "there is an unknown escape in double quotes",
    "write `\\\\` for a backslash; the escapes are `\\n`, `\\r`, `\\t`, `\\\\`, `\\\"`, `\\'` and `\\$`",
);

/// All variables of a `.env` file.
pub fn parse(text: &str) -> Result<BTreeMap<String, String>, Broken> {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let mut rest = text.as_str();
    let mut variables = BTreeMap::new();
    while !rest.is_empty() {
        let broken = |(why, hint): Reason| Broken { line: line_of(&text, rest), why, hint };
        let (variable, after) = parse_line(rest).map_err(broken)?;
        variables.extend(variable);
        rest = after;
    }
    Ok(variables)
}

/// The number of the line on which `rest`, the end of `text`, begins.
fn line_of(text: &str, rest: &str) -> usize {
    text[..text.len() - rest.len()].matches('\n').count() + 1
}

type Variable = (String, String);

/// The variable on the first line of `text`, if there is one, and what follows it.
fn parse_line(text: &str) -> Result<(Option<Variable>, &str), Reason> {
    let (line, next) = text.split_once('\n').unwrap_or((text, ""));
    let start = line.trim();
    if start.is_empty() || start.starts_with('#') {
        return Ok((None, next));
    }
    let (name, value) = line.split_once('=').ok_or(NO_EQUALS)?;
    let name = name.trim();
    let name = name.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t'])).map_or(name, str::trim);
    if !is_name(name) {
        return Err(NO_NAME);
    }
    // A quoted value may continue after the end of this line.
    let trimmed = value.trim_start();
    let at = line.len() - trimmed.len();
    let (value, next) = match trimmed.chars().next() {
        Some('\'') => single_quoted(&text[at + 1..])?,
        Some('"') => double_quoted(&text[at + 1..])?,
        _ => (plain(value)?, next),
    };
    Ok((Some((name.to_owned(), value)), next))
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn plain(value: &str) -> Result<String, Reason> {
    if value.starts_with('#') {
        return Err(HASH);
    }
    let comment = value.find(" #").into_iter().chain(value.find("\t#")).min();
    let value = value[..comment.unwrap_or(value.len())].trim();
    if value.contains(['\'', '"', '\\', '$']) {
        return Err(PLAIN);
    }
    Ok(value.to_owned())
}

fn single_quoted(text: &str) -> Result<(String, &str), Reason> {
    let (value, after) = text.split_once('\'').ok_or(UNCLOSED)?;
    Ok((value.to_owned(), end_of_line(after)?))
}

fn double_quoted(text: &str) -> Result<(String, &str), Reason> {
    let mut value = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return Ok((value, end_of_line(chars.as_str())?)),
            '$' => return Err(DOLLAR),
            '\\' => value.push(escaped(chars.next().ok_or(UNCLOSED)?)?),
            c => value.push(c),
        }
    }
    Err(UNCLOSED)
}

fn escaped(c: char) -> Result<char, Reason> {
    match c {
        'n' => Ok('\n'),
        'r' => Ok('\r'),
        't' => Ok('\t'),
        '\\' | '"' | '\'' | '$' => Ok(c),
        _ => Err(ESCAPE),
    }
}

/// The text after this line, whose rest may hold only blanks and a comment.
fn end_of_line(text: &str) -> Result<&str, Reason> {
    let (tail, next) = text.split_once('\n').unwrap_or((text, ""));
    let comment = tail.starts_with([' ', '\t']) && tail.trim_start().starts_with('#');
    if tail.trim().is_empty() || comment { Ok(next) } else { Err(AFTER) }
}
