//! Recipes that lie, leak or leave things behind are found out, whatever their specs assert.

use hikae::catalog::Status;
use hikae::error::Kind;
use hikae::specs::rehearsal::Sort;
use hikae::world::journal::Outcome;
use serde_json::json;

use super::*;

/// A recipe that does this, and may touch what db-backup may.
fn doing(kind: &str, body: &str) -> hikae::config::RecipeSource {
    recipe(&format!(
        "--- Does what it should not do.\nreturn recipe {{\n  kind = \"{kind}\", type = \"manual\",\n  \
         params = {{ password = {{ env = \"DB_PASSWORD\", secret = true }} }},\n  \
         needs = {{ run = {{ \"pg_dump\", \"sh\" }}, write = {{ \"/backups\" }} }},\n  run = function(p)\n{body}\n  end,\n}}\n"
    ))
}

/// The complaints about a recipe that does this, with the status that its run has.
async fn about(kind: &str, body: &str) -> (Status, Vec<(Sort, String)>) {
    let mut world = nightly();
    world["programs"]["pg_dump"] = json!({ "stdout": "--", "exit": 1 });
    let rehearsed = play(world, doing(kind, body), vec![]).await.unwrap();
    (rehearsed.run.status, told(&rehearsed))
}

#[tokio::test]
async fn a_failure_that_is_swallowed_is_a_lie() {
    let save = "pcall(function() pg.dump { database = \"shop\" }:save(\"/backups/x\") end)";
    let (status, found) = about("maintenance", save).await;
    assert_eq!(status, Status::Partial);
    let lie = "a failure was caught, and nobody answered for it: cannot dump the database `shop`: `pg_dump` failed: exit code 1 (liar.lua:7)";
    assert_eq!(found, [(Sort::Lie, lie.to_owned())]);
}

#[tokio::test]
async fn a_failure_that_is_accepted_in_words_is_none() {
    let save = "local ok, e = pcall(function() pg.dump { database = \"shop\" }:save(\"/backups/x\") end)\n\
                errors.accept(e, \"tonight is not the night\")";
    assert_eq!(about("maintenance", save).await, (Status::Success, vec![]));
}

#[tokio::test]
async fn an_exit_code_that_was_expected_is_an_answer() {
    let run = "process.run { program = \"pg_dump\", ok_codes = { 0, 1 } }";
    assert_eq!(about("check", run).await, (Status::Success, vec![]));
}

#[tokio::test]
async fn a_secret_among_the_arguments_is_shown() {
    let (_, found) = about(
        "check",
        &format!("process.run {{ program = \"pg_dump\", args = {{ \"--password={PASSWORD}\" }}, ok_codes = {{ 1 }} }}"),
    )
    .await;
    assert!(
        found.contains(&(
            Sort::Secret,
            "the secret `DB_PASSWORD` was shown in the arguments of `pg_dump` (liar.lua:7)".to_owned()
        )),
        "{found:?}"
    );
}

/// A password that no program writes as it is.
const QUOTED: &str = r#"odd$zebra "word""#;

/// What was wrong with a recipe that may run `pg_dump` and does this, in a world whose `pg_dump` says `stderr`.
async fn with_quotes(body: &str, stderr: &str) -> (Vec<String>, Vec<(Sort, String)>) {
    let mut world = nightly();
    world["programs"]["pg_dump"] = json!({ "stdout": "--", "stderr": stderr, "exit": 1 });
    let mut setup = setup(world);
    let secret = hikae::world::SecretOrText::Secret(hikae::secret::Secret::new(QUOTED));
    setup.env.insert("DB_PASSWORD".to_owned(), secret);
    let world = Simulated::new(setup.clone()).unwrap();
    let rehearsed = rehearse(&config(), &world, rehearsal(setup, doing("check", body))).await.unwrap();
    let found = told(&rehearsed);
    (rehearsed.said, found)
}

#[tokio::test]
async fn a_secret_is_found_and_cleaned_in_escaped_form() {
    let url = "postgres://u:odd%24zebra%20%22word%22@h";
    let shows = format!("process.run {{ program = \"pg_dump\", args = {{ \"{url}\" }}, ok_codes = {{ 1 }} }}");
    let (_, found) = with_quotes(&shows, "").await;
    let leak = "the secret `DB_PASSWORD` was shown in the arguments of `pg_dump` (liar.lua:7)".to_owned();
    assert!(found.contains(&(Sort::Secret, leak)), "{found:?}");

    let (said, found) =
        with_quotes("process.run { program = \"pg_dump\" }", r#"{"password":"odd$zebra \"word\""}"#).await;
    assert_eq!(found, []);
    assert!(said.join(" ").contains(r#"{"password":"********"}"#), "{said:?}");
}

#[tokio::test]
async fn a_password_that_is_no_secret_to_its_recipe_is_shown() {
    let text = "--- Tells all that it knows.\nreturn recipe { kind = \"check\", type = \"manual\",\n\
        params = { password = { env = \"DB_PASSWORD\" } },\nrun = function(p) log.info(\"it is \" .. p.password) end }";
    let rehearsed = play(nightly(), recipe(text), vec![]).await.unwrap();
    assert!(
        rehearsed.said.iter().any(|line| line.contains(PASSWORD)),
        "a real run would show it: {:?}",
        rehearsed.said
    );
    let found = told(&rehearsed);
    assert_eq!(found[0], (Sort::Secret, "the param `password` takes a secret, but is not declared as one".to_owned()));
    assert!(found[1].1.starts_with("the secret `DB_PASSWORD` was shown in what the run says: "), "{found:?}");
    assert!(found[1].1.ends_with("it is ********"), "{found:?}");
}

#[tokio::test]
async fn a_declared_secret_is_cleaned_from_what_programs_say() {
    let mut world = nightly();
    world["programs"]["sh"] = json!({ "stdout": "", "stderr": format!("wrong password {PASSWORD}"), "exit": 3 });
    let rehearsed = play(world, doing("check", "process.run { program = \"sh\" }"), vec![]).await.unwrap();
    assert_eq!((rehearsed.run.status, told(&rehearsed)), (Status::Failure, vec![]));
    assert!(rehearsed.said.join("\n").contains("wrong password ********"), "{:?}", rehearsed.said);
}

#[tokio::test]
async fn a_stream_that_nobody_consumed_is_told() {
    let (status, found) = about("check", "pg.dump { database = \"shop\" }").await;
    assert_eq!(status, Status::Failure);
    assert_eq!(found, [(Sort::Unused, "the stream of `dump of shop` was never consumed (liar.lua:7)".to_owned())]);
}

#[tokio::test]
async fn what_was_not_declared_is_told_even_when_it_was_accepted() {
    let body = |call: &str| format!("local ok, e = pcall(function() {call} end)\nerrors.accept(e, \"who cares\")");
    let (_, found) = about("check", &body("process.run { program = \"rm\" }")).await;
    assert_eq!(found, [(Sort::Undeclared, "the recipe may not run `rm` (liar.lua:7)".to_owned())]);
    let (_, found) = about("check", &body("fs.write(\"/etc/motd\", \"hello\")")).await;
    assert_eq!(found, [(Sort::Undeclared, "the recipe may not write `/etc/motd` (liar.lua:7)".to_owned())]);
    let (_, found) = about("check", &body("process.run { program = \"sh\" }")).await;
    assert_eq!(
        found,
        [(Sort::Undeclared, "no program `sh` in this world: declared: `pg_dump` (liar.lua:7)".to_owned())]
    );
}

#[tokio::test]
async fn a_backup_that_is_no_backup_is_told() {
    let mut world = nightly();
    world["programs"]["pg_dump"] = json!({ "stdout": super::WHOLE });
    // Something that a spec would not see: the bytes are changed after they were proved.
    let body = "local b = pg.dump { database = \"shop\" }:save(\"/backups/x\")\n\
                fs.write(\"/backups/x\", string.rep(\"-\", b.size_bytes), { replace = true })";
    let rehearsed = play(world, doing("backup", body), vec![]).await.unwrap();
    assert_eq!(rehearsed.run.status, Status::Failure);
    let why = "`/backups/x` is another file at the end of the run: the bytes there are not the ones that were proved";
    assert_eq!(rehearsed.error.as_ref().map(|error| error.one_line()).as_deref(), Some(why));
    let found = told(&rehearsed);
    let no_backup = "`/backups/x` is no backup: its bytes are not those that its manifest describes";
    assert_eq!(found[0], (Sort::Lie, format!("a file passes for a backup: {no_backup} (liar.lua:7)")));
}

#[tokio::test]
async fn old_backups_that_go_for_nothing_are_told() {
    let remove = format!("fs.remove(\"{}\")\nerror(\"and now it fails\")", super::OLD);
    let (status, found) = about("backup", &remove).await;
    assert_eq!(status, Status::Failure);
    assert_eq!(
        found,
        [(
            Sort::Loss,
            format!("`{}` was removed although no new backup of its kind was proved (liar.lua:7)", super::OLD)
        )]
    );
}

#[tokio::test]
async fn a_backup_of_something_else_excuses_nothing() {
    let save = "process.stream({ program = \"sh\" }):gzip():save(\"/backups/database/NAME\")";
    let ends = async |name: &str| {
        let mut world = nightly();
        world["programs"]["sh"] = json!({ "stdout": "CREATE ROLE a;" });
        let body = format!("{}\nfs.remove(\"{}\")", save.replace("NAME", name), super::OLD);
        told(&play(world, doing("backup", &body), vec![]).await.unwrap())
    };
    let loss = format!("`{}` was removed although no new backup of its kind was proved (liar.lua:8)", super::OLD);
    for other in
        ["roles_20260215_020000.sql.gz", "db_backup_old_20260215_020000.sql.gz", "db_backup_20250101_020000.sql.gz"]
    {
        assert_eq!(ends(other).await, [(Sort::Loss, loss.clone())], "{other}");
    }
    assert_eq!(ends("db_backup_20260215_020000.sql.gz").await, []);
}

/// The place of the first line of db-backup with these words.
fn place(words: &str) -> String {
    let line = super::db_backup().text.lines().position(|line| line.contains(words)).unwrap();
    format!("recipes/db-backup.lua:{}", line + 1)
}

#[tokio::test]
async fn whatever_is_left_behind_is_told() {
    let mut night = play(nightly(), super::db_backup(), vec![]).await.unwrap();
    super::is_fine(&night);
    night.after.partials.push("/backups/database/.x.1-1.hikae-part".into());
    night.after.open.push("/backups/database/x".into());
    night.after.locks.push("/var/lib/hikae/locks/x.lock".into());
    night.journal[3].outcome = Outcome::Underway;
    let found: Vec<String> = told(&night).into_iter().map(|(sort, told)| format!("{sort:?}: {told}")).collect();
    assert_eq!(
        found,
        [
            "Leftover: the partial file `/backups/database/.x.1-1.hikae-part` was left behind",
            "Leftover: the file `/backups/database/x` is still open",
            "Leftover: the lock `/var/lib/hikae/locks/x.lock` is still held",
            &format!("Leftover: create `{}` was still under way at the end ({})", super::NEW, place(":save(")),
        ]
    );
}

#[tokio::test]
async fn success_against_what_happened_is_a_lie_whoever_tells_it() {
    let night = || async { play(nightly(), super::db_backup(), vec![]).await.unwrap() };
    let mut failed = night().await;
    for record in &mut failed.journal {
        match record.effect.verb() {
            "spawn" => record.outcome = Outcome::Dropped,
            "remove" => record.outcome = Outcome::Failed { kind: Kind::Denied, message: "cannot remove it".to_owned() },
            _ => {}
        }
    }
    let found = told(&failed);
    let dump = place("pg.dump {");
    let spawn = format!("the run says success, but nobody waited for the end of `pg_dump` ({dump})");
    assert_eq!(found[0], (Sort::Lie, spawn));
    let remove = format!("the run says success, but remove `{}` failed: cannot remove it", super::OLD);
    assert!(found[1].1.starts_with(&remove), "{found:?}");
    assert_eq!(found.len(), 3, "the old backup and its manifest: {found:?}");

    let mut gone = night().await;
    gone.after.files.remove(std::path::Path::new(super::NEW));
    let told_gone = told(&gone);
    let why =
        format!("the run says success, but its backup is not there: `{}` is no backup: it is not there", super::NEW);
    assert_eq!(told_gone[0].0, Sort::Loss, "the old one was let go for it: {told_gone:?}");
    assert_eq!(told_gone[1..], [(Sort::Lie, why)]);

    let mut bare = night().await;
    bare.after.files.remove(std::path::Path::new(&format!("{}.manifest.json", super::NEW)));
    let (losses, lies): (Vec<_>, Vec<_>) = told(&bare).into_iter().partition(|(sort, _)| *sort == Sort::Loss);
    assert!(lies.iter().all(|(sort, told)| *sort == Sort::Lie && told.contains("it has no manifest")));
    assert_eq!((losses.len(), lies.len()), (1, 2));

    let mut none = night().await;
    none.run.backups.clear();
    assert_eq!(told(&none).len(), 2, "no backup, and an old one let go for it: {:?}", told(&none));
}

/// A recipe that asks servers, and what these answer.
async fn asking(routes: serde_json::Value, body: &str) -> (Status, Vec<(Sort, String)>) {
    let mut world = nightly();
    world["http"] = routes;
    let text = format!(
        "--- Asks.\nreturn recipe {{ kind = \"check\", type = \"manual\", needs = {{ connect = {{ \"api.example\" }} }},\n\
         run = function() {body} end }}\n"
    );
    let rehearsed = play(world, recipe(&text), vec![]).await.unwrap();
    (rehearsed.run.status, told(&rehearsed))
}

#[tokio::test]
async fn a_request_that_was_answered_at_its_second_try_is_no_lie() {
    let routes = json!({
        "http://api.example/flaky": [{ "refused": true }, { "cut_after": 1, "body": "xx" }, "ok"],
        "http://api.example/away": { "status": 302, "headers": { "Location": "/here" }, "body": "moved" },
        "http://api.example/here": "ok",
    });
    let ask = "http.get(\"http://api.example/flaky\") http.get(\"http://api.example/away\")";
    assert_eq!(asking(routes, ask).await, (Status::Success, vec![]));
}

#[tokio::test]
async fn a_request_that_failed_and_was_swallowed_is_a_lie() {
    let routes = json!({ "http://api.example/down": { "status": 503 } });
    let (status, found) = asking(routes, "pcall(http.get, \"http://api.example/down\")").await;
    assert_eq!((status, found.len(), found[0].0), (Status::Partial, 1, Sort::Lie), "{found:?}");
}

#[tokio::test]
async fn a_request_that_nothing_answers_is_told_with_the_line_to_add() {
    let (_, found) = asking(json!({}), "http.post(\"http://api.example/x\")").await;
    let told = "nothing answers `POST http://api.example/x` in this world: no route is declared (liar.lua:3)";
    assert!(found.contains(&(Sort::Undeclared, told.to_owned())), "{found:?}");
}

/// What is wrong with a backup whose recipe does this after a whole dump of `shop`, with so many old ones beside it.
async fn after_a_dump(old: usize, body: &str) -> (Status, Vec<(Sort, String)>) {
    let mut world = nightly();
    for month in 1..=old {
        let name = format!("/backups/x_2025{month:02}01_020000.sql.gz");
        world["files"][&name] = json!({ "content": "old bytes", "age": "76d" });
    }
    let body = format!("pg.dump {{ database = \"shop\" }}:gzip():save(\"/backups/x_20260215_020000.sql.gz\")\n{body}");
    let rehearsed = play(world, doing("backup", &body), vec![]).await.unwrap();
    (rehearsed.run.status, told(&rehearsed))
}

#[tokio::test]
async fn generations_that_a_recipe_removes_are_missed() {
    let body = "for _i, old in ipairs(fs.list { dir = \"/backups\", name = \"x_2025*\" }) do fs.remove(old.path) end";
    let (status, found) = after_a_dump(3, body).await;
    let told = "none but the new one is left of the backups `/backups/x_*.sql.gz` (liar.lua:8)";
    assert_eq!((status, found), (Status::Partial, vec![(Sort::Loss, told.to_owned())]));
    assert_eq!(after_a_dump(1, body).await, (Status::Success, vec![]));
}

#[tokio::test]
async fn what_stands_in_for_a_source_is_no_success() {
    let mut world = nightly();
    world["programs"]["pg_dump"] = json!({ "stdout": "--", "exit": 1 });
    world["programs"]["sh"] = json!({ "stdout": "CREATE TABLE t (n int);" });
    let body = "local ok, f = errors.try(function() return pg.dump { database = \"shop\" }:save(\"/backups/x.sql\") end)\n\
                errors.accept(f, \"never mind\")\nprocess.stream { program = \"sh\" }:save(\"/backups/x.sql\")";
    let rehearsed = play(world, doing("backup", body), vec![]).await.unwrap();
    assert_eq!(rehearsed.run.status, Status::Partial, "{:?}", rehearsed.said);
}

#[tokio::test]
async fn a_backup_that_a_child_changes_is_found_out_at_every_program() {
    let rehearsal = super::rehearsal(super::setup(nightly()), super::db_backup());
    let mut ways = Vec::new();
    let config = config();
    let tried = hikae::specs::rehearsal::each_failure(
        &config,
        rehearsal,
        async || Ok(()),
        async |fault, rehearsed| {
            if matches!(fault.what, hikae::world::faulty::FaultKind::Changed { .. }) {
                ways.push((rehearsed.run.status, super::names(&rehearsed.after).len()));
            }
            Ok(())
        },
    );
    let tried = tried.await.unwrap();
    assert_eq!(tried.found.iter().map(|found| found.way.as_str()).collect::<Vec<_>>(), [""; 0]);
    assert_eq!(ways, [(Status::Failure, 4)], "the old one stays for its sake");
}
