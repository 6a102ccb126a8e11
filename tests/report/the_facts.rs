//! Promises what is found out about the outputs.

use super::*;

fn of(environment: &[(&str, &str)], terminal: bool) -> Facts {
    let environment: BTreeMap<String, String> =
        environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Facts::of(&environment, terminal, terminal, terminal.then_some(120))
}

#[test]
fn colour_needs_a_terminal_that_was_not_told_otherwise() {
    assert!(of(&[], true).colour);
    assert!(of(&[("NO_COLOR", "")], true).colour, "an empty NO_COLOR says nothing");
    assert!(!of(&[("NO_COLOR", "1")], true).colour);
    assert!(!of(&[("TERM", "dumb")], true).colour);
    assert!(!of(&[], false).colour);
    assert!(of(&[], true).stdout_colour);
    assert!(!of(&[("NO_COLOR", "1")], true).stdout_colour);
    assert!(!of(&[("TERM", "dumb")], true).stdout_colour);
    assert!(!of(&[], false).stdout_colour);
}

#[test]
fn unicode_follows_the_first_locale_that_is_set() {
    assert!(of(&[("LANG", "ja_JP.UTF-8")], true).unicode);
    assert!(of(&[("LC_ALL", ""), ("LC_CTYPE", "en_US.utf8"), ("LANG", "C")], true).unicode);
    assert!(!of(&[("LC_ALL", "C"), ("LANG", "ja_JP.UTF-8")], true).unicode);
    assert!(!of(&[], true).unicode);
}

#[test]
fn the_width_is_the_terminals_or_what_the_environment_says() {
    assert_eq!(of(&[("COLUMNS", "50")], true).width, 120);
    assert_eq!(of(&[("COLUMNS", "50")], false).width, 50);
    assert_eq!(of(&[], false).width, 80);
}

#[test]
fn choose_bars_only_when_both_outputs_are_seen() {
    let (seen, cron) = (of(&[], true), of(&[], false));
    let piped = Facts { stdout_is_terminal: false, ..seen.clone() };
    let form = |facts: &Facts, json| Mode::choose(facts, json, false, false).form;
    assert_eq!(form(&seen, false), Form::Terminal);
    assert_eq!((form(&piped, false), form(&cron, false)), (Form::Text, Form::Text));
    assert_eq!(form(&of(&[("TERM", "dumb")], true), false), Form::Text);
    assert_eq!(form(&seen, true), Form::Json);
    assert_eq!(cron.diagnostic_style(), Style::Plain);
    assert_eq!(seen.diagnostic_style(), Style::Graphical { width: 120, colour: true, unicode: false });
}
