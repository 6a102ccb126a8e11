//! What a recipe is told that gives a primitive something it cannot take: what it takes, in words that are not Rust's.

use super::run_slip as run;

#[test]
fn an_option_of_the_wrong_type_says_what_it_must_be() {
    let said = run(r#"pg.dump { database = "shop", port = "five" }:gzip():save("/backups/x")"#);
    insta::assert_snapshot!(said.err, @"
    error: `port` of `pg.dump` must be a whole number from 0 to 65535, not the text `five`
      at [WORLD]/config/recipes/slip.lua:8

    hint: `hikae docs pg.dump` shows what it takes
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_number_out_of_its_range_says_so() {
    let said = run(r#"pg.dump { database = "shop", port = 70000 }:gzip():save("/backups/x")"#);
    insta::assert_snapshot!(said.err, @"
    error: `port` of `pg.dump` must be a whole number from 0 to 65535, not `70000`
      at [WORLD]/config/recipes/slip.lua:8

    hint: `hikae docs pg.dump` shows what it takes
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_fraction_where_a_whole_number_belongs_says_so() {
    let said = run(r#"pg.dump { database = "shop", port = 1.5 }:gzip():save("/backups/x")"#);
    insta::assert_snapshot!(said.err, @"
    error: `port` of `pg.dump` must be a whole number from 0 to 65535, not `1.5`
      at [WORLD]/config/recipes/slip.lua:8

    hint: `hikae docs pg.dump` shows what it takes
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_text_where_a_table_of_options_belongs_says_so() {
    let said = run(r#"pg.dump("shop"):gzip():save("/backups/x")"#);
    insta::assert_snapshot!(said.err, @"
    error: `pg.dump` takes a table of options, but was given the text `shop`
      at [WORLD]/config/recipes/slip.lua:8

    hint: `hikae docs pg.dump` shows what it takes
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn nothing_where_a_path_belongs_says_so() {
    let said = run(r#"fs.read()"#);
    insta::assert_snapshot!(said.err, @"
    error: `fs.read` takes a path, but was given nothing
      at [WORLD]/config/recipes/slip.lua:8

    hint: `hikae docs fs.read` shows what it takes
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn too_many_arguments_say_so() {
    let said = run(r#"fs.read("/backups/a", "/backups/b")"#);
    insta::assert_snapshot!(said.err, @"
    error: `fs.read` was given too many values
      at [WORLD]/config/recipes/slip.lua:8

    hint: options go into one table: `{ name = value }`
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_table_where_a_text_belongs_says_so() {
    let said = run(r#"fs.read({})"#);
    insta::assert_snapshot!(said.err, @"
    error: `fs.read` takes a path, but was given a table
      at [WORLD]/config/recipes/slip.lua:8

    hint: `hikae docs fs.read` shows what it takes
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_duration_that_is_none_says_so() {
    let said = run(r#"process.run { program = "true", timeout = "soon" }"#);
    insta::assert_snapshot!(said.err, @"
    error: `timeout` of `process.run` must be seconds, or a duration such as `90s`, `25h` or `30d`, not the text `soon`
      at [WORLD]/config/recipes/slip.lua:8

    hint: `hikae docs process.run` shows what it takes
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_level_out_of_its_range_says_so() {
    let said = run(r#"pg.dump { database = "shop" }:gzip { level = 11 }:save("/backups/x")"#);
    insta::assert_snapshot!(said.err, @"
    error: `level` of `:gzip` must be a whole number from 0 to 9, not `11`
      at [WORLD]/config/recipes/slip.lua:8

    hint: a higher level is smaller and slower
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_function_is_given_a_text_instead() {
    let said = run(r#"pg.dump { database = "shop" }:tap_lines("x"):discard()"#);
    insta::assert_snapshot!(said.err, @"
    error: `tap_lines` takes a function, but was given a string
      at [WORLD]/config/recipes/slip.lua:8

    hint: `hikae docs tap_lines` shows what it takes
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_path_joined_from_a_table_says_so() {
    let said = run(r#"path.join("/backups", {})"#);
    insta::assert_snapshot!(said.err, @"
    error: `path.join` takes a text, but was given a table
      at [WORLD]/config/recipes/slip.lua:8

    hint: `hikae docs path.join` shows what it takes
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_log_line_that_is_no_text_says_so() {
    let said = run(r#"log.info({ "a" })"#);
    insta::assert_snapshot!(said.err, @"
    error: `log.info` takes a text, but was given a list
      at [WORLD]/config/recipes/slip.lua:8

    hint: `hikae docs log.info` shows what it takes
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_sleep_that_is_no_duration_says_so() {
    let said = run(r#"clock.sleep("soon")"#);
    insta::assert_snapshot!(said.err, @"
    error: `soon` is not a duration
      at [WORLD]/config/recipes/slip.lua:8

    hint: write a number and a unit, such as `90s`, `25h` or `30d`
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_parallel_of_a_text_says_so() {
    let said = run(r#"parallel("x")"#);
    insta::assert_snapshot!(said.err, @"
    error: `parallel` takes a table, but was given a string
      at [WORLD]/config/recipes/slip.lua:8

    hint: `hikae docs parallel` shows what it takes
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn an_attempt_without_a_function_says_so() {
    let said = run(r#"local ok, failure = errors.try("x")  error(failure)"#);
    insta::assert_snapshot!(said.err, @"
    error: attempt to call a string value
      at [WORLD]/config/recipes/slip.lua:8
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn json_of_a_function_says_so() {
    let said = run(r#"json.encode { f = function() end }"#);
    insta::assert_snapshot!(said.err, @"
    error: cannot write a value as JSON
      caused by: unsupported value type `function`
      at [WORLD]/config/recipes/slip.lua:8
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn json_that_cannot_be_read_says_so() {
    let said = run(r#"json.decode("{")"#);
    insta::assert_snapshot!(said.err, @"
    error: cannot read a text as JSON
      caused by: the text ends too early
      at [WORLD]/config/recipes/slip.lua:8
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_second_path_that_is_missing_says_so() {
    let said = run(r#"fs.rename("/backups/a")"#);
    insta::assert_snapshot!(said.err, @"
    error: `fs.rename` takes a path, but was given nothing
      at [WORLD]/config/recipes/slip.lua:8

    hint: `hikae docs fs.rename` shows what it takes
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_list_where_a_word_belongs_says_so() {
    let said = run(r#"process.run { program = { "true" } }"#);
    insta::assert_snapshot!(said.err, @"
    error: `program` of `process.run` must be a text, not a list
      at [WORLD]/config/recipes/slip.lua:8

    hint: `hikae docs process.run` shows what it takes
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn arguments_that_are_no_list_say_so() {
    let said = run(r#"process.run { program = "true", args = "-x" }"#);
    insta::assert_snapshot!(said.err, @"
    error: `args` of `process.run` must be a list, not the text `-x`
      at [WORLD]/config/recipes/slip.lua:8

    hint: `hikae docs process.run` shows what it takes
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_failure_that_is_joined_to_a_text_says_what_to_write() {
    let said = run(r#"local ok, failure = errors.try(fs.stat, "x")  log.info("no: " .. failure)"#);
    insta::assert_snapshot!(said.err, @"
    error: attempt to concatenate a failure value (local 'failure')
      at [WORLD]/config/recipes/slip.lua:8

    hint: a failure is joined to a text by its words: `failure.message`
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}
