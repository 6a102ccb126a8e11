//! What `Journal` promises: every effect in order, with its place, its size and its end.

use std::sync::Arc;

use bytes::Bytes;
use hikae::error::{Kind, Site};
use hikae::world::journal::{Journal, Outcome};
use hikae::world::real::Real;
use hikae::world::{Command, Effect, ProgramSource};

use super::place::{caller, drain, real_world};

fn journal() -> (Arc<Journal<Arc<Real>>>, tempfile::TempDir) {
    let (world, kept) = real_world();
    (Arc::new(Journal::new(world)), kept)
}

#[tokio::test]
async fn effects_are_written_down_in_order() {
    let (journal, kept) = journal();
    let mut call = caller(journal.clone());
    let path = kept.path().join("x");
    call.site = Some(Site { file: "recipes/db-backup.lua".into(), line: 12 });
    call.write(&path, b"12345".to_vec(), 0o600, false).await.unwrap();
    call.site = None;
    call.read(&path, 10).await.unwrap();
    call.read(&path, 1).await.unwrap_err();
    drain(call.open(&path).await.unwrap().as_mut()).await.unwrap();

    let records = journal.entries();
    let verbs: Vec<_> = records.iter().map(|record| record.effect.verb()).collect();
    assert_eq!(verbs, ["write", "read", "read", "open"]);
    assert_eq!(records[0].site.as_ref().unwrap().to_string(), "recipes/db-backup.lua:12");
    assert_eq!(records[1].site, None);
    assert_eq!(records.iter().map(|record| record.size_bytes).collect::<Vec<_>>(), [5, 5, 0, 5]);
    assert!(matches!(&records[0].effect, Effect::Write { data, .. } if data.is_empty()));
    assert_eq!(records[0].outcome, Outcome::Done);
    let Outcome::Failed { kind, message } = &records[2].outcome else { panic!("it failed") };
    assert_eq!(*kind, Kind::Other);
    assert_eq!(*message, format!("cannot read `{}` whole: it is larger than 1 B", path.display()));
    assert_eq!(records[3].outcome, Outcome::Done);
    assert!(records.iter().all(|record| record.lasted.is_some()));
    assert!(records.is_sorted_by_key(|record| record.started));
}

#[tokio::test]
async fn a_stream_is_under_way_until_it_has_ended() {
    let (journal, kept) = journal();
    let call = caller(journal.clone());
    let mut sink = call.create(&kept.path().join("x"), 0o600).await.unwrap();
    sink.write(Bytes::from_static(b"123")).await.unwrap();
    let record = journal.entries().remove(0);
    assert_eq!((record.outcome, record.lasted, record.size_bytes), (Outcome::Underway, None, 3));
    sink.commit().await.unwrap();
    assert_eq!(journal.entries()[0].outcome, Outcome::Done);

    drop(call.create(&kept.path().join("y"), 0o600).await.unwrap());
    call.create(&kept.path().join("y"), 0o600).await.unwrap().abort().await.unwrap();
    drop(call.open(&kept.path().join("x")).await.unwrap());
    assert!(journal.entries()[1..].iter().all(|record| record.outcome == Outcome::Dropped));
}

#[tokio::test]
async fn a_program_has_ended_when_its_exit_is_known() {
    let (journal, _kept) = journal();
    let call = caller(journal.clone());
    let shell = |script: &str| Command { args: vec!["-c".into(), script.into()], ..Command::new("sh") };
    let mut good = ProgramSource::new("sh", call.spawn(shell("printf 12345")).await.unwrap());
    drain(&mut good).await.unwrap();
    let mut bad = ProgramSource::new("sh", call.spawn(shell("printf 12; exit 3")).await.unwrap());
    drain(&mut bad).await.unwrap_err();
    drop(call.spawn(shell("sleep 1000")).await.unwrap());
    call.spawn(Command::new("no-such-tool")).await.err().unwrap();

    let records = journal.entries();
    assert_eq!((&records[0].outcome, records[0].size_bytes), (&Outcome::Done, 5));
    let failed = Outcome::Failed { kind: Kind::Command, message: "exit code 3".into() };
    assert_eq!((&records[1].outcome, records[1].size_bytes), (&failed, 2));
    assert_eq!(records[2].outcome, Outcome::Dropped);
    assert!(matches!(records[3].outcome, Outcome::Failed { kind: Kind::NotFound, .. }));
    assert_eq!(records[0].effect.object(), "sh -c 'printf 12345'");
}
