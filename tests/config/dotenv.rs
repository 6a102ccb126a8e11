//! How values are written in `.env`, and what is said of a broken line.

use hikae::config::dotenv;

use super::{Memory, environment, load, told};

fn variable(text: &str) -> String {
    let mut variables = dotenv::parse(text).unwrap();
    assert_eq!(variables.len(), 1, "{variables:?}");
    variables.pop_first().unwrap().1
}

/// The three ways of writing a value, and that each gives back what was meant.
#[test]
fn dotenv_values_are_what_stands_there() {
    assert_eq!(variable("A=plain"), "plain");
    assert_eq!(variable("export A = two words  # a comment\n"), "two words");
    assert_eq!(variable("A=abc#def\r\n"), "abc#def");
    assert_eq!(variable("\u{feff}A=  # nothing\n"), "");
    assert_eq!(variable("A=バックアップ\n"), "バックアップ");
    assert_eq!(variable("A='p\"a $w\\ #x'  # comment\n"), "p\"a $w\\ #x");
    assert_eq!(variable("A='ends with \\'\n"), "ends with \\");
    assert_eq!(variable("A='two\nlines'\n"), "two\nlines");
    assert_eq!(variable("A=\"two\nlines\"\n"), "two\nlines");
    assert_eq!(variable("A=\"tab\\t, \\\\ and \\\"\"\n"), "tab\t, \\ and \"");
    assert_eq!(variable("A=one\nA=two"), "two");
}

#[test]
fn a_password_with_quotes_blanks_dollars_hashes_and_new_lines_can_be_written() {
    assert_eq!(variable("A=\"p\\\"a's \\$w\\nd #x\"\n"), "p\"a's $w\nd #x");
    assert_eq!(variable("A=\"p\\\"a's \\$w\\\\nd #x\"\n"), "p\"a's $w\\nd #x");
    assert_eq!(variable("A='p\"as $w\nd #x'\n"), "p\"as $w\nd #x");
}

#[test]
fn lines_around_a_value_of_several_lines_are_read_too() {
    let variables = dotenv::parse("# first\nA='1\n2'\n\nB=3\n").unwrap();
    assert_eq!(variables, environment(&[("A", "1\n2"), ("B", "3")]));
}

/// Each way to break a line, after two good lines of which one spans two: the number must be 4.
#[test]
fn a_broken_dotenv_line_is_told_by_its_number_and_never_shown() {
    let cases = [
        ("hunter2", "the line has no `=`"),
        ("2hunter=hunter2", "there is no valid name before the `=`"),
        ("A B=hunter2", "there is no valid name before the `=`"),
        ("A=hunter$x", "the value needs quotes, because it holds a quote, a `$` or a backslash"),
        ("A=it's hunter2", "the value needs quotes, because it holds a quote, a `$` or a backslash"),
        ("A=hunter\\2", "the value needs quotes, because it holds a quote, a `$` or a backslash"),
        ("A=#hunter2", "the value begins with `#`"),
        ("A='hunter2", "the quote is never closed"),
        ("A=\"hunter2", "the quote is never closed"),
        ("A=\"hunter2\\", "there is an unknown escape in double quotes"),
        ("A='hunter'2", "there is text after the closing quote"),
        ("A='hunter'#2", "there is text after the closing quote"),
        ("A=\"hunter$x\"", "there is a `$` in double quotes"),
        ("A=\"hunter\\x\"", "there is an unknown escape in double quotes"),
    ];
    for (line, why) in cases {
        let files = Memory::default().with("/etc/hikae/.env", &format!("GOOD='1\n2'\n# more\n{line}\n"));
        let error = load(&[], files).unwrap_err();
        let text = told(&error);
        assert!(text.starts_with(&format!("cannot read `/etc/hikae/.env:4`\n{why}\nhint: ")), "{line}: {text}");
        assert!(!text.contains("hunter") && !format!("{error:?}").contains("hunter"), "{text}");
    }
}
