//! Promises about remarks: what accepts one, and what it then weighs.

use hikae::report::remark::{Level, Remark};

#[test]
fn a_star_is_any_text_and_nothing_else_is_special() {
    for (pattern, text, expected) in [
        ("not_restorable", "not_restorable", true),
        ("not_*", "not_restorable", true),
        ("*subscriptions*", "warning: subscriptions not dumped because …", true),
        ("*", "", true),
        ("a*a", "a", false),
        ("a*b*c", "a-b-b-c", true),
        ("a.c", "abc", false),
        ("a", "ab", false),
    ] {
        let mut remark = Remark::new(Level::Warning, "kind", text);
        remark.accept(&[pattern.to_owned()]);
        assert_eq!(remark.accepted.is_some(), expected, "{pattern} {text}");
    }
}

#[test]
fn what_is_accepted_weighs_nothing() {
    let mut remark = Remark::new(Level::Incomplete, "left_out", "a table was left out");
    assert_eq!(remark.weight(), Level::Incomplete);
    remark.accept(&["*a view*".to_owned()]);
    assert_eq!(remark.weight(), Level::Incomplete);
    remark.accept(&["*a table*".to_owned()]);
    assert_eq!((remark.weight(), remark.accepted.as_deref()), (Level::Note, Some("*a table*")));
}
