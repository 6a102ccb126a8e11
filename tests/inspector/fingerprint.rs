//! Promises about the fingerprint of rows: their order does not matter, and everything else does.

use hikae::postgres::dump::fingerprint::RowSum;

fn sum(rows: &[&str]) -> u128 {
    let mut sum = RowSum::default();
    rows.iter().for_each(|row| sum.end(row.as_bytes()));
    sum.sum()
}

#[test]
fn the_order_does_not_matter_and_everything_else_does() {
    assert_eq!(sum(&["1\ta", "2\tb", "3\t"]), sum(&["3\t", "1\ta", "2\tb"]));
    for other in
        [&["1\ta", "2\tb"][..], &["1\ta", "2\tb", "3\t", "3\t"], &["1\tb", "2\ta", "3\t"], &["1\ta", "2\tb", "3\t\\N"]]
    {
        assert_ne!(sum(&["1\ta", "2\tb", "3\t"]), sum(other), "{other:?}");
    }
    assert_ne!(sum(&["x", "x"]), sum(&["y", "y"]));
    assert_ne!(sum(&[]), sum(&[""]));
}

#[test]
fn the_borders_of_the_pieces_do_not_matter() {
    let row = "a row that is long enough to be hashed in another way than a short one ".repeat(9);
    for cut in 0..row.len() {
        let mut pieces = RowSum::default();
        pieces.begin(&row.as_bytes()[..cut]);
        pieces.end(&row.as_bytes()[cut..]);
        assert_eq!(pieces.sum(), sum(&[&row]));
    }
}
