//! Finds the roles that a dump names as owners or grantees: a cluster without them cannot load it.

use std::collections::BTreeSet;

use crate::postgres::restore::rules::{Token, TokenKind};

/// Words in the place of a role that do not name a role that can be created.
const NO_ROLES: [&str; 7] = ["public", "group", "current_user", "session_user", "current_role", "role", "default"];

/// The roles so far, and the state of the current statement.
#[derive(Debug, Default)]
pub(crate) struct Roles {
    found: BTreeSet<String>,
    /// The two words before this one.
    before: [String; 2],
    first: String,
    depth: usize,
    /// A list of roles has begun, by `TO` or `FROM`.
    list: bool,
}

impl Roles {
    /// Takes the next word or sign of a statement.
    pub(crate) fn push(&mut self, token: &Token) {
        if self.first.is_empty() {
            self.first = token.word().to_owned();
        }
        match token.word() {
            "(" => self.depth += 1,
            ")" => self.depth = self.depth.saturating_sub(1),
            _ if self.depth == 0 => self.word(token),
            _ => {}
        }
        let [_, last] = std::mem::take(&mut self.before);
        self.before = [last, token.word().to_owned()];
    }

    fn word(&mut self, token: &Token) {
        let before = [self.before[0].as_str(), self.before[1].as_str()];
        if before[1] == "create" && token.word() == "policy" {
            self.first = "policy".to_owned();
        }
        let named = matches!(
            before,
            ["owner", "to"]
                | ["for", "role"]
                | ["for", "user"]
                | ["mapping", "for"]
                | ["granted", "by"]
                | [_, "authorization"]
        );
        let whose = before == ["alter", "role"];
        let listed = self.list && matches!(before[1], "to" | "from" | "," | "group");
        if (named || whose || listed) && token.kind != TokenKind::Sign {
            self.add(token);
        }
        self.list = match token.word() {
            "to" | "from" => matches!(self.first.as_str(), "grant" | "revoke" | "alter" | "policy"),
            "with" | "using" | "granted" => false,
            _ => self.list,
        };
    }

    fn add(&mut self, token: &Token) {
        let word = token.kind == TokenKind::Word && NO_ROLES.contains(&token.text.as_str());
        // Built-in roles always exist.
        if !word && !token.text.is_empty() && !token.text.starts_with("pg_") {
            self.found.insert(token.text.clone());
        }
    }

    /// Ends the statement.
    pub(crate) fn end_statement(&mut self) {
        *self = Roles { found: std::mem::take(&mut self.found), ..Roles::default() };
    }

    /// All roles, once the dump has ended.
    pub(crate) fn found(&self) -> &BTreeSet<String> {
        &self.found
    }
}
