//! Every way in which a recipe can fail, tried.

use hikae::catalog::Status;
use hikae::config::RecipeSource;
use hikae::error::{Error, Kind};
use hikae::specs::rehearsal::{Tried, each_failure};
use hikae::world::faulty::FaultKind;

use super::{OLD, config, db_backup, nightly, recipe, rehearsal, sentence, setup};

fn found(tried: &Tried) -> Vec<String> {
    tried
        .found
        .iter()
        .map(|found| format!("{}: {:?} {}", found.way, found.complaint.sort, sentence(&found.complaint.error)))
        .collect()
}

#[tokio::test]
async fn db_backup_never_lies_and_never_loses() {
    let (mut failed, mut fine, mut killed) = (0, Vec::new(), 0);
    let (config, setup) = (config(), setup(nightly()));
    let tried = each_failure(
        &config,
        rehearsal(setup.clone(), db_backup()),
        async || Ok(()),
        async |fault, night| {
            assert!(night.all_met, "{fault:?}");
            let stands = |path: &str| night.after.at(path).is_some();
            let new = night
                .run
                .backups
                .iter()
                .any(|backup| stands(&backup.path) && stands(&format!("{}.manifest.json", backup.path)));
            assert!(new || night.after.at(OLD).is_some(), "neither the old backup nor a new one: {fault:?}");
            match (night.killed, night.run.status) {
                (true, status) => {
                    assert_eq!((status, fault.what.clone()), (Status::Interrupted, FaultKind::Killed));
                    killed += 1;
                }
                (_, Status::Success) => fine.push((fault.clone(), night.said.join("\n"))),
                _ => {
                    assert!(night.said.iter().any(|line| line.starts_with("error: ")), "{fault:?}: {:#?}", night.said);
                    failed += 1;
                }
            }
            Ok(())
        },
    );
    let tried = tried.await.unwrap();
    assert_eq!(found(&tried), Vec::<String>::new());
    assert_eq!((tried.ways, tried.lies()), (failed + killed + fine.len(), 0));
    assert!(failed > 20 && killed > 10, "{failed} {killed}");
    // Only hikae's own clearing may fail without being the run's failure, or what the recipe accepts in words; a warning says so.
    for (fault, said) in &fine {
        let clearing = fault.at.n <= 2;
        assert!(said.contains("WARN: ") && (clearing || said.contains("accepted, because ")), "{fault:?}: {said}");
    }
}

/// A backup of the database `shop` with more around it.
fn around(body: &str) -> RecipeSource {
    recipe(&format!(
        "--- Saves, and does more.\nlocal retention = require \"hikae.retention\"\nreturn recipe {{\n  type = \"daily\",\n  \
         needs = {{ run = {{ \"pg_dump\" }}, write = {{ \"/backups\" }} }},\n  run = function()\n    \
         local function save(name) return pg.dump {{ database = \"shop\", create = true }}:gzip():save(\"/backups/database/\" .. name) end\n{body}\n  end,\n}}\n"
    ))
}

async fn every_way(source: RecipeSource) -> (Tried, Vec<Status>) {
    let (config, setup, mut ends) = (config(), setup(nightly()), Vec::new());
    let tried = each_failure(
        &config,
        rehearsal(setup.clone(), source),
        async || Ok(()),
        async |_, night| {
            ends.push(night.run.status);
            Ok(())
        },
    );
    (tried.await.unwrap(), ends)
}

#[tokio::test]
async fn a_recipe_that_swallows_its_retention_is_found_out() {
    let prune = "retention.prune { dir = \"/backups/database\", name = \"db_backup_*\", days = 30 }";
    let (tried, _) = every_way(around(&format!(
        "save(\"db_backup_\" .. clock.stamp() .. \".sql.gz\")\npcall(function() {prune} end)"
    )))
    .await;
    assert_eq!(tried.lies(), 10, "{:#?}", found(&tried));
    let told = found(&tried);
    let lie = told.iter().find(|told| told.starts_with(&format!("remove `{OLD}` fails: denied")));
    let lie = lie.unwrap_or_else(|| panic!("{told:#?}"));
    assert!(lie.contains("Lie a failure was caught, and nobody answered for it: cannot remove"), "{lie}");
    assert!(told.iter().all(|told| told.contains(": Lie a failure was caught")), "{told:#?}");
}

#[tokio::test]
async fn a_retry_that_accepts_its_first_failure_does_not_lie() {
    let body = "local ok, e = pcall(save, \"first_\" .. clock.stamp())\n\
                if not ok then\nerrors.accept(e, \"the second time may do\")\nsave(\"second_\" .. clock.stamp())\nend";
    let (tried, ends) = every_way(around(body)).await;
    assert_eq!(found(&tried), Vec::<String>::new());
    assert!(ends.iter().filter(|end| **end == Status::Success).count() > 10, "{ends:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn branches_at_once_neither_lie_nor_leave_anything() {
    let body = "parallel { a = function() return save(\"a_\" .. clock.stamp()) end, b = function() return save(\"b_\" .. clock.stamp()) end }";
    let (tried, ends) = every_way(around(body)).await;
    assert_eq!(found(&tried), Vec::<String>::new());
    assert!(ends.contains(&Status::Failure), "{ends:?}");
}

#[tokio::test]
async fn a_recipe_that_fails_anyway_has_no_ways_to_try() {
    let (config, setup) = (config(), setup(nightly()));
    let tried =
        each_failure(&config, rehearsal(setup.clone(), around("error(\"no\")")), async || Ok(()), async |_, _| Ok(()));
    let error = tried.await.unwrap_err();
    assert_eq!(error.what(), "cannot try each failure: `liar` ends as `failure` without any");
    assert_eq!(error.causes(), ["no"]);
}

#[tokio::test]
async fn the_first_failed_expectation_ends_it_all() {
    let (config, setup, mut seen) = (config(), setup(nightly()), 0);
    let tried = each_failure(
        &config,
        rehearsal(setup.clone(), db_backup()),
        async || Ok(()),
        async |_, _| {
            seen += 1;
            Err(Error::new(Kind::Other, "not as expected"))
        },
    );
    assert_eq!(tried.await.unwrap_err().what(), "not as expected");
    assert_eq!(seen, 1);
}
