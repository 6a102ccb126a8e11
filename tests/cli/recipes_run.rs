//! A recipe runs recipes: each is a run of its own, with its own lock, record, needs and walls.

use crate::support::processes::wait_until;
use crate::support::program::Hikae;

const INNER: &str = "--- Writes one file.
return recipe { type = \"daily\", params = { dir = { env = \"BACKUP_DIR\", type = \"path\" }, word = { default = \"plain\" }, pass = { secret = true, optional = true } },
  needs = { run = { \"echo\", \"sh\" }, write = { \"{dir}\" } },
  run = function(p)
    if p.word == \"fail\" then error \"it was told to fail\" end
    if p.word == \"wait\" then fs.write(path.join(p.dir, \"waiting\"), \"\") clock.sleep(60) end
    return process.stream { program = \"echo\", args = { p.word } }:save(path.join(p.dir, \"inner_\" .. p.word))
  end }
";

fn outer(body: &str) -> Hikae {
    let outer = format!(
        "--- Runs another.
return recipe {{ type = \"daily\", kind = \"maintenance\", needs = {{ recipes = {{ \"inner\" }} }}, run = function() {body} end }}
"
    );
    Hikae::new().file("config/recipes/inner.lua", INNER).file("config/recipes/outer.lua", &outer)
}

#[test]
fn it_gives_the_outcome_of_a_run_of_its_own() {
    let hikae = outer(
        "local ended = recipes.run(\"inner\", { set = { word = \"kept\" } })
         log.info(ended.recipe .. \" \" .. ended.status .. \" \" .. ended.backups[1].path)",
    );
    let said = hikae.run(&["run", "outer"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("inner success [WORLD]/backups/inner_kept"), "{said:?}");
    assert!(hikae.path("backups/inner_kept").exists(), "the walls of the outer run have no folder to write");
    let runs = hikae.run(&["runs"]).out;
    assert!(runs.contains("inner") && runs.contains("outer"), "{runs}");
    let shown = |recipe: &str| {
        let all = hikae.command(&["runs", "--json"]).output().unwrap();
        let all = String::from_utf8(all.stdout).unwrap();
        let run = all
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
            .find(|run| run["recipe"] == recipe);
        let id = run.unwrap()["id"].as_str().unwrap().to_owned();
        (String::from_utf8(hikae.command(&["runs", "show", &id]).output().unwrap().stdout).unwrap(), id)
    };
    let ((inner, inner_id), (outer, outer_id)) = (shown("inner"), shown("outer"));
    assert!(inner.contains(&format!("part of {outer_id}")), "{inner}");
    assert!(outer.contains(&inner_id), "{outer}");
    let json = hikae.outcome(&["runs", "show", &inner_id, "--json"]);
    assert_eq!(json["parent"], outer_id, "{json}");
}

#[test]
fn one_that_fails_fails_the_recipe_that_asked_unless_it_says_otherwise() {
    let said = outer("recipes.run(\"inner\", { set = { word = \"fail\" } })").run(&["run", "outer"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(
        said.err.contains("the recipe `inner` ended as `failure`") && said.err.contains("it was told to fail"),
        "{said:?}"
    );
    let said = outer("local ended = recipes.run(\"inner\", { set = { word = \"fail\" }, may_fail = true }) log.info(\"it ended as \" .. ended.status .. \": \" .. ended.error.message)").run(&["run", "outer"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("it ended as failure: it was told to fail"), "{said:?}");
}

#[test]
fn params_are_looked_at_as_always() {
    let said = outer("recipes.run(\"inner\", { set = { wrod = \"x\" } })").run(&["run", "outer"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("`wrod`") && said.err.contains("the recipe `inner` could not begin"), "{said:?}");
}

#[test]
fn only_what_is_declared_runs() {
    let said = outer("recipes.run(\"db-backup\")").run(&["run", "outer"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("the recipe may not run the recipe `db-backup`"), "{said:?}");
}

#[test]
fn a_secret_goes_to_it_and_is_nowhere_shown() {
    let hikae = outer("recipes.run(\"inner\", { set = { word = \"wait\", pass = p.pass } })");
    let with_secret = std::fs::read_to_string(hikae.path("config/recipes/outer.lua"))
        .unwrap()
        .replace("function()", "function(p)")
        .replace("kind =", "params = { pass = { env = \"PASS\", secret = true } }, kind =");
    let hikae = hikae.file("config/recipes/outer.lua", &with_secret).env("PASS", "hunter2-in-the-dark");
    let mut running = hikae.start(&["run", "outer"]);
    wait_until("the inner run", || hikae.path("backups/waiting").exists());
    let mut seen = 0;
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).into_owned();
        assert!(!line.contains("hunter2-in-the-dark"));
        seen += usize::from(line.contains("run\0inner"));
    }
    assert!(seen > 0, "the inner run was among the processes");
    rustix::process::kill_process(rustix::process::Pid::from_child(&running), rustix::process::Signal::TERM).unwrap();
    assert_eq!(running.wait().unwrap().code(), Some(143));
    // Cancelling the parent cancels the child.
    wait_until("the end of the inner run", || {
        let runs = hikae.run(&["runs"]).out;
        runs.matches("the run was interrupted").count() == 2
    });
}

#[test]
fn a_circle_is_refused_when_it_is_loaded() {
    let one = |other: &str| {
        format!(
            "--- One.\nreturn recipe {{ type = \"daily\", kind = \"maintenance\", needs = {{ recipes = {{ \"{other}\" }} }}, run = function() end }}\n"
        )
    };
    let hikae = Hikae::new()
        .file("config/recipes/a.lua", &one("b"))
        .file("config/recipes/b.lua", &one("c"))
        .file("config/recipes/c.lua", &one("a"));
    let said = hikae.run(&["run", "a"]);
    assert_eq!(said.code, 64, "{said:?}");
    assert!(said.err.contains("recipes run each other in a circle: `a` runs `b` runs `c` runs `a`"), "{said:?}");
    let said = Hikae::new().file("config/recipes/a.lua", &one("nobody")).run(&["run", "a"]);
    assert_eq!(said.code, 64, "{said:?}");
    assert!(said.err.contains("cannot find the recipe `nobody`"), "{said:?}");
}

#[test]
fn a_plan_names_it_and_runs_nothing() {
    let hikae = outer("recipes.run(\"inner\", { set = { word = \"kept\" } })");
    let said = hikae.run(&["run", "outer", "--dry-run"]);
    assert!(said.out.contains("run_recipe") && said.out.contains("inner word=kept"), "{said:?}");
    assert!(!hikae.path("backups/inner_kept").exists());
}

#[test]
fn a_spec_plays_it_in_the_same_world_and_breaks_it() {
    let spec = "describe(\"outer\", function()
  local world = { programs = { echo = { stdout = \"kept\\n\" } }, env = { BACKUP_DIR = \"/backups\" }, files = { [\"/backups\"] = { dir = true } } }
  it(\"keeps what the other recipe writes\", function()
    local run = simulate(world):run(\"outer\")
    run:ok()
    run:wrote(\"/backups/inner_kept\")
  end)
  it(\"fails when the other one cannot run\", function()
    simulate(world):each_failure(\"outer\", function(run) run:left_nothing_partial() end)
  end)
end)
";
    let hikae =
        outer("recipes.run(\"inner\", { set = { word = \"kept\" } })").file("config/recipes/outer_spec.lua", spec);
    let said = hikae.run(&["test"]);
    assert_eq!(said.code, 0, "{said:?}");
}
