//! What a spec can say about a run of a recipe: each word holds where it should, fails where it should, and says why.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hikae::config::{Config, Files, Folders, Look};
use hikae::error::Result;
use hikae::specs::{Runner, SpecResult, Stage, text_of};
use hikae::world::World;
use hikae::world::real::Real;

/// Recipes in memory.
#[derive(Clone, Default)]
pub struct Recipes(Vec<(PathBuf, String)>);

impl Recipes {
    pub fn with(mut self, name: &str, text: &str) -> Recipes {
        self.0.push((format!("/etc/hikae/recipes/{name}.lua").into(), text.to_owned()));
        self
    }

    /// The recipes that these tests are about.
    fn all() -> Recipes {
        Recipes::default()
            .with("greet", GREET)
            .with("stamped", &GREET.replace("\"hello.gz\"", "\"hello_\" .. clock.stamp() .. \".gz\""))
            .with("swallow", SWALLOW)
            .with("careless", CARELESS)
            .with("leak", LEAK)
            .with("idle", "return recipe { type = \"daily\", kind = \"maintenance\", run = function() end }")
    }
}

/// Says hello in a file, with the help of a program.
const GREET: &str = r#"return recipe {
  type = "daily",
  params = { dir = { default = "/greetings", type = "path" }, whom = { default = "world" } },
  needs = { run = { "hello", "other" }, write = { "{dir}" } },
  run = function(p)
    log.info("greeting " .. p.whom)
    local words = process.stream { program = "hello", args = { "--whom", p.whom }, env = { GREETING = "plain" } }
    return words:gzip():save(path.join(p.dir, "hello.gz"))
  end,
}"#;

/// Does the same, and takes a failure for nothing.
const SWALLOW: &str = r#"return recipe {
  type = "daily",
  needs = { run = { "hello" }, write = { "/greetings" } },
  run = function()
    process.stream({ program = "hello" }):save("/greetings/hello")
    errors.try(function()
      fs.remove("/greetings/old")
    end)
  end,
}"#;

/// Looks through a folder, and goes on when it cannot.
const CARELESS: &str = r#"return recipe {
  type = "daily",
  needs = { run = { "hello" }, write = { "/greetings" } },
  run = function()
    process.stream({ program = "hello" }):save("/greetings/hello_" .. clock.stamp())
    errors.try(function()
      fs.list { dir = "/greetings" }
    end)
  end,
}"#;

/// Shows its password in the arguments of a program.
const LEAK: &str = r#"return recipe {
  type = "daily",
  params = { password = { env = "PASSWORD" } },
  needs = { run = { "hello" }, write = { "/greetings" } },
  run = function(p)
    return process.stream({ program = "hello", args = { p.password } }):save("/greetings/hello")
  end,
}"#;

impl Files for Recipes {
    fn read(&self, path: &Path) -> Result<Option<String>> {
        Ok(self.0.iter().find(|(known, _)| known == path).map(|(_, text)| text.clone()))
    }

    fn list(&self, folder: &Path) -> Result<Option<Vec<String>>> {
        let name = |path: &PathBuf| path.strip_prefix(folder).ok()?.to_str().map(str::to_owned);
        Ok(Some(self.0.iter().filter_map(|(path, _)| name(path)).collect()))
    }

    fn mode(&self, _path: &Path) -> Option<u32> {
        None
    }

    fn look(&self, _path: &Path) -> Result<Option<Look>> {
        Ok(None)
    }
}

impl Stage for Recipes {
    fn world(&self, _spec: &str) -> Result<Arc<dyn World>> {
        Ok(Arc::new(Real::beneath([])?))
    }

    fn config(&self) -> Result<Arc<Config>> {
        let folders = Folders { current: "/".into(), ..Folders::default() };
        let environment = [("HIKAE_STATE_DIR".to_owned(), "/state".to_owned())].into();
        Config::load(&folders, &environment, Arc::new(self.clone())).map(Arc::new)
    }
}

/// The fixture that the bodies below begin with.
const WORLD: &str = r#"local world = simulate {
  now = "2026-02-15T02:00:00+09:00",
  files = { ["/greetings/old"] = "good evening" },
  programs = { hello = { stdout = "hello\n" } },
}
"#;

pub fn run(text: &str) -> Vec<SpecResult> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    Runner::new(&Recipes::all(), runtime.handle().clone()).run("greet_spec.lua", text)
}

/// What a spec with this body tells.
pub fn body(body: &str) -> String {
    let results = run(&format!("it(\"x\", function() {WORLD}{body}\nend)"));
    results.iter().map(text_of).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_assertion_holds_where_it_should_and_fails_where_it_should_not() {
    let cases = [
        ("greet", "ok()", "failed()"),
        ("greet", "ok():ok()", "partial()"),
        ("greet", "ok()", "locked()"),
        ("greet", "wrote('/greetings/hello.gz')", "wrote('/greetings/old')"),
        ("greet", "wrote('/greetings/*.gz')", "wrote('/greetings/*')"),
        ("greet", "wrote('/greetings/hello.gz.manifest.json')", "wrote_nothing()"),
        ("idle", "wrote_nothing()", "wrote('/greetings/hello.gz')"),
        ("greet", "wrote('/greetings/*.gz'):gunzips_to('hello\\n')", "wrote('/greetings/*.gz'):gunzips_to('hello')"),
        ("greet", "wrote('/greetings/*.gz')", "wrote('/greetings/*.gz'):unzstds_to('hello\\n')"),
        ("greet", "wrote('/greetings/*.gz')", "wrote('/greetings/*.gz'):equals('hello\\n')"),
        ("greet", "wrote('/greetings/*.json'):contains('hello.gz')", "wrote('/greetings/*.json'):contains('hallo.gz')"),
        ("greet", "wrote('/greetings/*.gz'):has_mode('0600')", "wrote('/greetings/*.gz'):has_mode('0644')"),
        ("greet", "wrote('/greetings/*.gz'):has_manifest()", "wrote('/greetings/*.json'):has_manifest()"),
        ("greet", "kept('/greetings/old')", "removed('/greetings/old')"),
        ("greet", "kept('/greetings/old')", "kept('/greetings/hello.gz')"),
        ("greet", "kept('/greetings/old')", "removed('/greetings/never')"),
        ("idle", "unchanged()", "kept('/never')"),
        ("greet", "unchanged('/etc')", "unchanged()"),
        ("greet", "unchanged('/greetings/old')", "unchanged('/greetings')"),
        ("greet", "ran('hello')", "never_ran('hello')"),
        ("greet", "never_ran('other')", "ran('other')"),
        ("greet", "ran('hello'):with('--whom', 'world')", "ran('hello'):with('--whom', 'moon')"),
        ("greet", "ran('hello'):without('moon')", "ran('hello'):without('--whom')"),
        ("greet", "ran('hello'):once()", "ran('hello'):times(2)"),
        ("greet", "ran('hello'):times(1)", "ran('hello'):with('--whom'):times(2)"),
        ("greet", "ran('hello'):with_env('GREETING')", "ran('hello'):with_env('PASSWORD')"),
        ("greet", "said('greeting world')", "said('greeting moon')"),
        ("greet", "said('greeting w%a+')", "said('greeting m%a+')"),
        ("greet", "never_said('moon')", "never_said('world')"),
        ("greet", "never_said('100% [')", "said('100% [')"),
        ("greet", "never_showed('moon')", "never_showed('greeting')"),
        ("greet", "never_showed('moon')", "never_showed('--whom')"),
        ("greet", "never_showed('moon')", "never_showed('plain')"),
        ("greet", "never_showed(secret 'moon4')", "never_showed('hello\\n')"),
        ("greet", "left_nothing_partial()", "complained('anything')"),
        ("greet", "ok()", "lied()"),
    ];
    for (recipe, holds, fails) in cases {
        assert_eq!(body(&format!("world:run('{recipe}'):{holds}")), "ok      x", "{recipe} {holds}");
        let failed = body(&format!("world:run('{recipe}'):{fails}"));
        assert!(failed.starts_with("FAILED"), "{recipe} {fails} gave {failed}");
        assert!(recipe == "idle" || failed.contains("spawn     hello --whom world"), "no journal: {failed}");
    }
}

#[test]
fn a_run_of_which_nothing_is_asked_is_no_promise() {
    for asked in ["", ":journal()"] {
        let told = body(&format!("world:run('greet'){asked}"));
        assert!(told.contains("the spec expects nothing, so it would pass whatever happens"), "{asked}: {told}");
    }
    assert_eq!(body("world:run('greet') expect(world:run('stamped').status).to_be('success')"), "ok      x");
}

#[test]
fn a_text_that_is_everywhere_is_not_looked_for() {
    for asked in ["said('')", "never_said('')", "never_showed('')", "wrote('/greetings/*.gz'):contains('')"] {
        let told = body(&format!("world:run('greet'):{asked}"));
        assert!(told.starts_with("ERROR") && told.contains("takes a text that is not empty"), "{asked}: {told}");
    }
}

#[test]
fn a_failed_assertion_shows_what_was_expected_what_was_found_and_what_the_run_did() {
    let told = body("world:run('greet'):wrote('/greetings/hello.gz'):gunzips_to('hello\\nmoon\\n')");
    let expected = [
        "FAILED  x",
        "at greet_spec.lua:6",
        "expected `/greetings/hello.gz` to gunzip to \"hello\\nmoon\\n\"",
        "found    \"hello\\n\" (6 B)",
        "hello",
        "- moon",
        "what the run did:",
    ];
    let lines: Vec<&str> = told.lines().map(str::trim).collect();
    assert_eq!(lines[..expected.len()], expected, "{told}");
    let spawned = lines.iter().find(|line| line.contains("spawn")).unwrap();
    assert!(spawned.starts_with("/etc/hikae/recipes/greet.lua:7  spawn     hello --whom world"), "{told}");
    assert!(
        lines.iter().any(|line| line.contains("create    /greetings/hello.gz") && line.ends_with("done")),
        "{told}"
    );
}

#[test]
fn a_run_that_ended_otherwise_tells_its_error_and_its_hint() {
    let told = body(
        "world = simulate { programs = { hello = { exit = 3, stderr = 'no greeting today' } } }\nworld:run('greet'):ok()",
    );
    assert!(told.contains("expected the run to end as `success`"), "{told}");
    assert!(told.contains("found    failure: command:") && told.contains("greet.lua:7"), "{told}");
    assert_eq!(body("simulate { programs = { hello = { exit = 3 } } }:run('greet'):failed('command')"), "ok      x");
    let told = body("simulate { programs = { hello = { exit = 3 } } }:run('greet'):failed('space')");
    assert!(told.contains("expected the run to end as `failure`, and an error of kind `space`"), "{told}");
}

#[test]
fn a_lie_fails_the_spec_by_itself_and_names_the_line_of_the_recipe() {
    let told = body("world = simulate { programs = { hello = { stdout = 'hello' } } }\nworld:run('swallow')");
    assert!(told.starts_with("FAILED  x\n        at /etc/hikae/recipes/swallow.lua:7"), "{told}");
    assert!(told.contains("expected a run that does not lie"), "{told}");
    assert!(told.contains("a failure was caught, and nobody answered for it"), "{told}");
    assert!(told.contains("remove    /greetings/old") && told.contains("failed:"), "{told}");
}

#[test]
fn a_spec_about_a_lie_says_that_it_expects_it() {
    let world = "world = simulate { programs = { hello = { stdout = 'hello' } } }\n";
    assert_eq!(body(&format!("{world}world:run('swallow'):lied('nobody answered')")), "ok      x");
    assert_eq!(body(&format!("{world}world:run('swallow'):complained('nobody answered')")), "ok      x");
    let told = body(&format!("{world}world:run('swallow'):lied('something else')"));
    assert!(told.contains("found    a failure was caught"), "{told}");
}

#[test]
fn a_secret_that_is_shown_fails_the_spec_by_itself() {
    let world = "world = simulate { env = { PASSWORD = secret 'hunter42' }, programs = { hello = 'x' } }\n";
    let told = body(&format!("{world}world:run('leak'):ok()"));
    assert!(told.contains("expected a run that shows no secret"), "{told}");
    assert!(!told.contains("hunter42"), "{told}");
}

#[test]
fn another_failure_is_told_before_a_lie() {
    let told = body("world = simulate { programs = { hello = 'x' } }\nworld:run('swallow'):failed()");
    assert!(told.contains("expected the run to end as `failure`"), "{told}");
}

#[test]
fn each_failure_tells_how_many_ways_were_tried() {
    let told =
        body("expect(world:each_failure('stamped', function(run) run:left_nothing_partial() end) > 10).to_be_true()");
    let (ways, rest) = told.strip_prefix("ok      x (").unwrap().split_once(' ').unwrap();
    assert!(ways.parse::<usize>().unwrap() > 10, "{told}");
    assert_eq!(rest, "ways to fail, 0 lies)");
}

#[test]
fn each_failure_counts_the_lies_and_tells_the_first() {
    let told = body(
        "world = simulate { files = { ['/greetings/old'] = 'x' }, programs = { hello = 'x' } }\n\
         world:each_failure('swallow', function() end)",
    );
    assert!(told.starts_with("FAILED  x"), "{told}");
    assert!(told.contains("expected a run that does not lie"), "{told}");
    assert!(told.contains("where    ") && told.contains("swallow.lua:7"), "{told}");
    let results = run(&format!("it('x', function() {WORLD} world:each_failure('swallow', function() end) end)"));
    let note = results[0].note.as_deref().unwrap();
    assert!(note.contains("ways to fail, ") && !note.contains(" 0 lies"), "{note}");
}

#[test]
fn an_assertion_that_fails_in_each_failure_says_which_fault_it_was() {
    let told = body("world:each_failure('stamped', function(run) run:ok() end)");
    assert!(told.starts_with("FAILED  x\n        at greet_spec.lua:6"), "{told}");
    assert!(told.contains("where    ") && told.contains("what the run did:"), "{told}");
}

#[test]
fn a_plain_expectation_that_fails_in_each_failure_says_so_too() {
    let told = body("world:each_failure('stamped', function(run) expect(run.status).to_equal('success') end)");
    assert!(told.contains("where    ") && told.contains("what the run did:"), "{told}");
}

#[test]
fn a_spec_has_its_own_programs_begin_anew_before_each_world_and_not_before_the_run_after_a_kill() {
    let told = body(
        "local begun, met, again = 0, false, 0
         local world = simulate { programs = { hello = function() again = again + (met and 1 or 0) met = true return 'hi' end } }
         local ways = world:each_failure('stamped', { before_each = function() begun, met = begun + 1, false end }, function() end)
         expect(begun).to_equal(ways + 1)
         expect(again > 0).to_be_true()",
    );
    assert!(told.starts_with("ok      x ("), "{told}");
    let told = body("world:each_failure('greet', { before_eech = function() end }, function() end)");
    assert!(told.contains("did you mean `before_each`?"), "{told}");
    let told = body("world:each_failure('greet', { before_each = 5 }, function() end)");
    assert!(told.contains("`before_each` of `world:each_failure` must be a function"), "{told}");
}

#[test]
fn a_spec_may_expect_a_lie_in_each_failure() {
    let told = body("world:each_failure('careless', function(run) if run.status == 'partial' then run:lied() end end)");
    assert!(told.starts_with("ok      x (") && told.contains("0 lies, 2 expected complaints"), "{told}");
    let told = body("world:each_failure('careless', function() end)");
    assert!(
        told.contains("a run that does not lie") && told.contains("where    list `/greetings` fails: denied"),
        "{told}"
    );
    assert!(told.contains("careless.lua:7  list      /greetings  failed"), "{told}");
}

#[test]
fn a_recipe_that_cannot_run_twice_is_found_out() {
    let told = body("world:each_failure('greet', function() end)");
    assert!(told.contains("expected a run that leaves nothing behind"), "{told}");
    assert!(told.contains("the run after one that was killed does not succeed"), "{told}");
}

#[test]
fn each_failure_of_a_run_that_fails_anyway_tells_why() {
    let told = body("simulate { programs = { hello = { exit = 3 } } }:each_failure('greet', function() end)");
    assert!(told.contains("ends as `failure` without any") && told.contains("exit code 3"), "{told}");
}

#[test]
fn an_assertion_that_failed_counts_even_when_the_spec_catches_it() {
    let told = body("pcall(function() world:run('greet'):failed() end)");
    assert!(told.starts_with("FAILED"), "{told}");
}

#[test]
fn bad_input_is_told_and_the_other_specs_still_run() {
    let cases = [
        ("simulate { filse = {} }", "`simulate` has no option `filse`", "did you mean `files`?"),
        ("simulate { files = { ['/x'] = { sise = 1 } } }", "has no option `sise`", "did you mean `size`?"),
        ("simulate { programs = { x = { stdot = '' } } }", "has no option `stdot`", "did you mean `stdout`?"),
        ("simulate { now = 5 }", "`now` of `simulate` must be a text, not `5`", ""),
        ("simulate { now = 'noon' }", "`noon` is not a moment", ""),
        ("simulate { files = { ['/x'] = 5 } }", "must be the file's text, or a table", "not `5`"),
        ("simulate { programs = { x = true } }", "must be what it writes, or a table", "not `true`"),
        ("simulate { env = { X = 5 } }", "must be a string or a secret", ""),
        ("simulate 'x'", "`simulate` takes", ""),
        ("secret(5)", "`secret` takes a text, not a integer", ""),
        ("secret ''", "`secret` was given an empty text", ""),
        ("world:run('gret')", "cannot find the recipe `gret`", "did you mean `greet`?"),
        ("world:run()", "`world:run` takes the name of a recipe", ""),
        ("world:run('greet', { sett = {} })", "`world:run` has no option `sett`", "did you mean `set`?"),
        ("world:run('greet', { set = { whome = 'x' } })", "whome", "did you mean `whom`?"),
        ("world.run('greet')", "`run` needs a colon", ""),
        ("world:runs('greet')", "a world of `simulate` has no `runs`", "did you mean `run`?"),
        ("world:run('greet'):wrot('x')", "`run` has no `wrot`", "did you mean `wrote`?"),
        ("world:run('greet').ok()", "`ok` needs a colon", "run:ok"),
        ("world:run('greet'):failed('spaec')", "`spaec` is not a kind of error", "did you mean `space`?"),
        ("world:run('greet'):wrote()", "`run:wrote` takes one text", ""),
        ("world:run('greet'):wrote('/greetings/*.gz'):has_mode('rw')", "`rw` is not a mode", ""),
        ("world:run('greet'):ran('hello'):times(0)", "takes a whole number from 1", "never_ran"),
        ("world:each_failure('greet')", "takes a recipe and a function", ""),
        ("world:each_failure('idle', function() end)", "no way in which this run could fail", ""),
        ("samples.pg_dmp {}", "`samples` has no member `pg_dmp`", "did you mean `samples.pg_dump`?"),
        ("samples.pg_dump { databse = 'x' }", "`databse` of `samples.pg_dump` must be a number of rows", ""),
        ("samples.pg_dump { cut = 7.5 }", "`cut` of `samples.pg_dump` must be a share", ""),
    ];
    for (bad, what, hint) in cases {
        let results = run(&format!("it('x', function() {WORLD}{bad} end)\nit('y', function() expect(1).to_be(1) end)"));
        let told = text_of(&results[0]);
        assert!(told.starts_with("ERROR"), "{bad} gave {told}");
        assert!(told.contains(what) && told.contains(hint), "{bad} gave {told}");
        assert!(told.contains("greet_spec.lua:"), "{bad} has no place: {told}");
        assert_eq!(text_of(&results[1]), "ok      y");
    }
}

#[test]
fn a_program_that_the_world_lacks_lists_those_that_it_has() {
    let told = body("simulate { programs = { hallo = 'x', psql = 'y' } }:run('greet'):ok()");
    assert!(told.contains("no program `hello` in this world: declared: `hallo`, `psql`"), "{told}");
    assert!(told.contains("did you mean `hallo`?"), "{told}");
}

#[test]
fn a_run_outside_of_every_spec_is_refused() {
    let results = run("simulate { programs = { hello = 'x' } }:run('greet')\nit('x', function() end)");
    assert!(text_of(&results[0]).contains("`world:run` belongs outside of every `it`"), "{results:?}");
}

#[test]
fn what_one_spec_does_to_a_world_no_other_sees() {
    let results = run(&format!(
        "{WORLD}local shared = {{ files = {{ ['/x'] = 'x' }} }}
         it('changes it', function() shared.files['/x'] = nil world:run('greet'):ok() shared.own = true end)
         it('sees nothing of it', function()
           expect(shared.files['/x']).to_equal('x')
           expect(shared.own).to_be_nil()
           world:run('greet'):ok():wrote('/greetings/hello.gz')
         end)"
    ));
    let told: Vec<String> = results.iter().map(text_of).collect();
    assert_eq!(told, ["ok      changes it", "ok      sees nothing of it"]);
}
