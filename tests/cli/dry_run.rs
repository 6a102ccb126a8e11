//! `hikae run --dry-run`: the plan says what a run would do, and nothing changes.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::support::program::{Hikae, Said, names, set_mode};

/// A program that tells that it was started.
const TELLTALE: &str = r#"echo started >> "$HOME/started""#;

const OLD: &str = "db_backup_20200101_020000.sql.gz";

/// A world with a `pg_dump` that must not be started, and an old backup with its manifest.
fn world() -> Hikae {
    let manifest = format!(
        r#"{{"manifest": 1, "name": "{OLD}", "size_bytes": 4, "database": {{"name": "english_cafe_db", "tables": [{{"schema": "public", "name": "t", "rows": 7}}]}}}}"#
    );
    let hikae = Hikae::new()
        .program("pg_dump", TELLTALE)
        .env("DB_PASSWORD", "hunter2")
        .file(&format!("backups/{OLD}"), "dump")
        .file(&format!("backups/{OLD}.manifest.json"), &manifest)
        .file("backups/notes.txt", "not a backup");
    for name in names(&hikae.path("backups")) {
        let file = std::fs::File::options().write(true).open(hikae.path("backups").join(name)).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(100 * 86_400 + 3600)).unwrap();
    }
    hikae
}

/// A recipe of this body, in a world that has the telltale as the program `sync`.
fn recipe(body: &str) -> Hikae {
    let text = format!(
        r#"return recipe {{
          kind = "maintenance",
          type = "manual",
          params = {{ dir = {{ env = "BACKUP_DIR", type = "path" }} }},
          needs = {{ run = {{ "sync", "psql", "absent" }}, write = {{ "{{dir}}" }} }},
          run = function(p)
            {body}
          end,
        }}"#
    );
    let hikae = Hikae::new().program("sync", TELLTALE).program("psql", TELLTALE);
    hikae.file("config/recipes/x.lua", &text).file("backups/a.txt", "12345")
}

/// Everything below a folder but the record: what it is, its mode, its time to the nanosecond, its bytes.
fn everything(folder: &Path) -> BTreeMap<String, String> {
    use std::os::unix::fs::MetadataExt;
    let all = walkdir::WalkDir::new(folder).into_iter().map(|entry| entry.unwrap());
    let told = all.filter(|entry| !entry.path().starts_with(folder.join("state"))).map(|entry| {
        let meta = entry.metadata().unwrap();
        let bytes = if meta.is_file() { std::fs::read(entry.path()).unwrap() } else { Vec::new() };
        let told = format!("{:o} {}.{:09} {bytes:?}", meta.mode(), meta.mtime(), meta.mtime_nsec());
        (entry.path().display().to_string(), told)
    });
    told.collect()
}

/// Plans, and holds the plan to its promise.
fn plan(hikae: &Hikae, args: &[&str]) -> Said {
    let before = everything(&hikae.path(""));
    let said = hikae.run(&[&["run"], args, &["--dry-run"]].concat());
    assert_eq!(everything(&hikae.path("")), before, "something has changed: {said:?}");
    assert!(!hikae.path("started").exists(), "a program was started: {said:?}");
    for word in ["succe", "hunter2"] {
        assert!(!format!("{}{}", said.out, said.err).contains(word), "a plan says `{word}`: {said:?}");
    }
    said
}

/// The rows of a plan, with one space between their cells.
fn rows(said: &Said) -> String {
    let line = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = said.out.lines().map(line).collect::<Vec<_>>().join("\n");
    let rules =
        [(r"\d{4} days old", "[AGE] days old"), (r"(stdlib/hikae/\w+|recipes/db-backup)\.lua:\d+", "$1.lua:[LINE]")];
    rules.iter().fold(text, |text, (pattern, steady)| {
        regex::Regex::new(pattern).unwrap().replace_all(&text, *steady).into_owned()
    })
}

#[test]
fn the_plan_of_db_backup_shows_what_is_run_written_and_deleted_and_why() {
    let hikae = world();
    let said = plan(&hikae, &["db-backup"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
    insta::assert_snapshot!(rows(&said), @"
    plan of db-backup: what a run would do now, if nothing fails

    WOULD WHAT MORE AT
    clear [WORLD]/backups partial files of dead runs
    write [WORLD]/backups/db_backup_[STAMP].sql.gz size known only after the run recipes/db-backup.lua:[LINE]
    run pg_dump --host=localhost --port=5432 --username=postgres --dbname=english_cafe_db --no-password --clean --if-exists --create recipes/db-backup.lua:[LINE]
    write [WORLD]/backups/db_backup_[STAMP].sql.gz.manifest.json [SIZE]; what it says is known only after the run recipes/db-backup.lua:[LINE]
    delete [WORLD]/backups/db_backup_[STAMP].sql.gz [SIZE], 100 days old; [AGE] days old, no rule keeps it stdlib/hikae/retention.lua:[LINE]
    delete [WORLD]/backups/db_backup_[STAMP].sql.gz.manifest.json [SIZE], 100 days old; it describes a backup that goes stdlib/hikae/retention.lua:[LINE]

    nothing was changed
    ");
}

#[test]
fn a_plan_claims_nothing_and_only_the_audit_tells_of_it() {
    let hikae = world();
    assert_eq!(plan(&hikae, &["db-backup"]).code, 0);
    assert_eq!(names(&hikae.path("state")), [".catalog-begun", "catalog.db"], "no lock, no folder of locks");
    assert_eq!(hikae.run(&["runs", "--json"]).out, "", "no run is recorded");
    let audit = hikae.run(&["audit", "--json"]);
    assert_eq!(audit.out.lines().count(), 1, "{audit:?}");
    let entry = audit.outcome();
    assert_eq!((entry["operation"].as_str(), entry["username"].as_str()), (Some("dry-run db-backup"), Some("backup")));
    assert!(entry["backup_id"].is_null());
    let effects = entry["details"]["effects"].as_array().unwrap();
    assert!(!entry.to_string().contains("hunter2"), "{entry}");
    assert!(effects.iter().any(|effect| effect["effect"] == "remove" && effect["why"].is_string()), "{entry}");
}

#[test]
fn what_would_be_kept_and_said_is_shown_with_verbose() {
    let today = chrono::Local::now().format("db_backup_%Y%m%d_000000.sql.gz").to_string();
    let hikae = world().file(&format!("backups/{today}"), "dump");
    let quiet = plan(&hikae, &["db-backup"]);
    assert!(!quiet.out.contains("Kept"), "{quiet:?}");
    let said = plan(&hikae, &["db-backup", "--verbose"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("would say: Kept db_backup_[STAMP].sql.gz: 0 days old (days = 30)"), "{}", said.out);
    assert!(said.out.contains("would say: Database backup is complete"), "{}", said.out);
    let unmarked: Vec<&str> = said.out.lines().filter(|line| line.starts_with("[TIME]")).collect();
    let told = |line: &&&str| !line.contains("would say: ") && !line.contains("kernel sandbox");
    assert_eq!(unmarked.iter().find(told), None, "nothing is told as if it had happened");
}

#[test]
fn json_is_one_object_a_line_and_the_last_is_the_outcome() {
    let said = plan(&world(), &["db-backup", "--json"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
    let lines: Vec<serde_json::Value> = said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (outcome, plan) = lines.split_last().unwrap();
    assert_eq!((&outcome["status"], &outcome["dry_run"]), (&"planned".into(), &true.into()));
    assert_eq!((&outcome["planned"], &outcome["error"]), (&plan.len().into(), &serde_json::Value::Null));
    assert!(outcome["backups"].as_array().unwrap().is_empty(), "a plan has made no backup");
    let effects: Vec<&str> = plan.iter().map(|line| line["effect"].as_str().unwrap()).collect();
    assert_eq!(effects, ["sweep", "create", "spawn", "write", "remove", "remove"]);
    assert!(plan.iter().all(|line| line["event"] == "plan"));
    assert!(plan[4]["why"].as_str().unwrap().ends_with("days old, no rule keeps it"), "{}", plan[4]);
    assert_eq!(plan[4]["site"]["file"], "stdlib/hikae/retention.lua");
}

#[test]
fn quiet_says_nothing_when_the_plan_is_whole() {
    let said = plan(&world(), &["db-backup", "--quiet"]);
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (0, "", ""));
}

#[test]
fn a_program_that_is_missing_fails_the_plan_as_it_would_fail_the_run() {
    let hikae = recipe(r#"fs.mkdir(path.join(p.dir, "new")) process.run { program = "absent" }"#);
    let said = plan(&hikae, &["x"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.starts_with("error: cannot start `absent`: it is not on the PATH"), "{}", said.err);
    assert!(rows(&said).contains("make [WORLD]/backups/new"), "{said:?}");
    assert!(said.out.ends_with("nothing was changed\n"), "{said:?}");
}

#[test]
fn what_is_not_declared_is_refused_in_the_plan_too() {
    for (body, what) in [
        (r#"fs.write("/tmp/hikae-undeclared", "x")"#, "the recipe may not write `/tmp/hikae-undeclared`"),
        (r#"fs.read("/etc/hostname")"#, "the recipe may not read `/etc/hostname`"),
        (r#"process.run { program = "rm" }"#, "the recipe may not run `rm`"),
    ] {
        let said = plan(&recipe(body), &["x"]);
        assert_eq!(said.code, 1, "{said:?}");
        assert!(said.err.starts_with(&format!("error: {what}")), "{}", said.err);
        assert!(said.out.ends_with("nothing was changed\n"), "{said:?}");
    }
}

#[test]
fn reads_are_real_and_later_reads_see_what_is_planned() {
    let body = r#"
        assert(fs.read(path.join(p.dir, "a.txt")) == "12345")
        fs.write(path.join(p.dir, "b.txt"), "new")
        assert(fs.read(path.join(p.dir, "b.txt")) == "new")
        fs.remove(path.join(p.dir, "a.txt"), { why = "it is old" })
        assert(fs.stat(path.join(p.dir, "a.txt")) == nil)
        fs.rename(path.join(p.dir, "b.txt"), path.join(p.dir, "c.txt"))
        assert(#fs.list { dir = p.dir } == 1)"#;
    let said = plan(&recipe(body), &["x"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
    insta::assert_snapshot!(rows(&said), @"
    plan of x: what a run would do now, if nothing fails

    WOULD WHAT MORE AT
    clear [WORLD]/backups partial files of dead runs
    write [WORLD]/backups/b.txt [SIZE] [WORLD]/config/recipes/x.lua:9
    delete [WORLD]/backups/a.txt [SIZE], 0 days old; it is old [WORLD]/config/recipes/x.lua:11
    rename [WORLD]/backups/b.txt to [WORLD]/backups/c.txt [WORLD]/config/recipes/x.lua:13

    nothing was changed
    ");
}

#[test]
fn a_recipe_that_needs_no_answer_of_a_program_is_planned_to_its_end() {
    let body = r#"
        process.run { program = "sync" }
        local stream = process.stream { program = "sync" }
        local backup = stream:gzip():tee(path.join(p.dir, "copy.gz")):save(path.join(p.dir, "x.gz"))
        log.warn(_("made %s, %s, %s", backup.path, backup.size, backup.size_bytes))
        local read = fs.open(backup.path):gunzip():discard()
        log.warn("read " .. read.size_bytes .. " and " .. backup.sha256)
        assert(fs.stat(path.join(p.dir, "copy.gz.manifest.json")))
        fs.remove(path.join(p.dir, "a.txt"))"#;
    let said = plan(&recipe(body), &["x"]);
    assert_eq!(said.code, 0, "{said:?}");
    insta::assert_snapshot!(said.err, @"
    [TIME] WARN: made [WORLD]/backups/x.gz, size known only after the run, (known only after the run)
    [TIME] WARN: read (known only after the run) and known only after the run
    ");
    insta::assert_snapshot!(rows(&said), @"
    plan of x: what a run would do now, if nothing fails

    WOULD WHAT MORE AT
    clear [WORLD]/backups partial files of dead runs
    run sync [WORLD]/config/recipes/x.lua:8
    write [WORLD]/backups/x.gz size known only after the run [WORLD]/config/recipes/x.lua:10
    run sync [WORLD]/config/recipes/x.lua:9
    write [WORLD]/backups/x.gz.manifest.json [SIZE]; what it says is known only after the run [WORLD]/config/recipes/x.lua:10
    write [WORLD]/backups/copy.gz size known only after the run [WORLD]/config/recipes/x.lua:10
    write [WORLD]/backups/copy.gz.manifest.json [SIZE]; what it says is known only after the run [WORLD]/config/recipes/x.lua:10
    delete [WORLD]/backups/a.txt [SIZE], 0 days old [WORLD]/config/recipes/x.lua:15

    nothing was changed
    ");
}

#[test]
fn where_the_recipe_goes_on_from_an_answer_the_plan_ends_and_says_where() {
    for (body, why) in [
        (
            r#"local answer = process.run { program = "sync" } if answer.code == 0 then fs.mkdir("/no") end"#,
            "the answer of `sync` is not known: a dry run starts no program",
        ),
        (
            r#"local rows = pg.query { database = "shop", sql = "SELECT 1" } for _i, row in ipairs(rows) do fs.mkdir("/no") end"#,
            "the answer of the server is not known: a dry run connects to no database",
        ),
        (
            r#"for _i, name in ipairs(pg.databases {}) do fs.mkdir("/no") end"#,
            "the answer of the server is not known: a dry run connects to no database",
        ),
        (
            r#"local b = process.stream { program = "sync" }:save(path.join(p.dir, "x")) fs.read(b.path)"#,
            "cannot read `[WORLD]/backups/x`: it is only planned: a dry run writes nothing",
        ),
        (
            r#"if pg.is_ready {} then fs.mkdir("/no") end"#,
            "the answer of `postgres on the local server` is not known: a dry run connects to no database",
        ),
        (
            r#"local text = process.stream { program = "sync" }:text() fs.mkdir("/no")"#,
            "`sync` was not started: a dry run starts no program",
        ),
        (
            r#"local b = process.stream { program = "sync" }:save(path.join(p.dir, "x")) if b.size_bytes < 100 then error("small") end"#,
            "`size_bytes` is not known: it is known only after the run",
        ),
        (
            r#"local ok = errors.try(function() return pg.is_ready {} end) fs.mkdir("/no")"#,
            "the answer of `postgres on the local server` is not known: a dry run connects to no database",
        ),
        (
            r#"parallel { a = function() return pg.is_ready {} end } fs.mkdir("/no")"#,
            "the branch `a` failed: the answer of `postgres on the local server` is not known: a dry run connects to no database",
        ),
    ] {
        let hikae = recipe(&format!("fs.remove(path.join(p.dir, \"a.txt\"))\n{body}"));
        let said = plan(&hikae, &["x"]);
        assert_eq!((said.code, said.err.as_str()), (2, ""), "{body}: {said:?}");
        assert!(rows(&said).contains("delete [WORLD]/backups/a.txt"), "the plan up to there: {said:?}");
        let file = "[WORLD]/config/recipes/x.lua";
        let end = format!("the plan ends at {file}:8, for what follows depends on it: {why}\nnothing was changed\n");
        assert!(said.out.ends_with(&end), "{body}\n{}\nexpected\n{end}", said.out);
    }
}

#[test]
fn a_plan_that_ends_early_tells_programs_where() {
    let outcome = plan(&recipe("if pg.is_ready {} then fs.mkdir(p.dir) end"), &["x", "--json"]).outcome();
    assert_eq!((outcome["status"].as_str(), outcome["ends_at"]["line"].as_u64()), (Some("partial"), Some(7)));
    assert_eq!(
        outcome["error"]["message"],
        "the answer of `postgres on the local server` is not known: a dry run connects to no database"
    );
}

#[test]
fn a_recipe_that_fails_fails_in_the_plan() {
    let said = plan(&recipe(r#"fs.write(path.join(p.dir, "b"), "x") error("the shop is closed")"#), &["x"]);
    assert_eq!(said.code, 1, "{said:?}");
    insta::assert_snapshot!(said.err, @"
    error: the shop is closed
      at [WORLD]/config/recipes/x.lua:7
    ");
    insta::assert_snapshot!(rows(&said), @"
    plan of x: what a run would do now, if nothing fails

    WOULD WHAT MORE AT
    clear [WORLD]/backups partial files of dead runs
    write [WORLD]/backups/b [SIZE] [WORLD]/config/recipes/x.lua:7

    a run would fail at [WORLD]/config/recipes/x.lua:7
    nothing was changed
    ");
}

#[test]
fn a_plan_without_a_backup_fails_where_a_run_would() {
    let text = r#"return recipe { type = "daily", run = function() end }"#;
    let said = plan(&Hikae::new().file("config/recipes/x.lua", text), &["x"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.starts_with("error: `x` ended without a proved backup"), "{}", said.err);
}

#[test]
fn a_backup_that_the_recipe_would_remove_again_is_none() {
    let body = r#"fs.remove(process.stream { program = "sync" }:save(path.join(p.dir, "x")).path)"#;
    let said = plan(&recipe(body), &["x"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("is gone at the end of the run"), "{}", said.err);
}

#[test]
fn a_file_that_is_given_up_is_not_in_the_plan() {
    let body = r#"
        local ok, failure = errors.try(function() fs.open(path.join(p.dir, "no")):save(path.join(p.dir, "x")) end)
        errors.accept(failure, "it may be missing")"#;
    let said = plan(&recipe(body), &["x"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(!said.out.contains("backups/x"), "{said:?}");
}

#[test]
fn a_declared_file_can_be_planned_without_its_folder() {
    let text = r#"return recipe {
      kind = "maintenance", type = "manual",
      params = { dir = { env = "BACKUP_DIR", type = "path" } },
      needs = { write = { "{dir}/only.txt" } },
      run = function(p) fs.write(path.join(p.dir, "only.txt"), "x") end,
    }"#;
    let said = plan(&Hikae::new().file("config/recipes/x.lua", text), &["x"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
    assert!(rows(&said).contains("write [WORLD]/backups/only.txt"), "{said:?}");
}

#[test]
fn a_misspelt_param_is_misuse() {
    let said = plan(&world(), &["db-backup", "--set", "dayz=3"]);
    assert_eq!((said.code, said.out.as_str()), (64, ""), "{said:?}");
    assert!(said.err.contains("dayz"), "{}", said.err);
}

#[test]
fn a_state_folder_that_cannot_be_written_is_a_warning() {
    let hikae = world();
    set_mode(&hikae.path("state"), 0o500);
    // Root may write anywhere: then a file in the place of the folder stands in its way.
    let hikae = match std::fs::write(hikae.path("state/probe"), "") {
        Ok(()) => {
            std::fs::write(hikae.path("no-folder"), "").unwrap();
            let place = hikae.path("no-folder/state").display().to_string();
            hikae.env("HIKAE_STATE_DIR", &place)
        }
        Err(_) => hikae,
    };
    let said = plan(&hikae, &["db-backup"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.err.contains("WARN: cannot record in the state folder"), "{}", said.err);
    assert!(said.out.ends_with("nothing was changed\n"), "{said:?}");
}

#[test]
fn an_endless_recipe_and_a_greedy_one_end_as_in_a_run() {
    for (body, why) in [
        ("while true do end", "without waiting for anything"),
        ("local t = {} for i = 1, 1e9 do t[i] = { i } end", "memory"),
    ] {
        let said = plan(&recipe(body), &["x"]);
        assert_eq!(said.code, 1, "{said:?}");
        assert!(said.err.contains(why), "{body}: {}", said.err);
    }
}

#[test]
fn a_signal_ends_a_plan() {
    let hikae = recipe(r#"fs.mkdir(path.join(p.dir, "new")) log.warn("here") clock.sleep("1h")"#);
    let mut child = hikae.start(&["run", "x", "--dry-run"]);
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stderr.take().unwrap()), &mut line).unwrap();
    assert!(line.contains("here"), "{line}");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let said = hikae.said(child.wait_with_output().unwrap());
    assert_eq!(said.code, 143, "{said:?}");
    assert!(said.out.ends_with("the plan was interrupted by signal 15\nnothing was changed\n"), "{said:?}");
    assert!(!hikae.path("backups/new").exists());
}

#[test]
fn a_deadline_ends_a_plan() {
    let text = r#"return recipe {
      kind = "maintenance", type = "manual", timeout = "1s", run = function() clock.sleep("1h") end,
    }"#;
    let said = plan(&Hikae::new().file("config/recipes/x.lua", text), &["x"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("did not end within"), "{}", said.err);
}

#[test]
fn the_reason_of_a_removal_stands_in_the_audit_of_the_run_too() {
    let hikae = recipe(r#"fs.remove(path.join(p.dir, "a.txt"), { why = "it is old" })"#);
    assert_eq!(hikae.run(&["run", "x"]).code, 0);
    let entry = hikae.outcome(&["audit", "--json"]);
    let effects = entry["details"]["effects"].as_array().unwrap();
    let removal = effects.iter().find(|effect| effect["effect"] == "remove").unwrap();
    assert_eq!(removal["why"], "it is old");
}
