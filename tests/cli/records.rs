//! What a run prints and leaves on record, and the commands that read the record: for people, and by the contract for programs.

use super::commands::{NOTE, well, world};
use crate::support::postgres::shared;
use crate::support::processes::{end_of, wait_until};
use crate::support::program::Hikae;

/// A world in which `note` has succeeded once and `broken` has failed once.
fn after_two_runs() -> Hikae {
    let hikae = world();
    assert_eq!(hikae.run(&["run", "note"]).code, 0);
    assert_eq!(hikae.run(&["run", "broken"]).code, 1);
    hikae
}

fn keys(value: &serde_json::Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn runs_can_be_picked_by_status_type_recipe_and_number() {
    let hikae = after_two_runs();
    let listed = |flags: &[&str]| {
        let said = hikae.run(&[&["runs"], flags].concat());
        well(&said);
        let rows = said.out.lines().skip(1).map(|row| row.split_whitespace().nth(1).unwrap().to_owned());
        rows.collect::<Vec<_>>()
    };
    assert_eq!(listed(&[]), ["broken", "note"], "the newest first");
    assert_eq!(listed(&["--status", "failure"]), ["broken"]);
    assert_eq!(listed(&["--status", "success"]), ["note"]);
    assert_eq!(listed(&["--type", "weekly"]), ["note"]);
    assert_eq!(listed(&["--recipe", "note"]), ["note"]);
    assert_eq!(listed(&["--limit", "1"]), ["broken"]);
    assert_eq!(listed(&["--status", "locked"]), [""; 0]);
}

#[test]
fn runs_refuses_a_status_that_there_is_not() {
    let said = Hikae::new().run(&["runs", "--status", "ok"]);
    insta::assert_snapshot!(said.err, @"
    error: invalid value 'ok' for '--status <STATUS>': it is one of running, success, failure, partial, locked, interrupted

    For more information, try '--help'.
    ");
    assert_eq!(said.code, 64);
}

#[test]
fn runs_before_the_first_run_is_an_empty_list() {
    let said = Hikae::new().run(&["runs"]);
    well(&said);
    insta::assert_snapshot!(said.out, @"RUN  RECIPE  STATUS  TOOK  SIZE  ERROR");
}

#[test]
fn runs_show_finds_a_run_by_the_beginning_of_its_id() {
    let hikae = after_two_runs();
    let id = hikae.outcome(&["runs", "--json", "--recipe", "note"])["id"].as_str().unwrap().to_owned();
    let whole = hikae.run(&["runs", "show", &id]);
    well(&whole);
    assert!(whole.out.contains("note (weekly): success"), "{}", whole.out);
    assert!(whole.out.contains("backup [WORLD]/backups/note_BKP-"), "{}", whole.out);
    let part = hikae.run(&["runs", "show", &id[..id.len() - 3]]);
    assert_eq!(part.out, whole.out);
    let json = hikae.outcome(&["runs", "show", &id, "--json"]);
    assert_eq!(json["id"], id);
}

#[test]
fn runs_show_tells_why_a_run_failed() {
    let hikae = after_two_runs();
    let id = hikae.outcome(&["runs", "--json", "--recipe", "broken"])["id"].as_str().unwrap().to_owned();
    let said = hikae.run(&["runs", "show", &id]);
    well(&said);
    assert!(said.out.contains("error   recipe: the shop is closed"), "{}", said.out);
}

#[test]
fn runs_show_of_no_run_says_so() {
    let said = after_two_runs().run(&["runs", "show", "BKP-19990101-000000-daily"]);
    insta::assert_snapshot!(said.err, @"
    error: there is no run `BKP-[TIME]-daily`

    hint: `hikae runs` lists the runs
    ");
    assert_eq!((said.code, said.out.as_str()), (1, ""));
}

#[test]
fn runs_show_of_a_beginning_of_several_runs_names_them() {
    let said = after_two_runs().run(&["runs", "show", "BKP-"]);
    insta::assert_snapshot!(said.err, @"
    error: `BKP-` fits 2 runs

    hint: write more of the id: BKP-[TIME]-daily, BKP-[TIME]-weekly
    ");
    assert_eq!((said.code, said.out.as_str()), (1, ""));
}

/// DESIGN §5, which scripts outside rely on.
const OUTCOME: [&str; 11] = [
    "id",
    "recipe",
    "type",
    "status",
    "started_at",
    "ended_at",
    "duration_secs",
    "error",
    "backups",
    "steps",
    "target",
];

#[test]
fn runs_json_has_the_keys_of_the_contract() {
    let hikae = after_two_runs();
    let note = hikae.outcome(&["runs", "--json", "--recipe", "note"]);
    assert_eq!(keys(&note), OUTCOME);
    assert_eq!((note["status"].as_str(), &note["error"]), (Some("success"), &serde_json::Value::Null));
    assert_eq!(keys(&note["backups"][0]), ["path", "size_bytes", "sha256"]);
    let broken = hikae.outcome(&["runs", "--json", "--recipe", "broken"]);
    assert_eq!(keys(&broken), OUTCOME);
    assert_eq!(keys(&broken["error"]), ["kind", "message", "hint"]);
    assert_eq!(broken["error"]["kind"], "recipe");
}

#[test]
fn run_json_prints_only_json_and_ends_with_the_outcome() {
    let hikae = world();
    for (recipe, code, status) in [("note", 0, "success"), ("broken", 1, "failure")] {
        let said = hikae.run(&["run", recipe, "--json"]);
        assert_eq!(said.code, code, "{said:?}");
        let lines: Vec<serde_json::Value> =
            said.out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect();
        assert_eq!((lines[0]["event"].as_str(), lines[0]["status"].as_str()), (Some("run"), Some("running")));
        let outcome = lines.last().unwrap();
        assert_eq!((keys(outcome), outcome["status"].as_str()), (OUTCOME.to_vec(), Some(status)));
    }
}

#[test]
fn run_quiet_prints_nothing_when_all_is_well() {
    let said = world().run(&["run", "note", "--quiet"]);
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (0, "", ""));
}

#[test]
fn run_quiet_prints_why_it_failed_on_standard_error_alone() {
    let said = world().run(&["run", "broken", "--quiet"]);
    insta::assert_snapshot!(said.err, @"
    error: the shop is closed
      at [WORLD]/config/recipes/broken.lua:2
    [TIME] ERROR: broken failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!((said.code, said.out.as_str()), (1, ""));
}

#[test]
fn run_takes_the_path_of_a_recipe() {
    let hikae = Hikae::new().file("elsewhere/note.lua", NOTE);
    let said = hikae.run(&["run", "./elsewhere/note.lua", "--type", "manual"]);
    insta::assert_snapshot!(said.out, @"
    [TIME] note started (BKP-[TIME]-manual)
    [TIME] echo kept to [WORLD]/backups/note_BKP-[TIME]-manual: [SIZE] in [DURATION]
    [TIME] note succeeded in [DURATION] (BKP-[TIME]-manual)
    ");
    well(&said);
}

#[test]
fn audit_tells_who_did_what() {
    let hikae = after_two_runs();
    let said = hikae.run(&["audit"]);
    well(&said);
    let rows: Vec<String> =
        said.out.lines().map(|row| row.split_whitespace().skip(2).collect::<Vec<_>>().join(" ")).collect();
    insta::assert_snapshot!(rows.join("\n"), @"
    WHAT STATUS RUN EFFECTS
    backup run broken failure BKP-[TIME]-daily 0
    backup run note success BKP-[TIME]-weekly 4
    ");
    let entry = hikae.outcome(&["audit", "--json"]);
    assert_eq!((entry["username"].as_str(), entry["operation"].as_str()), (Some("backup"), Some("run note")));
}

#[test]
fn a_run_speaks_japanese_where_the_person_does() {
    let cluster = shared();
    cluster.create_database("cli_japanese");
    cluster.psql("cli_japanese", "CREATE TABLE t (n int); INSERT INTO t VALUES (1)");
    for (name, value) in [("HIKAE_LANG", "ja"), ("LANG", "ja_JP.UTF-8")] {
        let said = Hikae::with_database(cluster, "cli_japanese").env(name, value).run(&["run", "db-backup"]);
        well(&said);
        let lines: Vec<&str> = said.out.lines().filter(|line| !line.is_ascii()).collect();
        insta::allow_duplicates! {
            insta::assert_snapshot!(lines.join("\n"), @"
            [TIME] db-backup を開始しました (BKP-[TIME]-daily)
            [TIME] データベースバックアップを開始します
            [TIME] cli_japanese のダンプを [WORLD]/backups/db_backup_[STAMP].sql.gz に保存: [SIZE] (所要時間 [DURATION])
            [TIME] バックアップが正常に完了しました: [WORLD]/backups/db_backup_[STAMP].sql.gz (バックアップサイズ: [SIZE])
            [TIME] バックアップファイルの整合性確認: OK (テーブル数: 1, 行数: 1)
            [TIME] バックアップの保持: 1 件を保持、0 件を削除しました
            [TIME] データベースバックアップが完了しました
            [TIME] db-backup が成功しました (所要時間 [DURATION]) (BKP-[TIME]-daily)
            ");
        }
    }
}

#[test]
fn a_catalog_that_is_busy_for_a_while_has_the_whole_run_in_the_end() {
    let recipe =
        "return recipe { type = 'daily', kind = 'maintenance', needs = { run = { 'wait' }, write = { '/tmp' } },
        run = function() for _ = 1, 3 do process.run { program = 'wait' } end end }";
    let hikae = Hikae::new().file("config/recipes/patient.lua", recipe);
    let hikae = hikae.file("config/recipes/note.lua", NOTE);
    assert_eq!(hikae.run(&["run", "note"]).code, 0, "makes the catalog");
    let (begun, go) = (hikae.path("begun"), hikae.path("go"));
    let wait = format!("touch {}; while ! [ -e {} ]; do sleep 0.1; done", begun.display(), go.display());
    let hikae = hikae.program("wait", &wait);
    let run = hikae.start(&["run", "patient"]);
    wait_until("the program", || begun.exists());
    let other = rusqlite::Connection::open(hikae.path("state/catalog.db")).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    std::fs::write(&go, "").unwrap();
    std::thread::sleep(std::time::Duration::from_secs(7)); // longer than a write waits
    other.execute_batch("COMMIT").unwrap();
    let said = hikae.said(end_of(run));
    assert_eq!(said.code, 2, "that a write failed is told: {said:?}");
    let recorded = hikae.outcome(&["runs", "--recipe", "patient", "--json"]);
    assert_eq!(recorded["status"], "partial", "{recorded}");
    let id = recorded["id"].as_str().unwrap();
    let shown = hikae.outcome(&["runs", "show", id, "--json"]);
    assert_eq!(shown["steps"].as_array().unwrap().len(), 3, "{shown}");
}
