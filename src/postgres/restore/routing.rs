//! Decides which user runs a statement of a dump that is loaded under a throwaway role: that role, or the user of the restore.

use bytes::Bytes;

use crate::postgres::dump::item::Item;
use crate::postgres::dump::lexer::Lexer;
use crate::postgres::restore::rules::Token;
use crate::world::postgres::Step;

/// Longer statements always run as the role.
const MOST_TOKENS: usize = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// By the role, in order.
    Load,
    /// By the user, after everything is loaded.
    Later,
    /// By the user, in order.
    Now,
    /// Not run: it prepares to drop something that an empty database does not have.
    Skip,
}

/// The state of the dump so far.
pub struct Router {
    /// Whether a throwaway role loads the dump, and not the user.
    under_role: bool,
    /// A statement was found that could plant code for an extension's script.
    code: bool,
    /// The database is empty: it was created for the dump, which has created nothing in it yet.
    empty: bool,
    pub deferred: Vec<Bytes>,
}

impl Router {
    pub fn new(under_role: bool) -> Router {
        Router { under_role, code: false, empty: false, deferred: Vec::new() }
    }

    /// The same for a database that is `empty`.
    pub fn into_empty(mut self, empty: bool) -> Router {
        self.empty = empty;
        self
    }

    pub fn route(&mut self, step: &Step) -> Route {
        let Step::Statement { sql, .. } = step else { return Route::Load };
        if self.empty {
            if is_placeholder(sql) || is_taking_away(sql) {
                return Route::Skip;
            }
            self.empty = !sql.trim_ascii_start().starts_with(b"CREATE ");
        }
        if !self.under_role {
            return Route::Load;
        }
        let tokens = tokens(sql);
        let words: Vec<&str> = tokens.iter().map(Token::word).collect();
        match words.as_slice() {
            ["create", "extension", ..] | ["comment", "on", "extension", ..] if !self.code => return Route::Now,
            ["alter", "default", "privileges", "for", "role" | "user", ..] => return Route::Later,
            // After a dot it would be the name of a setting.
            ["alter", .., before, "owner", "to", _] if *before != "." && is_one_change(&words) => return Route::Later,
            ["set" | "select" | "comment" | "grant" | "revoke", ..] | ["create", "extension", ..] => {}
            // `CREATE SCHEMA` can also create objects in the schema.
            ["create" | "alter", "schema", rest @ ..] if rest.len() <= 4 => {}
            _ => self.code = true,
        }
        Route::Load
    }
}

/// Whether `pg_dump --clean` replaces a view by a dummy, so that the view's dependencies can be dropped. The statement that creates a
/// view for the first time is a `CREATE VIEW`.
fn is_placeholder(sql: &[u8]) -> bool {
    let sql = sql.trim_ascii_start();
    let text = || String::from_utf8_lossy(sql).split_whitespace().collect::<Vec<_>>().join(" ");
    sql.starts_with(b"CREATE OR REPLACE VIEW ") && text().contains(" AS SELECT NULL::")
}

/// Whether `pg_dump --clean` drops a part of an object, such as a constraint of a domain: it has no `IF EXISTS` for
/// the object itself, which an empty database does not have.
fn is_taking_away(sql: &[u8]) -> bool {
    let sql = sql.trim_ascii_start();
    sql.starts_with(b"ALTER ") && String::from_utf8_lossy(sql).contains(" DROP ")
}

/// Whether a statement makes only one change: a second one would follow a comma.
fn is_one_change(words: &[&str]) -> bool {
    let mut depth = 0_usize;
    words.iter().all(|word| {
        match *word {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            "," => return depth > 0,
            _ => {}
        }
        true
    })
}

/// The words of a statement; none if it is longer than any relevant one.
pub(crate) fn tokens(sql: &[u8]) -> Vec<Token> {
    let (mut lexer, mut rest, mut tokens) = (Lexer::new(), sql, Vec::new());
    while let Some(item) = lexer.next(&mut rest) {
        match item {
            Item::Comment => {}
            Item::Semicolon if rest.is_empty() => return tokens,
            Item::Semicolon | Item::PsqlLine | Item::Rows(_) => return Vec::new(),
            item => tokens.push(Token::new(item, lexer.text(), 0, 0)),
        }
        if tokens.len() > MOST_TOKENS {
            return Vec::new();
        }
    }
    Vec::new()
}
