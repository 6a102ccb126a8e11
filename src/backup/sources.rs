//! Remembers which sources of a run failed and which became backups: a substitute for a source is not that source.

use std::path::Path;

use crate::error::Error;
use crate::stream::Facts;
use crate::stream::endings::{Form, forms};

/// The streams that a run has saved or tried to save.
#[derive(Default)]
pub struct Sources {
    failed: Vec<(Saved, Error)>,
    proved: Vec<Saved>,
    /// The databases of the dumps among them.
    databases: Vec<String>,
}

/// One saved stream: the kind of its source, and the forms that its file name states.
struct Saved {
    label: String,
    kind: String,
    forms: Vec<Form>,
}

impl Saved {
    fn new(label: &str, name: &str) -> Saved {
        Saved { label: label.to_owned(), kind: kind(label), forms: forms(name) }
    }

    /// Whether hikae knows what the source reads; a program may write anything.
    fn is_typed(&self) -> bool {
        ["dump", "pack"].contains(&self.kind.as_str())
    }

    /// Whether it is a backup of something other than the failed source.
    fn is_another(&self, failed: &Saved) -> bool {
        self.forms != failed.forms && (self.is_typed() || !failed.is_typed())
    }
}

/// Identifies a source: by the program, or by the first word of its label.
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

    /// The first failed source without any backup from this run: what was proved is a substitute. `copied` says
    /// which files were only to be copied.
    pub fn missing(&self, copied: impl Fn(&Path) -> bool) -> Option<(&str, &Error)> {
        let lost = |(failed, _): &&(Saved, Error)| {
            !copied(Path::new(&failed.label))
                && !self.proved.iter().any(|saved| saved.kind == failed.kind || saved.is_another(failed))
        };
        self.failed.iter().find(lost).map(|(failed, error)| (failed.label.as_str(), error))
    }

    /// The databases that were dumped, if this one is not among them.
    pub fn instead_of(&self, database: &str) -> Option<String> {
        let others = !self.databases.is_empty() && !self.databases.iter().any(|dumped| dumped == database);
        others.then(|| self.databases.join("`, `"))
    }
}

/// The database named at the beginning of a dump, in the format of `pg_dump --create` and `mysqldump`.
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
