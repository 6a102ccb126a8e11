//! Recognizes what one SQL statement of a dump creates, from its first words and a sliding window of three over the rest.

pub mod large;
pub mod setval;

use crate::postgres::dump::facts::SequenceValue;
use crate::postgres::dump::item::Item;
use crate::postgres::dump::legible::legible;
use crate::postgres::dump::statement::large::Large;

/// The length of the longest statement that is read whole: `SELECT pg_catalog.setval(E'name', -1, true)`.
const HEAD_LENGTH: usize = 13;

/// What a statement creates, among the counted objects.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Made {
    Nothing,
    Database(String),
    Table(QualifiedName),
    Index,
    Sequence,
    SequenceValue(SequenceValue),
    View,
    Function,
    Extension(String),
    /// The encoding of the dump.
    Encoding(String),
    LargeObject(Large),
    /// The rows of this table follow, with these columns.
    Rows(QualifiedName, Vec<String>),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct QualifiedName {
    pub schema: String,
    pub name: String,
}

/// A word at the start of a statement.
#[derive(Debug)]
pub(crate) enum Head {
    Word(String),
    Name(String),
    Sign(u8),
    String(String),
}

/// The words that have a meaning later in a statement. Not all are reserved, so a column may have one as its
/// name, but only reserved ones can occur where these are searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Other,
    Open,
    By,
    Constraint,
    /// `CHECK`, `EXCLUDE`, `FOREIGN`, `PRIMARY`, `UNIQUE`: the kinds of constraint that are counted.
    ConstraintKind,
    From,
    Identity,
    Not,
    Partition,
    Sequence,
    Stdin,
    Valid,
}

pub(crate) struct Statement {
    head: Vec<Head>,
    ignored: bool,
    window: [Mark; 3],
    depth: usize,
    constraints: u64,
    identity: bool,
    partitioned: bool,
    /// The columns of a `COPY`.
    columns: Vec<String>,
}

impl Statement {
    pub(crate) fn new() -> Statement {
        let window = [Mark::Other; 3];
        Statement {
            head: Vec::new(),
            ignored: false,
            window,
            depth: 0,
            constraints: 0,
            identity: false,
            partitioned: false,
            columns: Vec::new(),
        }
    }

    /// Takes one word, name, string or sign; returns whether the rest of the statement matters.
    pub(crate) fn push(&mut self, item: Item, text: &[u8]) -> bool {
        // A dump by `--inserts` has millions of statements that create nothing.
        if self.ignored {
            return false;
        }
        if self.head.len() < HEAD_LENGTH {
            self.head.push(Head::of(item, text));
        }
        self.ignored = !self.head[0].is_any(&["create", "alter", "copy", "set", "drop"])
            && !setval::may_be(&self.head)
            && !large::may_be(&self.head);
        if self.depth == 1 && matches!(item, Item::Word | Item::Name) && self.head[0].is_any(&["copy"]) {
            self.columns.push(legible(text));
        }
        self.window = [self.window[1], self.window[2], Mark::of(item, text)];
        match (item, self.window) {
            (Item::Sign(b')'), _) => self.depth = self.depth.saturating_sub(1),
            (_, [Mark::Identity, Mark::Open, Mark::Sequence]) => self.identity = true,
            (_, [Mark::Constraint, _, Mark::ConstraintKind]) => self.constraints += 1,
            (_, [_, Mark::Partition, Mark::By]) if self.depth == 0 => self.partitioned = true,
            (Item::Sign(b'('), _) => self.depth += 1,
            _ => {}
        }
        !self.ignored
    }

    /// The constraints that the statement adds or defines.
    pub(crate) fn constraints(&self) -> u64 {
        self.constraints
    }

    /// Whether it adds a constraint as `NOT VALID`: `pg_dump` writes each in its own statement.
    pub(crate) fn is_not_valid(&self) -> bool {
        self.constraints > 0 && self.window[1..] == [Mark::Not, Mark::Valid]
    }

    /// Whether it is a row, or rows follow it.
    pub(crate) fn is_data(&self) -> bool {
        self.head.first().is_some_and(|verb| verb.is_any(&["copy", "insert"]))
    }

    /// Whether it drops something without `IF EXISTS`, which fails if the object does not exist.
    pub(crate) fn drops_blindly(&self) -> bool {
        let has = |words: &[&str]| self.head.iter().any(|word| word.is_any(words));
        let drops = match self.head.first() {
            Some(verb) if verb.is_any(&["drop"]) => true,
            Some(verb) if verb.is_any(&["alter"]) => has(&["table"]) && has(&["drop"]),
            _ => false,
        };
        drops && !has(&["if"])
    }

    /// Whether it is a setting of a database, or of a role in it, that keeps a session from writing.
    pub(crate) fn forbids_writing(&self) -> bool {
        let has = |words: &[&str]| self.head.iter().any(|word| word.is_any(words));
        has(&["default_transaction_read_only", "transaction_read_only"]) && has(&["database"])
    }

    /// What the whole statement creates.
    pub(crate) fn made(&self) -> Made {
        let Some((first, rest)) = self.head.split_first() else { return Made::Nothing };
        let from_stdin = self.window[1..] == [Mark::From, Mark::Stdin];
        let made = match first {
            verb if verb.is_any(&["copy"]) && from_stdin => {
                qualified(rest).map(|name| Made::Rows(name, self.columns.clone()))
            }
            verb if verb.is_any(&["create"]) => self.created(rest),
            verb if verb.is_any(&["select"]) && large::may_be(&self.head) => {
                large::read(&self.head).map(Made::LargeObject)
            }
            verb if verb.is_any(&["select"]) => setval::read(&self.head).map(Made::SequenceValue),
            verb if verb.is_any(&["alter"]) && self.identity => Some(Made::Sequence),
            verb if verb.is_any(&["set"]) => encoding(rest).map(Made::Encoding),
            _ => None,
        };
        made.unwrap_or(Made::Nothing)
    }

    /// `OR REPLACE` is no modifier here: `pg_dump` writes it to complete a view that it created before.
    fn created(&self, words: &[Head]) -> Option<Made> {
        let modifiers = words.iter().take_while(|word| word.is_any(&["unique", "unlogged", "materialized"])).count();
        let (kind, name) = words[modifiers..].split_first()?;
        let Head::Word(kind) = kind else { return None };
        match kind.to_ascii_lowercase().as_str() {
            "database" => qualified(name).map(|database| Made::Database(database.name)),
            "table" if !self.partitioned => qualified(name).map(Made::Table),
            "index" => Some(Made::Index),
            "sequence" => Some(Made::Sequence),
            "view" => Some(Made::View),
            "function" | "procedure" | "aggregate" => Some(Made::Function),
            "extension" => {
                let name = name.iter().find(|word| !word.is_any(&["if", "not", "exists"]))?;
                name.text().map(|name| Made::Extension(name.to_owned()))
            }
            _ => None,
        }
    }
}

impl Head {
    fn of(item: Item, text: &[u8]) -> Head {
        let text = || legible(text);
        match item {
            Item::Word => Head::Word(text()),
            Item::Name => Head::Name(text()),
            Item::Sign(sign) => Head::Sign(sign),
            _ => Head::String(text()),
        }
    }

    fn text(&self) -> Option<&str> {
        match self {
            Head::Word(text) | Head::Name(text) => Some(text),
            Head::Sign(_) | Head::String(_) => None,
        }
    }

    pub(crate) fn is_any(&self, words: &[&str]) -> bool {
        matches!(self, Head::Word(own) if words.iter().any(|word| own.eq_ignore_ascii_case(word)))
    }
}

impl Mark {
    fn of(item: Item, text: &[u8]) -> Mark {
        const MARKS: [(&str, Mark); 14] = [
            ("by", Mark::By),
            ("check", Mark::ConstraintKind),
            ("constraint", Mark::Constraint),
            ("exclude", Mark::ConstraintKind),
            ("foreign", Mark::ConstraintKind),
            ("from", Mark::From),
            ("identity", Mark::Identity),
            ("not", Mark::Not),
            ("partition", Mark::Partition),
            ("primary", Mark::ConstraintKind),
            ("sequence", Mark::Sequence),
            ("stdin", Mark::Stdin),
            ("unique", Mark::ConstraintKind),
            ("valid", Mark::Valid),
        ];
        match item {
            Item::Sign(b'(') => Mark::Open,
            Item::Word => {
                let known = MARKS.iter().find(|(word, _)| text.eq_ignore_ascii_case(word.as_bytes()));
                known.map_or(Mark::Other, |(_, mark)| *mark)
            }
            _ => Mark::Other,
        }
    }
}

/// The encoding in `client_encoding = 'EUC_JP'`.
fn encoding(words: &[Head]) -> Option<String> {
    match words {
        [what, Head::Sign(b'='), Head::String(encoding)] if what.is_any(&["client_encoding"]) => Some(encoding.clone()),
        _ => None,
    }
}

/// The name at the start of `words`: `name` or `schema.name`.
fn qualified(words: &[Head]) -> Option<QualifiedName> {
    let name = |at: usize| words.get(at).and_then(Head::text).map(str::to_owned);
    let first = name(0)?;
    match words.get(1) {
        Some(Head::Sign(b'.')) => Some(QualifiedName { schema: first, name: name(2)? }),
        _ => Some(QualifiedName { schema: String::new(), name: first }),
    }
}
