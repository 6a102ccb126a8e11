//! Reads the LuaCATS stubs: their functions, their classes, and the modules that they describe.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

#[derive(Default, Debug)]
pub struct Stubs {
    pub functions: Vec<Function>,
    pub classes: BTreeMap<String, Class>,
    pub aliases: BTreeSet<String>,
    /// Files that fill a table of their own name.
    pub modules: BTreeSet<String>,
}

#[derive(Debug)]
pub struct Function {
    /// `fs.list`, `Stream:gzip`, `parallel`.
    pub name: String,
    /// Names and types.
    pub params: Vec<(String, String)>,
    pub says: String,
}

#[derive(Default, Debug)]
pub struct Class {
    /// Whether it allows no other field.
    pub exact: bool,
    pub fields: BTreeSet<String>,
}

impl Stubs {
    pub fn read(folder: &Path) -> Stubs {
        let mut stubs = Stubs::default();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            stubs.add(path.file_stem().unwrap().to_str().unwrap(), &std::fs::read_to_string(&path).unwrap());
        }
        stubs
    }

    fn add(&mut self, file: &str, text: &str) {
        let (mut class, mut params, mut says) = (None, Vec::new(), String::new());
        for line in text.lines() {
            if let Some(declared) = line.strip_prefix("---@class ") {
                let rest = declared.strip_prefix("(exact) ");
                let name = rest.unwrap_or(declared).split([':', ' ']).next().unwrap().to_owned();
                self.classes.insert(name.clone(), Class { exact: rest.is_some(), ..Class::default() });
                class = Some(name);
            } else if let (Some(field), Some(class)) = (line.strip_prefix("---@field "), &class) {
                let (name, _) = name_and_type(field);
                self.classes.get_mut(class).unwrap().fields.insert(name);
            } else if let Some(alias) = line.strip_prefix("---@alias ") {
                self.aliases.insert(alias.split(' ').next().unwrap().to_owned());
            } else if let Some(param) = line.strip_prefix("---@param ") {
                params.push(name_and_type(param));
            } else if let Some(sentence) = line.strip_prefix("--- ") {
                says.push_str(sentence);
            } else if let Some(function) = line.strip_prefix("function ") {
                let name = function.split('(').next().unwrap().to_owned();
                self.functions.push(Function {
                    name,
                    params: std::mem::take(&mut params),
                    says: std::mem::take(&mut says),
                });
            } else if line == format!("{file} = {{}}") {
                self.modules.insert(file.to_owned());
            } else if line.is_empty() {
                (class, says) = (None, String::new());
                params.clear();
            }
        }
    }
}

fn name_and_type(text: &str) -> (String, String) {
    let mut words = text.split(' ');
    let name = words.next().unwrap().trim_end_matches('?').to_owned();
    (name, words.next().unwrap_or_default().trim_end_matches('?').to_owned())
}
