//! Plain words: what an old-fashioned or private word says is said in a present-day one, in code, comments and messages.

use std::path::{Path, PathBuf};

use regex::Regex;

/// Each with what is written instead.
const OLD: [(&str, &str); 9] = [
    (r"stands|stood|standing", "is there, exists, is valid"),
    (r"told|tells", "is reported, says, shows, gets"),
    (r"lets? go|letting go", "removes, releases"),
    (r"whoever|whomever", "the person who, the process that"),
    (r"wanted", "asked for, expected, needed"),
    (r"given up|gives? up|gave up|giving up", "abandoned, aborted, stops"),
    (r"stead", "instead, replaces"),
    (r"reckons?|reckoned", "computes, counts"),
    (r"shall|lest|hence|thereof", "must, so that, so, of it"),
];

/// Columns of a released schema keep their names.
const FIXED: [&str; 2] = [r#"number(row, "told")"#, "first_failure, told, last_told, level"];

fn sources() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let all = ["src", "stdlib", "recipes", "docs", "README.md", "ARCHITECTURE.md"]
        .iter()
        .flat_map(|folder| walkdir::WalkDir::new(root.join(folder)));
    let all = all.map(|entry| entry.unwrap().into_path());
    let text = |path: &PathBuf| {
        path.extension().is_some_and(|ending| ["rs", "lua", "txt", "md"].iter().any(|one| ending == *one))
    };
    let found: Vec<PathBuf> = all.filter(text).collect();
    assert!(found.len() > 700, "this test would check too little: {}", found.len());
    found
}

fn old_words(text: &str) -> Vec<String> {
    let rules = OLD.map(|(words, instead)| (Regex::new(&format!(r"(?i)\b({words})\b")).unwrap(), instead));
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = FIXED.iter().fold(line.to_owned(), |line, fixed| line.replace(fixed, ""));
        for (rule, instead) in &rules {
            if let Some(word) = rule.find(&line) {
                found.push(format!("{number}: `{}`: write {instead}: {}", word.as_str(), line.trim()));
            }
        }
    }
    found
}

#[test]
fn no_old_word_comes_back() {
    let found: Vec<String> = sources()
        .iter()
        .flat_map(|path| {
            let text = std::fs::read_to_string(path).unwrap();
            old_words(&text).into_iter().map(|line| format!("{}:{line}", path.display())).collect::<Vec<_>>()
        })
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn an_old_word_would_be_found() {
    assert_eq!(old_words("/// Whoever waits is told.").len(), 2);
    assert_eq!(old_words("a standalone file is understood; what is forgiven upsets nobody"), [""; 0]);
}
