//! What a run says when its recipe swallows a failure, forgets a stream, or saves nothing: never `success`.

use crate::support::program::Hikae;

/// A world with one recipe whose function `run` is `body`, from its seventh line on.
fn world(kind: &str, body: &str) -> Hikae {
    let recipe = format!(
        "--- A recipe that may lie.
return recipe {{
  type = \"daily\", kind = \"{kind}\",
  params = {{ dir = {{ env = \"BACKUP_DIR\", type = \"path\" }} }},
  needs = {{ run = {{ \"echo\", \"false\" }}, write = {{ \"{{dir}}\" }} }},
  run = function(p)
{body}
  end,
}}
"
    );
    Hikae::new().file("config/recipes/shop.lua", &recipe)
}

#[test]
fn a_stream_that_is_never_consumed_is_a_failure_with_its_line() {
    let hikae = world("maintenance", "    process.stream { program = \"echo\", args = { \"hi\" } }:gzip()");
    let said = hikae.run(&["run", "shop"]);
    insta::assert_snapshot!(said.err, @"
    error: the stream of `echo hi` was never consumed
      at [WORLD]/config/recipes/shop.lua:7

    hint: a stream moves no byte until its end: `:save(path)`, `:discard()` or `:text()`
    [TIME] ERROR: shop failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_stream_that_is_used_twice_names_both_lines() {
    let body = "    local s = process.stream { program = \"echo\" }
    s:save(path.join(p.dir, \"one\"))
    s:save(path.join(p.dir, \"two\"))";
    let hikae = world("maintenance", body);
    let said = hikae.run(&["run", "shop"]);
    insta::assert_snapshot!(said.err, @"
    error: the stream of `echo` made at [WORLD]/config/recipes/shop.lua:7 is used a second time; it was used up at [WORLD]/config/recipes/shop.lua:8
      at [WORLD]/config/recipes/shop.lua:9

    hint: a stream can be read once; `:copies` gives it to several places
    [TIME] ERROR: shop failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!((said.code, hikae.backups()), (1, vec!["one".to_owned(), "one.manifest.json".to_owned()]));
}

#[test]
fn a_failure_that_is_swallowed_makes_the_run_partial() {
    let body = "    errors.try(function() process.run { program = \"false\" } end)
    return process.stream { program = \"echo\" }:save(path.join(p.dir, \"one\"))";
    let hikae = world("backup", body);
    let said = hikae.run(&["run", "shop"]);
    insta::assert_snapshot!(said.err, @r#"
    [TIME] WARN: false: failed after [DURATION]
    error: a failure was caught, and nobody answered for it
      caused by: `false` failed
      caused by: exit code 1
      at [WORLD]/config/recipes/shop.lua:7

    hint: raise it again with `error(failure)`, or say why it is fine: `errors.accept(failure, "why")`
    [TIME] WARN: shop was done only in part, in [DURATION] (BKP-[TIME]-daily)
    "#);
    assert_eq!((said.code, hikae.outcome(&["runs", "--json"])["status"].as_str()), (2, Some("partial")));
}

#[test]
fn a_failure_that_is_accepted_in_words_is_recorded_and_the_run_succeeds() {
    let body = "    local ok, failure = errors.try(function() process.run { program = \"false\" } end)
    if not ok then errors.accept(failure, \"the cache may be cold\") end
    return process.stream { program = \"echo\" }:save(path.join(p.dir, \"one\"))";
    let hikae = world("backup", body);
    let said = hikae.run(&["run", "shop"]);
    insta::assert_snapshot!(said.out, @"
    [TIME] shop started (BKP-[TIME]-daily)
    [TIME] accepted, because the cache may be cold: `false` failed: exit code 1
    [TIME] echo to [WORLD]/backups/one: [SIZE] in [DURATION]
    [TIME] shop succeeded in [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 0, "{said:?}");
    let id = hikae.outcome(&["runs", "--json"])["id"].as_str().unwrap().to_owned();
    let shown = hikae.run(&["runs", "show", &id]);
    assert!(shown.out.contains("the cache may be cold"), "the record has the reason:\n{}", shown.out);
}

#[test]
fn a_failure_that_is_raised_again_keeps_its_place_and_its_words() {
    let body = "    local ok, failure = errors.try(function()
      process.run { program = \"false\" }
    end)
    if not ok then
      error(failure)
    end";
    let said = world("maintenance", body).run(&["run", "shop"]);
    insta::assert_snapshot!(said.err, @"
    [TIME] WARN: false: failed after [DURATION]
    error: `false` failed
      caused by: exit code 1
      at [WORLD]/config/recipes/shop.lua:8
      called from [WORLD]/config/recipes/shop.lua:7
    [TIME] ERROR: shop failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_failure_is_accepted_only_in_words() {
    let body = "    local ok, failure = errors.try(function() process.run { program = \"false\" } end)
    errors.accept(failure)";
    let said = world("maintenance", body).run(&["run", "shop"]);
    insta::assert_snapshot!(said.err, @r#"
    [TIME] WARN: false: failed after [DURATION]
    error: `errors.accept` needs the reason, in words
      at [WORLD]/config/recipes/shop.lua:8

    hint: `errors.accept(failure, "why this is fine")`
    [TIME] ERROR: shop failed after [DURATION] (BKP-[TIME]-daily)
    "#);
    assert_eq!(said.code, 1);
}

#[test]
fn a_backup_recipe_that_saves_nothing_has_failed() {
    let said = world("backup", "    log.info(\"all is well\")\n    return true").run(&["run", "shop"]);
    insta::assert_snapshot!(said.err, @r#"
    error: `shop` ended without a proved backup

    hint: a recipe of kind `backup` ends in `:save(path)`; if this one makes no backup, say kind = "maintenance"
    [TIME] ERROR: shop failed after [DURATION] (BKP-[TIME]-daily)
    "#);
    assert_eq!(said.code, 1);
}

#[test]
fn a_backup_recipe_that_swallows_its_only_backup_has_failed_with_the_cause() {
    let body = "    pcall(function()
      process.stream { program = \"false\" }:save(path.join(p.dir, \"one\"))
    end)";
    let hikae = world("backup", body);
    let said = hikae.run(&["run", "shop"]);
    insta::assert_snapshot!(said.err, @r#"
    [TIME] WARN: false to [WORLD]/backups/one: failed after [DURATION]
    error: `shop` ended without a proved backup
      caused by: `false` failed
      caused by: exit code 1

    hint: a recipe of kind `backup` ends in `:save(path)`; if this one makes no backup, say kind = "maintenance"
    [TIME] ERROR: shop failed after [DURATION] (BKP-[TIME]-daily)
    "#);
    assert_eq!((said.code, hikae.backups()), (1, vec![]));
}

#[test]
fn a_backup_is_never_written_over_another() {
    let body = "    return process.stream { program = \"echo\" }:save(path.join(p.dir, \"one\"))";
    let hikae = world("backup", body).file("backups/one", "yesterday");
    let said = hikae.run(&["run", "shop"]);
    insta::assert_snapshot!(said.err, @"
    [TIME] WARN: echo to [WORLD]/backups/one: failed after [DURATION]
    error: `[WORLD]/backups/one` is there already
      at [WORLD]/config/recipes/shop.lua:7

    hint: a backup never replaces another; put `clock.stamp()` into its name
    [TIME] ERROR: shop failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!((said.code, hikae.backups()), (1, vec!["one".to_owned()]));
}

#[test]
fn a_failure_after_the_backup_leaves_it_and_is_told_as_partial() {
    let body = "    process.stream { program = \"echo\" }:save(path.join(p.dir, \"one\"))
    process.run { program = \"false\" }";
    let hikae = world("backup", body);
    let said = hikae.run(&["run", "shop"]);
    insta::assert_snapshot!(said.err, @"
    [TIME] WARN: false: failed after [DURATION]
    error: `false` failed
      caused by: exit code 1
      at [WORLD]/config/recipes/shop.lua:8
    [TIME] WARN: shop was done only in part, in [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!((said.code, hikae.backups().len()), (2, 2));
}
