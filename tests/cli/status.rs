//! `hikae status`: what was not run, is too old, fails or never ends is shown, in both languages, and makes the exit code 1.

use serde_json::{Value, json};

use crate::support::past::{age, touch};
use crate::support::program::{Hikae, Said};

/// A nightly backup of what a program says, which works while there is no file `broken`.
pub(super) fn world() -> Hikae {
    let recipe = r#"return recipe {
  type = "daily", schedule = "0 2 * * *",
  params = { dir = { env = "BACKUP_DIR", type = "path" } },
  needs = { run = { "tool" }, write = { "{dir}" } },
  run = function(p)
    return process.stream({ program = "tool" }):save(path.join(p.dir, "wiki_backup_" .. clock.stamp() .. ".txt"))
  end,
}"#;
    let tool = "test ! -e \"$(dirname \"$0\")/../broken\" && echo data";
    let hikae = Hikae::new().file("config/recipes/wiki.lua", recipe).program("tool", tool);
    hikae.file("config/hikae.toml", "sandbox = \"off\"\n")
}

fn rows(said: &Said) -> Vec<Value> {
    said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The state of the recipe: its verdict, and all that is wrong with it.
fn state(hikae: &Hikae, recipe: &str) -> (i32, Value, Vec<Value>) {
    let said = hikae.run(&["status", "--json"]);
    let rows = rows(&said);
    let row = rows.iter().find(|row| row["recipe"] == recipe).unwrap_or_else(|| panic!("{said:?}")).clone();
    let wrong = row["wrong"].as_array().unwrap().iter().map(|wrong| wrong["verdict"].clone()).collect();
    (said.code, row, wrong)
}

/// Without what differs from day to day.
fn steady(text: &str) -> String {
    let rules = [
        (r"(not in use|組み込みレシピ): .*", "$1: [RECIPES]"),
        (r"\d{4}-\d\d-\d\d \d\d:\d\d", "[MOMENT]"),
        (r"\b[0-5]?\ds( ago|前)", "now"),
        (r" {2,}", "  "),
    ];
    rules.iter().fold(text.to_owned(), |text, (rule, word)| {
        regex::Regex::new(rule).unwrap().replace_all(&text, *word).into_owned()
    })
}

fn run(hikae: &Hikae, code: i32) {
    let said = hikae.run(&["run", "wiki"]);
    assert_eq!(said.code, code, "{said:?}");
}

#[test]
fn a_young_backup_is_well_and_its_figures_are_shown() {
    let hikae = world();
    run(&hikae, 0);
    let (code, row, wrong) = state(&hikae, "wiki");
    assert_eq!((code, wrong, &row["verdict"], &row["ok"]), (0, vec![], &json!("ok"), &json!(true)));
    assert_eq!((&row["objective_secs"], &row["failures"]), (&json!(25 * 3600), &json!(0)));
    assert_eq!((&row["good_backup"]["size_bytes"], &row["last_run"]["status"]), (&json!(5), &json!("success")));
    assert!(row["next_due"].as_str().unwrap().ends_with("T02:00:00.000+09:00"), "{row}");
    let last = hikae.outcome(&["status", "--json"]);
    assert_eq!((&last["ok"], &last["alerts_waiting"], &last["drill"]), (&json!(true), &json!(0), &json!(null)));
    assert!(last["spaces"][0]["free_bytes"].as_u64().unwrap() > 0);
    let said = hikae.run(&["status"]);
    insta::assert_snapshot!(steady(&said.out), @"
    TARGET  STATUS  LAST RUN  LAST GOOD BACKUP  AT MOST  NEXT
    wiki  ok  [MOMENT] success  now, [SIZE]  25h  [MOMENT]

    free in [WORLD]/backups: [SIZE] of [SIZE]
    no drill so far: `hikae run backup-test` proves that a backup restores
    built in and not in use: [RECIPES]

    all is well
    ");
}

#[test]
fn where_nothing_was_ever_run_nothing_is_called_well() {
    let said = Hikae::new().run(&["status"]);
    assert_eq!(said.code, 1);
    assert!(said.out.starts_with("no recipe has run so far, and none is meant to: there is no backup\n"), "{said:?}");
}

#[test]
fn a_night_without_a_run_is_late_and_its_backup_too_old() {
    let hikae = world();
    run(&hikae, 0);
    age(&hikae, 49);
    let (code, row, wrong) = state(&hikae, "wiki");
    assert_eq!((code, wrong), (1, vec![json!("stale"), json!("late")]), "{row}");
    let due = row["wrong"][1]["due"].as_str().unwrap();
    assert!(due.ends_with("T02:00:00.000+09:00"), "{due}");
    insta::assert_snapshot!(steady(&hikae.run(&["status"]).out), @"
    TARGET  STATUS  LAST RUN  LAST GOOD BACKUP  AT MOST  NEXT
    wiki  stale (49h old, at most 25h), late (was due [MOMENT])  [MOMENT] success  49h ago, [SIZE]  25h  [MOMENT]

    free in [WORLD]/backups: [SIZE] of [SIZE]
    no drill so far: `hikae run backup-test` proves that a backup restores
    built in and not in use: [RECIPES]

    1 thing is wrong
    ");
    insta::assert_snapshot!(steady(&hikae.env("HIKAE_LANG", "ja").run(&["status"]).out), @"
    対象  状態  最終実行  最新の正常なバックアップ  目標 (RPO)  次回予定
    wiki  期限切れ (49h前、目標 25h 以内)、未実行 (予定 [MOMENT])  [MOMENT] success  49h前, [SIZE]  25h  [MOMENT]

    空き容量 [WORLD]/backups: [SIZE] / [SIZE]
    復旧テストは未実施です: `hikae run backup-test` で復旧できることを確認してください
    未使用の組み込みレシピ: [RECIPES]

    1件の異常があります
    ");
}

#[test]
fn failures_in_a_row_are_counted_since_it_worked_last() {
    let hikae = world().file("broken", "");
    run(&hikae, 1);
    std::fs::remove_file(hikae.path("broken")).unwrap();
    run(&hikae, 0);
    let hikae = hikae.file("broken", "");
    run(&hikae, 1);
    run(&hikae, 1);
    let (code, row, wrong) = state(&hikae, "wiki");
    assert_eq!((code, wrong, &row["failures"]), (1, vec![json!("failing")], &json!(2)), "{row}");
    assert_eq!(row["good_backup"]["size_bytes"], 5, "the backup before the failures is still good");
}

#[test]
fn a_backup_that_is_gone_is_no_good_one() {
    let hikae = world();
    run(&hikae, 0);
    run(&hikae, 0);
    let newest = hikae.backups().into_iter().rfind(|name| name.ends_with(".txt")).unwrap();
    std::fs::remove_file(hikae.path("backups").join(&newest)).unwrap();
    let older = state(&hikae, "wiki").1["good_backup"]["path"].as_str().unwrap().to_owned();
    assert!(!older.ends_with(&newest), "{older}");
    std::fs::remove_dir_all(hikae.path("backups")).unwrap();
    let (code, row, wrong) = state(&hikae, "wiki");
    assert_eq!((code, wrong, &row["good_backup"]), (1, vec![json!("stale")], &json!(null)), "{row}");
    assert!(hikae.run(&["status"]).out.contains("stale (no good backup)"));
}

#[test]
fn a_run_that_does_not_end_within_its_timeout_is_stuck() {
    let hikae = world();
    run(&hikae, 0);
    let catalog = rusqlite::Connection::open(hikae.path("state/catalog.db")).unwrap();
    let id: String = catalog.query_row("SELECT id FROM backup_logs", [], |row| row.get(0)).unwrap();
    catalog.execute("UPDATE backup_logs SET status = 'running', ended_at = NULL", []).unwrap();
    // Another process holds its lock: it lives.
    let lock = std::fs::File::create(hikae.path("state/runs").join(format!("{id}.lock"))).unwrap();
    lock.lock().unwrap();
    assert_eq!(state(&hikae, "wiki").2, [""; 0]);
    age(&hikae, 25);
    let (_, row, wrong) = state(&hikae, "wiki");
    assert_eq!(wrong[0], "stuck", "{row}");
    drop(lock);
    assert_eq!(state(&hikae, "wiki").2[0], "failing", "it was killed: that is known by its lock");
}

#[test]
fn objectives_are_those_of_the_settings_then_of_the_recipe_then_of_the_schedule() {
    let objective = |text: &str, recipe: &str| {
        let toml = format!("sandbox = \"off\"\n[objectives]\n{text}\n");
        let hikae = world().file("config/hikae.toml", &toml);
        let lua = std::fs::read_to_string(hikae.path("config/recipes/wiki.lua")).unwrap();
        let hikae = hikae.file("config/recipes/wiki.lua", &lua.replace("schedule = \"0 2 * * *\"", recipe));
        run(&hikae, 0);
        state(&hikae, "wiki").1["objective_secs"].clone()
    };
    assert_eq!(objective("wiki = \"3h\"", "schedule = \"0 2 * * *\", objective = \"2d\""), 3 * 3600);
    assert_eq!(objective("", "schedule = \"0 2 * * *\", objective = \"2d\""), 48 * 3600);
    assert_eq!(objective("", "schedule = \"0 1 * * 0\""), (7 * 24 + 1) * 3600);
    assert_eq!(objective("", "schedule = \"0 2 * * 1-5\""), (3 * 24 + 1) * 3600);
    assert_eq!(objective("", "timeout = \"1h\""), json!(null), "nobody says when it runs");
}

#[test]
fn a_recipe_that_never_ran_is_wrong_once_it_should_have() {
    let hikae = world();
    let (code, _, wrong) = state(&hikae, "wiki");
    assert_eq!((code, wrong), (0, vec![]), "it was put there today");
    touch(&hikae.path("config/recipes/wiki.lua"), 49);
    let (code, row, wrong) = state(&hikae, "wiki");
    assert_eq!((code, wrong), (1, vec![json!("never_ran")]), "{row}");
    // A built-in one that is named in the settings is meant to run.
    assert_eq!(state(&hikae, "db-backup").1["verdict"], "unused");
    let hikae = hikae.file("config/hikae.toml", "[objectives]\ndb-backup = \"25h\"\n");
    assert_eq!(state(&hikae, "db-backup").1["verdict"], "never_ran");
}

#[test]
fn a_recipe_that_cannot_be_loaded_and_an_objective_of_nobody_are_told() {
    let hikae = world().file("config/recipes/wiki.lua", "return recipe {");
    let (code, row, wrong) = state(&hikae, "wiki");
    assert_eq!((code, wrong), (1, vec![json!("broken")]), "{row}");
    let said = hikae.file("config/hikae.toml", "[objectives]\nwikii = \"25h\"\n").run(&["check"]);
    assert!(said.out.contains("is for no known recipe: did you mean `wiki`?"), "{said:?}");
}
