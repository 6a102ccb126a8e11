//! What a recipe is told that does not end, fails, or reaches for what it did not declare.

use crate::support::program::{Hikae, Said};

/// Runs a recipe whose function `run` is `body`, on its seventh line.
fn run(body: &str) -> Said {
    let recipe = format!(
        "--- A recipe that goes too far.
return recipe {{
  type = \"daily\", kind = \"maintenance\",
  params = {{ password = {{ env = \"DB_PASSWORD\", secret = true }} }},
  needs = {{ run = {{ \"true\" }}, read = {{ \"/backups\" }} }},
  run = function(p)
    {body}
  end,
}}
"
    );
    let hikae = Hikae::new().env("DB_PASSWORD", "hunter2-secret").file("config/recipes/slip.lua", &recipe);
    let said = hikae.run(&["run", "slip"]);
    assert!(!format!("{said:?}").contains("hunter2"), "{said:?}");
    said
}

#[test]
fn an_endless_loop_ends_with_its_line() {
    let said = run("while true do end");
    insta::assert_snapshot!(said.err, @"
    error: the recipe ran 300 000 000 Lua instructions without waiting for anything
      at [WORLD]/config/recipes/slip.lua:7

    hint: is there an endless loop?
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn an_endless_allocation_ends_with_its_line() {
    let said = run("local t = {}  while true do t[#t + 1] = (\"x\"):rep(1000) .. #t end");
    insta::assert_snapshot!(said.err, @"
    error: the recipe used more than 64 MiB of Lua memory
      at [WORLD]/config/recipes/slip.lua:6

    hint: let a stream carry the bytes, instead of a Lua value
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn an_endless_string_ends_with_its_line() {
    let said = run("local s = \"x\"  while true do s = s .. s end");
    insta::assert_snapshot!(said.err, @"
    error: the recipe used more than 64 MiB of Lua memory
      at [WORLD]/config/recipes/slip.lua:6

    hint: let a stream carry the bytes, instead of a Lua value
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn an_endless_pattern_ends_with_its_line() {
    let said = run("return ('a'):rep(30000):find('.-.-.-.-b')");
    insta::assert_snapshot!(said.err, @"
    error: `string.find` stopped: the pattern needs too many steps
      at [WORLD]/config/recipes/slip.lua:7

    hint: use fewer of `-`, `*` and `+` in one pattern, or a shorter text
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn an_endless_recursion_ends_with_its_line() {
    let said = run("local function f(n) return 1 + f(n + 1) end  return f(1)");
    insta::assert_snapshot!(said.err, @"
    error: too many calls inside each other
      at [WORLD]/config/recipes/slip.lua:7

    hint: does a function call itself without end?
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn an_undeclared_program_says_what_to_declare() {
    let said = run("process.run { program = \"reboot\", args = { \"now\" } }");
    insta::assert_snapshot!(said.err, @r#"
    [TIME] WARN: reboot now: failed after [DURATION]
    error: the recipe may not run `reboot`
      at [WORLD]/config/recipes/slip.lua:7

    hint: add `run = { "reboot" }` to its needs
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    "#);
    assert_eq!(said.code, 1);
}

#[test]
fn an_undeclared_path_to_read_says_what_to_declare() {
    let said = run("return fs.read(\"/etc/shadow\")");
    insta::assert_snapshot!(said.err, @r#"
    error: the recipe may not read `/etc/shadow`
      at [WORLD]/config/recipes/slip.lua:7

    hint: add `read = { "/etc" }` to its needs
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    "#);
    assert_eq!(said.code, 1);
}

#[test]
fn an_undeclared_path_to_remove_says_what_to_declare() {
    let said = run("fs.remove(\"/home/shop/photos.tar\")");
    insta::assert_snapshot!(said.err, @r#"
    error: the recipe may not write `/home/shop/photos.tar`
      at [WORLD]/config/recipes/slip.lua:7

    hint: add `write = { "/home/shop" }` to its needs
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    "#);
    assert_eq!(said.code, 1);
}

#[test]
fn a_path_that_climbs_out_says_so() {
    let said = run("return fs.read(\"/backups/../etc/shadow\")");
    insta::assert_snapshot!(said.err, @"
    error: the path `/backups/../etc/shadow` steps up with `..`
      at [WORLD]/config/recipes/slip.lua:7

    hint: write the path out without `..`
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_path_that_is_not_absolute_says_so() {
    let said = run("return fs.read(\"shadow\")");
    insta::assert_snapshot!(said.err, @"
    error: the path `shadow` is not absolute
      at [WORLD]/config/recipes/slip.lua:7

    hint: begin the path with `/`
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn an_error_that_the_recipe_raises_is_told_in_its_words() {
    let said = run("error \"the shop is closed\"");
    insta::assert_snapshot!(said.err, @"
    error: the shop is closed
      at [WORLD]/config/recipes/slip.lua:7
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn an_error_with_a_hint_is_told_with_it() {
    let said = run("error { message = \"the shop is closed\", kind = \"network\", hint = \"open it\" }");
    insta::assert_snapshot!(said.err, @"
    error: the shop is closed
      at [WORLD]/config/recipes/slip.lua:7

    hint: open it
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_kind_of_error_that_there_is_not_is_named() {
    let said = run("error { message = \"the shop is closed\", kind = \"newtork\" }");
    insta::assert_snapshot!(said.err, @"
    error: `kind` of `error` cannot be `newtork`
      at [WORLD]/config/recipes/slip.lua:7

    hint: did you mean `network`? valid names: `not_found`, `already_exists`, `denied`, `command`, `network`, `timeout`, `space`, `integrity`, `recipe`, `cancelled`, `locked`, `other`
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn an_assertion_that_fails_is_told() {
    let said = run("assert(1 == 2, \"one is not two\")");
    insta::assert_snapshot!(said.err, @"
    error: one is not two
      at [WORLD]/config/recipes/slip.lua:7
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_secret_cannot_be_joined_to_a_text() {
    let said = run("log.info(\"password: \" .. p.password)");
    insta::assert_snapshot!(said.err, @"
    error: attempt to concatenate a secret value (field 'password')
      at [WORLD]/config/recipes/slip.lua:7

    hint: a secret stays one only as a `password`, in the `env` of a program, or as its `stdin`
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_secret_cannot_be_an_argument() {
    let said = run("process.run { program = \"true\", args = { p.password } }");
    insta::assert_snapshot!(said.err, @"
    error: `args[1]` of `process.run` must be a text, not a secret
      at [WORLD]/config/recipes/slip.lua:7

    hint: a secret stays one only as a `password`, in the `env` of a program, or as its `stdin`
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_secret_is_shown_masked() {
    let said = run("log.warn(tostring(p.password))");
    insta::assert_snapshot!(said.err, @"[TIME] WARN: ********");
    assert_eq!(said.code, 0);
}

#[test]
fn a_secret_cannot_be_a_path() {
    let said = run("return fs.read(p.password)");
    insta::assert_snapshot!(said.err, @"
    error: `fs.read` takes a path, but was given a secret
      at [WORLD]/config/recipes/slip.lua:7

    hint: a secret stays one only as a `password`, in the `env` of a program, or as its `stdin`
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_secret_cannot_be_formatted_into_a_text() {
    let said = run("log.warn((\"%s\"):format(p.password))");
    insta::assert_snapshot!(said.err, @"[TIME] WARN: ********");
    assert_eq!(said.code, 0);
}

#[test]
fn a_secret_has_no_members() {
    let said = run("return p.password.value");
    insta::assert_snapshot!(said.err, @"
    error: attempt to index a secret value (field 'password')
      at [WORLD]/config/recipes/slip.lua:7

    hint: a secret stays one only as a `password`, in the `env` of a program, or as its `stdin`
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn waiting_inside_a_sort_says_so() {
    let said = run("table.sort({ 3, 2, 1 }, function(a, b) clock.sleep(0.001) return a < b end)");
    insta::assert_snapshot!(said.err, @"
    error: cannot wait inside a `table.sort` or `string.gsub` callback
      at [WORLD]/config/recipes/slip.lua:7

    hint: do what waits before or after it, in a loop of your own
    [TIME] ERROR: slip failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}
