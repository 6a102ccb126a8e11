//! Reads the LuaCATS stubs and the library: which functions exist, their params, and their results.

use std::collections::BTreeMap;

use crate::config::embedded;

/// A param of a function, or a field of a class.
#[derive(Clone, Debug)]
pub struct Slot {
    pub name: String,
    pub kind: String,
    pub optional: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Signature {
    pub params: Vec<Slot>,
    pub returns: Option<String>,
}

#[derive(Clone, Debug, Default)]
pub struct Class {
    /// Whether it has only the declared fields.
    pub exact: bool,
    parents: Vec<String>,
    fields: Vec<Slot>,
}

/// All declarations in the stubs.
#[derive(Default)]
pub struct Stubs {
    /// Indexed by the name in calls: `pg.dump`, `Stream:gzip`, `hikae.retention.prune`.
    functions: BTreeMap<String, Signature>,
    classes: BTreeMap<String, Class>,
    aliases: BTreeMap<String, String>,
}

impl Stubs {
    pub fn read() -> Stubs {
        let mut stubs = Stubs::default();
        for (_, text) in embedded::stubs() {
            stubs.add(text, None);
        }
        for (dotted, text) in embedded::library() {
            stubs.add(text, Some(&dotted));
        }
        stubs
    }

    /// The comments of a file, block by block, with the function that each is above.
    fn add(&mut self, text: &str, dotted: Option<&str>) {
        let mut block: Vec<&str> = Vec::new();
        for line in text.lines() {
            match line.strip_prefix("---@") {
                Some(tag) if tag.starts_with("class ") => {
                    self.class(&std::mem::take(&mut block));
                    block.push(tag);
                }
                Some(tag) => block.push(tag),
                None if line.starts_with("---") => {}
                None => {
                    if let Some(name) = function_in(line) {
                        self.function(name, &block, dotted);
                    } else {
                        self.class(&block);
                    }
                    block.clear();
                }
            }
        }
        self.class(&block);
    }

    fn function(&mut self, name: &str, tags: &[&str], dotted: Option<&str>) {
        let name = match (dotted, name.split_once('.')) {
            (Some(dotted), Some((_, member))) => format!("{dotted}.{member}"),
            (Some(_), None) => return, // a local word of the library
            (None, _) => name.to_owned(),
        };
        let params = tags.iter().filter_map(|tag| slot(tag.strip_prefix("param ")?)).collect();
        let returns = tags.iter().find_map(|tag| tag.strip_prefix("return ")).map(|rest| kind(rest).to_owned());
        self.functions.insert(name, Signature { params, returns });
    }

    fn class(&mut self, tags: &[&str]) {
        for tag in tags {
            if let Some((name, of)) = tag.strip_prefix("alias ").and_then(|rest| rest.split_once(' ')) {
                self.aliases.insert(name.to_owned(), kind(of).to_owned());
            }
        }
        let Some(tag) = tags.first() else { return };
        let Some((name, above)) = class_in(tag) else { return };
        let exact = tag.starts_with("class (exact) ");
        let parents = above
            .strip_prefix(':')
            .unwrap_or_default()
            .split(',')
            .map(|parent| parent.split_whitespace().next().unwrap_or_default().to_owned());
        let parents = parents.filter(|parent| !parent.is_empty()).collect();
        let fields = tags.iter().filter_map(|tag| slot(tag.strip_prefix("field ")?)).collect();
        self.classes.insert(name.to_owned(), Class { exact, parents, fields });
    }

    pub fn signature(&self, name: &str) -> Option<&Signature> {
        self.functions.get(name)
    }

    pub fn class_named(&self, name: &str) -> Option<&Class> {
        self.classes.get(name)
    }

    /// The type behind an alias; any other type unchanged.
    pub fn resolved<'a>(&'a self, kind: &'a str) -> &'a str {
        self.aliases.get(kind).map_or(kind, String::as_str)
    }

    /// The fields of a class and of its parents.
    pub fn fields(&self, class: &str) -> Vec<&Slot> {
        let Some(found) = self.classes.get(class) else { return Vec::new() };
        let above = found.parents.iter().filter(|parent| *parent != class).flat_map(|parent| self.fields(parent));
        found.fields.iter().chain(above).collect()
    }

    /// The methods of a class and of its parents.
    pub fn methods(&self, class: &str) -> Vec<&str> {
        let begins = format!("{class}:");
        let own = self.functions.keys().filter_map(|name| name.strip_prefix(&begins));
        let parents = self.classes.get(class).into_iter().flat_map(|found| &found.parents);
        own.chain(parents.filter(|parent| *parent != class).flat_map(|parent| self.methods(parent))).collect()
    }

    /// The functions of a library module.
    pub fn members(&self, dotted: &str) -> Vec<&str> {
        let begins = format!("{dotted}.");
        self.functions.keys().filter_map(|name| name.strip_prefix(&begins)).collect()
    }
}

/// The function that a line defines: `pg.dump`, `Stream:gzip`.
pub fn function_in(line: &str) -> Option<&str> {
    line.strip_prefix("function ")?.split('(').next().map(str::trim)
}

/// The class that a tag declares, and the text after its name.
pub fn class_in(tag: &str) -> Option<(&str, &str)> {
    let head = tag.strip_prefix("class ")?.trim_start_matches("(exact) ");
    Some(head.split_at(head.find([' ', ':']).unwrap_or(head.len())))
}

/// `name? kind what it is`.
fn slot(text: &str) -> Option<Slot> {
    let (name, rest) = text.split_once(' ')?;
    let kind = kind(rest).to_owned();
    let optional = name.ends_with('?') || kind.ends_with('?') || kind.split('|').any(|one| one == "nil");
    let name = name.trim_end_matches('?').to_owned();
    Some(Slot { name, kind: kind.trim_end_matches('?').to_owned(), optional })
}

/// The kind with which a text begins: up to the first space that is in no bracket and behind no `:`, `,` or `|`.
fn kind(text: &str) -> &str {
    let (mut depth, mut quoted, mut before) = (0_i32, false, ' ');
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            _ if quoted => {}
            '<' | '(' | '{' | '[' => depth += 1,
            '>' | ')' | '}' | ']' => depth -= 1,
            ' ' if depth == 0 && !matches!(before, ':' | ',' | '|') => return &text[..at],
            _ => {}
        }
        before = c;
    }
    text
}

/// The alternatives of a kind: `integer|string`.
pub fn alternatives(kind: &str) -> Vec<&str> {
    let (mut depth, mut quoted, mut begin, mut all) = (0_i32, false, 0, Vec::new());
    for (at, c) in kind.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '<' | '(' | '{' if !quoted => depth += 1,
            '>' | ')' | '}' if !quoted => depth -= 1,
            '|' if !quoted && depth == 0 => {
                all.push(kind[begin..at].trim());
                begin = at + 1;
            }
            _ => {}
        }
    }
    all.push(kind[begin..].trim());
    all
}
