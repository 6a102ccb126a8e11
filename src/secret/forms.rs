//! Finds a secret in a text, either verbatim or as JSON, a URL, a shell, Lua or XML would escape it.

use std::ops::Range;

use super::MASK;

/// The minimum length of a secret piece: shorter texts occur anywhere by chance.
const SHORTEST: usize = 4;

/// Path and query of a secret url are secrets too, unless they are as short as `/api/backup`.
const SHORTEST_OF_URL: usize = 12;

/// JSON in JSON in JSON has seven backslashes before a quote.
const MOST_BACKSLASHES: usize = 15;

/// The first bytes of escape sequences.
const BEGINS: &[u8] = br"%\&'+";

/// A secret and its pieces, in every form; the longest first, so that one inside another cannot leave the rest of it visible.
#[derive(Default)]
pub struct Forms(Vec<Form>);

/// One piece of a secret.
struct Form {
    own: Box<str>,
    /// How each of its characters may be written; empty when all are written verbatim.
    written: Vec<Written>,
}

/// The ways to write one character.
#[derive(Default)]
struct Written {
    alone: Vec<String>,
    behind_backslashes: Vec<String>,
}

impl Forms {
    pub fn of(secret: &str) -> Forms {
        let mut forms = Forms::default();
        forms.add(secret);
        forms
    }

    pub fn add(&mut self, secret: &str) {
        // The output of programs is read line by line, so each line of a secret is also a secret.
        for text in std::iter::once(secret).chain(secret.lines()) {
            for piece in std::iter::once(text).chain(of_url(text)).filter(|piece| !piece.is_empty()) {
                let order = |known: &Form| (piece.len(), &*known.own).cmp(&(known.own.len(), piece));
                if let Err(place) = self.0.binary_search_by(order) {
                    self.0.insert(place, Form::of(piece));
                }
            }
        }
    }

    /// Whether `text` contains the secret, or a piece of it that is too long to occur by chance.
    pub fn stand_in(&self, text: &[u8]) -> bool {
        self.0.iter().enumerate().any(|(n, form)| (n == 0 || !form.is_short()) && form.find(text).is_some())
    }

    pub fn strike(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |clean, form| form.strike(&clean).unwrap_or(clean))
    }
}

/// The parts of a secret URL that a server sees and may repeat: its path with the query, and the query.
fn of_url(text: &str) -> impl Iterator<Item = &str> {
    let url =
        text.split_once("://").filter(|(scheme, _)| ["http", "https"].contains(&scheme.to_ascii_lowercase().as_str()));
    let path = url.and_then(|(_, rest)| rest.split('#').next()).and_then(|rest| Some(&rest[rest.find(['/', '?'])?..]));
    let query = path.and_then(|path| path.split_once('?')).map(|(_, query)| query);
    path.into_iter().chain(query).filter(|piece| piece.len() >= SHORTEST_OF_URL)
}

impl Form {
    fn of(piece: &str) -> Form {
        let plain = piece.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
        let written = if plain { Vec::new() } else { piece.chars().map(Written::of).collect() };
        Form { own: piece.into(), written }
    }

    fn is_short(&self) -> bool {
        self.own.chars().count() < SHORTEST
    }

    /// Removes this piece from `text` if it occurs; a short piece only where it is a whole word.
    fn strike(&self, text: &str) -> Option<String> {
        if self.is_short() {
            return text.contains(&*self.own).then(|| strike_word(text, &self.own));
        }
        let (mut clean, mut rest) = (String::new(), text);
        while let Some(found) = self.find(rest.as_bytes()) {
            clean.push_str(&rest[..found.start]);
            clean.push_str(MASK);
            rest = &rest[found.end..];
        }
        (rest.len() < text.len()).then(|| clean + rest)
    }

    fn find(&self, text: &[u8]) -> Option<Range<usize>> {
        let own = self.own.as_bytes();
        if self.written.is_empty() {
            return memchr::memmem::find(text, own).map(|at| at..at + own.len());
        }
        let from = |at: usize| self.end(text, at).map(|end| at..end);
        match own[0].is_ascii_alphanumeric() {
            true => memchr::memchr_iter(own[0], text).find_map(from),
            false => {
                let may_begin = |at: &usize| text[*at] == own[0] || BEGINS.contains(&text[*at]);
                (0..text.len()).filter(may_begin).find_map(from)
            }
        }
    }

    /// The end of the match that begins at `at`.
    /// A backslash can be literal or an escape, so all possibilities are followed in parallel.
    fn end(&self, text: &[u8], at: usize) -> Option<usize> {
        let mut ends = vec![at];
        for character in &self.written {
            let mut next = Vec::new();
            ends.iter().for_each(|at| character.follow(text, *at, &mut next));
            next.sort_unstable();
            next.dedup();
            ends = next;
            ends.last()?;
        }
        ends.pop()
    }
}

impl Written {
    fn of(character: char) -> Written {
        let own = character.to_string();
        if character.is_ascii_alphanumeric() {
            return Written { alone: vec![own], ..Written::default() };
        }
        let code = u32::from(character);
        let bytes = |mark: &str| own.bytes().map(|byte| format!("{mark}{byte:02x}")).collect::<String>();
        let units: String = character.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect();
        let mut alone = vec![own.clone(), bytes("%"), format!("&#{code};"), format!("&#x{code:x};")];
        let mut behind =
            vec![own.clone(), units[1..].to_owned(), format!("u{{{code:x}}}"), bytes("\\x")[1..].to_owned()];
        match character {
            ' ' => alone.push("+".to_owned()),
            '"' => alone.push("&quot;".to_owned()),
            '&' => alone.push("&amp;".to_owned()),
            '<' => alone.push("&lt;".to_owned()),
            '>' => alone.push("&gt;".to_owned()),
            '\'' => alone.extend(["&apos;", "'\\''", "'\"'\"'", "''"].map(str::to_owned)),
            '\\' => alone.extend(["\\\\", "\\\\\\\\"].map(str::to_owned)),
            '\n' => behind.push("n".to_owned()),
            '\r' => behind.extend(["r", "13"].map(str::to_owned)),
            '\t' => behind.extend(["t", "9"].map(str::to_owned)),
            _ => {}
        }
        Written { alone, behind_backslashes: behind }
    }

    /// Adds to `ends` every position where this character can end if it begins at `at`.
    fn follow(&self, text: &[u8], at: usize, ends: &mut Vec<usize>) {
        let begins = |at: usize, form: &&String| {
            text.get(at..at + form.len()).is_some_and(|found| found.eq_ignore_ascii_case(form.as_bytes()))
        };
        if let [only] = &self.alone[..] {
            ends.extend(text[at..].starts_with(only.as_bytes()).then_some(at + only.len()));
            return;
        }
        ends.extend(self.alone.iter().filter(|form| begins(at, form)).map(|form| at + form.len()));
        let backslashes = text[at..].iter().take(MOST_BACKSLASHES).take_while(|byte| **byte == b'\\').count();
        if backslashes > 0 {
            let behind = at + backslashes;
            ends.extend(
                self.behind_backslashes.iter().filter(|form| begins(behind, form)).map(|form| behind + form.len()),
            );
        }
    }
}

fn strike_word(text: &str, word: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(word) {
        let (before, after) = (&rest[..at], &rest[at + word.len()..]);
        clean.push_str(before);
        let joined = before.chars().next_back().is_some_and(char::is_alphanumeric)
            || after.chars().next().is_some_and(char::is_alphanumeric);
        clean.push_str(if joined { word } else { MASK });
        rest = after;
    }
    clean.push_str(rest);
    clean
}
