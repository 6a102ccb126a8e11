//! Translates messages into the reader's language: each is written once, in English, and looked up by its pattern.
//!
//! A catalogue has pairs of lines, the English text with `{}` for each value and the translation, in which `{}` takes the values in
//! order and `{2}` the second one. Messages without a translation stay unchanged.

use std::borrow::Cow;
use std::sync::OnceLock;

/// The Japanese catalogues, by topic.
const JAPANESE: [&str; 10] = [
    include_str!("japanese/commands.txt"),
    include_str!("japanese/causes.txt"),
    include_str!("japanese/errors.txt"),
    include_str!("japanese/world.txt"),
    include_str!("japanese/recipes.txt"),
    include_str!("japanese/walls.txt"),
    include_str!("japanese/sessions.txt"),
    include_str!("japanese/checks.txt"),
    include_str!("japanese/setting_up.txt"),
    include_str!("japanese/stores.txt"),
];

/// The maximum nesting of translated values; deeper values are only data.
const DEPTH: usize = 4;

static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();

/// Translates everything that this process shows from now on.
pub fn speak_japanese() {
    CATALOGUE.get_or_init(|| Catalogue::read(&JAPANESE));
}

/// Whether output is translated.
pub fn speaks_japanese() -> bool {
    CATALOGUE.get().is_some()
}

/// The text in the reader's language.
pub fn translated(text: &str) -> Cow<'_, str> {
    match CATALOGUE.get() {
        Some(catalogue) => Cow::Owned(catalogue.text(text)),
        None => Cow::Borrowed(text),
    }
}

/// Messages with their translations.
pub struct Catalogue {
    /// Patterns with the most literal text first, because they are least likely to match by accident.
    patterns: Vec<Pattern>,
}

struct Pattern {
    /// The literal text between the values.
    pieces: Vec<String>,
    translation: String,
}

impl Catalogue {
    /// The pairs of these texts; a line that begins with `#` is a comment.
    pub fn read(texts: &[&str]) -> Catalogue {
        let mut patterns: Vec<Pattern> = Vec::new();
        for text in texts {
            let mut lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
            while let (Some(english), Some(translation)) = (lines.next(), lines.next()) {
                let unescaped = |line: &str| line.replace("\\n", "\n");
                let pieces = unescaped(english).split("{}").map(str::to_owned).collect();
                patterns.push(Pattern { pieces, translation: unescaped(translation) });
            }
        }
        patterns.sort_by_key(|pattern| std::cmp::Reverse(pattern.pieces.iter().map(String::len).sum::<usize>()));
        Catalogue { patterns }
    }

    /// Whether a message has a translation.
    pub fn has(&self, english: &str) -> bool {
        self.patterns.iter().any(|pattern| pattern.pieces.join("{}") == english)
    }

    /// The text in Japanese, as far as it is in the catalogue.
    pub fn text(&self, text: &str) -> String {
        self.line(text, 0).unwrap_or_else(|| text.to_owned())
    }

    /// Translates a text followed by its causes on one line, as in logs and records.
    fn line(&self, text: &str, depth: usize) -> Option<String> {
        if let Some(whole) = self.message(text, depth) {
            return Some(whole);
        }
        for (separator, shown) in [("\n", "\n"), (" (hint: ", "（ヒント: "), (": ", ": "), ("; ", "; ")] {
            for (at, _) in text.match_indices(separator) {
                let (first, rest) = (&text[..at], &text[at + separator.len()..]);
                if let Some(first) = self.message(first, depth) {
                    let rest = self.line(rest, depth).unwrap_or_else(|| rest.to_owned());
                    return Some(format!("{first}{shown}{rest}"));
                }
            }
        }
        None
    }

    fn message(&self, text: &str, depth: usize) -> Option<String> {
        let found = self.patterns.iter().find_map(|pattern| Some((pattern, pattern.values(text)?)));
        let (pattern, values) = found?;
        let value = |value: &str| match depth < DEPTH {
            true => self.line(value, depth + 1).unwrap_or_else(|| value.to_owned()),
            false => value.to_owned(),
        };
        Some(filled(&pattern.translation, &values.into_iter().map(value).collect::<Vec<_>>()))
    }
}

impl Pattern {
    /// The values in a text that matches this pattern.
    fn values<'a>(&self, text: &'a str) -> Option<Vec<&'a str>> {
        let (first, rest) = self.pieces.split_first()?;
        let mut left = text.strip_prefix(first.as_str())?;
        let Some((last, between)) = rest.split_last() else { return left.is_empty().then(Vec::new) };
        let mut values = Vec::new();
        for piece in between {
            // Two adjacent values cannot be separated: the second takes all the text.
            let at = left.find(piece.as_str())?;
            values.push(&left[..at]);
            left = &left[at + piece.len()..];
        }
        values.push(left.strip_suffix(last.as_str())?);
        Some(values)
    }
}

/// The translation with the values in it.
fn filled(translation: &str, values: &[String]) -> String {
    let (mut text, mut next) = (String::new(), 0);
    let mut rest = translation;
    while let Some(at) = rest.find('{') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let (number, length) = match rest.as_bytes() {
            [b'{', b'}', ..] => (Some(next), 2),
            [b'{', digit @ b'1'..=b'9', b'}', ..] => (Some(usize::from(digit - b'1')), 3),
            _ => (None, 1),
        };
        match number.and_then(|number| values.get(number)) {
            Some(value) => {
                text.push_str(value);
                next += usize::from(length == 2);
            }
            None => text.push_str(&rest[..length]),
        }
        rest = &rest[length..];
    }
    text.push_str(rest);
    text
}
