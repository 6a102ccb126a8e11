//! The Japanese of hikae: its catalogues are whole, and what commands print is in it.

use std::collections::BTreeSet;

use hikae::report::translate::Catalogue;

use crate::support::program::Hikae;

/// The pairs of every catalogue.
fn pairs() -> Vec<(String, String)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report/japanese");
    let mut all = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let mut lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        while let Some(english) = lines.next() {
            all.push((english.to_owned(), lines.next().expect("each text has a translation").to_owned()));
        }
    }
    all
}

#[test]
fn every_translation_has_the_values_of_its_text() {
    let value = regex::Regex::new(r"\{[1-9]?\}").unwrap();
    let numbered = regex::Regex::new(r"\{([1-9])\}").unwrap();
    for (english, japanese) in pairs() {
        let count = english.matches("{}").count();
        assert_eq!(value.find_iter(&japanese).count(), count, "{english}\n{japanese}");
        let places: BTreeSet<usize> =
            numbered.captures_iter(&japanese).map(|found| found[1].parse().unwrap()).collect();
        assert!(places.iter().all(|place| *place <= count), "{english}\n{japanese}");
    }
    assert!(pairs().len() > 1000);
}

#[test]
fn values_causes_and_hints_are_found_inside_a_message() {
    let catalogue = Catalogue::read(&[
        "cannot read `{}`\n`{}` を読めません\n\nis not there\nありません\n\n{} of {} parts\n{2} 個中 {1} 個\n",
    ]);
    assert!(catalogue.has("cannot read `{}`") && !catalogue.has("cannot write `{}`"));
    assert_eq!(catalogue.text("cannot read `/x`: is not there"), "`/x` を読めません: ありません");
    assert_eq!(catalogue.text("3 of 4 parts"), "4 個中 3 個");
    assert_eq!(catalogue.text("what nobody translated"), "what nobody translated");
}

/// Whether a text has a sentence in English: three words of small letters in a row.
fn has_english(text: &str) -> Option<String> {
    let sentence = regex::Regex::new(r"(?:^|[ (])([a-z]{2,} [a-z]{2,} [a-z]{2,})").unwrap();
    let quoted = regex::Regex::new(r"`[^`]*`").unwrap();
    let bare = quoted.replace_all(text, "``");
    sentence.captures(&bare).map(|found| found[1].to_owned())
}

#[test]
fn what_commands_print_is_japanese() {
    let hikae = Hikae::new().file("config/hikae.toml", "sandbox = \"off\"\n").env("HIKAE_LANG", "ja");
    let lines: [&[&str]; 19] = [
        &["--help"],
        &["run", "--help"],
        &["runs", "--help"],
        &["notify", "--help"],
        &["notifications", "--help"],
        &["test", "--help"],
        &["run", "nothing"],
        &["run", "db-backup", "--set", "no_such=1"],
        &["run", "db-backup", "--dry-run"],
        &["run", "db-backup", "--no-such-flag"],
        &["runs"],
        &["runs", "show", "BKP-1"],
        &["audit"],
        &["status"],
        &["check", "db-backup"],
        &["list"],
        &["schedule", "--help"],
        &["schedule"],
        &["notify", "test"],
    ];
    for line in lines {
        let said = hikae.run(line);
        let all = format!("{}{}", said.out, said.err);
        assert_eq!(has_english(&all), None, "{line:?}\n{all}");
        assert!(all.chars().any(|c| ('ぁ'..='ん').contains(&c) || ('一'..='龠').contains(&c)), "{line:?}\n{all}");
    }
}

#[test]
fn two_values_side_by_side_are_found() {
    let catalogue = Catalogue::read(&["`{}{}` is gone\n`{}{}` はありません\n"]);
    assert_eq!(catalogue.text("`/backups/x` is gone"), "`/backups/x` はありません");
}
