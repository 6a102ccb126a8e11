//! What stands in for a source that failed, and generations that go, are no success.

use super::{liar, runs};

#[test]
fn an_accepted_failure_of_the_only_source_leaves_the_run_partial() {
    let body = "local ok, f = errors.try(function() return process.stream { program = \"mess\", args = { \"dump\" } }:gzip():save(at) end)\n\
                errors.accept(f, \"never mind\")\n\
                process.stream { program = \"pg_dump\" }:gzip():save(at)";
    let said = runs(liar(body), "exit 1");
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.err.contains("what was backed up comes from something else"), "{said:?}");
}

#[test]
fn a_source_that_works_at_the_second_try_is_whole() {
    let body = "local ok, f = errors.try(function() return process.stream { program = \"mess\", args = { p.dir } }:gzip():save(at) end)\n\
                errors.accept(f, \"it is tried again\")\n\
                process.stream { program = \"mess\", args = { p.dir } }:gzip():save(at)";
    let mess = "if [ -e \"$1/again\" ]; then cat \"$(dirname \"$0\")/whole.sql\"; else touch \"$1/again\"; exit 1; fi";
    let said = runs(liar(body), mess);
    assert_eq!(said.code, 0, "{said:?}");
}

#[test]
fn generations_that_the_recipe_itself_removes_are_missed() {
    let remove = "dump():gzip():save(at)\n\
                  for _i, old in ipairs(fs.list { dir = p.dir, name = \"shop_2025*.sql.gz\" }) do fs.remove(old.path) end";
    let mut hikae = liar(remove);
    for month in 1..=3 {
        hikae = hikae.file(&format!("backups/shop_20250{month}01_020000.sql.gz"), "an old one");
    }
    let said = runs(hikae, "true");
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.err.contains("the recipe removed 3 older backups, and none but that of this run is left"), "{said:?}");

    let hikae = liar(remove).file("backups/shop_20250101_020000.sql.gz", "the one before");
    assert_eq!(runs(hikae, "true").code, 0, "one that takes the place of another is no loss");
}
