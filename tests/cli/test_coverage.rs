//! `hikae test --coverage`: which lines of recipes and modules the specs ran, and which never.

use crate::support::program::Hikae;

const GREET: &str = "--- Greets.
local words = require 'words'
return recipe {
  kind = 'maintenance', type = 'manual',
  params = { late = { type = 'boolean', default = false } },
  run = function(p)
    if p.late then
      log.info(words.evening())
    else
      log.info(words.morning())
    end
  end,
}
";

const WORDS: &str = "--- What to say.
local words = {}
function words.morning()
  return 'good morning'
end
function words.evening()
  local word = 'evening'
  return 'good ' .. word
end
return words
";

const SPEC: &str = "it('greets', function() simulate {}:run('greet'):ok() end)\n";

fn folder() -> Hikae {
    let hikae = Hikae::new().env("HIKAE_CONFIG_DIR", "").file("recipes/greet.lua", GREET);
    hikae.file("recipes/words.lua", WORDS).file("recipes/greet_spec.lua", SPEC)
}

#[test]
fn lines_that_no_spec_ran_are_told_for_recipes_and_for_modules() {
    let said = folder().run(&["test", "--coverage"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
    insta::assert_snapshot!(said.out, @"
    recipes/greet_spec.lua
    ok      greets

    recipes/greet.lua  6 of 7 lines, 85 %; never run: 8
    recipes/words.lua  5 of 7 lines, 71 %; never run: 7-8

    Lies that the specs exclude:
      greet: excludes nothing; open: swallowed failures (each_failure), silence about failures (run:alerted)

    1 spec, 1 passed, 0 failed, 0 errors, 0 pending
    ");
}

#[test]
fn a_recipe_that_no_spec_runs_has_no_line_that_ran() {
    let hikae = folder().file("recipes/greet_spec.lua", "it('adds', function() expect(1 + 1).to_equal(2) end)\n");
    let said = hikae.run(&["test", "--coverage"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("recipes/greet.lua  0 of "), "{}", said.out);
}

#[test]
fn each_failure_counts_what_only_a_failure_runs() {
    let recipe = "--- Asks.
return recipe {
  kind = 'maintenance', type = 'manual', needs = { run = { 'ask' } },
  run = function()
    local ok, failure = errors.try(function() return process.run { program = 'ask' } end)
    if not ok then
      errors.accept(failure, 'nobody has to answer')
    end
  end,
}
";
    let spec = "it('asks', function()
  simulate { programs = { ask = { stdout = 'yes' } } }:each_failure('ask', function() end)
end)\n";
    let hikae = Hikae::new().env("HIKAE_CONFIG_DIR", "").file("recipes/ask.lua", recipe);
    let said = hikae.file("recipes/ask_spec.lua", spec).run(&["test", "--coverage"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains(" 100 %\n"), "{}", said.out);
}

#[test]
fn programs_read_it_as_json_and_as_comments_of_tap() {
    let said = folder().run(&["test", "--coverage", "--json"]);
    let words = said.out.lines().find(|line| line.contains(r#""coverage":"recipes/words.lua""#)).unwrap();
    let words: serde_json::Value = serde_json::from_str(words).unwrap();
    assert_eq!(words["never_run"], serde_json::json!([7, 8]), "{words}");
    let said = folder().run(&["test", "--coverage", "--tap"]);
    assert!(said.out.contains("\n# recipes/words.lua"), "{}", said.out);
}
