//! What excuses the loss of a file in a run that was broken on purpose: a newer backup of the same kind, and of no other.

use hikae::specs::{Runner, text_of};

use super::runs::Recipes;

/// Saves one thing, lets go what it has of another, and saves that at last.
const HASTY: &str = r#"return recipe {
  type = "daily",
  needs = { run = { "roles", "dump" }, write = { "/b" } },
  run = function()
    process.stream({ program = "roles" }):save("/b/roles_" .. clock.stamp())
    for _i, file in ipairs(fs.list { dir = "/b", name = "db_*", older_than_days = 30 }) do
      fs.remove(file.path)
    end
    process.stream({ program = "dump" }):save("/b/db_" .. clock.stamp())
  end,
}"#;

#[test]
fn a_backup_of_something_else_excuses_no_loss() {
    let trial = |name: &str, recipe: &str, more: &str| {
        let text = format!(
            r#"it("x", function()
              local OLD = "/b/db_20251201_020000"
              local files = {{ [OLD] = {{ content = "old", age = "76d" }} {more} }}
              local world = {{ now = "2026-02-15T02:00:00+09:00", files = files,
                programs = {{ roles = {{ stdout = "r" }}, dump = {{ stdout = "d" }} }} }}
              simulate(world):each_failure("{name}", function(run) run:kept(OLD) end)
            end)"#
        );
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let recipes = Recipes::default().with(name, recipe);
        let told = Runner::new(&recipes, runtime.handle().clone()).run("x_spec.lua", &text);
        told.iter().map(text_of).collect::<String>()
    };
    let manifest = r#", [OLD .. ".manifest.json"] = samples.manifest { name = "db_20251201_020000", content = "old" }"#;
    let told = trial("hasty", HASTY, "");
    assert!(told.starts_with("FAILED") && told.contains("`/b/db_20251201_020000` to be kept"), "{told}");
    let told = trial("hasty", HASTY, manifest);
    assert!(told.starts_with("FAILED"), "{told}");

    let lines: Vec<&str> = HASTY.lines().collect();
    let patient = [&lines[..4], &lines[8..9], &lines[5..8], &lines[9..]].concat().join("\n");
    let told = trial("patient", &patient, manifest);
    assert!(told.starts_with("ok") && told.contains(" 0 lies"), "{told}");
}
