//! Holds the Japanese catalogue complete: every text that a recipe or the library shows has its translation, and none is left over.

use std::collections::BTreeSet;
use std::path::Path;

/// The files below a folder that end like this, with their texts.
fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let all = walkdir::WalkDir::new(root.join(folder)).sort_by_file_name().into_iter().map(Result::unwrap);
    let shown = all.map(|entry| entry.path().strip_prefix(root).unwrap().display().to_string());
    let wanted = shown.filter(|path| path.ends_with(ending) && !path.ends_with("_spec.lua"));
    wanted.map(|path| (path.clone(), std::fs::read_to_string(root.join(&path)).unwrap())).collect()
}

/// All Lua that people see texts of.
fn sources() -> Vec<(String, String)> {
    let mut all = files("recipes", ".lua");
    all.extend(files("stdlib/hikae", ".lua").into_iter().filter(|(path, _)| !path.contains("/locale/")));
    all.extend(files("src", ".lua"));
    assert!(all.len() > 20, "the sources were not found");
    all
}

/// The text in double quotes with which `rest` begins, as Lua reads it.
fn literal(rest: &str) -> Option<String> {
    let (mut text, mut escaped) = (String::new(), false);
    for c in rest.strip_prefix('"')?.chars() {
        match c {
            _ if escaped => text.push(if c == 'n' { '\n' } else { c }),
            '"' => return Some(text),
            _ if c != '\\' => text.push(c),
            _ => {}
        }
        escaped = c == '\\' && !escaped;
    }
    None
}

/// The places behind each occurrence of `mark` that is no part of a longer word.
fn after<'a>(text: &'a str, mark: &'a str) -> impl Iterator<Item = &'a str> {
    let whole = |at: usize| !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.');
    text.match_indices(mark).filter(move |(at, _)| whole(*at)).map(move |(at, _)| &text[at + mark.len()..])
}

/// The catalogue: each text with its translation.
fn catalogue() -> Vec<(String, String)> {
    let text: String = files("stdlib/hikae/locale", ".lua").into_iter().map(|(_, text)| text).collect();
    let pair = |line: &str| {
        let (key, value) = line.trim().strip_prefix('[')?.split_once("\"] = ")?;
        Some((literal(&format!("{key}\""))?, literal(value)?))
    };
    text.lines().filter_map(pair).collect()
}

/// The placeholders of a text, in their order.
fn placeholders(text: &str) -> Vec<&str> {
    text.match_indices('%').map(|(at, _)| text.get(at..at + 2).unwrap_or("%")).collect()
}

#[test]
fn every_text_has_its_translation_and_every_translation_its_text() {
    let known: BTreeSet<String> = catalogue().into_iter().map(|(key, _)| key).collect();
    let sources = sources();
    let used: BTreeSet<String> = sources.iter().flat_map(|(_, text)| after(text, "_(").filter_map(literal)).collect();
    let missing: Vec<_> = used.difference(&known).collect();
    let left_over: Vec<_> = known.difference(&used).collect();
    assert!(missing.is_empty(), "not in stdlib/hikae/locale/ja.lua: {missing:#?}");
    assert!(left_over.is_empty(), "in stdlib/hikae/locale/ja.lua, and nowhere else: {left_over:#?}");
}

#[test]
fn every_text_that_people_read_can_be_translated() {
    let marks = ["log.info(", "log.warn(", "log.error(", "message = ", "hint = ", "why = "];
    let letters = |text: &String| text.chars().any(char::is_alphabetic);
    let mut raw = Vec::new();
    for (path, text) in sources() {
        let shown = marks.iter().flat_map(|mark| after(&text, mark));
        let accepted = after(&text, "errors.accept(").filter_map(|rest| rest.split_once(", ")).map(|(_, rest)| rest);
        raw.extend(shown.chain(accepted).filter_map(literal).filter(letters).map(|text| format!("{path}: {text}")));
    }
    assert!(raw.is_empty(), "put these into `_(…)`: {raw:#?}");
}

#[test]
fn a_translation_takes_the_values_of_its_text_in_their_order() {
    let pairs = catalogue();
    assert!(pairs.len() > 200, "the catalogue was not read");
    let wrong: Vec<_> = pairs.iter().filter(|(key, ja)| placeholders(key) != placeholders(ja)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let keys: BTreeSet<_> = pairs.iter().map(|(key, _)| key).collect();
    assert_eq!(keys.len(), pairs.len(), "a text is there twice");
}

/// A check without a title would be shown in English among Japanese lines.
#[test]
fn every_check_of_a_restore_has_its_title() {
    let (_, titles) = files("stdlib/hikae", "hikae/checks.lua").remove(0);
    let rust = files("src", ".rs");
    let names: BTreeSet<String> =
        rust.iter().flat_map(|(_, text)| after(text, "Check::new(").filter_map(literal)).collect();
    assert!(names.len() > 10, "the checks were not found: {names:?}");
    let missing: Vec<_> = names.iter().filter(|name| !titles.contains(&format!("[\"{name}\"] = _("))).collect();
    assert!(missing.is_empty(), "without a title in stdlib/hikae/checks.lua: {missing:?}");
}
