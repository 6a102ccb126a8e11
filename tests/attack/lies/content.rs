//! A backup is what its name says, holds what the ones before it held, and comes from the database that it is named for.

use super::{liar, of_params, runs};

/// What is saved, under which name, and why that is refused.
const CONTRADICTIONS: &[(&str, &str, &str)] = &[
    ("plain", "x.gz", "`x.gz` promises gzip"),
    ("plain", "x.sql.gz", "`x.sql.gz` promises gzip"),
    ("plain", "x.zst", "`x.zst` promises zstd"),
    ("plain", "x.tar", "`x.tar` promises tar"),
    ("plain", "x.sql", "`x.sql` promises SQL"),
    ("plain", "x.age", "`x.age` promises age"),
    ("plain", "x.gpg", "`x.gpg` promises OpenPGP"),
    ("plain", "x.xz", "`x.xz` promises xz"),
    ("plain", "x.zip", "`x.zip` promises zip"),
    ("plain:gzip()", "x.sql.gz", "`x.sql.gz` promises SQL"),
    ("plain:gzip()", "x.tgz", "`x.tgz` promises tar"),
    ("plain:gzip()", "x.sql", "`x.sql` promises SQL"),
    ("plain:zstd()", "x.gz", "`x.gz` promises gzip"),
    ("comment:gzip()", "x.sql.gz", "`x.sql.gz` promises SQL"),
    ("half:gzip()", "x.sql.gz", "the last line of one is missing"),
    ("half", "x.dump", "the last line of one is missing"),
    ("cut", "x.sql.gz", "it ends before its end"),
    ("cutzst", "x.zst", "it ends before its end"),
    ("cuttar", "x.tar", "the end of one is missing"),
    ("halfgz", "x.sql.gz", "the last line of one is missing"),
];

const MESS: &str = r#"cd "$(dirname "$0")"
case $1 in
  plain) echo never mind;;
  comment) echo '-- no dump today';;
  half) head -c 200 whole.sql;;
  cut) gzip -c whole.sql | head -c 150;;
  cutzst) head -c 300000 /dev/urandom | zstd -q | head -c 150000;;
  halfgz) head -c 200 whole.sql | gzip -c;;
  cuttar) tar -c whole.sql | head -c 1024;;
  gz) gzip -c whole.sql;;
  zst) zstd -q -c whole.sql;;
  tar) tar -c whole.sql;;
  sql) cat whole.sql;;
esac"#;

fn saving(what: &str, name: &str) -> super::Said {
    let (source, stages) =
        what.split_once(':').map_or((what, String::new()), |(source, rest)| (source, format!(":{rest}")));
    let body = format!(
        "process.stream {{ program = \"mess\", args = {{ \"{source}\" }} }}{stages}:save(path.join(p.dir, \"{name}\"))"
    );
    runs(liar(&body), MESS)
}

#[test]
fn a_name_that_its_bytes_contradict_is_refused() {
    for (what, name, why) in CONTRADICTIONS {
        let said = saving(what, name);
        assert_eq!(said.code, 1, "{what} as {name}: {said:?}");
        assert!(said.err.contains(why), "{what} as {name}: {said:?}");
    }
}

#[test]
fn a_name_that_fits_is_good_whoever_has_packed_it() {
    for (what, name) in [
        ("gz", "x.sql.gz"),
        ("zst", "x.sql.zst"),
        ("tar", "x.tar"),
        ("tar:gzip()", "x.tgz"),
        ("sql", "x.sql"),
        ("sql:zstd()", "x.sql.zst"),
        ("plain", "x.txt"),
        ("plain:gzip()", "x.gz"),
    ] {
        let said = saving(what, name);
        assert_eq!(said.code, 0, "{what} as {name}: {said:?}");
    }
}

#[test]
fn a_dump_of_another_database_is_not_the_whole_run() {
    for body in ["dump():gzip():save(at)", "process.stream { program = \"mess\", args = { \"sql\" } }:gzip():save(at)"]
    {
        let said = of_params("database = { default = \"wiki\", type = \"string\" }", body);
        let said = runs(said, MESS);
        assert_eq!(said.code, 2, "{said:?}");
        assert!(said.err.contains("the recipe is about the database `wiki`, and what was dumped is `"), "{said:?}");
    }
}

/// A dump with so many rows.
fn dump_of(rows: usize) -> String {
    let lines = "花子\n".repeat(rows);
    crate::damage::WHOLE.replace("花子\n太郎\n", &lines)
}

#[test]
fn a_dump_with_far_fewer_rows_than_usual_is_told_three_times() {
    let body = "dump():gzip():save(path.join(p.dir, \"shop_\" .. clock.stamp() .. \".sql.gz\"))";
    let hikae = liar(body);
    let rows = |count: usize| {
        std::fs::write(hikae.path("bin/whole.sql"), dump_of(count)).unwrap();
        let said = hikae.run(&["run", "liar"]);
        assert_eq!(said.code, 0, "{said:?}");
        said.err
    };
    assert_eq!(rows(10), "");
    assert_eq!(rows(5), "", "half is enough");
    for _run in 0..3 {
        let said = rows(0);
        assert!(said.contains("the dump has no rows, where it had 10") || said.contains("where it had 5"), "{said}");
    }
    assert_eq!(rows(0), "", "now it is usual");
}
