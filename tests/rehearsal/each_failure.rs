//! Every way in which a recipe can fail, tried.

use hikae::catalog::Status;
use hikae::recipe::rehearsal::{Tried, each_failure};
use hikae::world::faulty::FaultKind;

use super::{OLD, config, db_backup, nightly, sentence, setup};

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
    let tried = each_failure(&config, &setup, db_backup(), vec![], None, async |fault, night| {
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
    });
    let tried = tried.await.unwrap();
    assert_eq!(found(&tried), Vec::<String>::new());
    assert_eq!((tried.ways, tried.lies()), (failed + killed + fine.len(), 0));
    assert!(failed > 30 && killed > 10, "{failed} {killed}");
    // Only hikae's own clearing may fail without being the run's failure, or what the recipe accepts in words; a warning says so.
    for (fault, said) in &fine {
        let clearing = fault.at.n <= 2;
        assert!(said.contains("WARN: ") && (clearing || said.contains("accepted, because ")), "{fault:?}: {said}");
    }
}
