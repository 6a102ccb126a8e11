//! Lists every kind of object that `pg_dump` writes statements about, for servers 13 to 18, and whether it is inside the database.

/// What a statement does with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Create,
    Alter,
    Drop,
    Comment,
    Label,
    Grant,
}

/// Where an object is. A restore creates only objects inside one database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Inside,
    /// In the server: other databases share it, or it is another database.
    Outside,
}

/// The result for the words after a verb so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KindMatch {
    Kind(Place),
    /// The words so far begin the name of a kind.
    Begun,
    Unknown,
}

use Place::{Inside, Outside};

/// The words of each kind, the verbs that `pg_dump` uses with it, and where such an object is.
///
/// The verbs: `c` create, `a` alter, `d` drop, `t` comment (a text on it), `l` security label, `g` grant and revoke.
/// Source: `src/bin/pg_dump` of PostgreSQL 13 to 18, and its test `t/002_pg_dump.pl`.
const KINDS: [(&str, &str, Place); 56] = [
    ("access method", "cdt", Inside),
    ("aggregate", "cadtl", Inside),
    ("cast", "cdt", Inside),
    ("collation", "cadt", Inside),
    ("column", "tl", Inside),
    ("constraint", "t", Inside),
    ("constraint trigger", "c", Inside),
    ("conversion", "cadt", Inside),
    ("default conversion", "c", Inside),
    ("default privileges", "a", Inside),
    ("domain", "cadtl", Inside),
    ("event trigger", "cadtl", Inside),
    ("extension", "cdt", Inside),
    ("foreign data wrapper", "cadtg", Inside),
    ("foreign server", "g", Inside),
    ("foreign table", "cadtl", Inside),
    ("function", "cadtlg", Inside),
    ("index", "cadt", Inside),
    ("language", "cadtlg", Inside),
    ("large object", "atlg", Inside),
    ("materialized view", "cadtl", Inside),
    ("operator class", "cadt", Inside),
    ("operator family", "cadt", Inside),
    ("operator", "cadt", Inside),
    ("policy", "cadt", Inside),
    ("procedural language", "cadtl", Inside),
    ("procedure", "cadtlg", Inside),
    ("publication", "cadtl", Inside),
    ("rule", "cdt", Inside),
    ("schema", "cadtlg", Inside),
    ("sequence", "cadtlg", Inside),
    ("server", "cadt", Inside),
    ("statistics", "cadt", Inside),
    ("subscription", "cadtl", Inside),
    ("table", "cadtlg", Inside),
    ("text search configuration", "cadt", Inside),
    ("text search dictionary", "cadt", Inside),
    ("text search parser", "cadt", Inside),
    ("text search template", "cadt", Inside),
    ("transform", "cdt", Inside),
    ("trigger", "cadt", Inside),
    ("trusted language", "c", Inside),
    ("trusted procedural language", "c", Inside),
    ("type", "cadtlg", Inside),
    ("unique index", "c", Inside),
    ("unlogged sequence", "c", Inside),
    ("unlogged table", "c", Inside),
    ("user mapping", "cad", Inside),
    ("view", "cadtl", Inside),
    ("database", "cadtlg", Outside),
    ("group", "cad", Outside),
    ("parameter", "g", Outside),
    ("role", "cadtl", Outside),
    ("system", "a", Outside),
    ("tablespace", "cadtlg", Outside),
    ("user", "cad", Outside),
];

/// The meaning of `words` after `verb`: a kind as soon as its last word is read.
pub(crate) fn find(verb: Verb, words: &[&str]) -> KindMatch {
    let letter = match verb {
        Verb::Create => 'c',
        Verb::Alter => 'a',
        Verb::Drop => 'd',
        Verb::Comment => 't',
        Verb::Label => 'l',
        Verb::Grant => 'g',
    };
    let (mut begun, mut outside) = (false, false);
    for (kind, _, place) in KINDS.iter().filter(|(_, verbs, _)| verbs.contains(letter)) {
        let mut parts = kind.split(' ');
        let matching = words.iter().all(|word| parts.next() == Some(word));
        match (matching, parts.next()) {
            (true, None) if *place == Inside => return KindMatch::Kind(Inside),
            (true, None) => outside = true,
            (true, Some(_)) => begun = true,
            _ => {}
        }
    }
    match (begun, outside) {
        // `CREATE USER` may continue as `CREATE USER MAPPING`.
        (true, _) => KindMatch::Begun,
        (false, true) => KindMatch::Kind(Outside),
        (false, false) => KindMatch::Unknown,
    }
}
