//! Keeps what a dump says about its own database apart, so that it can be said about another one.

use crate::postgres::restore::rules::{Act, Token, TokenKind};
use crate::postgres::server::quoting::ident;

/// Settings and comments of one database are small; this is a dump that wants to fill the memory.
const MOST_BYTES: usize = 4 << 20;

/// What `CREATE DATABASE` may ask for: the text and its order, and where the files lie.
const OPTIONS: [&str; 11] = [
    "builtin_locale",
    "encoding",
    "icu_locale",
    "icu_rules",
    "lc_collate",
    "lc_ctype",
    "locale",
    "locale_provider",
    "strategy",
    "tablespace",
    "template",
];

/// What a dump says about its own database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Own {
    /// The name that the dump carries; none when it was made without `--create`.
    pub name: Option<String>,
    /// How the target is made, as one statement.
    pub create: Option<String>,
    /// Owner, settings and rights, for the target, as statements.
    pub properties: String,
    /// Its comment, for the target, as a statement.
    pub comment: String,
}

/// Whether what the statement says about the database can be said about another one.
pub(crate) fn check(act: Act, name_at: usize, tokens: &[Token]) -> Result<(), String> {
    match act {
        Act::Create => options(&tokens[name_at + 1..]).map(drop),
        Act::Drop | Act::Describe => Ok(()),
    }
}

/// The statement that makes `target`; `options` begins with a blank.
pub fn create_database(target: &str, options: &str) -> String {
    format!("CREATE DATABASE {} WITH TEMPLATE = template0{options};\n", ident(target))
}

impl Own {
    /// Takes a statement about the database: `tokens` are its first, `raw` is all of it and begins at the position `from`.
    pub(crate) fn add(
        &mut self,
        target: &str,
        (act, name_at): (Act, usize),
        tokens: &[Token],
        (from, raw): (u64, &[u8]),
    ) -> Result<(), String> {
        match act {
            Act::Drop => {}
            Act::Create => self.create = Some(create_database(target, &options(&tokens[name_at + 1..])?)),
            Act::Describe => {
                let name = &tokens[name_at];
                let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_| no_utf8());
                let before = text(&raw[..(name.from - from) as usize])?;
                let behind = text(&raw[(name.to - from) as usize..])?;
                let statement = [before.trim_start(), " ", &ident(target), &behind, "\n"].concat();
                let kept = if tokens[0].word() == "comment" { &mut self.comment } else { &mut self.properties };
                if kept.len() + statement.len() > MOST_BYTES {
                    return Err("says more about its database than fits into memory".to_owned());
                }
                kept.push_str(&statement);
            }
        }
        Ok(())
    }
}

fn no_utf8() -> String {
    "says something about its database that is not UTF-8 (dump with `pg_dump --encoding=UTF8`)".to_owned()
}

/// The options of `CREATE DATABASE`, without the template: `WITH` and then `key = value` again and again.
fn options(tokens: &[Token]) -> Result<String, String> {
    let mut options = String::new();
    let tokens = match tokens.first() {
        Some(with) if with.word() == "with" => &tokens[1..],
        _ => tokens,
    };
    for option in tokens.chunks(3) {
        let [key, equals, value] = option else { return Err(unknown("…")) };
        let known = OPTIONS.contains(&key.word()) && equals.word() == "=" && value.kind != TokenKind::Sign;
        if !known {
            return Err(unknown(&key.text));
        }
        match (key.word(), value.word()) {
            ("template", "template0") => {}
            ("template", _) => return Err(format!("copies the database `{}`", value.text)),
            (key, _) => match value.kind {
                TokenKind::Name => options += &format!(" {key} = {}", ident(&value.text)),
                TokenKind::String => options += &format!(" {key} = '{}'", value.text.replace('\'', "''")),
                _ => options += &format!(" {key} = {}", value.text),
            },
        }
    }
    Ok(options)
}

fn unknown(option: &str) -> String {
    format!("creates its database with the option `{option}`")
}
