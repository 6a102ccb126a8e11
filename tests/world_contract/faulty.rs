//! What `Faulty` promises: the fault that was ordered, at the effect that was meant, and all ways to fail listed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hikae::error::{Error, Kind, Result};
use hikae::stream::pump::pump;
use hikae::world::faulty::{Fault, FaultKind, Faulty, Nth, ways};
use hikae::world::journal::Journal;
use hikae::world::program::run_to_end;
use hikae::world::simulated::{Simulated, SimulatedSetup};
use hikae::world::{Caller, Command, ProgramSource, World};
use serde_json::json;

use super::place::{caller, drain, names, raw_names, real_world};

fn simulated() -> Simulated {
    let setup = json!({
        "files": { "/d/old": "old" },
        "programs": { "pg_dump": { "stdout": "0123456789" } },
    });
    Simulated::new(serde_json::from_value::<SimulatedSetup>(setup).unwrap()).unwrap()
}

fn faulty(verb: &str, n: usize, what: FaultKind) -> (Simulated, Arc<Faulty<Simulated>>, Caller) {
    let world = simulated();
    let fault = Fault { at: Nth { verb: Some(verb.into()), n }, what };
    let faulty = Arc::new(Faulty::new(world.clone(), [fault]));
    (world, faulty.clone(), caller(faulty))
}

/// A small backup: what a recipe does, without Lua.
async fn back_up(call: &Caller) -> Result<()> {
    let mut sink = call.create("/d/new".as_ref(), 0o600).await?;
    let mut source = ProgramSource::new("pg_dump", call.spawn(Command::new("pg_dump")).await?);
    pump(&mut source, &mut *sink, |_| {}).await?;
    sink.seal().await?;
    call.write("/d/new.manifest.json".as_ref(), b"{}".to_vec(), 0o600, false).await?;
    sink.commit().await?;
    call.remove("/d/old".as_ref()).await
}

#[tokio::test]
async fn only_the_effect_that_was_meant_fails() {
    let (_, faulty, call) = faulty("write", 2, FaultKind::Fail { kind: Kind::Denied });
    call.write("/d/1".as_ref(), vec![], 0o600, false).await.unwrap();
    call.stat("/d/1".as_ref()).await.unwrap();
    assert!(!faulty.all_met());
    let error = call.write("/d/2".as_ref(), vec![], 0o600, false).await.unwrap_err();
    assert_eq!((error.kind(), error.what()), (Kind::Denied, "cannot write `/d/2`"));
    assert_eq!(error.causes(), ["Permission denied"]);
    assert_eq!(error.hint_text(), Some("this fault was put in on purpose"));
    call.write("/d/2".as_ref(), vec![], 0o600, false).await.unwrap();
    assert!(faulty.all_met());
}

#[tokio::test]
async fn a_disk_is_full_to_the_byte() {
    let (world, _, call) = faulty("create", 1, FaultKind::FullDisk { after_bytes: 3 });
    let mut sink = call.create("/d/x".as_ref(), 0o600).await.unwrap();
    sink.write(Bytes::from_static(b"12")).await.unwrap();
    let error = sink.write(Bytes::from_static(b"345")).await.unwrap_err();
    assert_eq!((error.kind(), error.what()), (Kind::Space, "cannot write `/d/x`"));
    assert!(sink.seal().await.is_err() && sink.commit().await.is_err());
    assert_eq!(names(&call, "/d".as_ref()).await, ["old"]);
    assert!(world.snapshot().partials.is_empty());
}

#[tokio::test]
async fn a_program_dies_half_way_or_at_its_end() {
    let (_, _, call) = faulty("spawn", 1, FaultKind::Cut { after_bytes: 4 });
    let (output, exit) = run_to_end("pg_dump", call.spawn(Command::new("pg_dump")).await.unwrap(), 99).await.unwrap();
    assert_eq!((&output[..], exit.signal), (&b"0123"[..], Some(9)));
    for (what, told) in [
        (FaultKind::Cut { after_bytes: 4 }, "`pg_dump` was ended by signal 9"),
        (FaultKind::Cut { after_bytes: 10 }, "`pg_dump` was ended by signal 9"),
        (FaultKind::Exit { code: 1 }, "`pg_dump` failed"),
        (FaultKind::Hang { after_bytes: 4 }, "`pg_dump` took longer than 1m"),
        (FaultKind::Hang { after_bytes: 10 }, "`pg_dump` took longer than 1m"),
        (FaultKind::Slow { by: Duration::from_secs(90) }, "`pg_dump` took longer than 1m"),
        (FaultKind::Fail { kind: Kind::NotFound }, "cannot start `pg_dump`: it is not on the PATH"),
    ] {
        let (world, _, call) = faulty("spawn", 1, what.clone());
        let error = back_up(&call).await.unwrap_err();
        assert_eq!(error.what(), told, "{what:?}");
        assert_eq!(names(&call, "/d".as_ref()).await, ["old"]);
        assert!(world.snapshot().partials.is_empty());
    }
}

#[tokio::test]
async fn a_file_breaks_off_where_it_was_told_to() {
    for (after_bytes, whole) in [(2, "ol"), (3, "old")] {
        let (_, _, call) = faulty("open", 1, FaultKind::Cut { after_bytes });
        let mut source = call.open("/d/old".as_ref()).await.unwrap();
        assert_eq!(source.next().await.unwrap(), hikae::stream::Piece::Data(Bytes::from_static(whole.as_bytes())));
        let error = source.next().await.unwrap_err();
        assert_eq!((error.kind(), error.what()), (Kind::Other, "cannot read `/d/old`"));
        assert_eq!(error.causes(), ["Input/output error"]);
    }
}

#[tokio::test]
async fn what_is_slow_but_not_too_slow_ends_well() {
    let (world, _, call) = faulty("open", 1, FaultKind::Slow { by: Duration::from_secs(10) });
    assert_eq!(drain(call.open("/d/old".as_ref()).await.unwrap().as_mut()).await.unwrap(), b"old");
    assert_eq!(world.elapsed(), Duration::from_secs(30), "the opening, the piece, the end");
}

#[tokio::test]
async fn who_was_killed_does_nothing_more_and_tidies_nothing() {
    let (world, faulty, call) = faulty("write", 1, FaultKind::Killed);
    let error = back_up(&call).await.unwrap_err();
    assert_eq!((error.kind(), error.what()), (Kind::Cancelled, "the run was killed"));
    assert!(faulty.is_killed());
    assert_eq!(call.stat("/d".as_ref()).await.unwrap_err().kind(), Kind::Cancelled);
    assert_eq!(world.snapshot().partials.len(), 1, "the partial file stays for the next run");
    world.die();
    let next = caller(Arc::new(world.clone()));
    assert_eq!(next.sweep("/d".as_ref()).await.unwrap().len(), 1);
    back_up(&next).await.unwrap();
}

#[tokio::test]
async fn a_hang_in_the_real_world_ends_by_its_limits() {
    let (world, kept) = real_world();
    let fault = Fault { at: Nth { verb: None, n: 1 }, what: FaultKind::Hang { after_bytes: 0 } };
    let mut call = caller(Arc::new(Faulty::new(world, [fault])));
    call.limits.idle = Duration::from_millis(200);
    let begun = Instant::now();
    let error = call.stat(kept.path()).await.unwrap_err();
    assert_eq!(error.what(), format!("`{}` moved no byte for 0.2s", kept.path().display()));
    assert!(begun.elapsed() < Duration::from_secs(30));
    assert!(raw_names(kept.path()).is_empty());
}

#[tokio::test]
async fn every_way_to_fail_fails_and_leaves_the_old_backup() {
    let journal = Arc::new(Journal::new(simulated()));
    back_up(&caller(journal.clone())).await.unwrap();
    let ways = ways(&journal.entries());
    let verbs = ["create", "spawn", "write", "remove"];
    assert_eq!(journal.entries().iter().map(|record| record.effect.verb()).collect::<Vec<_>>(), verbs);
    assert!(ways.len() >= 18, "{}", ways.len());
    for way in ways {
        let world = simulated();
        let faulty = Arc::new(Faulty::new(world.clone(), [way.clone()]));
        let result: Result<(), Error> = back_up(&caller(faulty.clone())).await;
        assert!(result.is_err() && faulty.all_met(), "{way:?}");
        let snapshot = world.snapshot();
        let old = snapshot.at("/d/old").is_some();
        let new = snapshot.at("/d/new").and_then(|seen| seen.content.clone());
        assert!(old, "{way:?}");
        assert!(new.is_none_or(|content| content == "0123456789"), "nothing half-made is visible: {way:?}");
        assert!(snapshot.partials.is_empty() || faulty.is_killed(), "{way:?}");
    }
}

#[tokio::test]
async fn every_way_in_which_a_request_fails_is_told() {
    // Apart from the secrets of other tests, which are words of this address too.
    hikae::secret::apart([], requests_broken()).await;
}

async fn requests_broken() {
    use hikae::world::http::{Address, HttpRequest};
    let world = || {
        let setup = json!({ "http": { "http://api.example/x": "0123456789" } });
        Simulated::new(serde_json::from_value::<SimulatedSetup>(setup).unwrap()).unwrap()
    };
    let ask = async |call: &Caller| {
        let mut answer = call.request(HttpRequest::get(Address::parse("http://api.example/x").unwrap())).await?;
        Ok::<_, Error>((answer.status, drain(&mut *answer.body).await?))
    };
    let journal = Arc::new(Journal::new(world()));
    ask(&caller(journal.clone())).await.unwrap();
    let ways = ways(&journal.entries());
    let mut told: Vec<String> = Vec::new();
    for way in ways {
        let answer = ask(&caller(Arc::new(Faulty::new(world(), [way])))).await;
        told.push(match answer {
            Ok((status, body)) => format!("{status} {}", body.len()),
            Err(error) => format!("{}: {error}", error.kind().word()),
        });
    }
    assert_eq!(
        told,
        [
            "network: cannot send `GET http://api.example/x`",
            "timeout: cannot send `GET http://api.example/x`",
            "500 0",
            "network: cannot read `GET http://api.example/x`",
            "timeout: `GET http://api.example/x` took longer than 1m",
            "cancelled: the run was killed",
        ]
    );
}
