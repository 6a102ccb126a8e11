//! Reads the Lua of a recipe and hands each expression to the check, with what is known of local names.

use std::collections::BTreeMap;

use super::calls::Checker;
use super::expression::Kind;
use super::lexer::{Token, Word, tokens};

mod expressions;

/// Reads a text that Lua has already accepted.
pub fn read(text: &str, checker: &mut Checker) {
    let mut parser = Parser { tokens: tokens(text), at: 0, scopes: vec![BTreeMap::new()], checker };
    while parser.at < parser.tokens.len() {
        let before = parser.at;
        parser.block();
        // An unexpected word, such as an extra `end`, must not stop the parser.
        parser.at = parser.at.max(before + 1);
    }
}

struct Parser<'a, 'c, 's> {
    tokens: Vec<Token<'a>>,
    at: usize,
    scopes: Vec<BTreeMap<String, Option<Kind>>>,
    checker: &'c mut Checker<'s>,
}

impl<'a> Parser<'a, '_, '_> {
    fn is(&self, sign: &str) -> bool {
        matches!(self.tokens.get(self.at), Some(Token { word: Word::Sign(found), .. }) if *found == sign)
    }

    fn takes(&mut self, sign: &str) -> bool {
        let is = self.is(sign);
        self.at += usize::from(is);
        is
    }

    fn line(&self) -> u32 {
        self.tokens.get(self.at.min(self.tokens.len().saturating_sub(1))).map_or(0, |token| token.line)
    }

    fn name(&mut self) -> Option<&'a str> {
        match self.tokens.get(self.at)?.word {
            Word::Name(name) => {
                self.at += 1;
                Some(name)
            }
            _ => None,
        }
    }

    fn declare(&mut self, name: &str, kind: Option<Kind>) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name.to_owned(), kind);
        }
    }

    fn scoped(&mut self, work: impl FnOnce(&mut Self)) {
        self.scopes.push(BTreeMap::new());
        work(self);
        self.scopes.pop();
    }

    fn block(&mut self) {
        while self.at < self.tokens.len() && !["end", "else", "elseif", "until"].iter().any(|sign| self.is(sign)) {
            let before = self.at;
            self.statement();
            self.at = self.at.max(before + 1);
        }
    }

    /// A separate block up to `end`.
    fn body(&mut self) {
        self.scoped(Self::block);
        self.takes("end");
    }

    fn statement(&mut self) {
        if self.takes("local") {
            self.local();
        } else if self.takes("function") {
            self.named_function();
        } else if self.takes("if") || self.takes("elseif") {
            self.conditional();
        } else if self.takes("while") {
            self.expression();
            self.takes("do");
            self.body();
        } else if self.takes("for") {
            self.loops();
        } else if self.takes("do") {
            self.body();
        } else if self.takes("repeat") {
            self.scoped(|parser| {
                parser.block();
                parser.takes("until");
                parser.expression();
            });
        } else if self.takes("return") {
            let ends = ["end", "else", "elseif", "until", ";"];
            if self.at < self.tokens.len() && !ends.iter().any(|sign| self.is(sign)) {
                self.list();
            }
        } else if self.takes("goto") || self.takes("::") {
            self.name();
            self.takes("::");
        } else if !self.takes(";") && !self.takes("break") {
            self.assignment();
        }
    }

    fn assignment(&mut self) {
        let begin = self.at;
        self.expression();
        while self.takes(",") {
            self.expression();
        }
        if self.takes("=") {
            // An assigned name need not exist before.
            self.checker.forget_assigned(&self.tokens[begin..self.at]);
            self.list();
        }
    }

    fn local(&mut self) {
        if self.takes("function") {
            let name = self.name().unwrap_or_default();
            self.declare(name, None);
            return self.function(None);
        }
        let mut names = Vec::new();
        loop {
            names.push(self.name().unwrap_or_default());
            if self.takes("<") {
                self.name();
                self.takes(">");
            }
            if !self.takes(",") {
                break;
            }
        }
        let values = if self.takes("=") { self.list() } else { Vec::new() };
        for (index, name) in names.into_iter().enumerate() {
            let kind = values.get(index).and_then(|value| self.checker.kind_of(value));
            self.declare(name, kind);
        }
    }

    fn named_function(&mut self) {
        while self.name().is_some() && (self.takes(".") || self.takes(":")) {}
        self.function(None);
    }

    /// The params and the body of a function; `first` is what its first param is known to be.
    fn function(&mut self, first: Option<Kind>) {
        self.takes("(");
        self.scopes.push(BTreeMap::new());
        self.declare("self", None);
        let mut kind = first;
        while !self.is(")") && self.at < self.tokens.len() {
            match self.name() {
                Some(name) => self.declare(name, kind.take()),
                None => self.at += 1,
            }
        }
        self.takes(")");
        self.block();
        self.takes("end");
        self.scopes.pop();
    }

    fn conditional(&mut self) {
        self.expression();
        self.takes("then");
        self.scoped(Self::block);
        if self.takes("elseif") {
            return self.conditional();
        }
        if self.takes("else") {
            self.scoped(Self::block);
        }
        self.takes("end");
    }

    fn loops(&mut self) {
        let mut names = Vec::new();
        while let Some(name) = self.name() {
            names.push(name);
            self.takes(",");
        }
        if !self.takes("=") {
            self.takes("in");
        }
        self.list();
        self.takes("do");
        self.scoped(|parser| {
            names.into_iter().for_each(|name| parser.declare(name, None));
            parser.block();
        });
        self.takes("end");
    }
}
