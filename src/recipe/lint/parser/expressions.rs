//! Reads expressions: names, members, calls and tables, as far as the check can judge them.

use super::Parser;
use crate::recipe::lint::expression::{Expression, Field, Kind};
use crate::recipe::lint::lexer::{Token, Word};

const BINARY: [&str; 21] = [
    "+", "-", "*", "/", "//", "^", "%", "&", "~", "|", "<<", ">>", "..", "<", "<=", ">", ">=", "==", "~=", "and", "or",
];
const UNARY: [&str; 4] = ["not", "#", "-", "~"];

impl Parser<'_, '_, '_> {
    pub(super) fn list(&mut self) -> Vec<Expression> {
        let mut all = vec![self.expression()];
        while self.takes(",") {
            all.push(self.expression());
        }
        all
    }

    pub(super) fn expression(&mut self) -> Expression {
        let signed = UNARY.iter().any(|sign| self.is(sign));
        while UNARY.iter().any(|sign| self.takes(sign)) {}
        let first = self.simple();
        if !BINARY.iter().any(|sign| self.is(sign)) {
            return if signed { Expression::Unknown } else { first };
        }
        while BINARY.iter().any(|sign| self.takes(sign)) {
            while UNARY.iter().any(|sign| self.takes(sign)) {}
            self.simple();
        }
        Expression::Unknown
    }

    fn simple(&mut self) -> Expression {
        let Some(token) = self.tokens.get(self.at).cloned() else { return Expression::Unknown };
        let plain = match token.word {
            Word::Text(text) => Expression::Text(text.to_owned()),
            Word::Integer => Expression::Integer,
            Word::Float => Expression::Float,
            Word::Sign("true" | "false") => Expression::Boolean,
            Word::Sign("nil" | "...") => Expression::Unknown,
            Word::Sign("function") => {
                self.at += 1;
                self.function(None);
                return Expression::Function;
            }
            Word::Sign("{") => return self.table(false),
            _ => return self.suffixed(),
        };
        self.at += 1;
        plain
    }

    fn suffixed(&mut self) -> Expression {
        let line = self.line();
        let mut of = if self.takes("(") {
            let inner = self.expression();
            self.takes(")");
            inner
        } else {
            let Some(name) = self.name() else { return Expression::Unknown };
            let known = self.scopes.iter().rev().find_map(|scope| scope.get(name));
            match known {
                Some(kind) => Expression::Local(kind.clone()),
                None => {
                    self.checker.global(name, line);
                    Expression::Global(name.to_owned())
                }
            }
        };
        loop {
            let line = self.line();
            of = if self.takes(".") {
                let name = self.name().unwrap_or_default().to_owned();
                self.checker.member(&of, &name, line);
                Expression::Member { of: Box::new(of), name }
            } else if self.takes("[") {
                self.expression();
                self.takes("]");
                Expression::Unknown
            } else if self.takes(":") {
                let name = self.name().unwrap_or_default().to_owned();
                let args = self.args(false);
                let called = Expression::Method { of: Box::new(of), name, args };
                self.checker.called(&called, line);
                called
            } else if self.opens_args() {
                let is_recipe = matches!(&of, Expression::Global(name) if name == "recipe");
                let args = self.args(is_recipe);
                let called = Expression::Call { of: Box::new(of), args };
                self.checker.called(&called, line);
                called
            } else {
                return of;
            };
        }
    }

    fn opens_args(&self) -> bool {
        self.is("(") || self.is("{") || matches!(self.tokens.get(self.at), Some(Token { word: Word::Text(_), .. }))
    }

    fn args(&mut self, of_recipe: bool) -> Vec<Expression> {
        if self.is("{") {
            return vec![self.table(of_recipe)];
        }
        if !self.takes("(") {
            return vec![self.simple()];
        }
        let args = if self.is(")") { Vec::new() } else { self.list() };
        self.takes(")");
        args
    }

    fn table(&mut self, of_recipe: bool) -> Expression {
        self.takes("{");
        let mut fields = Vec::new();
        while !self.is("}") && self.at < self.tokens.len() {
            let (before, line) = (self.at, self.line());
            fields.push(self.field(of_recipe, line));
            if !self.takes(",") {
                self.takes(";");
            }
            self.at = self.at.max(before + 1);
        }
        self.takes("}");
        Expression::Table(fields)
    }

    fn field(&mut self, of_recipe: bool, line: u32) -> Field {
        if self.takes("[") {
            self.expression();
            self.takes("]");
            self.takes("=");
            return Field { key: None, value: self.expression(), line };
        }
        let is_named = matches!(self.tokens.get(self.at + 1), Some(Token { word: Word::Sign("="), .. }));
        let key = if is_named { self.name().map(str::to_owned) } else { None };
        if key.is_some() {
            self.takes("=");
        }
        if of_recipe && key.as_deref() == Some("run") && self.takes("function") {
            self.function(Some(Kind::Params));
            return Field { key, value: Expression::Function, line };
        }
        Field { key, value: self.expression(), line }
    }
}
