//! Every message of the Rust code has its Japanese: errors, causes, hints, remarks and what is logged for people.

use std::path::Path;

use hikae::report::translate::Catalogue;
use regex::Regex;

/// Behind these, in the code, a text follows that people read.
const MARKS: &str = r#"(?x)
    (?: \.hint\( | Error::new\(\s*[\w:.()]+\s*, | Error::io\( | \.because_text\( | \.within\( | \bdamaged\( | \bdenied\(
      | print_line\( | report::log\(\s*[\w:.]+\s*, | Remark::new\(\s*[\w:]+\s*,\s*"\w+"\s*, )
    \s* &? (format!\(\s*)? ""#;

/// For those who write specs and recipes, whose code is English: the words of a spec, and the world that a spec describes. The demo and
/// the alerts have their Japanese beside their English; log lines of the runbook are searched for by scripts.
const APART: [&str; 6] = [
    "src/specs/",
    "src/world/simulated/",
    "src/world/faulty",
    "src/cli/demo/",
    "src/alert/words/",
    "src/alert/log_lines.rs",
];

/// Lines of Lua, and a line that monitoring looks for.
const CODE: [&str; 3] = ["return recipe {", "local ok, failure = errors.try(", "[ERROR] [Backup] Failed to"];

/// The rest of a string literal, as Rust reads it.
fn literal(rest: &str) -> Option<String> {
    let (mut text, mut chars) = (String::new(), rest.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '"' => return Some(text),
            '\\' => match chars.next()? {
                'n' => text.push('\n'),
                '\n' => while chars.next_if(|c| c.is_whitespace()).is_some() {},
                escaped => text.push(escaped),
            },
            c => text.push(c),
        }
    }
    None
}

/// A message with a value in each of its places.
fn filled(text: &str) -> String {
    let place = Regex::new(r"\{[^{}]*\}").unwrap();
    let text = text.replace("{{", "\u{1}").replace("}}", "\u{2}");
    place.replace_all(&text, "x").replace('\u{1}', "{").replace('\u{2}', "}")
}

/// Three English words in a row, outside of what is quoted.
fn has_english(text: &str) -> bool {
    let quoted = Regex::new(r"`[^`]*`").unwrap();
    Regex::new(r"(?:^|[ (])[a-z]{2,} [a-z]{2,} [a-z]{2,}").unwrap().is_match(&quoted.replace_all(text, "``"))
}

fn catalogue(root: &Path) -> Catalogue {
    let files = std::fs::read_dir(root.join("src/report/japanese")).unwrap();
    let texts: Vec<String> = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect();
    Catalogue::read(&texts.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn every_message_has_its_japanese() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (catalogue, marks) = (catalogue(root), Regex::new(MARKS).unwrap());
    let (mut seen, mut missing) = (0, Vec::new());
    for entry in walkdir::WalkDir::new(root.join("src")).sort_by_file_name() {
        let entry = entry.unwrap();
        let path = entry.path().strip_prefix(root).unwrap().display().to_string();
        if !path.ends_with(".rs") || APART.iter().any(|apart| path.starts_with(apart)) {
            continue;
        }
        let code = std::fs::read_to_string(entry.path()).unwrap();
        for mark in marks.captures_iter(&code) {
            let Some(text) = literal(&code[mark.get(0).unwrap().end()..]) else { continue };
            let text = if mark.get(1).is_some() { filled(&text) } else { text };
            seen += 1;
            if has_english(&catalogue.text(&text)) && !CODE.iter().any(|code| text.starts_with(code)) {
                missing.push(format!("{path}: {text}"));
            }
        }
    }
    assert!(seen > 1000, "the messages were not found: {seen}");
    assert!(missing.is_empty(), "without Japanese in src/report/japanese/*.txt: {missing:#?}");
}
