//! Finds the place of an error in a recipe's source: Lua reports only the line, the words of the error give the rest.

use std::ops::Range;

/// The maximum number of lines of a call, so that a stray bracket does not extend the search to the whole file.
const LONGEST_CALL: usize = 60;

/// The place to point at.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Spot {
    pub bytes: Range<usize>,
    /// Whether it is the exact word, or only the line of the call.
    pub exact: bool,
}

/// The spot for an error about `words` in the call that begins on `line`; `None` if there is no such line.
///
/// The last word is preferred: errors name the call first and then what is wrong in it.
pub(super) fn find(source: &str, line: u32, words: &[&str]) -> Option<Spot> {
    let first = usize::try_from(line).ok()?.checked_sub(1)?;
    let call: Vec<(usize, &str)> = call_from(lines(source).skip(first));
    let (start, text) = *call.first()?;
    let exact = |word: &&str| {
        let here = whole_word(text, word).map(|at| start + at);
        let below = || call.iter().skip(1).find_map(|(start, text)| key(text, word).map(|at| start + at));
        here.or_else(below).map(|at| Spot { bytes: at..at + word.len(), exact: true })
    };
    let indent = text.len() - text.trim_start().len();
    let whole = start + indent..start + indent + text.trim().len();
    words.iter().rev().find_map(exact).or(Some(Spot { bytes: whole, exact: false }))
}

/// The lines up to the one that closes the brackets opened on the first line.
/// Brackets in strings count too: at worst they widen the search.
fn call_from<'a>(lines: impl Iterator<Item = (usize, &'a str)>) -> Vec<(usize, &'a str)> {
    let mut call = Vec::new();
    let mut depth = 0;
    for (start, text) in lines.take(LONGEST_CALL) {
        call.push((start, text));
        depth += text.matches(['(', '{', '[']).count();
        depth = depth.saturating_sub(text.matches([')', '}', ']']).count());
        if depth == 0 {
            break;
        }
    }
    call
}

/// The lines of a text, each with its start position.
fn lines(source: &str) -> impl Iterator<Item = (usize, &str)> {
    source.split_inclusive('\n').scan(0, |next, line| {
        let start = *next;
        *next += line.len();
        Some((start, line.trim_end_matches(['\n', '\r'])))
    })
}

/// The position of `word` in `text` as a whole word.
fn whole_word(text: &str, word: &str) -> Option<usize> {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).map(|(at, _)| at).find(|at| {
        !word.is_empty() && !text[..*at].ends_with(part_of_word) && !text[at + word.len()..].starts_with(part_of_word)
    })
}

/// The position of `word` in `text` as a table key: `word = …`.
fn key(text: &str, word: &str) -> Option<usize> {
    let at = whole_word(text, word)?;
    let after = text[at + word.len()..].trim_start();
    (after.starts_with('=') && !after.starts_with("==")).then_some(at)
}
