//! Promises how listings look.

use super::*;

const COLUMNS: [Column; 3] = [Column::text("RECIPE"), Column::text("SUMMARY"), Column::number("SIZE")];

fn table(facts: &Facts) -> String {
    let rows = [["db-backup", "データベースを保存する", "133.2 MB"], ["教材", "files\nof a lesson", "4.1 kB"]];
    let mut out = Vec::new();
    print_table(&mut out, facts, &COLUMNS, rows.map(|row| row.map(str::to_owned).to_vec())).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn lines_up_in_japanese_on_a_terminal() {
    assert_snapshot!(table(&facts(true)), @r#"
    ┌───────────┬────────────────────────┬──────────┐
    │ RECIPE    ┆ SUMMARY                ┆     SIZE │
    ╞═══════════╪════════════════════════╪══════════╡
    │ db-backup ┆ データベースを保存する ┆ 133.2 MB │
    │ 教材      ┆ files of a lesson      ┆   4.1 kB │
    └───────────┴────────────────────────┴──────────┘
    "#);
}

#[test]
fn fits_a_narrow_terminal() {
    let text = table(&Facts { width: 40, ..facts(true) });
    assert!(text.lines().all(|line| line.chars().map(width_of).sum::<usize>() <= 40), "{text}");
}

#[test]
fn is_one_bare_row_a_line_elsewhere() {
    assert_snapshot!(table(&Facts { width: 20, ..facts(false) }), @r#"
    RECIPE     SUMMARY                     SIZE
    db-backup  データベースを保存する  133.2 MB
    教材       files of a lesson         4.1 kB
    "#);
}

#[test]
fn an_id_stays_whole_on_a_narrow_terminal() {
    let columns = [Column::id("RUN"), Column::text("ERROR")];
    let rows =
        [vec!["BKP-20260215-020000-daily".to_owned(), "a long sentence that is broken over several lines".to_owned()]];
    let mut out = Vec::new();
    print_table(&mut out, &Facts { width: 44, ..facts(true) }, &columns, rows).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains(" BKP-20260215-020000-daily "), "{text}");
    assert!(text.lines().all(|line| line.chars().map(width_of).sum::<usize>() <= 44), "{text}");
}
