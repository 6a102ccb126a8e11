//! What `DryRun` promises: the plan in order, later reads that see it, and nothing changed.

use std::sync::Arc;

use bytes::Bytes;
use hikae::error::{Kind, Site};
use hikae::stream::pump::pump;
use hikae::world::dry_run::{DryRun, is_withheld};
use hikae::world::simulated::{Simulated, SimulatedSetup};
use hikae::world::{Caller, Command, ListQuery, ProgramSource, World};
use serde_json::json;

use super::place::{caller, names};

fn dry() -> (Simulated, Arc<DryRun<Simulated>>, Caller) {
    let setup = json!({
        "now": "2026-02-15T02:00:00+09:00",
        "files": { "/d/old.gz": { "age": "76d", "size": "2 MB" }, "/d/kept.gz": { "age": "1d" }, "/d/sub/x": "x" },
        "programs": { "pg_dump": "dump" },
    });
    let world = Simulated::new(serde_json::from_value::<SimulatedSetup>(setup).unwrap()).unwrap();
    let dry = Arc::new(DryRun::new(world.clone()));
    (world, dry.clone(), caller(dry))
}

#[tokio::test]
async fn what_would_change_is_planned_and_nothing_changes() {
    let (world, dry, mut call) = dry();
    let before = world.snapshot();
    call.site = Some(Site { file: "recipes/db-backup.lua".into(), line: 12 });
    let _held = call.lock("/state/db-backup.lock".as_ref()).await.unwrap();
    call.write("/d/new.json".as_ref(), vec![0; 2000], 0o600, false).await.unwrap();
    let mut sink = call.create("/d/deep/new.gz".as_ref(), 0o600).await.unwrap();
    sink.write(Bytes::from(vec![0; 5000])).await.unwrap();
    sink.seal().await.unwrap();
    sink.commit().await.unwrap();
    call.mkdir("/e/f".as_ref(), 0o700).await.unwrap();
    call.rename("/d/kept.gz".as_ref(), "/e/moved.gz".as_ref()).await.unwrap();
    call.remove("/d/old.gz".as_ref()).await.unwrap();
    call.sweep("/d".as_ref()).await.unwrap();
    drop(call.spawn(Command { args: vec!["--clean".into()], ..Command::new("pg_dump") }).await.unwrap());

    let plan = dry.plan();
    let shown: Vec<String> = plan
        .iter()
        .map(|one| format!("{} {} ({})", one.verb, one.object, one.detail.as_deref().unwrap_or("-")))
        .collect();
    assert_eq!(
        shown,
        [
            "lock /state/db-backup.lock (-)",
            "write /d/new.json (2.0 kB)",
            "create /d/deep/new.gz (5.0 kB)",
            "mkdir /e/f (-)",
            "rename /d/kept.gz to /e/moved.gz (-)",
            "remove /d/old.gz (2.0 MB, 76 days old)",
            "sweep /d (partial files of dead runs)",
            "spawn pg_dump --clean (-)",
        ]
    );
    assert!(plan.iter().all(|one| one.site.as_ref().unwrap().line == 12));
    let after = world.snapshot();
    assert_eq!(after.files, before.files, "nothing has changed");
    assert!(after.ran.is_empty() && after.locks.is_empty() && after.partials.is_empty());
}

#[tokio::test]
async fn later_reads_see_what_is_planned() {
    let (_, _, call) = dry();
    call.write("/d/new.gz".as_ref(), b"12".to_vec(), 0o640, false).await.unwrap();
    call.remove("/d/old.gz".as_ref()).await.unwrap();
    call.rename("/d/sub".as_ref(), "/d/moved".as_ref()).await.unwrap();
    assert_eq!(names(&call, "/d".as_ref()).await, ["kept.gz", "moved", "new.gz"]);
    let all = ListQuery { name: Some("*x*".into()), recursive: true, ..ListQuery::of("/d") };
    let found: Vec<_> = call.list(all).await.unwrap().into_iter().map(|entry| entry.path).collect();
    assert_eq!(found, [std::path::Path::new("/d/moved/x")]);
    assert_eq!(call.stat("/d/old.gz".as_ref()).await.unwrap(), None);
    let stat = call.stat("/d/new.gz".as_ref()).await.unwrap().unwrap();
    assert_eq!((stat.size_bytes, stat.mode, stat.modified), (2, 0o640, call.world.now()));
    assert_eq!(call.read("/d/new.gz".as_ref(), 10).await.unwrap(), "12");
    assert_eq!(call.read("/d/moved/x".as_ref(), 10).await.unwrap(), "x");
    assert_eq!(call.stat("/d/sub/x".as_ref()).await.unwrap(), None);
    assert_eq!(call.remove("/d/old.gz".as_ref()).await.unwrap_err().kind(), Kind::NotFound);
    assert_eq!(call.create("/d/new.gz".as_ref(), 0o600).await.err().unwrap().kind(), Kind::AlreadyExists);
    call.write("/d/old.gz".as_ref(), vec![], 0o600, false).await.unwrap();

    call.create("/d/stream".as_ref(), 0o600).await.unwrap().commit().await.unwrap();
    let error = call.read("/d/stream".as_ref(), 10).await.unwrap_err();
    assert_eq!(error.causes(), ["it is only planned: a dry run writes nothing"]);
}

#[tokio::test]
async fn a_withheld_program_never_ends_well() {
    let (_, _, call) = dry();
    let mut sink = call.create("/d/new.gz".as_ref(), 0o600).await.unwrap();
    let mut child = call.spawn(Command { stdin: true, ..Command::new("pg_dump") }).await.unwrap();
    child.stdin.take().unwrap().write(Bytes::from_static(b"input")).await.unwrap();
    let mut source = ProgramSource::new("pg_dump", child);
    let error = pump(&mut source, &mut *sink, |_| {}).await.unwrap_err();
    assert_eq!((error.kind(), error.what()), (Kind::Cancelled, "`pg_dump` was not started"));
    assert!(is_withheld(&error) && is_withheld(&error.within("cannot dump the database `shop`")));
    assert!(!is_withheld(&call.read("/no".as_ref(), 1).await.unwrap_err()));
    // The pipeline's file is planned all the same, and the recipe can go on.
    sink.commit().await.unwrap();
    assert_eq!(call.stat("/d/new.gz".as_ref()).await.unwrap().unwrap().size_bytes, 0);
}

#[tokio::test]
async fn requests_that_only_ask_pass_and_the_rest_are_planned() {
    // Apart from the secrets of other tests, which are words of this address too.
    hikae::secret::apart([], requests_planned()).await;
}

async fn requests_planned() {
    use hikae::world::http::{Address, Body, HttpRequest, Method};
    let setup = json!({ "http": { "http://api.example/x": "hello" } });
    let world = Simulated::new(serde_json::from_value::<SimulatedSetup>(setup).unwrap()).unwrap();
    let dry = Arc::new(DryRun::new(world.clone()));
    let call = caller(dry.clone());
    let get = HttpRequest::get(Address::parse("http://api.example/x").unwrap());
    let answer = call.request(get.clone()).await.unwrap();
    assert_eq!((answer.status, answer.withheld), (200, false));
    let post = HttpRequest { method: Method::Post, body: Body::plain("12345"), ..get };
    let mut answer = call.request(post).await.unwrap();
    assert!(answer.withheld && is_withheld(&answer.body.next().await.unwrap_err()));
    let plan = dry.plan();
    assert_eq!((plan[0].verb, plan[0].object.as_str()), ("request", "POST http://api.example/x"));
    assert_eq!((plan.len(), plan[0].detail.as_deref()), (1, Some("5 B")));
    assert_eq!(world.snapshot().requested.len(), 1, "only what asks was sent");
}
