//! What the spec runner promises, over spec files that are written here.

use std::sync::Arc;
use std::time::Duration;

use hikae::error::Kind;
use hikae::lua::fuse::LuaLimits;
use hikae::specs::{Outcome, Runner, SpecResult, Stage, tested_nothing, text_of};
use hikae::world::World;
use hikae::world::real::Real;

fn ambient(_spec: &str) -> Arc<dyn World> {
    Arc::new(Real::ambient())
}

fn run_on(stage: &dyn Stage, text: &str, change: impl FnOnce(&mut Runner)) -> Vec<SpecResult> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut runner = Runner::new(stage, runtime.handle().clone());
    runner.limits = LuaLimits { instructions: 1_000_000, ..LuaLimits::default() };
    change(&mut runner);
    runner.run("shop_spec.lua", text)
}

fn run(text: &str) -> Vec<SpecResult> {
    run_on(&ambient, text, |_| {})
}

/// The results as a person sees them.
fn told(text: &str) -> String {
    run(text).iter().map(text_of).collect::<Vec<_>>().join("\n")
}

/// The result of one spec with this body.
fn body(body: &str) -> String {
    told(&format!("it(\"x\", function()\n{body}\nend)"))
}

#[test]
fn names_are_joined_and_results_come_in_order() {
    let results = run(r#"
        describe("shop", function()
          it("opens", function() expect(1).to_be(1) end)
          describe("at night", function() it("closes", function() expect(1).to_be(2) end) end)
        end)
        it("alone", function() nothing_of_this_name() end)
        pending("later")
    "#);
    let seen: Vec<_> = results
        .iter()
        .map(|result| {
            let outcome = match &result.outcome {
                Outcome::Passed => "passed",
                Outcome::Failed(_) => "failed",
                Outcome::Error(_) => "error",
                Outcome::Pending(_) => "pending",
            };
            (result.name.as_str(), result.site.as_ref().unwrap().line, outcome)
        })
        .collect();
    let expected = [
        ("shop opens", 3, "passed"),
        ("shop at night closes", 4, "failed"),
        ("alone", 6, "error"),
        ("later", 7, "pending"),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn a_failed_expectation_shows_what_was_expected_what_was_found_and_where() {
    let told = body("local list = { a = 1, rows = { 1, 2 } }\nexpect(list).to_equal { a = 1, rows = { 1, 3 } }");
    let expected = "\
FAILED  x
        at shop_spec.lua:3
        expected to equal { a = 1, rows = { 1, 3 } }
        found    { a = 1, rows = { 1, 2 } }
              rows = {
                1,
          -     3,
          +     2,
              },
            }";
    assert_eq!(told, expected);
}

#[test]
fn every_matcher_holds_and_fails() {
    let cases = [
        ("expect({ 1, { a = 2 } })", "to_equal({ 1, { a = 2 } })", "to_equal({ 1, { a = 3 } })"),
        ("expect({ 1 })", "to_equal({ 1 })", "to_equal({ 1, 2 })"),
        ("expect({ 1, 2 })", "to_equal({ 1, 2 })", "to_equal({ 1 })"),
        ("expect(1)", "to_equal(1.0)", "to_equal('1')"),
        ("local t = {} expect(t)", "to_be(t)", "to_be({})"),
        ("expect(nil)", "to_be_nil()", "to_be_false()"),
        ("expect(false)", "to_be_false()", "to_be_nil()"),
        ("expect(true)", "to_be_true()", "to_be(1)"),
        ("expect('db_20260215')", "to_match('^db_%d+$')", "to_match('^%d')"),
        ("expect('a.b-c')", "to_contain('.b-')", "to_contain('axb')"),
        ("expect({ 'a', { 'b' } })", "to_contain({ 'b' })", "to_contain('b')"),
        ("expect(3)", "to_be(3)", "to_match('3')"),
        ("expect(error)", "to_raise()", "to_raise('no such text')"),
        (
            "expect(function() errors.raise { kind = 'space', message = 'the disk is full', hint = 'buy one' } end)",
            "to_raise { kind = 'space', message = 'full', hint = 'buy' }",
            "to_raise { kind = 'network' }",
        ),
        ("expect(function() clock.sleep(0) end)", "never_to_raise()", "to_raise()"),
    ];
    for (value, holds, fails) in cases {
        assert_eq!(body(&format!("{value}.{holds}")), "ok      x", "{value}.{holds}");
        let failed = body(&format!("{value}.{fails}"));
        assert!(failed.starts_with("FAILED"), "{value}.{fails} gave {failed}");
        let opposite = |matcher: &str| match matcher.strip_prefix("never_") {
            Some(rest) => rest.to_owned(),
            None => format!("never_{matcher}"),
        };
        assert_eq!(body(&format!("{value}.{}", opposite(fails))), "ok      x", "never {value}.{fails}");
        let failed = body(&format!("{value}.{}", opposite(holds)));
        assert!(failed.starts_with("FAILED"), "never {value}.{holds} gave {failed}");
    }
}

#[test]
fn a_raised_error_can_be_looked_at() {
    assert_eq!(body("expect(expect(function() error('no') end).to_raise().kind).to_be('recipe')"), "ok      x");
}

#[test]
fn a_misspelt_matcher_names_the_right_one() {
    let told = body("expect(1).to_eqal(1)");
    let expected = "\
ERROR   x
        at shop_spec.lua:2
        recipe: `expect` has no matcher `to_eqal`
        hint: did you mean `to_equal`? the matchers are `to_equal`, `to_be`, `to_be_nil`, `to_be_true`, `to_be_false`, `to_match`, `to_contain`, `to_raise`, and each with `never_` before it";
    assert_eq!(told, expected);
    assert!(body("expect(1).not_to_equal(1)").contains("did you mean `never_to_equal`?"));
    assert!(body("expect(error).to_raise { knd = 'space' }").contains("did you mean `kind`?"));
    assert!(body("expect(1).to_be(1, 2)").contains("`to_be` takes one value, and was given 2"));
}

#[test]
fn a_spec_that_expects_nothing_is_an_error() {
    let idle = "the spec expects nothing, so it would pass whatever happens";
    assert!(told("it('sleeps', function() end)").contains(idle));
    assert!(told("it('dreams', function() simulate {} end)").contains(idle));
    assert_eq!(told("it('looks', function() expect(1).to_be(1) end)"), "ok      looks");
}

#[test]
fn a_name_is_one_line_that_says_something() {
    assert_eq!(told("it('keeps\\n  the newest', function() expect(1).to_be(1) end)"), "ok      keeps the newest");
    assert!(told("it(' ', function() end)").contains("`it` has an empty name"));
    assert!(told("describe('', function() it('x', function() end) end)").contains("`describe` has an empty name"));
}

#[test]
fn a_stage_is_told_of_the_end_of_each_spec_however_it_ends() {
    struct RunHandle(std::cell::RefCell<Vec<String>>);
    impl Stage for RunHandle {
        fn world(&self, spec: &str) -> hikae::error::Result<Arc<dyn World>> {
            Ok(ambient(spec))
        }

        fn ended(&self, spec: &str) {
            self.0.borrow_mut().push(spec.to_owned());
        }
    }
    let stage = RunHandle(std::cell::RefCell::default());
    let text = "it('waits', function() clock.sleep('1h') end)\nit('fails', function() error('no') end)";
    run_on(&stage, text, |runner| runner.timeout = Duration::from_millis(500));
    assert_eq!(*stage.0.borrow(), ["waits", "fails"]);
}

#[test]
fn a_matcher_behind_a_colon_says_to_write_a_dot() {
    let expected = "\
ERROR   x
        at shop_spec.lua:2
        recipe: `to_equal` needs a dot, not a colon
        hint: write `expect(...).to_equal`";
    assert_eq!(body("expect(1):to_equal(1)"), expected);
    assert!(body("expect(error):never_to_raise()").contains("hint: write `expect(...).never_to_raise`"));
}

#[test]
fn an_expectation_without_a_matcher_is_an_error() {
    let expected = "\
ERROR   x
        at shop_spec.lua:2
        recipe: `expect` has no matcher, so it asserts nothing
        hint: expect(value).to_equal(expected)";
    assert_eq!(body("expect(1 == 1)"), expected);
    assert_eq!(body("local ask = expect(1).to_be  expect(2).to_be(2)"), expected);
    assert_eq!(body("local ask = expect(1).to_be  ask(1)"), "ok      x");
    assert!(body("expect(1)  expect(2).to_be(3)").starts_with("FAILED"), "the failure is what is told");
    let hook = "after_each(function() expect(1) end)\nit('x', function() end)";
    assert!(told(hook).contains("at shop_spec.lua:1\n"), "{}", told(hook));
}

#[test]
fn an_expectation_that_fails_counts_even_when_the_spec_catches_it() {
    assert!(body("errors.try(function() expect(1).to_be(2) end)").starts_with("FAILED"));
    assert!(body("expect(function() expect(1).to_be(2) end).to_raise()").contains("expected to be 2"));
}

#[test]
fn hooks_run_from_the_outside_in_and_back_also_after_a_failure() {
    let text = r#"
        local seen = {}
        before_each(function() table.insert(seen, "before") end)
        after_each(function() table.insert(seen, "after")  error(table.concat(seen, " ")) end)
        describe("inner", function()
          it("x", function()
            finally(function() table.insert(seen, "finally") end)
            table.insert(seen, "it")
          end)
          before_each(function() table.insert(seen, "before inner") end)
          after_each(function() table.insert(seen, "after inner") end)
        end)
    "#;
    assert!(told(text).contains("before before inner it finally after inner after"), "{}", told(text));
    let fails = text.replace("table.insert(seen, \"it\")", "expect(1).to_be(2)");
    assert!(told(&fails).contains("expected to be 2"), "the first failure is the one that is told");
}

#[test]
fn every_spec_has_a_state_and_a_world_of_its_own() {
    let text = "local kept = {}\nfor _i, name in ipairs { 'a', 'b' } do\n\
        it(name, function() table.insert(kept, 1)  expect(#kept).to_be(1) end)\nend";
    assert_eq!(told(text), "ok      a\nok      b");
    let asked = std::sync::Mutex::new(Vec::new());
    let stage = |spec: &str| {
        asked.lock().unwrap().push(spec.to_owned());
        ambient(spec)
    };
    run_on(&stage, text, |_| {});
    assert_eq!(*asked.lock().unwrap(), ["a", "b"]);
}

#[test]
fn a_file_that_cannot_be_read_as_specs_says_why() {
    let cases = [
        (
            "it('x', function()",
            "at shop_spec.lua:1\nrecipe: cannot parse `shop_spec.lua`\n'end' expected near <eof>\nhint: is an `end` missing?",
        ),
        ("local x = 1", "recipe: `shop_spec.lua` has no spec\nhint: it(\"says what it promises\", function() ... end)"),
        ("describe('x', function() error('on the way') end)", "at shop_spec.lua:1\nrecipe: on the way"),
        (
            "it('x')",
            "at shop_spec.lua:1\nrecipe: `it` takes a function, not a nil\n\
             hint: an `it` that is not written yet is `pending(\"what it will promise\")`",
        ),
        (
            "expect(1).to_be(1)",
            "at shop_spec.lua:1\nrecipe: `expect` belongs outside of every `it`\n\
             hint: put it into `it(\"says what it promises\", function() ... end)`",
        ),
    ];
    for (text, expected) in cases {
        let told = told(text);
        let lines: Vec<&str> = told.lines().map(str::trim).collect();
        assert_eq!(lines.join("\n"), format!("ERROR   shop_spec.lua\n{expected}"), "{text}");
    }
    assert!(body("describe('y', function() end)").contains("`describe` belongs inside an `it`"));
}

#[test]
fn an_endless_spec_ends_and_the_others_still_run() {
    let text = "it('spins', function() while true do end end)\nit('runs', function() expect(1).to_be(1) end)";
    let told = told(text);
    assert!(told.contains("ERROR   spins") && told.contains("is there an endless loop?"), "{told}");
    assert!(told.ends_with("ok      runs"), "{told}");
}

#[test]
fn a_spec_that_waits_for_ever_ends_and_the_others_still_run() {
    let text = "it('waits', function() clock.sleep('1h') end)\nit('runs', function() expect(1).to_be(1) end)";
    let results = run_on(&ambient, text, |runner| runner.timeout = Duration::from_millis(100));
    let Outcome::Error(error) = &results[0].outcome else { panic!("{results:?}") };
    assert_eq!((error.kind(), error.what()), (Kind::Timeout, "the spec did not end within 0.1s"));
    assert!(matches!(results[1].outcome, Outcome::Passed));
}

#[test]
fn nothing_outside_is_touched_while_the_specs_are_collected() {
    assert!(told("fs.list { dir = '/' }\nit('x', function() end)").contains("while the recipe was being loaded"));
}

#[test]
fn a_run_that_tried_nothing_is_told() {
    assert!(tested_nothing(&[]).is_some());
    assert!(tested_nothing(&run("pending('later')")).is_some());
    assert!(tested_nothing(&run("it('x', function() end)")).is_none());
}

#[test]
fn a_filter_picks_specs_by_their_names() {
    let text = "it('one', function() end)\nit('two', function() end)";
    let results = run_on(&ambient, text, |runner| runner.filter = Some("tw".to_owned()));
    assert_eq!(results.iter().map(|result| result.name.as_str()).collect::<Vec<_>>(), ["two"]);
}

#[test]
fn a_spec_can_say_in_its_middle_that_it_is_not_written() {
    assert_eq!(body("pending('needs a tape drive')"), "pending x: needs a tape drive");
}

#[test]
fn random_numbers_are_the_same_each_time() {
    let text = "it('x', function() error(tostring(math.random(1000000))) end)";
    assert_eq!(told(text), told(text));
}
