//! Judges names, members and calls by the stubs: unknown options, options that are missing, values of the wrong kind.

use std::collections::{BTreeMap, BTreeSet};

use super::expression::{Expression, Field, Kind};
use super::lexer::{Token, Word};
use super::stubs::{Signature, Slot, Stubs, alternatives};
use crate::suggest;

/// The findings so far in one file.
pub struct Checker<'s> {
    pub stubs: &'s Stubs,
    params: &'s [String],
    /// The line, the message and the hint of each.
    pub findings: Vec<(u32, String, String)>,
    /// Names that must exist when the recipe runs, each with the first line that has it.
    pub names: BTreeMap<String, u32>,
    /// The modules that are required.
    pub required: BTreeSet<String>,
}

impl<'s> Checker<'s> {
    pub fn new(stubs: &'s Stubs, params: &'s [String]) -> Checker<'s> {
        let (findings, names, required) = (Vec::new(), BTreeMap::new(), BTreeSet::new());
        Checker { stubs, params, findings, names, required }
    }

    fn find(&mut self, line: u32, message: String, hint: String) {
        self.findings.push((line, message, hint));
    }

    /// A name that is not local.
    pub fn global(&mut self, name: &str, line: u32) {
        self.names.entry(name.to_owned()).or_insert(line);
    }

    /// A global name that is assigned need not exist before.
    pub fn forget_assigned(&mut self, tokens: &[Token<'_>]) {
        if let [Token { word: Word::Name(name), .. }, Token { word: Word::Sign("="), .. }] = tokens {
            self.names.remove(*name);
        }
    }

    /// A member of something.
    pub fn member(&mut self, of: &Expression, name: &str, line: u32) {
        match of {
            Expression::Global(module) => {
                self.names.entry(format!("{module}.{name}")).or_insert(line);
            }
            Expression::Local(Some(Kind::Params)) if !self.params.iter().any(|known| known == name) => {
                let hint = suggest::hint(name, self.params.iter().map(String::as_str));
                self.find(line, format!("the recipe has no param `{name}`"), hint);
            }
            Expression::Local(Some(Kind::Module(dotted))) if dotted.starts_with("hikae.") => {
                // A module may also have values, which its text names.
                self.names.entry(format!("require(\"{dotted}\").{name}")).or_insert(line);
            }
            _ => {}
        }
    }

    /// The facts known about the value of an expression.
    pub fn kind_of(&self, value: &Expression) -> Option<Kind> {
        match value {
            Expression::Local(kind) => kind.clone(),
            Expression::Call { of, args } => match (&**of, args.as_slice()) {
                (Expression::Global(name), [Expression::Text(dotted)]) if name == "require" => {
                    Some(Kind::Module(dotted.clone()))
                }
                _ => self.class_of(self.stubs.signature(&self.called_name(of)?)?),
            },
            Expression::Method { of, name, .. } => match self.kind_of(of)? {
                Kind::Class(class) => self.class_of(self.stubs.signature(&format!("{class}:{name}"))?),
                _ => None,
            },
            _ => None,
        }
    }

    fn class_of(&self, signature: &Signature) -> Option<Kind> {
        let class = signature.returns.as_deref()?;
        self.stubs.class_named(class).map(|_| Kind::Class(class.to_owned()))
    }

    /// The name of a function in the stubs.
    fn called_name(&self, of: &Expression) -> Option<String> {
        match of {
            Expression::Global(name) => Some(name.clone()),
            Expression::Member { of, name } => match &**of {
                Expression::Global(module) => Some(format!("{module}.{name}")),
                Expression::Local(Some(Kind::Module(dotted))) => Some(format!("{dotted}.{name}")),
                _ => None,
            },
            _ => None,
        }
    }

    /// A call with its arguments.
    pub fn called(&mut self, call: &Expression, line: u32) {
        let (name, args) = match call {
            Expression::Call { of, args } => {
                if let (Expression::Global(name), [Expression::Text(dotted)]) = (&**of, args.as_slice())
                    && name == "require"
                {
                    self.required.insert(dotted.clone());
                }
                (self.called_name(of), args)
            }
            Expression::Method { of, name, args } => match self.kind_of(of) {
                Some(Kind::Class(class)) => (self.method(&class, name, line), args),
                _ => return,
            },
            _ => return,
        };
        let Some((name, signature)) = name.and_then(|name| Some((name.clone(), self.stubs.signature(&name)?.clone())))
        else {
            return;
        };
        for (slot, value) in signature.params.iter().zip(args) {
            self.value(slot, value, &name, line);
        }
    }

    /// The name of a method that the class has; an unknown one is a finding.
    fn method(&mut self, class: &str, name: &str, line: u32) -> Option<String> {
        let methods = self.stubs.methods(class);
        let is_field = self.stubs.fields(class).iter().any(|field| field.name == name);
        if methods.is_empty() || methods.contains(&name) || is_field {
            return Some(format!("{class}:{name}"));
        }
        let hint = suggest::hint(name, methods);
        self.find(line, format!("a `{class}` has no `{name}`"), hint);
        None
    }

    /// A value for a param or a field.
    fn value(&mut self, slot: &Slot, value: &Expression, call: &str, line: u32) {
        let kind = self.stubs.resolved(&slot.kind).to_owned();
        let all = alternatives(&kind);
        match value {
            Expression::Table(fields) => {
                let classes: Vec<&str> = all
                    .iter()
                    .copied()
                    .filter(|one| self.stubs.class_named(one).is_some_and(|class| class.exact))
                    .collect();
                if let ([class], 1) = (classes.as_slice(), all.len()) {
                    self.table(class, fields, call, line);
                }
            }
            literal => {
                if let Some(word) = misfit(&all, literal, self.stubs) {
                    let message =
                        format!("`{}` of `{call}` must be {}, but is {word}", slot.name, kind.replace('|', " or "));
                    self.find(line, message, format!("`hikae docs {}` shows it", call.replace(':', ".")));
                }
            }
        }
    }

    /// A table of options.
    fn table(&mut self, class: &str, fields: &[Field], call: &str, line: u32) {
        let slots: Vec<Slot> = self.stubs.fields(class).into_iter().cloned().collect();
        for field in fields {
            let Some(key) = &field.key else { continue };
            match slots.iter().find(|slot| slot.name == *key) {
                Some(slot) => self.value(slot, &field.value, call, field.line),
                None => {
                    let hint = suggest::hint(key, slots.iter().map(|slot| slot.name.as_str()));
                    self.find(field.line, format!("`{call}` has no option `{key}`"), hint);
                }
            }
        }
        let is_open = fields.iter().any(|field| field.key.is_none());
        let is_there = |slot: &&Slot| fields.iter().any(|field| field.key.as_ref() == Some(&slot.name));
        for slot in slots.iter().filter(|slot| !slot.optional && !is_open).filter(|slot| !is_there(slot)) {
            let hint = format!("`hikae docs {}` shows it", call.replace(':', "."));
            self.find(line, format!("`{call}` needs the option `{}`", slot.name), hint);
        }
    }
}

/// The kind of a literal, if no alternative accepts it.
fn misfit(all: &[&str], value: &Expression, stubs: &Stubs) -> Option<String> {
    let (word, takes): (String, &[&str]) = match value {
        Expression::Text(text) => (format!("the text `{text}`"), &["string"]),
        Expression::Integer => ("an integer".to_owned(), &["integer", "number"]),
        Expression::Float => ("a number".to_owned(), &["number", "integer"]),
        Expression::Boolean => ("a boolean".to_owned(), &["boolean", "true", "false"]),
        Expression::Function => ("a function".to_owned(), &[]),
        _ => return None,
    };
    let can_take = |one: &&str| {
        let one = stubs.resolved(one);
        let plain = ["string", "integer", "number", "boolean", "true", "false"].contains(&one);
        let quoted = one.starts_with('"');
        let is_class = stubs.class_named(one).is_some_and(|class| class.exact)
            || (one.ends_with("[]") && !one.starts_with("fun("));
        let same = matches!(value, Expression::Text(text) if one.trim_matches('"') == text && quoted);
        // An unknown kind accepts anything.
        takes.contains(&one) || same || !(plain || quoted || is_class)
    };
    (!all.iter().any(|one| can_take(one) || alternatives(stubs.resolved(one)).iter().any(can_take))).then_some(word)
}
