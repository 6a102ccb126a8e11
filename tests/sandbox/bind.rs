//! The suggestion of names, as people mistype them.

use hikae::lua::fuse::grouped;
use hikae::suggest::nearest;

#[test]
fn a_slip_of_the_hand_finds_the_name_and_anything_else_does_not() {
    let names = ["database", "days", "dir", "host", "password", "port"];
    for (word, expected) in [
        ("databse", Some("database")),
        ("Database", Some("database")),
        ("hots", Some("host")),
        ("passwrod", Some("password")),
        ("d", None),
        ("schema", None),
        ("", None),
    ] {
        assert_eq!(nearest(word, names), expected, "{word}");
    }
}

#[test]
fn large_numbers_are_grouped() {
    assert_eq!([0, 999, 1_000, 300_000_000].map(grouped), ["0", "999", "1 000", "300 000 000"]);
}
