//! `hikae test`: what it finds, what it says, and that nothing is green that was not tested.

use crate::support::program::{Hikae, Said};

/// A folder with recipes and nothing else, and the program in it.
fn shop() -> Hikae {
    Hikae::new().env("HIKAE_CONFIG_DIR", "").file("recipes/prices.lua", PRICES)
}

const PRICES: &str = "--- Sums.
local prices = {}
function prices.sum(list)
  local sum = 0
  for _i, n in ipairs(list) do sum = sum + n end
  return sum
end
return prices
";

const GOOD: &str = "local prices = require 'prices'
describe('prices', function()
  it('are summed', function() expect(prices.sum { 1, 2 }).to_equal(3) end)
  it('are nothing for nothing', function() expect(prices.sum {}).to_equal(0) end)
end)
";

const MIXED: &str = "describe('shop', function()
  it('opens', function() expect(true).to_be_true() end)
  it('sells <tea> & \"cake\"', function() expect({ 'tea', 'cake' }).to_equal { 'tea', 'bread' } end)
  it('keeps its books', function() fs.read('/books') end)
  pending('delivers')
  it('bakes', function() pending('needs an oven # 7') end)
end)
";

fn test(hikae: &Hikae, args: &[&str]) -> Said {
    hikae.run(&[&["test"], args].concat())
}

fn steady_json(text: &str) -> String {
    regex::Regex::new(r#""duration_secs":[0-9.e-]+"#)
        .unwrap()
        .replace_all(text, r#""duration_secs":[SECS]"#)
        .into_owned()
}

#[test]
fn specs_that_pass_are_listed_with_their_sum() {
    let said = test(&shop().file("recipes/prices_spec.lua", GOOD), &[]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
    insta::assert_snapshot!(said.out, @"
    recipes/prices_spec.lua
    ok      prices are summed
    ok      prices are nothing for nothing

    2 specs, 2 passed, 0 failed, 0 errors, 0 pending
    ");
}

#[test]
fn a_failure_shows_a_difference_and_is_told_apart_from_an_error() {
    let said = test(&shop().file("recipes/shop_spec.lua", MIXED), &[]);
    assert_eq!((said.code, said.err.as_str()), (1, ""), "{said:?}");
    insta::assert_snapshot!(said.out, @r#"
    recipes/shop_spec.lua
    ok      shop opens
    FAILED  shop sells <tea> & "cake"
            at recipes/shop_spec.lua:3
            expected to equal { "tea", "bread" }
            found    { "tea", "cake" }
                {
                  "tea",
              -   "bread",
              +   "cake",
                }
    ERROR   shop keeps its books
            at recipes/shop_spec.lua:4
            not_found: cannot read `/books`
              No such file or directory
    pending shop delivers
    pending shop bakes: needs an oven # 7

    5 specs, 1 passed, 1 failed, 1 error, 2 pending
    "#);
}

#[test]
fn quiet_prints_only_what_went_wrong() {
    let hikae = shop().file("recipes/prices_spec.lua", GOOD).file("recipes/shop_spec.lua", MIXED);
    let said = test(&hikae, &["--quiet"]);
    assert_eq!((said.code, said.err.as_str()), (1, ""), "{said:?}");
    assert!(said.out.starts_with("FAILED  shop sells"), "{said:?}");
    assert!(said.out.ends_with("\n7 specs, 3 passed, 1 failed, 1 error, 2 pending\n"), "{said:?}");
    assert!(!said.out.contains("ok ") && !said.out.contains("pending shop"), "{said:?}");
    let said = test(&hikae, &["-q", "recipes/prices_spec.lua"]);
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (0, "", ""));
}

#[test]
fn a_filter_picks_by_name_and_one_that_picks_nothing_is_a_failure() {
    let hikae = shop().file("recipes/prices_spec.lua", GOOD).file("recipes/shop_spec.lua", MIXED);
    let said = test(&hikae, &["--filter", "prices are s"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
    insta::assert_snapshot!(said.out, @"
    recipes/prices_spec.lua
    ok      prices are summed

    1 spec, 1 passed, 0 failed, 0 errors, 0 pending
    ");
    let said = test(&hikae, &["--filter", "Prices"]);
    assert_eq!((said.code, said.out.as_str()), (1, "0 specs, 0 passed, 0 failed, 0 errors, 0 pending\n"));
    insta::assert_snapshot!(said.err, @"
    error: no spec has `Prices` in its name

    hint: a name begins with those of the `describe` around it; upper and lower case count
    ");
}

#[test]
fn testing_nothing_is_a_failure() {
    let hikae = shop();
    let said = test(&hikae, &[]);
    assert_eq!((said.code, said.out.as_str()), (1, "0 specs, 0 passed, 0 failed, 0 errors, 0 pending\n"));
    insta::assert_snapshot!(said.err, @"
    error: there is no spec in `recipes`

    hint: a spec is a file `NAME_spec.lua` beside the recipe `NAME.lua`; `hikae test` finds it from a folder with `recipes/` or `hikae.toml`, or by its path
    ");
    let hikae = hikae.file("recipes/later_spec.lua", "pending('later')").file("good/prices_spec.lua", GOOD);
    let said = test(&hikae, &["--quiet"]);
    assert_eq!((said.code, said.out.as_str()), (1, ""));
    insta::assert_snapshot!(said.err, @r#"
    error: nothing was tested: every spec is pending

    hint: write one: it("says what it promises", function() ... end)
    "#);
    let said = test(&hikae.file("empty/note.txt", ""), &["good", "empty"]);
    assert_eq!(said.code, 1, "a folder that was named must not be passed over: {said:?}");
    assert!(said.err.starts_with("error: there is no spec in `empty`\n"), "{said:?}");
}

#[test]
fn a_path_that_is_no_spec_is_misuse() {
    let hikae = shop().file("recipes/prices_spec.lua", GOOD);
    let said = test(&hikae, &["recipes/price_spec.lua"]);
    assert_eq!((said.code, said.out.as_str()), (64, ""));
    insta::assert_snapshot!(said.err, @"
    error: cannot find `recipes/price_spec.lua`

    hint: name a spec file, or a folder with specs below it; without a name, all specs run
    ");
    let said = test(&hikae, &["recipes/prices.lua"]);
    assert_eq!((said.code, said.out.as_str()), (64, ""));
    insta::assert_snapshot!(said.err, @"
    error: `recipes/prices.lua` is not a spec file

    hint: did you mean `recipes/prices_spec.lua`?
    ");
    assert_eq!(test(&hikae, &["--json", "--tap"]).code, 64);
    assert_eq!(test(&hikae, &["--junit", "recipes/prices.lua/results.xml"]).code, 64);
}

#[test]
fn a_file_that_is_broken_does_not_keep_the_others_from_being_tested() {
    let hikae = shop()
        .file("recipes/cut_spec.lua", "it('x', function()\n")
        .file("recipes/bare_spec.lua", "local x = 1\n")
        .file("recipes/loads_spec.lua", "while true do end\n")
        .file("recipes/lost_spec.lua", "require 'pricse'\n")
        .file("recipes/prices_spec.lua", GOOD);
    let said = test(&hikae, &[]);
    assert_eq!((said.code, said.err.as_str()), (1, ""), "{said:?}");
    insta::assert_snapshot!(said.out, @r#"
    recipes/bare_spec.lua
    ERROR   recipes/bare_spec.lua
            recipe: `recipes/bare_spec.lua` has no spec
            hint: it("says what it promises", function() ... end)

    recipes/cut_spec.lua
    ERROR   recipes/cut_spec.lua
            at recipes/cut_spec.lua:2
            recipe: cannot parse `recipes/cut_spec.lua`
              'end' expected (to close 'function' at line 1) near <eof>
            hint: is an `end` missing?

    recipes/loads_spec.lua
    ERROR   recipes/loads_spec.lua
            at recipes/loads_spec.lua:1
            timeout: the recipe ran 300 000 000 Lua instructions without waiting for anything
            hint: is there an endless loop?

    recipes/lost_spec.lua
    ERROR   recipes/lost_spec.lua
            at recipes/lost_spec.lua:1
            not_found: cannot find the module `pricse`
            hint: `require` finds `hikae.*` of the library, and Lua files beside the recipe

    recipes/prices_spec.lua
    ok      prices are summed
    ok      prices are nothing for nothing

    6 specs, 2 passed, 0 failed, 4 errors, 0 pending
    "#);
}

#[test]
fn a_spec_that_does_not_end_or_eats_all_memory_ends_and_the_next_one_runs() {
    let spec = "it('spins', function() while true do end end)
it('eats', function() local all = {} while true do all[#all + 1] = ('x'):rep(100000) .. #all end end)
it('sleeps', function() while true do clock.sleep('1h') end end)
it('stays', function() expect(1).to_be(1) end)
";
    let said = test(&shop().file("recipes/hungry_spec.lua", spec), &[]);
    assert_eq!(said.code, 1, "{said:?}");
    let firsts: Vec<&str> = said.out.lines().filter(|line| !line.starts_with(' ')).collect();
    assert_eq!(
        firsts,
        [
            "recipes/hungry_spec.lua",
            "ERROR   spins",
            "ERROR   eats",
            "ERROR   sleeps",
            "ok      stays",
            "",
            "4 specs, 1 passed, 0 failed, 3 errors, 0 pending"
        ]
    );
    assert!(said.out.contains("hint: is there an endless loop?"), "{said:?}");
    assert!(said.out.contains("space: the recipe used more than 64 MiB of Lua memory"), "{said:?}");
}

#[test]
fn tap_is_told_to_harnesses() {
    let said = test(&shop().file("recipes/shop_spec.lua", MIXED), &["--tap"]);
    assert_eq!((said.code, said.err.as_str()), (1, ""), "{said:?}");
    insta::assert_snapshot!(said.out, @r##"
    TAP version 14
    # recipes/shop_spec.lua
    ok 1 - shop opens
    not ok 2 - shop sells <tea> & "cake"
      ---
      severity: "failure"
      expected: "to equal { \"tea\", \"bread\" }"
      found: "{ \"tea\", \"cake\" }"
      at: "recipes/shop_spec.lua:3"
      diff: "  {\n    \"tea\",\n-   \"bread\",\n+   \"cake\",\n  }"
      ...
    not ok 3 - shop keeps its books
      ---
      severity: "error"
      kind: "not_found"
      message: "cannot read `/books`: No such file or directory"
      at: "recipes/shop_spec.lua:4"
      ...
    ok 4 - shop delivers # SKIP not written yet
    ok 5 - shop bakes # SKIP needs an oven \# 7
    1..5
    # 5 specs, 1 passed, 1 failed, 1 error, 2 pending
    "##);
    let said = test(&shop(), &["--tap"]);
    assert_eq!((said.code, said.out.as_str()), (1, "TAP version 14\nBail out! there is no spec in `recipes`\n"));
}

#[test]
fn json_is_one_object_a_line_and_the_last_is_the_sum() {
    let said = test(&shop().file("recipes/shop_spec.lua", MIXED), &["--json"]);
    assert_eq!((said.code, said.err.as_str()), (1, ""), "{said:?}");
    insta::assert_snapshot!(steady_json(&said.out), @r#"
    {"file":"recipes/shop_spec.lua","line":2,"name":"shop opens","status":"passed","duration_secs":[SECS],"failure":null,"error":null,"pending":null,"note":null}
    {"file":"recipes/shop_spec.lua","line":3,"name":"shop sells <tea> & \"cake\"","status":"failed","duration_secs":[SECS],"failure":{"expected":"to equal { \"tea\", \"bread\" }","found":"{ \"tea\", \"cake\" }","diff":["  {","    \"tea\",","-   \"bread\",","+   \"cake\",","  }"],"at":"recipes/shop_spec.lua:3","fault":null,"journal":[]},"error":null,"pending":null,"note":null}
    {"file":"recipes/shop_spec.lua","line":4,"name":"shop keeps its books","status":"error","duration_secs":[SECS],"failure":null,"error":{"kind":"not_found","message":"cannot read `/books`: No such file or directory","hint":null,"at":"recipes/shop_spec.lua:4"},"pending":null,"note":null}
    {"file":"recipes/shop_spec.lua","line":5,"name":"shop delivers","status":"pending","duration_secs":[SECS],"failure":null,"error":null,"pending":"not written yet","note":null}
    {"file":"recipes/shop_spec.lua","line":6,"name":"shop bakes","status":"pending","duration_secs":[SECS],"failure":null,"error":null,"pending":"needs an oven # 7","note":null}
    {"specs":5,"passed":1,"failed":1,"errors":1,"pending":2,"duration_secs":[SECS],"recipes":{},"error":null}
    "#);
    let nothing = test(&shop(), &["--json"]);
    assert_eq!((nothing.code, &nothing.outcome()["error"]["kind"]), (1, &"not_found".into()));
}
