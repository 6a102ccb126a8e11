//! `hikae test`: where specs are found, what they may require, the file for CI servers, and running again after a change.

use std::io::{BufRead, BufReader};
use std::sync::{Arc, Mutex};

use rustix::process::Signal;

use crate::support::processes::{end_of, send, wait_until};
use crate::support::program::{Hikae, Said};

fn bare() -> Hikae {
    Hikae::new().env("HIKAE_CONFIG_DIR", "")
}

fn passing(name: &str) -> String {
    format!("it('{name}', function() expect(1).to_be(1) end)\n")
}

fn test(hikae: &Hikae, args: &[&str]) -> Said {
    hikae.run(&[&["test"], args].concat())
}

/// The names of the specs that passed, in their order.
fn passed(said: &Said) -> Vec<&str> {
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
    said.out.lines().filter_map(|line| line.strip_prefix("ok      ")).collect()
}

#[test]
fn a_configuration_folder_is_tested_whole_but_for_what_is_hidden() {
    let hikae = bare()
        .file("hikae.toml", "")
        .file("recipes/a_spec.lua", &passing("recipe"))
        .file("channels/b_spec.lua", &passing("channel"))
        .file("tests/deep/er/c_spec.lua", &passing("deep"))
        .file(".git/d_spec.lua", &passing("hidden folder"))
        .file("tests/.e_spec.lua", &passing("hidden file"))
        .file("tests/spec.lua", "error('this is no spec')");
    std::os::unix::fs::symlink(hikae.path("tests"), hikae.path("tests/deep/loop")).unwrap();
    assert_eq!(passed(&test(&hikae, &[])), ["channel", "recipe", "deep"]);
    assert_eq!(passed(&test(&hikae, &["tests", "./channels/b_spec.lua", "tests/deep"])), ["deep", "channel"]);
    let mut below = hikae.command(&["test"]);
    let said = hikae.said(below.current_dir(hikae.path("tests/deep")).output().unwrap());
    assert_eq!(passed(&said), ["channel", "recipe", "deep"], "the nearest `hikae.toml` above counts");
}

#[test]
fn a_folder_with_recipes_alone_is_enough_and_nothing_beside_it_is_read() {
    let hikae = bare().file("recipes/a_spec.lua", &passing("recipe")).file("other/b_spec.lua", &passing("other"));
    assert_eq!(passed(&test(&hikae, &[])), ["recipe"]);
}

#[test]
fn a_configuration_folder_that_is_named_goes_before_the_current_one() {
    let hikae = Hikae::new()
        .file("recipes/a_spec.lua", &passing("here"))
        .file("config/recipes/b_spec.lua", &passing("there"))
        .file("else/recipes/c_spec.lua", &passing("elsewhere"));
    assert_eq!(passed(&test(&hikae, &[])), ["there"]);
    assert_eq!(passed(&test(&hikae, &["--config-dir", "else"])), ["elsewhere"]);
}

#[test]
fn specs_require_the_library_and_modules_of_their_own() {
    let hikae = bare()
        .file("recipes/prices.lua", "return { tea = 3 }")
        .file("recipes/parts/cake.lua", "return { price = require('prices').tea + 1 }")
        .file("tests/fixtures.lua", "return { 4 }")
        .file(
            "tests/prices_spec.lua",
            "local cake, fixtures = require 'parts.cake', require 'fixtures'
             it('costs', function() expect({ cake.price }).to_equal(fixtures) end)
             it('has the library', function() expect(require('hikae.calendar')).never_to_be_nil() end)",
        );
    assert_eq!(passed(&test(&hikae, &["tests"])), ["costs", "has the library"]);
    let own = hikae.file("stdlib/hikae/calendar.lua", "return 'my own'").file(
        "tests/prices_spec.lua",
        "it('has its own library', function() expect(require('hikae.calendar')).to_be('my own') end)",
    );
    assert_eq!(passed(&test(&own, &["tests"])), ["has its own library"]);
}

#[test]
fn a_spec_that_is_named_brings_its_own_folder_along() {
    let spec = "it('is at home', function()
      expect({ require 'prices', require 'hikae.calendar' }).to_equal { 3, 'my own' }
    end)";
    let hikae = bare()
        .file("shop/tests/a_spec.lua", spec)
        .file("shop/recipes/prices.lua", "return 3")
        .file("shop/stdlib/hikae/calendar.lua", "return 'my own'")
        .file("recipes/b_spec.lua", &passing("here"));
    assert_eq!(passed(&test(&hikae, &["shop/tests/a_spec.lua"])), ["is at home"]);
    assert_eq!(passed(&test(&hikae, &["shop"])), ["is at home"]);
}

#[test]
fn a_spec_touches_nothing_of_this_machine() {
    let spec = "it('writes', function()
      fs.write('/HERE/note', 'x')
      expect(fs.read('/HERE/note')).to_be('x')
      expect(function() process.run { program = 'true' } end).to_raise()
      expect(fs.stat('/HERE/recipes')).to_be_nil()
    end)";
    let hikae = bare();
    let here = hikae.path("").display().to_string();
    let hikae = hikae.file("recipes/a_spec.lua", &spec.replace("/HERE", here.trim_end_matches('/')));
    assert_eq!(passed(&test(&hikae, &[])), ["writes"]);
    assert!(!hikae.path("note").exists());
}

#[test]
fn the_words_of_a_spec_cannot_break_a_terminal_or_a_harness() {
    let spec = "it('a\\27[2J\\nok      forged\\0', function() expect('\\27]0;x\\7<&').to_be(1) end)";
    let hikae = bare().file("recipes/a_spec.lua", spec);
    let forms: [&[&str]; 4] = [&[], &["--tap"], &["--quiet"], &["--junit", "r.xml"]];
    for form in forms {
        let said = test(&hikae, form);
        assert!(!said.out.contains(['\x1b', '\x07', '\0']), "{form:?}: {said:?}");
        assert!(!said.out.lines().any(|line| line.starts_with("ok  ")), "a spec passed for another: {said:?}");
    }
    assert_eq!(attributes(&hikae, "r.xml", "testcase").len(), 1);
}

/// What the tags of this name in an XML file say, as an XML parser reads it.
fn attributes(hikae: &Hikae, file: &str, tag: &str) -> Vec<serde_json::Value> {
    let script = "import json, sys, xml.dom.minidom as dom
for tag in dom.parse(sys.argv[1]).getElementsByTagName(sys.argv[2]):
    print(json.dumps(dict(tag.attributes.items(), inside=[x.tagName for x in tag.childNodes if x.nodeType == 1])))";
    let path = hikae.path(file);
    let python = std::process::Command::new("python3").args(["-c", script]).arg(path).arg(tag).output();
    let output = python.expect("this test needs the package python3");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn junit_is_written_for_ci_servers() {
    let spec = "describe('shop', function()
  it('opens', function() expect(1).to_be(1) end)
  it('sells <tea> & \"cake\"', function() expect('<&>').to_be(']]>') end)
  it('keeps its books', function() fs.read('/books') end)
  pending('delivers')
end)";
    let hikae = bare().file("recipes/shop_spec.lua", spec).file("recipes/cut_spec.lua", "it(");
    let said = test(&hikae, &["--junit", "out/results.xml", "--quiet"]);
    assert_eq!((said.code, said.err.as_str()), (1, ""), "{said:?}");
    let cases = attributes(&hikae, "out/results.xml", "testcase");
    let told: Vec<_> =
        cases.iter().map(|case| (&case["name"], &case["file"], &case["line"], &case["inside"])).collect();
    let of = |name: &str, file: &str, line: &str, inside: &[&str]| {
        (name.to_owned(), format!("recipes/{file}"), line.to_owned(), serde_json::json!(inside))
    };
    let expected = [
        of("recipes/cut_spec.lua", "cut_spec.lua", "1", &["error"]),
        of("shop opens", "shop_spec.lua", "2", &[]),
        of("shop sells <tea> & \"cake\"", "shop_spec.lua", "3", &["failure"]),
        of("shop keeps its books", "shop_spec.lua", "4", &["error"]),
        of("shop delivers", "shop_spec.lua", "5", &["skipped"]),
    ];
    assert_eq!(told.len(), expected.len(), "{cases:?}");
    for (told, expected) in told.iter().zip(&expected) {
        assert_eq!(
            (told.0, told.1, told.2),
            (&expected.0.as_str().into(), &expected.1.as_str().into(), &expected.2.as_str().into())
        );
        assert_eq!(told.3, &expected.3, "{told:?}");
    }
    let failure = &attributes(&hikae, "out/results.xml", "failure")[0];
    assert_eq!(failure["message"], "expected to be \"]]>\", found \"<&>\"");
    let sums = &attributes(&hikae, "out/results.xml", "testsuites")[0];
    assert_eq!(
        (&sums["tests"], &sums["failures"], &sums["errors"], &sums["skipped"]),
        (&"5".into(), &"1".into(), &"2".into(), &"1".into())
    );
    assert_eq!(attributes(&hikae, "out/results.xml", "testsuite").len(), 2);
}

#[test]
fn results_that_cannot_be_written_are_a_failure_though_all_specs_pass() {
    let hikae = bare().file("recipes/a_spec.lua", &passing("fine")).file("results.xml/taken", "");
    let said = test(&hikae, &["--junit", "results.xml"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.starts_with("error: cannot "), "{said:?}");
}

#[test]
fn watch_runs_again_after_a_change_of_a_spec_or_a_module_until_it_is_interrupted() {
    let spec = "local prices = require 'prices'\nit('costs', function() expect(prices.tea).to_be(3) end)\n";
    let hikae = bare().file("recipes/prices.lua", "return { tea = 3 }").file("recipes/a_spec.lua", spec);
    let mut child = hikae.start(&["test", "--watch"]);
    let heard = Arc::new(Mutex::new(String::new()));
    let (out, hears) = (child.stdout.take().unwrap(), heard.clone());
    let reader = std::thread::spawn(move || {
        for line in BufReader::new(out).lines() {
            hears.lock().unwrap().push_str(&format!("{}\n", line.unwrap()));
        }
    });
    let says = |text: &str| {
        wait_until(text, || heard.lock().unwrap().contains(text));
        heard.lock().unwrap().clear();
    };
    says("1 spec, 1 passed, 0 failed");
    let hikae = hikae.file("recipes/prices.lua", "return { tea = 30 }");
    says("1 spec, 0 passed, 1 failed");
    let hikae = hikae.file("recipes/a_spec.lua", &spec.replace("to_be(3)", "to_be(30)"));
    says("1 spec, 1 passed, 0 failed");
    let hikae = hikae.file("recipes/b_spec.lua", &passing("new"));
    says("2 specs, 2 passed, 0 failed");
    send(&child, Signal::INT);
    let said = hikae.said(end_of(child));
    assert_eq!((said.code, said.err.as_str()), (130, ""), "{said:?}");
    reader.join().unwrap();
}

#[test]
fn a_signal_ends_specs_that_would_go_on() {
    let endless =
        "it('x', function() local n = 0 while true do n = n + 1 if n % 1000 == 0 then clock.sleep('1s') end end end)";
    let hikae = bare().file("recipes/a_spec.lua", &endless.repeat(20)).file("recipes/0_spec.lua", &passing("first"));
    let mut child = hikae.start(&["test"]);
    let mut first = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
    assert_eq!(first, "recipes/0_spec.lua\n");
    send(&child, Signal::TERM);
    assert_eq!(hikae.said(end_of(child)).code, 143);
}
