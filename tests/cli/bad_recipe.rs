//! What a recipe is told that cannot be loaded: exit code 64, before anything has run.

use crate::support::program::{Hikae, Said};

/// Runs a file as a recipe.
fn load(text: &str) -> Said {
    Hikae::new().file("config/recipes/slip.lua", text).run(&["run", "slip"])
}

#[test]
fn a_syntax_error_names_file_and_line() {
    let said = load("return recipe {\n  type = \"daily\"\n  run = function(p) end,\n}\n");
    insta::assert_snapshot!(said.err, @"
    error: cannot parse `[WORLD]/config/recipes/slip.lua`
      caused by: '}' expected (to close '{' at line 1) near 'run'
      at [WORLD]/config/recipes/slip.lua:3

    hint: look just before this place: is a `,`, a bracket, a quote or an `end` missing?
    ");
    assert_eq!(said.code, 64);
}

#[test]
fn an_end_that_is_missing_is_told() {
    let said = load("return recipe {\n  type = \"daily\",\n  run = function(p)\n    if p.x then\n  end,\n}\n");
    insta::assert_snapshot!(said.err, @"
    error: cannot parse `[WORLD]/config/recipes/slip.lua`
      caused by: unexpected symbol near ','
      at [WORLD]/config/recipes/slip.lua:5

    hint: look just before this place: is a `,`, a bracket, a quote or an `end` missing?
    ");
    assert_eq!(said.code, 64);
}

#[test]
fn a_file_that_returns_nothing_says_how_it_should_end() {
    let said = load("--- Returns nothing.\nlocal x = 1\n");
    insta::assert_snapshot!(said.err, @"
    error: `[WORLD]/config/recipes/slip.lua` does not return a recipe

    hint: end the file with `return recipe { ... }`
    ");
    assert_eq!(said.code, 64);
}

#[test]
fn an_empty_file_says_how_it_should_end() {
    let said = load("");
    insta::assert_snapshot!(said.err, @"
    error: `[WORLD]/config/recipes/slip.lua` does not return a recipe

    hint: end the file with `return recipe { ... }`
    ");
    assert_eq!(said.code, 64);
}

#[test]
fn a_recipe_without_run_says_what_to_add() {
    let said = load("return recipe { type = \"daily\" }\n");
    insta::assert_snapshot!(said.err, @"
    error: the recipe in `[WORLD]/config/recipes/slip.lua` has no `run`

    hint: add `run = function(p) ... end`
    ");
    assert_eq!(said.code, 64);
}

#[test]
fn a_run_that_is_no_function_says_so() {
    let said = load("return recipe { type = \"daily\", run = \"pg_dump\" }\n");
    insta::assert_snapshot!(said.err, @"
    error: `run` of `[WORLD]/config/recipes/slip.lua` is a string, not a function

    hint: write `run = function(p) ... end`
    ");
    assert_eq!(said.code, 64);
}

#[test]
fn a_recipe_without_a_type_says_which_there_are() {
    let said = load("return recipe { run = function(p) end }\n");
    insta::assert_snapshot!(said.err, @r#"
    error: 1 problem with the declaration of `[WORLD]/config/recipes/slip.lua`
      caused by: `type` is missing

    hint: add `type = "daily"`; valid names: `daily`, `weekly`, `monthly`, `manual`
    "#);
    assert_eq!(said.code, 64);
}

#[test]
fn a_misspelt_key_and_whatever_else_is_wrong_is_told_at_once() {
    let said = load(
        "return recipe {\n  type = \"dayly\", shedule = \"0 2 * * *\", timeout = \"soon\",\n  params = { dir = { typ = \"path\" }, days = { default = 30, min = \"one\" } },\n  needs = { write = { \"{dri}\" }, runs = { \"pg_dump\" } },\n  run = function(p) end,\n}\n",
    );
    insta::assert_snapshot!(said.err, @"
    error: 7 problems with the declaration of `[WORLD]/config/recipes/slip.lua`
      caused by: `shedule` is not a known key
                 `type` cannot be `dayly`
                 `timeout` must be a duration, but is `soon`
                 `params.days.min` must be an integer, but is `one`
                 `params.dir.typ` is not a known key
                 `needs.runs` is not a known key
                 `{dri}` of `needs.write` names no param: `dri`

    hint: did you mean `schedule`? valid names: `kind`, `summary`, `type`, `schedule`, `objective`, `timeout`, `params`, `needs`, `preview`, `run`
          did you mean `daily`? valid names: `daily`, `weekly`, `monthly`, `manual`
          write a number and a unit, such as `90s`, `25h` or `30d`
          write a whole number, such as `30`
          did you mean `type`? valid names: `env`, `default`, `type`, `min`, `max`, `says`, `secret`, `optional`, `choices`, `detach`, `target`
          did you mean `run`? valid names: `run`, `read`, `write`, `connect`, `objects`, `sockets`, `capabilities`, `recipes`, `user`
          did you mean `dir`? valid names: `days`, `dir`
    ");
    assert_eq!(said.code, 64);
}

#[test]
fn an_effect_while_loading_is_refused() {
    let said = load("local old = fs.list { dir = \"/\" }\nreturn recipe { type = \"daily\", run = function(p) end }\n");
    insta::assert_snapshot!(said.err, @"
    error: `fs.list` was called while the recipe was being loaded
      at [WORLD]/config/recipes/slip.lua:1

    hint: loading a recipe does nothing; move the call into `run = function(p) ... end`
    ");
    assert_eq!(said.code, 64);
}

#[test]
fn a_recipe_of_a_text_says_what_it_takes() {
    let said = load("return recipe \"daily\"\n");
    insta::assert_snapshot!(said.err, @r#"
    error: `recipe` takes a table, not a string
      at [WORLD]/config/recipes/slip.lua:1

    hint: return recipe { type = "daily", run = function(p) ... end }
    "#);
    assert_eq!(said.code, 64);
}

#[test]
fn an_endless_loop_while_loading_ends() {
    let said = load("while true do end\n");
    insta::assert_snapshot!(said.err, @"
    error: the recipe ran 300 000 000 Lua instructions without waiting for anything
      at [WORLD]/config/recipes/slip.lua:1

    hint: is there an endless loop?
    ");
    assert_eq!(said.code, 64);
}

#[test]
fn bytecode_is_no_recipe() {
    let said = load("\u{1b}Lua");
    insta::assert_snapshot!(said.err, @"
    error: `[WORLD]/config/recipes/slip.lua` is compiled Lua

    hint: give hikae the source text: what cannot be read cannot be trusted
    ");
    assert_eq!(said.code, 64);
}

#[test]
fn a_program_while_loading_is_refused() {
    let said =
        load("process.run { program = \"reboot\" }\nreturn recipe { type = \"daily\", run = function(p) end }\n");
    insta::assert_snapshot!(said.err, @"
    error: `process.run` was called while the recipe was being loaded
      at [WORLD]/config/recipes/slip.lua:1

    hint: loading a recipe does nothing; move the call into `run = function(p) ... end`
    ");
    assert_eq!(said.code, 64);
}
