//! The account of lines: which lines of a recipe can run, and which of them did.

use std::collections::BTreeSet;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hikae::backup::recorder::{Identity, Recorder};
use hikae::catalog::{Backup, Step};
use hikae::lua::coverage;
use hikae::lua::coverage::{Coverage, Lines};
use hikae::lua::fuse::LuaLimits;
use hikae::lua::loader::{Finder, Module};
use hikae::lua::machine::Machine;
use hikae::lua::session::Session;
use hikae::world::simulated::{Simulated, SimulatedSetup};
use hikae::world::{Caller, Limits};
use mlua::Function;

const FILE: &str = "recipes/shop.lua";

struct NoRecord;

impl Recorder for NoRecord {
    fn step(&self, _: Step) {}

    fn backup(&self, _: &Backup, _: &serde_json::Value) {}
}

/// A state whose lines `coverage` counts; `require "tools"` finds `tools`.
fn machine(coverage: &Coverage, limits: &LuaLimits, tools: &'static str) -> Machine {
    let setup = serde_json::json!({ "now": "2026-02-15T02:00:00+09:00", "files": { "/d/a.txt": "text" } });
    let world = Simulated::new(serde_json::from_value::<SimulatedSetup>(setup).unwrap()).unwrap();
    let limit = Duration::from_secs(3600);
    let caller = Caller::new(Arc::new(world), Limits { total: limit, idle: limit });
    let identity = Identity {
        run_id: "BKP-1".into(),
        recipe: "shop".into(),
        recipe_sha256: String::new(),
        kind: "maintenance".into(),
        database: None,
        confirmed: false,
    };
    let session = Rc::new(Session::new(caller, identity, Box::new(|_| None), Arc::new(NoRecord)));
    session.loading.set(false);
    let find: Finder = Rc::new(move |name| {
        Ok((name == "tools").then(|| Module { file_shown: "recipes/tools.lua".into(), text: tools.into() }))
    });
    let machine = Machine::new(session, hikae::modules::LIBRARY, limits, find).unwrap();
    coverage.watch(&machine.lua, &machine.fuse).unwrap();
    machine
}

/// Runs a file that returns functions by name, and calls those that are named.
fn cover(code: &str, calls: &[&str]) -> Lines {
    let coverage = Coverage::new();
    run(&machine(&coverage, &LuaLimits::default(), ""), code, calls).unwrap();
    coverage.report()[FILE].clone()
}

fn run(machine: &Machine, code: &str, calls: &[&str]) -> hikae::error::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let value = machine.evaluate(FILE, code).await?;
        for name in calls {
            let function: Function = value.as_table().unwrap().get(*name).unwrap();
            machine.call(&function, ()).await?;
        }
        Ok(())
    })
}

/// The lines of `code` that end in the comment `mark`.
fn marked(code: &str, mark: &str) -> BTreeSet<u32> {
    (1..).zip(code.lines()).filter(|(_, line)| line.ends_with(mark)).map(|(at, _)| at).collect()
}

/// Holds an account to marks in the file: `-- ran` and `-- not` stand on the lines that can run, and on no others.
fn expect_marks(code: &str, calls: &[&str]) {
    let lines = cover(code, calls);
    assert_eq!(lines.hit, marked(code, "-- ran"), "the lines that ran:\n{code}");
    assert_eq!(lines.missed(), marked(code, "-- not"), "the lines that did not:\n{code}");
}

#[test]
fn a_branch_that_is_not_taken_and_a_function_that_is_not_called_never_ran() {
    let code = "--- Says what it does.
local M = {} -- ran

-- a comment
function M.taken(flag) -- ran
  if flag then -- ran
    return 'yes' -- not
  elseif flag == nil then -- ran
    flag = 'absent' -- ran
  else
    flag = 'no' -- not
  end
  return flag -- ran
end

function M.never() -- ran
  local a = 1 -- not
  for i = 1, 3 do -- not
    a = a + i -- not
  end
  return function()
    return a -- not
  end
end

return M -- ran
";
    expect_marks(code, &["taken"]);
}

#[test]
fn a_call_over_many_lines_counts_its_arguments_and_not_its_brackets() {
    let code = "local function f(t) -- the function is made at its end
  return t -- ran
end

local answer = f { -- ran
  one = f(1), -- ran
  two = { -- ran
    f(2), -- ran
  },
  f( -- ran
    3 -- ran
  ),
  text = [[
    f(4)
  ]],
}
if answer.three then -- ran
  f({ -- not
    f(5), -- not
  })
end
";
    let lines = cover(code, &[]);
    assert_eq!(lines.missed(), marked(code, "-- not"), "{code}");
    assert!(lines.hit.is_superset(&marked(code, "f(1), -- ran")), "{lines:?}");
    for closing in (1..).zip(code.lines()).filter(|(_, line)| matches!(line.trim(), "end" | "}" | "}," | ")," | "})")) {
        assert!(!lines.executable.contains(&closing.0), "{closing:?}");
    }
}

#[test]
fn loops_that_do_not_run_or_never_end_by_themselves_count_their_bodies_alone() {
    let code = "local function first(list)
  for _i, item in ipairs(list) do -- ran
    if item > 1 then -- ran
      return item -- ran
    end
  end
end
local n = first { 1, 2 } -- ran
while n > 5 do -- ran
  n = n - 1 -- not
end
repeat
  n = n + 1 -- ran
until n > 3 -- ran
goto out -- ran
n = 0 -- not
::out::
return { n = n } -- ran
";
    expect_marks(code, &[]);
}

#[test]
fn what_runs_in_a_coroutine_or_while_others_wait_is_counted() {
    let code = "local M = {} -- ran
function M.branches() -- ran
  parallel { -- ran
    a = function()
      clock.sleep(1) -- ran
      M.text = fs.read('/d/a.txt') -- ran
    end,
    b = function()
      local n = 0 -- ran
      for i = 1, 100000 do -- ran
        n = n + i -- ran
      end
      if n == 0 then -- ran
        M.text = nil -- not
      end
    end,
  }
  local ok, failure = errors.try(function() -- ran
    fs.read('/d/none') -- ran
    M.text = 'never' -- not
  end)
  errors.accept(failure, 'it is a test') -- ran
  assert(not ok and M.text == 'text') -- ran
end
return M -- ran
";
    expect_marks(code, &["branches"]);
}

#[test]
fn required_modules_have_accounts_of_their_own() {
    let coverage = Coverage::new();
    let tools = "local T = {}\nfunction T.used() return 1 end\nfunction T.idle()\n  return 2\nend\nreturn T\n";
    let machine = machine(&coverage, &LuaLimits::default(), tools);
    run(&machine, "local tools = require 'tools'\nreturn { n = tools.used() }\n", &[]).unwrap();
    let report = coverage.report();
    assert_eq!(report.keys().map(String::as_str).collect::<Vec<_>>(), [FILE, "recipes/tools.lua"]);
    assert_eq!(report[FILE].missed(), BTreeSet::new());
    assert_eq!(report["recipes/tools.lua"].missed(), BTreeSet::from([4]));
    assert_eq!(
        coverage::text(&report),
        "recipes/shop.lua   2 of 2 lines, 100 %\nrecipes/tools.lua  4 of 5 lines, 80 %; never run: 4\n"
    );
}

#[test]
fn several_states_share_one_account() {
    let coverage = Coverage::new();
    let code = "local M = {}\nfunction M.a()\n  return 1\nend\nfunction M.b()\n  return 2\nend\nreturn M\n";
    for call in ["a", "b"] {
        let other = coverage.clone();
        run(&machine(&other, &LuaLimits::default(), ""), code, &[call]).unwrap();
    }
    assert_eq!(coverage.report()[FILE].missed(), BTreeSet::new());
}

#[test]
fn long_files_and_wide_gaps_keep_their_line_numbers() {
    let mut code = "local n = 0\n".to_owned();
    let mut expected = BTreeSet::from([1]);
    for step in 0..400_u32 {
        code.push_str(&"\n".repeat(if step % 100 == 50 { 300 } else { 0 }));
        code.push_str("n = n + 1\n");
        expected.insert(u32::try_from(code.lines().count()).unwrap());
    }
    let lines = cover(&code, &[]);
    assert_eq!((&lines.executable, &lines.hit), (&expected, &expected));
}

#[test]
fn a_file_that_nothing_loads_is_covered_by_nothing() {
    let coverage = Coverage::new();
    coverage.expect("recipes/forgotten.lua", "local x = 1\nreturn x\n").unwrap();
    let report = coverage.report();
    assert_eq!((report["recipes/forgotten.lua"].per_cent(), report["recipes/forgotten.lua"].missed().len()), (0, 2));
    assert!(coverage.expect("recipes/broken.lua", "local x = ").is_err());
}

#[test]
fn every_lua_file_of_the_house_can_be_read() {
    let coverage = Coverage::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["recipes", "stdlib", "tests/stdlib", "tests/modules"];
    let files = folders.iter().flat_map(|folder| walkdir::WalkDir::new(root.join(folder))).map(Result::unwrap);
    for file in files.filter(|file| file.path().extension().is_some_and(|ending| ending == "lua")) {
        let text = std::fs::read_to_string(file.path()).unwrap();
        coverage.expect(&file.path().display().to_string(), &text).unwrap();
    }
    let report = coverage.report();
    let recipe = &report[&root.join("recipes/db-backup.lua").display().to_string()];
    assert!(report.len() > 20 && recipe.executable.len() > 20, "{recipe:?}");
}

#[test]
fn an_endless_loop_still_ends_while_its_lines_are_counted() {
    let coverage = Coverage::new();
    let limits = LuaLimits { instructions: 300_000, ..LuaLimits::default() };
    let code = "local n = 0\nwhile true do\n  n = n + 1\nend\n";
    let error = run(&machine(&coverage, &limits, ""), code, &[]).unwrap_err();
    assert!(error.what().contains("without waiting for anything"), "{error:?}");
    assert_eq!(coverage.report()[FILE].hit, BTreeSet::from([1, 3]));
}

#[test]
fn ranges_go_over_lines_that_cannot_run_and_a_hundred_per_cent_means_all() {
    let lines = |executable: &[u32], hit: &[u32]| Lines {
        executable: executable.iter().copied().collect(),
        hit: hit.iter().copied().collect(),
    };
    for (executable, hit, per_cent, never) in [
        (&[1, 2, 3][..], &[1, 2, 3][..], 100, ""),
        (&[1, 2, 3], &[], 0, "1-3"),
        (&[1, 2, 5, 8, 9], &[1, 8], 40, "2-5, 9"),
        (&[], &[], 100, ""),
    ] {
        let lines = lines(executable, hit);
        assert_eq!((lines.per_cent(), lines.never_run().as_str()), (per_cent, never), "{executable:?}");
    }
    let many: Vec<u32> = (1..=1000).collect();
    assert_eq!(lines(&many, &many[1..]).per_cent(), 99);
}
