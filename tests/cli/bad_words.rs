//! What a recipe with a misspelt or misused word is told: the word, its place, and the word that was meant.

use super::run_slip as run;

#[test]
fn a_misspelt_option_suggests_the_right_one() {
    let said = run(r#"pg.dump { databse = "shop" }:gzip():save("/backups/x")"#);
    insta::assert_snapshot!(said.err, @"
    error: `pg.dump` has no option `databse`
      at [WORLD]/config/recipes/slip.lua:8

    hint: did you mean `database`? valid names: `database`, `create`, `clean`, `inserts`, `schemas`, `exclude_schemas`, `tables`, `exclude_tables`, `exclude_table_data`, `host`, `port`, `user`, `password`, `timeout`, `idle_timeout`
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_missing_option_is_named() {
    let said = run(r#"pg.dump { host = "localhost" }:gzip():save("/backups/x")"#);
    insta::assert_snapshot!(said.err, @"
    error: `pg.dump` needs `database`
      at [WORLD]/config/recipes/slip.lua:8

    hint: write `database = ...`
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_word_that_an_option_does_not_know_suggests_the_right_one() {
    let said = run(r#"fs.list { dir = "/backups", kind = "fil" }"#);
    insta::assert_snapshot!(said.err, @"
    error: `kind` of `fs.list` cannot be `fil`
      at [WORLD]/config/recipes/slip.lua:8

    hint: did you mean `file`? valid names: `file`, `dir`, `link`, `other`
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_misspelt_param_suggests_the_right_one() {
    let said = run(r#"log.info(p.databse)"#);
    insta::assert_snapshot!(said.err, @"
    error: the recipe has no param `databse`
      at [WORLD]/config/recipes/slip.lua:8

    hint: did you mean `database`? valid names: `database`, `days`
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_misspelt_global_suggests_the_right_one() {
    let said = run(r#"pgg.dump { database = "shop" }"#);
    insta::assert_snapshot!(said.err, @"
    error: undefined name `pgg`
      at [WORLD]/config/recipes/slip.lua:8

    hint: did you mean `pg`?
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_misspelt_module_function_suggests_the_right_one() {
    let said = run(r#"pg.dmp { database = "shop" }"#);
    insta::assert_snapshot!(said.err, @"
    error: `pg` has no member `dmp`
      at [WORLD]/config/recipes/slip.lua:8

    hint: did you mean `pg.dump`?
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_misspelt_method_suggests_the_right_one() {
    let said = run(r#"pg.dump { database = "shop" }:gzipp():save("/backups/x")"#);
    insta::assert_snapshot!(said.err, @"
    error: a stream has no method `gzipp`
      at [WORLD]/config/recipes/slip.lua:8

    hint: did you mean `:gzip`?
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_method_called_with_a_dot_says_to_write_a_colon() {
    let said = run(r#"local s = pg.dump { database = "shop" }  s.gzip()"#);
    insta::assert_snapshot!(said.err, @"
    error: `gzip` was called without its stream
      at [WORLD]/config/recipes/slip.lua:8

    hint: write `stream:gzip(...)`, with a colon
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_waiting_method_called_with_a_dot_says_to_write_a_colon() {
    let said = run(r#"local s = pg.dump { database = "shop" }  s.save("/backups/x")"#);
    insta::assert_snapshot!(said.err, @"
    error: `save` was called without its stream
      at [WORLD]/config/recipes/slip.lua:8

    hint: write `stream:save(...)`, with a colon
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_misspelt_option_of_a_method_suggests_the_right_one() {
    let said = run(r#"pg.dump { database = "shop" }:gzip { levl = 9 }:save("/backups/x")"#);
    insta::assert_snapshot!(said.err, @"
    error: `gzip` has no option `levl`
      at [WORLD]/config/recipes/slip.lua:8

    hint: did you mean `level`? valid names: `level`, `threads`
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_variable_that_was_never_declared_is_named() {
    let said = run(r#"total = 1"#);
    insta::assert_snapshot!(said.err, @"
    error: assignment to the undeclared global `total`
      at [WORLD]/config/recipes/slip.lua:8

    hint: write `local total = ...`
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_param_cannot_be_set() {
    let said = run(r#"p.database = "other""#);
    insta::assert_snapshot!(said.err, @"
    error: cannot set the param `database`: params are read-only
      at [WORLD]/config/recipes/slip.lua:8

    hint: keep it in a `local` of your own
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_nil_that_is_indexed_is_named() {
    let said = run(r#"local found = fs.stat("/srv/backups/none")  log.info(found.size_bytes)"#);
    insta::assert_snapshot!(said.err, @"
    error: attempt to index a nil value (local 'found')
      at [WORLD]/config/recipes/slip.lua:8

    hint: `found` is nil here: is it spelt right? test what may be absent with `if`
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn what_lua_had_and_recipes_have_not_says_what_to_use() {
    let said = run(r#"os.execute("rm -rf /")"#);
    insta::assert_snapshot!(said.err, @"
    error: `os` is not available in recipes
      at [WORLD]/config/recipes/slip.lua:8

    hint: use `process` for programs, `fs` for files, `clock` for the time, and a param for an environment variable
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_library_module_that_there_is_not_is_named() {
    let said = run(r#"require "hikae.retantion""#);
    insta::assert_snapshot!(said.err, @"
    error: cannot find the module `hikae.retantion`
      at [WORLD]/config/recipes/slip.lua:8

    hint: `require` finds `hikae.*` of the library, and Lua files beside the recipe
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_list_where_options_belong_says_so() {
    let said = run(r#"pg.dump { "shop" }:gzip():save("/backups/x")"#);
    insta::assert_snapshot!(said.err, @"
    error: `pg.dump` was given a value without a name
      at [WORLD]/config/recipes/slip.lua:8

    hint: write `database = ...`
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn parallel_without_functions_says_so() {
    let said = run(r#"parallel { a = 1 }"#);
    insta::assert_snapshot!(said.err, @"
    error: the branch `a` of `parallel` is not a function
      at [WORLD]/config/recipes/slip.lua:8

    hint: write `parallel { name = function() ... end }`
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_text_with_too_few_values_says_so() {
    let said = run(r#"log.info(_("%s and %s", "one"))"#);
    insta::assert_snapshot!(said.err, @"
    error: `%s and %s` needs more values than were given
      at [WORLD]/config/recipes/slip.lua:8
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_stream_as_an_option_says_so() {
    let said = run(r#"fs.read(pg.dump { database = "shop" })"#);
    insta::assert_snapshot!(said.err, @"
    error: `fs.read` takes a path, but was given a handle
      at [WORLD]/config/recipes/slip.lua:8

    hint: `hikae docs fs.read` shows what it takes
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}
