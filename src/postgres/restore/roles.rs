//! Finds the roles that a dump names as owners and as those who have rights: a cluster without them cannot load it.

use std::collections::BTreeSet;

use crate::postgres::restore::rules::{Token, TokenKind};

/// Words that are where a role could, and mean no role that could be made.
const NO_ROLES: [&str; 7] = ["public", "group", "current_user", "session_user", "current_role", "role", "default"];

/// The roles so far, and what is known of the statement at hand.
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
        // Those of the server itself are there.
        if !word && !token.text.is_empty() && !token.text.starts_with("pg_") {
            self.found.insert(token.text.clone());
        }
    }

    /// The statement has ended.
    pub(crate) fn end_statement(&mut self) {
        *self = Roles { found: std::mem::take(&mut self.found), ..Roles::default() };
    }

    /// All roles, once the dump has ended.
    pub(crate) fn found(&self) -> &BTreeSet<String> {
        &self.found
    }
}
