//! Assembles the files of a new configuration folder.

use super::Answers;
use crate::cli::docs;
use crate::cli::files::TextFile;
use crate::config::{Language, dotenv};
use crate::error::{Error, Kind, Result};

/// Where the types for editors are.
pub const TYPES: &str = ".hikae/";

const SETTINGS: &str = include_str!("settings.txt");
const VARIABLES: &str = include_str!("env.txt");

/// Every file, with what was answered in its place.
pub fn files(answers: &Answers, language: Language) -> Result<Vec<TextFile>> {
    let settings = match language {
        Language::Ja => SETTINGS.replace(
            "#lang = \"en\"                      # or \"ja\"",
            "lang = \"ja\"                       # or \"en\"",
        ),
        Language::En => SETTINGS.to_owned(),
    };
    let variables = TextFile { name: ".env".to_owned(), text: filled(VARIABLES, answers)?, mode: 0o600 };
    let mut files = vec![TextFile::new("hikae.toml", settings), variables];
    files.push(TextFile::new(".luarc.json", docs::luarc(TYPES)));
    files.extend(docs::types().into_iter().map(|(path, text)| TextFile::new(format!("{TYPES}{path}"), text)));
    Ok(files)
}

/// A text of commented-out variables with the answers in it; what it does not name comes at its end.
pub fn filled(template: &str, answers: &Answers) -> Result<String> {
    let mut left = answers.clone();
    let mut text = String::new();
    for line in template.lines() {
        let name = line.strip_prefix('#').and_then(|rest| rest.split('=').next()).unwrap_or_default().trim();
        match left.remove(name) {
            Some(value) => text.push_str(&format!("{name}={}\n", quoted(name, &value)?)),
            None => text.push_str(&format!("{line}\n")),
        }
    }
    for (name, value) in &left {
        text.push_str(&format!("{name}={}\n", quoted(name, value)?));
    }
    Ok(text)
}

/// A value as `.env` has it, so that it is read back as it was given.
fn quoted(name: &str, value: &str) -> Result<String> {
    let plain = value.chars().all(|c| c.is_ascii_alphanumeric() || "/_-.:@+,".contains(c));
    let forms =
        [value.to_owned(), format!("'{value}'"), format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))];
    let reads_back = |form: &&String| {
        dotenv::parse(&format!("{name}={form}\n")).is_ok_and(|read| read.get(name).map(String::as_str) == Some(value))
    };
    let forms = if plain { &forms[..] } else { &forms[1..] };
    forms.iter().find(reads_back).cloned().ok_or_else(|| {
        Error::new(Kind::Other, format!("cannot write the value of `{name}` into `.env`"))
            .hint("it has a line end, or both kinds of quotes: set it by hand")
    })
}
