//! Remembers which sources of a run failed and which became backups: a stand-in for a source is not that source.

use std::path::Path;

use crate::error::Error;
use crate::stream::Facts;
use crate::stream::endings::{Form, forms};

/// The streams that a run has saved, or tried to.
#[derive(Default)]
pub struct Sources {
    failed: Vec<(Saved, Error)>,
    proved: Vec<Saved>,
    /// The databases that the dumps among them are of.
    databases: Vec<String>,
}

/// One of them: what kind of source it is, and what the name that it is saved under says.
struct Saved {
    label: String,
    kind: String,
    forms: Vec<Form>,
}

impl Saved {
    fn new(label: &str, name: &str) -> Saved {
        Saved { label: label.to_owned(), kind: kind(label), forms: forms(name) }
    }

    /// Whether hikae knows what it reads; a program may write anything.
    fn is_typed(&self) -> bool {
        ["dump", "pack"].contains(&self.kind.as_str())
    }

    /// Whether it is a backup of something else, beside the one that failed.
    fn is_another(&self, failed: &Saved) -> bool {
        self.forms != failed.forms && (self.is_typed() || !failed.is_typed())
    }
}

/// By what a source is known again: the program, or the first word of what it is.
fn kind(label: &str) -> String {
    match label {
        label if label.starts_with('/') => "file".to_owned(),
        label => label.split([' ', ':']).next().unwrap_or_default().to_owned(),
    }
}

impl Sources {
    pub fn failed(&mut self, label: &str, name: &str, error: &Error) {
        self.failed.push((Saved::new(label, name), error.clone()));
    }

    pub fn proved(&mut self, label: &str, name: &str, facts: &Facts) {
        self.proved.push(Saved::new(label, name));
        let named = facts.sections.get("database").and_then(|database| database["name"].as_str());
        self.databases.extend(named.map(str::to_owned).or_else(|| database_in(facts.plain.head())));
    }

    /// The first source that failed, and that no backup of this run comes from: what was proved is a stand-in. `copied` says
    /// what was only to be copied.
    pub fn missing(&self, copied: impl Fn(&Path) -> bool) -> Option<(&str, &Error)> {
        let lost = |(failed, _): &&(Saved, Error)| {
            !copied(Path::new(&failed.label))
                && !self.proved.iter().any(|saved| saved.kind == failed.kind || saved.is_another(failed))
        };
        self.failed.iter().find(lost).map(|(failed, error)| (failed.label.as_str(), error))
    }

    /// The databases that were dumped, where it is not this one.
    pub fn instead_of(&self, database: &str) -> Option<String> {
        let others = !self.databases.is_empty() && !self.databases.iter().any(|dumped| dumped == database);
        others.then(|| self.databases.join("`, `"))
    }
}

/// The database that the beginning of a dump names, as `pg_dump --create` and `mysqldump` write it.
pub fn database_in(head: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(head);
    let named = text.lines().find_map(|line| {
        let connect = line.strip_prefix("\\connect ").filter(|_| text.contains("-- PostgreSQL database dump"));
        let host = line.strip_prefix("-- Host: ").and_then(|rest| rest.split_once("Database: ")).map(|(_, name)| name);
        connect.or(host)
    })?;
    let name = named.trim().trim_matches('"');
    (!name.is_empty() && !name.contains([' ', '=', '\''])).then(|| name.to_owned())
}
