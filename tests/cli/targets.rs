//! What works on different databases or folders is judged apart, and old rows of the record are removed.

use serde_json::Value;

use crate::support::program::Hikae;

/// A nightly backup of a database that can be dumped while there is no file of its name in `broken`.
fn world() -> Hikae {
    let recipe = r#"return recipe {
  type = "daily", schedule = "0 2 * * *",
  params = { dir = { env = "BACKUP_DIR", type = "path" }, database = { env = "WIKI_DB", default = "wiki" }, days = { default = 30 } },
  needs = { run = { "tool" }, write = { "{dir}" } },
  run = function(p)
    return process.stream({ program = "tool", args = { p.database } }):save(path.join(p.dir, "wiki_" .. p.database .. "_" .. clock.stamp() .. ".txt"))
  end,
}"#;
    let tool = "test \"$1\" != shop && echo data";
    Hikae::new().file("config/recipes/wiki.lua", recipe).program("tool", tool)
}

/// A target with the path of this world, which the output shows masked.
fn whole(hikae: &Hikae, target: &str) -> String {
    target.replace("[WORLD]", hikae.path("").display().to_string().trim_end_matches('/'))
}

fn rows(hikae: &Hikae) -> Vec<Value> {
    let said = hikae.run(&["status", "--json"]);
    let rows = said.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    rows.filter(|row| row["recipe"] == "wiki").collect()
}

#[test]
fn a_database_that_never_had_a_backup_is_not_hidden_by_one_that_has() {
    let hikae = world();
    assert_eq!(hikae.run(&["run", "wiki", "--set", "database=shop"]).code, 1);
    assert_eq!(hikae.run(&["run", "wiki"]).code, 0);
    let said = hikae.run(&["status"]);
    assert_eq!(said.code, 1, "{said:?}");
    let rows = rows(&hikae);
    let verdicts: Vec<&str> = rows.iter().map(|row| row["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["failing", "ok"]);
    assert!(rows[0]["target"].as_str().unwrap().starts_with("wiki (database=shop, dir="), "{rows:?}");
    assert!(rows[1]["target"].as_str().unwrap().starts_with("wiki (dir="), "{rows:?}");
}

#[test]
fn a_target_is_the_same_wherever_its_values_come_from() {
    let hikae = world();
    assert_eq!(hikae.run(&["run", "wiki", "--set", "database=crm"]).code, 0);
    let hikae = hikae.env("WIKI_DB", "crm");
    assert_eq!(hikae.run(&["run", "wiki", "--set", "days=7"]).code, 0);
    let said = hikae.run(&["runs", "--json"]);
    let targets: Vec<Value> =
        said.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["target"].clone()).collect();
    assert_eq!(targets.len(), 2);
    assert_eq!(targets[0], targets[1]);
    let target = whole(&hikae, targets[0].as_str().unwrap());
    assert_eq!(hikae.run(&["runs", "--json", "--target", &target]).out.lines().count(), 2);
}

#[test]
fn a_forgotten_target_is_no_longer_shown() {
    let hikae = world();
    assert_eq!(hikae.run(&["run", "wiki", "--set", "database=shop"]).code, 1);
    assert_eq!(hikae.run(&["run", "wiki"]).code, 0);
    let target = rows(&hikae)[0]["target"].as_str().unwrap().to_owned();
    let said = hikae.run(&["status", "forget", &whole(&hikae, &target)]);
    assert_eq!((said.code, said.out), (0, format!("forgotten: {target}\n")));
    assert_eq!(hikae.run(&["status"]).code, 0);
    let entry = hikae.outcome(&["audit", "--json", "--limit", "1"]);
    assert_eq!(
        (&entry["operation"], &entry["details"]["targets"][0]),
        (&"status forget".into(), &whole(&hikae, &target).into())
    );
    let said = hikae.run(&["status", "forget", "nothing"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("there is no target and no recipe `nothing` in the status"), "{said:?}");
}

#[test]
fn old_rows_of_the_record_go_when_a_run_ends() {
    let hikae = world().file("config/hikae.toml", "[catalog]\nkeep = \"400d\"\n");
    for _ in 0..3 {
        assert_eq!(hikae.run(&["run", "wiki"]).code, 0);
    }
    let catalog = rusqlite::Connection::open(hikae.path("state/catalog.db")).unwrap();
    let old = "UPDATE backup_logs SET started_at = '2020-01-01T02:00:00.000+09:00' WHERE number < 3";
    catalog.execute(old, []).unwrap();
    // The file of the first is gone, that of the second still exists.
    let first = hikae.backups().into_iter().min().unwrap();
    std::fs::remove_file(hikae.path("backups").join(first.trim_end_matches(".manifest.json"))).unwrap();
    let said = hikae.run(&["run", "wiki"]);
    assert!(
        said.out.contains("Removed from the catalog, older than 400d: 1 runs, 0 notifications, 0 audit entries"),
        "{said:?}"
    );
    let said = hikae.run(&["runs", "--json"]);
    assert_eq!(said.out.lines().count(), 3);
}

#[test]
fn the_wait_for_a_free_second_is_no_part_of_the_duration() {
    let hikae = world();
    for _ in 0..3 {
        assert_eq!(hikae.run(&["run", "wiki"]).code, 0);
    }
    let said = hikae.run(&["runs", "--json"]);
    assert_eq!(said.out.lines().count(), 3, "{said:?}");
    for line in said.out.lines() {
        let run: Value = serde_json::from_str(line).unwrap();
        assert!(run["duration_secs"].as_f64().unwrap() < 0.5, "{line}");
    }
}
