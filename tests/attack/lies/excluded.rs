//! What `hikae test` says of the specs of a recipe.

use std::collections::BTreeSet;

use hikae::specs::excluded::{Excluded, Lie};

#[test]
fn a_line_says_what_is_excluded_and_what_is_open() {
    let lies = BTreeSet::from([Lie::Swallowed, Lie::HalfMade, Lie::Changed, Lie::LostGenerations]);
    let excluded = Excluded { lies, shells: BTreeSet::from(["sh".to_owned()]), backs_up: true };
    assert_eq!(
        excluded.line("wiki"),
        "wiki: excludes swallowed failures, half-made backups, backups changed afterwards, lost generations; \
         open: other content (run:wrote(...):gunzips_to), silence about failures (run:alerted); \
         it runs `sh`: what a shell hides, nobody can prove"
    );
    let monitor = Excluded { backs_up: false, ..Excluded::default() };
    assert_eq!(
        monitor.line("monitor"),
        "monitor: excludes nothing; open: swallowed failures (each_failure), silence about failures (run:alerted)"
    );
}
