//! Separates the statements of a dump about its own database, so that they can be applied to another one.

use crate::postgres::restore::rules::{Act, Token, TokenKind};
use crate::postgres::server::quoting::ident;

/// Settings and comments of one database are small; a dump above this limit would fill the memory.
const MOST_BYTES: usize = 4 << 20;

/// The allowed options of `CREATE DATABASE`: encoding, collation, and the place of the files.
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

/// The statements of a dump about its own database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Own {
    /// The name of the dump's database; none if it was made without `--create`.
    pub name: Option<String>,
    /// The statement that creates the target.
    pub create: Option<String>,
    /// Owner, settings and rights, for the target, as statements in the encoding of the dump.
    pub properties: Vec<Vec<u8>>,
    /// Its comment, for the target, as statements.
    pub comment: Vec<Vec<u8>>,
    /// Its settings for the session that loads it, by their names.
    pub settings: Vec<(String, Vec<u8>)>,
    /// Its tablespace, if it is not the default.
    pub tablespace: Option<String>,
}

/// Whether the statement about the database can be applied to another one.
pub(crate) fn check(act: Act, name_at: usize, tokens: &[Token]) -> Result<(), String> {
    match act {
        Act::Create => options(&tokens[name_at + 1..]).map(drop),
        Act::Drop | Act::Describe => Ok(()),
    }
}

/// The statement that creates `target`; `options` begins with a space.
pub fn create_database(target: &str, options: &str) -> String {
    format!("CREATE DATABASE {} WITH TEMPLATE = template0{options}", ident(target))
}

impl Own {
    /// Takes a statement about the database: `tokens` are its first tokens, `raw` is all of it and begins at the position `from`.
    pub(crate) fn add(
        &mut self,
        target: &str,
        (act, name_at): (Act, usize),
        tokens: &[Token],
        (from, raw): (u64, &[u8]),
    ) -> Result<(), String> {
        match act {
            Act::Drop => {}
            Act::Create => {
                self.create = Some(create_database(target, &options(&tokens[name_at + 1..])?));
                self.tablespace = tablespace(&tokens[name_at + 1..]);
            }
            Act::Describe => {
                let name = &tokens[name_at];
                let before = raw[..(name.from - from) as usize].trim_ascii_start();
                let behind = &raw[(name.to - from) as usize..];
                let statement = [before, b" ", ident(target).as_bytes(), behind].concat();
                let kept = if tokens[0].word() == "comment" { &mut self.comment } else { &mut self.properties };
                if kept.iter().map(Vec::len).sum::<usize>() + statement.len() > MOST_BYTES {
                    return Err("says more about its database than fits into memory".to_owned());
                }
                kept.push(statement);
                self.settings.extend(setting(tokens, (from, raw)));
            }
        }
        Ok(())
    }
}

/// The value of the option `TABLESPACE = name`.
fn tablespace(options: &[Token]) -> Option<String> {
    let at = options.windows(2).position(|two| two[0].word() == "tablespace" && two[1].word() == "=")?;
    options.get(at + 2).map(|name| name.text.clone())
}

/// The `SET name TO value` in an `ALTER DATABASE … SET`.
fn setting(tokens: &[Token], (from, raw): (u64, &[u8])) -> Option<(String, Vec<u8>)> {
    let [alter, database, _, set, name, ..] = tokens else { return None };
    let whole = (alter.word(), database.word(), set.word()) == ("alter", "database", "set");
    let written = name.kind != TokenKind::Sign && name.kind != TokenKind::String;
    let rest = raw.get((set.to - from) as usize..)?;
    (whole && written).then(|| (name.text.to_ascii_lowercase(), [b"SET", rest].concat()))
}

/// The options of `CREATE DATABASE`, without the template: `WITH` and then any number of `key = value`.
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
